"""The commands, as a person types them."""

import pytest

from spv.services.actor import visitor
from spv.services.stc import calculations
from tests.examples import GOOD_SOLAR
from tests.services.test_audit_log import tamper
from tests.services.verify.test_calculations import StcCalculation, change


@pytest.fixture
def run(app):
    """Run a command; return its exit code and output."""
    calculations.save(GOOD_SOLAR, visitor("web"))

    def run(*words):
        result = app.test_cli_runner().invoke(args=words)
        return result.exit_code, result.output

    return run


def test_audit_verify(run):
    code, output = run("audit", "verify")
    assert code == 0
    assert output.startswith("last hash of stc: ")
    proved = "Proved: 1 event and 1 calculation are exactly as the audit log recorded"
    assert output.splitlines()[-1] == f"{proved} them."


def test_audit_verify_of_a_changed_log(run):
    tamper("UPDATE audit_events SET actor = 'x'")
    code, output = run("audit", "verify")
    assert code == 1
    first, *_, last = output.splitlines()
    assert first == "stc: event 1 was not sealed by spv: it was changed or added"
    assert last == "2 problems found in 1 event and 1 calculation."


def test_audit_verify_against_a_hash_that_was_noted(run):
    _code, output = run("audit", "verify")
    noted = output.split()[4]
    assert run("audit", "verify", "--contains", noted) == (0, output)
    code, output = run("audit", "verify", "--contains", noted, "--contains", "0" * 64)
    assert code == 1
    assert output.startswith("No event has the hash “000")


def test_stc_replay(run):
    assert run("stc", "replay") == (0, "1 calculation recomputed, 0 differences\n")


def test_stc_replay_of_a_changed_calculation(run):
    change(StcCalculation, StcCalculation.id == 1, certificates=46)
    code, output = run("stc", "replay")
    assert code == 1
    assert "differs from event 1 in its result" in output
    assert output.endswith("1 calculation recomputed, 1 difference\n")
