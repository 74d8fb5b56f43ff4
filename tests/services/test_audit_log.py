"""The audit log: chains cannot fork, and every kind of tampering is found."""

import pytest
import sqlalchemy as sa

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import AuditChain, AuditEvent
from spv.models.audit import GUARDS
from spv.services import audit_log
from spv.services.actor import visitor
from spv.services.stc import calculations
from spv.services.verify import checks
from spv.services.verify.calculations import replay
from spv.services.verify.comparison import Problems
from tests.endurance import repeated
from tests.examples import GOOD_SOLAR
from tests.people import at_once

pytestmark = pytest.mark.every_database

WEB = visitor("web")


def record(number):
    """Record one event in a transaction of its own."""
    with transaction():
        audit_log.record(
            audit_log.STC, "test.event", WEB, clock.now(), {"number": number}
        )


def problem():
    """Return the first problem of the chain of calculations."""
    (first, *_) = [*of_log(checks.verify()).first, ""]
    return first.removeprefix("stc: ")


def of_log(findings):
    return findings.problems.get("stc log", Problems())


@pytest.fixture
def chain(app):
    """Ten events."""
    for number in range(1, 11):
        record(number)


def tamper(*statements):
    """Change the log as a person with the database's password could."""
    unguard = (
        [f"DROP TRIGGER IF EXISTS {name}" for name in GUARDS["sqlite"]]
        if db.engine.dialect.name == "sqlite"
        else ["SET LOCAL session_replication_role = replica"]
    )
    for statement in [*unguard, *statements]:
        db.session.execute(sa.text(statement))
    db.session.commit()


def test_an_untouched_chain(chain):
    found = checks.verify()
    head = db.session.get(AuditChain, audit_log.STC)
    assert (found.counts["event"], found.problem_count) == (10, 0)
    assert found.heads == {"stc": head.hash, "registry": ""}


def test_an_empty_chain(app):
    proved = "Proved: nothing is recorded, and nothing was removed."
    assert checks.verify().conclusion() == proved


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"]
)
def test_the_database_refuses_to_change_the_log(chain, verb):
    with pytest.raises(sa.exc.DBAPIError, match="audit events are never changed"):
        db.session.execute(sa.text(verb))
    db.session.rollback()
    assert problem() == ""


@pytest.mark.parametrize("column", ["event", "actor", "channel", "details"])
def test_a_changed_event(chain, column):
    tamper(f"UPDATE audit_events SET {column} = 'x' WHERE sequence IN (4, 7)")
    assert "changed" in problem()
    assert of_log(checks.verify()).count == 2


def test_a_changed_time(chain):
    tamper("UPDATE audit_events SET at = '2001-01-01 00:00:00' WHERE sequence = 4")
    assert problem() == "event 4 was changed"


def test_a_changed_hash(chain):
    tamper("UPDATE audit_events SET hash = 'x' WHERE sequence = 4")
    assert problem() == "event 4 was changed"


def test_a_removed_event(chain):
    tamper("DELETE FROM audit_events WHERE sequence = 4")
    assert problem() == "event 4 is missing"


def test_a_removed_event_with_the_numbers_closed_up(chain):
    tamper(
        "DELETE FROM audit_events WHERE sequence = 4",
        *[f"UPDATE audit_events SET sequence = {n} WHERE sequence = {n + 1}"
          for n in range(4, 10)],
    )  # fmt: skip
    assert problem() == "event 4 does not follow event 3"


def test_the_last_event_removed(chain):
    tamper("DELETE FROM audit_events WHERE sequence = 10")
    assert problem() == "the chain ends at event 9, but 10 were recorded"


def test_two_events_swapped(chain):
    tamper(
        "UPDATE audit_events SET sequence = 99 WHERE sequence = 4",
        "UPDATE audit_events SET sequence = 4 WHERE sequence = 5",
        "UPDATE audit_events SET sequence = 5 WHERE sequence = 99",
    )
    assert problem() == "event 4 does not follow event 3"


COPY = (
    "INSERT INTO audit_events (chain, sequence, at, event, actor, channel, details,"
    " previous_hash, hash, format, key_id, seal) SELECT chain, {number}, at,"
    " event, actor, channel, details,"
    " {previous}, hash, format, key_id, seal FROM audit_events WHERE sequence = {like}"
)


def test_an_inserted_event(chain):
    tamper(
        *[f"UPDATE audit_events SET sequence = {n + 1} WHERE sequence = {n}"
          for n in range(10, 3, -1)],
        COPY.format(number=4, previous="previous_hash", like=3),
    )  # fmt: skip
    assert problem() == "event 4 does not follow event 3"


def test_an_event_added_at_the_end(chain):
    tamper(COPY.format(number=11, previous="hash", like=10))
    assert problem() == "event 11 was changed"


def test_the_last_event_exchanged_for_a_sound_one(chain):
    """The event fits, but the head of the chain has another hash."""
    head = db.session.get(AuditChain, audit_log.STC)
    before, recorded = head.hash, head.sequence - 1
    tamper(
        "DELETE FROM audit_events WHERE sequence = 10",
        f"UPDATE audit_chains SET sequence = {recorded}, hash = '"
        + db.session.scalar(sa.select(AuditEvent.hash).filter_by(sequence=9))
        + "'",
    )
    record(10)
    db.session.execute(sa.update(AuditChain).values(hash=before))
    db.session.commit()
    assert problem() == "event 10 is not the one that was recorded last"


def test_without_its_head(chain):
    tamper("DELETE FROM audit_events", "DELETE FROM audit_chains")
    assert problem() == "the head of the chain is missing"


def test_events_moved_to_another_chain(chain):
    head = checks.verify().heads["stc"]
    other = "INSERT INTO audit_chains (name, sequence, hash) VALUES ('old', 0, '')"
    tamper(other, "UPDATE audit_events SET chain = 'old'",
           "UPDATE audit_chains SET sequence = 0, hash = ''")  # fmt: skip
    assert checks.verify().sentences == ["old: this chain is not one of spv's"]
    assert not checks.contains(head)


def test_a_hash_that_was_noted(chain):
    head = checks.verify().heads["stc"]
    record(11)
    assert checks.contains(head)
    assert not checks.contains("0" * 64)


def test_replacing_does_not_get_round_the_guard(chain):
    row = "(99, 'stc', 4, '2001-01-01', 'e', 'a', 'c', '{}', '', '')"
    names = (
        "id, chain, sequence, at, event, actor, channel, details, previous_hash, hash"
    )
    replace = {
        "sqlite": f"INSERT OR REPLACE INTO audit_events ({names}) VALUES {row}",
        "postgresql": f"INSERT INTO audit_events ({names}) VALUES {row} "
        "ON CONFLICT (chain, sequence) DO UPDATE SET actor = 'a'",
    }[db.engine.dialect.name]
    with pytest.raises(sa.exc.DBAPIError, match="audit events are never changed"):
        db.session.execute(sa.text(replace))


@repeated(3, 10)
def test_many_writers_make_one_chain(app, times):
    """Eight threads, no fork, no gap, no lock error; intact at every moment."""

    def write():
        for _ in range(times):
            calculations.save(GOOD_SOLAR, WEB)
            assert problem() == ""
        assert replay().sentences == []

    assert at_once(*[write] * 8) == []
    found = checks.verify()
    assert (found.counts["event"], found.problem_count) == (8 * times, 0)
    numbers = db.session.scalars(sa.select(AuditEvent.sequence).order_by("sequence"))
    assert list(numbers) == list(range(1, 8 * times + 1))
