"""Tests that are repeated: a few times in `make test`, many in `make test-long`."""

import pytest


def repeated(few, many):
    """Give a test the argument `times`: few, or in `make test-long` many."""
    return pytest.mark.parametrize(
        "times", [few, pytest.param(many, marks=pytest.mark.long)]
    )
