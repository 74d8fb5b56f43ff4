"""Searches and exports by staff are events; exports prove their hashes."""

import csv
import hashlib
import io
import itertools
import json

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import AuditEvent
from spv.rules.errors import ForbiddenError
from spv.rules.staff_search import LogCriteria
from spv.services import audit_log
from spv.services.agency import audit_search
from spv.services.stc import calculations
from tests.examples import GOOD_SOLAR
from tests.people import WEB, acting, events, user_of

pytestmark = pytest.mark.every_database
VALID = {"Status": "Valid"}


@pytest.fixture
def staff(demonstration):
    """Agency staff."""
    return acting(demo.STAFF)


def noted(*asked, actor):
    """The number of events that some searches write."""
    before = len(events())
    for criteria in asked:
        audit_search.note_search("ledger.searched", actor, criteria)
    return len(events()) - before


def test_a_search_is_one_event_and_its_next_pages_are_none(staff):
    assert noted(VALID, VALID, VALID, actor=staff) == 1
    assert noted({"Status": "Invalid"}, VALID, VALID, actor=staff) == 2
    audit_search.note_search("log.searched", staff, {"Person": "x"})
    assert noted(VALID, actor=staff) == 0


def test_a_search_without_criteria_and_one_of_an_account_are_no_events(staff, vsp):
    assert noted({}, {}, actor=staff) == noted(VALID, actor=vsp) == 0
    audit_search.note("ledger.exported", vsp)
    assert "ledger.exported" not in events()


def test_an_hour_later_it_is_another_search(staff, app):
    assert noted(VALID, actor=staff) == 1
    with clock.at(clock.now() + audit_search.SAME_FOR):
        assert noted(VALID, VALID, actor=staff) == 1


def test_somebody_who_is_staff_no_more_gets_nothing(staff):
    user_of(demo.STAFF).is_staff = False
    db.session.commit()
    with pytest.raises(ForbiddenError):
        noted(VALID, actor=staff)


def exported(form, actor, **criteria):
    """The lines of an export, as a file that is read again."""
    text = "".join(audit_search.export(LogCriteria(**criteria), form, actor))
    db.session.rollback()
    if form == "csv":
        return [*csv.DictReader(io.StringIO(text))]
    return [json.loads(line) for line in text.splitlines()]


def test_json_lines_prove_each_hash_and_its_link(staff):
    calculations.save(GOOD_SOLAR, WEB)
    lines = exported("jsonl", staff)
    assert len(lines) == db.session.scalar(sa.select(sa.func.count(AuditEvent.id)))
    assert {line["chain"] for line in lines} == {*audit_log.CHAINS}
    for chain in audit_log.CHAINS:
        of_chain = [line for line in lines if line["chain"] == chain][::-1]
        assert [line["sequence"] for line in of_chain] == [*range(1, len(of_chain) + 1)]
        for line in of_chain:
            assert hashlib.sha256(line["hashed"].encode()).hexdigest() == line["hash"]
            assert json.loads(line["hashed"])["previous"] == line["previous_hash"]
        for one, two in itertools.pairwise(of_chain):
            assert two["previous_hash"] == one["hash"]
    event = db.session.get(AuditEvent, lines[-1]["id"])
    assert lines[-1]["hashed"] == audit_log.entry(event)
    assert lines[-1]["details"] == event.details


def test_csv_has_the_words_and_the_hashes(staff):
    row = exported("csv", staff, event="staff.created")[-1]
    query = sa.select(AuditEvent).filter_by(event="staff.created")
    event = db.session.scalars(query.order_by(AuditEvent.id)).first()
    made = f"An operator of the server made {demo.STAFF} a member of agency staff."
    assert row["In words"] == made
    assert (row["Hash"], row["Details"]) == (event.hash, event.details)
    assert (row["Log"], row["Number"]) == ("registry", str(event.sequence))


def test_an_export_is_an_event_and_stops_at_its_limit(staff, monkeypatch):
    whole = exported("jsonl", staff)
    assert whole[0]["event"] == "log.exported"
    assert json.loads(whole[0]["details"])["form"] == "jsonl"
    monkeypatch.setattr(audit_search, "MOST_EXPORTED", 7)
    monkeypatch.setattr(audit_search, "SLICE", 3)
    few = exported("jsonl", staff, person=demo.STAFF)
    assert len(few) == min(7, len([e for e in whole if e["actor"] == demo.STAFF]) + 1)
    assert len(exported("csv", staff)) == 7
    assert len({line["id"] for line in exported("jsonl", staff)}) == 7


def test_no_transaction_is_open_while_a_slow_reader_is_sent_a_slice(staff, monkeypatch):
    monkeypatch.setattr(audit_search, "SLICE", 3)
    texts = audit_search.export(LogCriteria(), "jsonl", staff)
    for _ in range(3):
        assert next(texts)
        assert not db.session().in_transaction()
    texts.close()
