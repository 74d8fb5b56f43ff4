"""The commands, as they are typed."""

import pytest

from spv.services.actor import visitor
from spv.services.stc import calculations
from tests.examples import GOOD_SOLAR
from tests.services.test_audit_log import tamper
from tests.services.verify.test_calculations import StcCalculation, change


@pytest.fixture
def run(app):
    """Run a command; its exit code and what it printed."""
    calculations.save(GOOD_SOLAR, visitor("web"))

    def run(*words):
        result = app.test_cli_runner().invoke(args=words)
        return result.exit_code, result.output

    return run


def test_audit_verify(run):
    code, output = run("audit", "verify")
    assert code == 0
    assert output.startswith("stc: 1 events, intact, last hash ")


def test_audit_verify_of_a_changed_log(run):
    tamper("UPDATE audit_events SET actor = 'x'")
    assert run("audit", "verify") == (
        1,
        "stc: 0 events, event 1 was changed\nregistry: 0 events, intact, last hash \n"
        "ledger: 0 rows of 0 uploads, 0 invalidations, 0 problems\n",
    )


def test_audit_verify_against_a_hash_that_was_noted(run):
    _code, output = run("audit", "verify")
    noted = output.splitlines()[0].split()[-1]
    assert run("audit", "verify", "--contains", noted) == (0, output)
    code, output = run("audit", "verify", "--contains", noted, "--contains", "0" * 64)
    assert code == 1
    assert output.startswith("No event has the hash “000")


def test_stc_replay(run):
    assert run("stc", "replay") == (0, "1 calculations recomputed, 0 differences\n")


def test_stc_replay_of_a_changed_calculation(run):
    change(StcCalculation, StcCalculation.id == 1, certificates=46)
    code, output = run("stc", "replay")
    assert code == 1
    assert "saved with another result than event 1 has" in output
    assert output.endswith("1 calculations recomputed, 1 differences\n")
