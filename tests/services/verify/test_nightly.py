"""The nightly job: it verifies, signs, deletes, and writes one line."""

import threading
import time
from datetime import timedelta

import pytest
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import AuditChain, AuditCheck, AuditCheckpoint, RefusedFile
from spv.rules.text import pluralise
from spv.services import audit_log
from spv.services.verify import checks
from tests.panels import panels_csv, refused
from tests.people import user_of
from tests.verification import interrupt, make_staff

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


@pytest.fixture
def night(app, other):
    """Run the command a day after a file was refused.

    Return its exit code, its output, and what that should say was done.
    """
    refused(panels_csv(2), other)
    files = pluralise(db.session.query(RefusedFile).count(), "refused file")
    # The search for look-alikes is one more event, once.
    events = db.session.get(AuditChain, audit_log.REGISTRY).sequence + 1

    def run():
        with time_machine.travel(clock.now() + timedelta(days=1)):
            result = app.test_cli_runner().invoke(args=["nightly"])
        done = f" Found: 0 look-alikes. Signed: registry {events}. Deleted: {files}.\n"
        return result.exit_code, result.output, done

    return run


def test_a_good_night(app, night, tmp_path):
    app.config["SPV_CHECKPOINTS"] = str(tmp_path / "checkpoints.txt")
    code, output, done = night()
    assert code == 0, output
    assert output.startswith("Proved: ")
    assert output.endswith(f"recorded them.{done}")
    assert output.count("\n") == 1
    assert db.session.query(RefusedFile).count() == 0
    size = db.session.query(AuditCheckpoint).one().size
    text = (tmp_path / "checkpoints.txt").read_text()
    assert text.startswith(f"spv/registry\n{size}\n")
    check = db.session.query(AuditCheck).one()
    assert (check.started_by, check.problem_count) == ("the nightly job", 0)
    assert check.report["conclusion"] in output
    assert night()[1].endswith(f" Signed: registry {size}. Deleted: nothing.\n")


def test_a_failing_night_deletes_all_the_same(night):
    make_staff()
    code, output, done = night()
    assert code == 1
    assert output.startswith("1 problem found in ")
    first = f"First: user {user_of(demo.GENERAL).id}: saved with another is_staff."
    assert output.endswith(f". {first}{done}")
    assert db.session.query(AuditCheck).one().problem_count == 1


def test_a_file_of_checkpoints_that_cannot_be_written(app, night, tmp_path):
    (tmp_path / "file").touch()
    app.config["SPV_CHECKPOINTS"] = str(tmp_path / "file" / "checkpoints.txt")
    code, output, done = night()
    assert code == 1
    assert "File exists" in output
    assert output.endswith(done.rpartition(".")[0].rpartition(".")[2] + ".\n")
    problems = db.session.query(AuditCheck).one().report["problems"]
    assert [*problems] == ["checkpoints"]


def test_nothing_can_be_verified(app, night, tmp_path):
    app.config["SPV_CHECKPOINTS"] = str(tmp_path)
    code, output, _done = night()
    assert code == 2
    assert output.startswith("Nothing was proved: the verification broke off. First: ")


def test_it_waits_for_a_run_that_goes_on(app, monkeypatch):
    monkeypatch.setattr(checks, "MOVES_EVERY", 0.05)
    checks.begin("Kim")
    lines = []

    def work():
        with app.app_context():
            lines.append(checks.nightly())

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)
    assert lines == []
    interrupt()
    thread.join(60)
    assert [code for _line, code in lines] == [0]
