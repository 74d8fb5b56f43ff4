"""Repetition of tests, the place of their files, and the measurement of their time."""

import gc
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest


class Run:
    """The run of tests: `make test` is short, and `make test-long` is not."""

    is_short = False


LEAST_MEMORY = 2**30  # bytes for the files of a run, which are removed at its end


def keep_files_in_memory():
    """Put the databases of the tests where no transaction waits for a disk."""
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    if shutil.disk_usage(memory).free > LEAST_MEMORY:
        os.environ["TMPDIR"] = tempfile.tempdir = str(memory)


def repeated(few, many):
    """Give a test the argument `times`: few, or many in `make test-long`."""
    return pytest.mark.parametrize(
        "times", [few, pytest.param(many, marks=pytest.mark.long)]
    )


def some(values, few):
    """Return the values of a parameter: all but a few are for `make test-long`."""
    return [
        each if each in few else pytest.param(each, marks=pytest.mark.long)
        for each in values
    ]


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
