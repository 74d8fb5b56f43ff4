"""A file of very many checkpoints takes little memory."""

import sqlite3
import tracemalloc

from spv.rules import proofs
from spv.services import audit_log, checkpoints
from spv.services.stc import calculations
from spv.services.verify import checks
from tests.examples import GOOD_SOLAR
from tests.people import WEB

MANY = 3_000


def lines_of(count):
    """The lines of a file with checkpoints of sizes that the log does not have."""
    origin, key = checkpoints.origin_of(audit_log.STC), audit_log.log_key().signing
    for size in range(count, 0, -1):
        text = proofs.Checkpoint(origin, size, bytes(32)).text()
        yield from f"{proofs.sign(text, origin, key)}\n".splitlines(keepends=True)


def test_memory_does_not_grow_with_checkpoints(app):
    calculations.save(GOOD_SOLAR, WEB)
    checks.verify([lines_of(MANY)])  # and all that is loaded once is there
    peaks = []
    for count in (MANY, 2 * MANY):
        tracemalloc.start()
        found = checks.verify([lines_of(count)])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.problem_count == count
        assert "a checkpoint has 2 events, and the log only 1" in found.sentences[1]
    assert peaks[1] - peaks[0] < 100 * MANY


def test_without_a_temporary_file(app, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(checkpoints, "lines_of_file", full)
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    words = "Error: Checkpoints need a temporary file: database or disk is full\n"
    assert (result.exit_code, result.output) == (2, words)
