"""Tests that are repeated, a few times or many, and tests of what something costs."""

import gc
import time

import pytest


def repeated(few, many):
    """Give a test the argument `times`: few, or in `make test-long` many."""
    return pytest.mark.parametrize(
        "times", [few, pytest.param(many, marks=pytest.mark.long)]
    )


# A large table: every fifth row in `make test`, and in `make test-long` every one.
sampled = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])


def measured(work):
    """Return what a function returns, and the seconds of the processor that it took.

    The garbage of the tests before is not collected meanwhile.
    """
    gc.disable()
    start = time.process_time()
    try:
        return work(), time.process_time() - start
    finally:
        gc.enable()
