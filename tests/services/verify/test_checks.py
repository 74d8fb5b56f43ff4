"""Runs of the verification: one at a time, their progress, their end, their alarms."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import AuditCheck
from spv.services.actor import Actor
from spv.services.verify import checks, comparison
from spv.services.verify.checks import NIGHTLY
from tests.people import at_once, user_of
from tests.verification import ended, interrupt, make_staff, set_back, undo

KIM, LEE = Actor("Kim", "web"), Actor("Lee", "web")
pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def found():
    """Return what staff read of `make_staff`."""
    fault = f"user {user_of(demo.GENERAL).id}: saved with another is_staff"
    return [f"The verification found 1 problem. The first: {fault}."]


def sentences():
    db.session.rollback()
    return [sentence for sentence, _is_fault in checks.alarms()]


def test_a_run_in_the_background():
    before = checks.status()
    assert before.pop("checkpoints") == {"stc": None, "registry": None}
    assert {*before.values()} == {None}
    assert checks.start(KIM)
    check = ended()
    assert (check.started_by, check.problem_count) == ("Kim", 0)
    assert check.started_at <= check.seen_at
    assert check.report["conclusion"].startswith("Proved: ")
    assert check.report["counts"]["event"] > 1
    assert check.report["heads"] == checks.verify().heads
    assert checks.status()["running"] is None
    assert sentences() == []


def test_the_progress_is_seen_from_outside(monkeypatch):
    monkeypatch.setattr(comparison, "STEP", 1)
    monkeypatch.setattr(checks, "MOVES_EVERY", 0)
    seen = []

    def watch(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE audit_checks"):
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", watch)
    checks.start(KIM)
    check = ended()
    sa.event.remove(db.engine, "before_cursor_execute", watch)
    assert check.done > 100
    assert len(seen) > 20
    assert check.total > 0


def test_one_runs_at_a_time():
    assert checks.begin("Kim")
    assert not checks.start(LEE)
    running = checks.status()["running"]
    assert (running.started_by, running.finished_at) == ("Kim", None)
    assert db.session.query(AuditCheck).count() == 1


def test_two_that_start_at_once():
    started = []
    work = [lambda: started.append(checks.begin("Kim"))] * 4
    assert at_once(*work) == []
    assert sorted(number is None for number in started) == [False, True, True, True]


def test_a_run_that_was_interrupted():
    checks.begin("Kim")
    set_back(seen_at=timedelta(minutes=1, seconds=59))
    assert checks.begin("Lee") is None
    interrupt()
    status = checks.status()
    assert (status["running"], status["stopped"].started_by) == (None, "Kim")
    assert checks.start(LEE)
    assert ended().started_by == "Lee"
    assert checks.status()["stopped"] is None


def test_a_failure_lasts_until_nothing_is_found():
    make_staff()
    checks.start(KIM)
    assert ended().problem_count == 1
    assert sentences() == found()
    undo()
    checks.begin("Lee")  # and it is interrupted
    interrupt()
    assert sentences() == found()
    checks.start(KIM)
    assert ended().problem_count == 0
    assert sentences() == []


def test_a_verification_that_breaks_off(app, tmp_path):
    app.config["SPV_CHECKPOINTS"] = str(tmp_path)  # a folder
    checks.start(KIM)
    check = ended()
    nothing = "Nothing was proved: the verification broke off."
    assert (check.report["conclusion"], check.problem_count) == (nothing, 1)
    assert "Is a directory" in sentences()[0]
    line, code = checks.nightly()
    assert line.startswith(nothing)
    assert code == 2


def test_production_says_that_the_nightly_job_does_not_run(app):
    app.config["SPV_ENVIRONMENT"] = "production"
    assert sentences() == ["The nightly job has never run."]
    number = checks.begin(NIGHTLY)
    interrupt()
    assert sentences() == ["The nightly job has never run."]
    db.session.execute(
        sa.update(AuditCheck)
        .where(AuditCheck.id == number)
        .values(finished_at=clock.now(), report={})
    )
    db.session.commit()
    set_back(seen_at=timedelta(days=2, seconds=-5))
    assert sentences() == []
    set_back(seen_at=timedelta(days=2, seconds=1))
    assert sentences() == ["The nightly job last ran 2 days ago."]
    checks.start(KIM)
    ended()
    assert sentences() == ["The nightly job last ran 2 days ago."]
    app.config["SPV_ENVIRONMENT"] = "demo"
    assert sentences() == []


def test_a_connection_of_a_request_has_its_limits_lifted(app, monkeypatch):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no such limits")
    monkeypatch.setattr(comparison, "STEP", 1)
    limits = "SELECT current_setting('{}')".format
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    seen = set()

    def look(_done):
        seen.update(db.session.scalar(sa.text(limits(name))) for name in names)

    db.engine.dispose()
    with app.test_request_context():
        assert db.session.scalar(sa.text(limits(names[0]))) == "30s"
        checks.verify(progress=look)
        assert seen == {"0"}
        assert db.session.scalar(sa.text(limits(names[0]))) == "30s"
