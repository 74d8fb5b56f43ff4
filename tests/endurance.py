"""Repetition of tests, and the measurement of processor time."""

import gc
import time

import pytest


def repeated(few, many):
    """Give a test the argument `times`: few, or many in `make test-long`."""
    return pytest.mark.parametrize(
        "times", [few, pytest.param(many, marks=pytest.mark.long)]
    )


# Large tables: every fifth row in `make test`, every row in `make test-long`.
sampled = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])


def measured(work):
    """Return the result of a function, and the seconds of processor time it took.

    The garbage of earlier tests is not collected meanwhile.
    """
    gc.disable()
    start = time.process_time()
    try:
        return work(), time.process_time() - start
    finally:
        gc.enable()
