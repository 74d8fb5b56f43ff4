"""The audit log on screen: the events that a search finds, and their words."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from spv import clock, demo
from spv.extensions import db
from spv.models import Account, AuditEvent
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.staff_search import LogCriteria, label, read_log_criteria
from spv.rules.stc.batch import template_text
from spv.services import audit_log
from spv.services.actor import OPERATOR
from spv.services.agency import audit_search, newest
from spv.services.ledger import uploads
from spv.services.stc import batches, calculations
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, refused, upload
from tests.people import WEB, acting, user_of

pytestmark = pytest.mark.every_database


def found(**criteria):
    """The names of the events of all pages, newest first."""
    names, before = [], 0
    while True:
        page = audit_search.find(LogCriteria(**criteria), before)
        names += [line.event.event for line in page.lines]
        if not (before := page.before):
            return names


def every(*conditions):
    """The names of all events that meet some conditions, newest first."""
    query = sa.select(AuditEvent.event).where(*conditions)
    return list(db.session.scalars(query.order_by(AuditEvent.id.desc())))


def many(count, at=None, event="user.signed_in", actor=OPERATOR):
    with audit_log.registry_transaction():
        for _ in range(count):
            audit_log.act(event, actor, at or clock.now())


@pytest.fixture
def log(vsp, other):
    """A log in which two accounts and a visitor have done something."""
    upload(panels_csv(3), vsp)
    refused(panels_csv(2, "WRONG"), vsp)
    mark(["EX000001"], acting(demo.STAFF))
    upload(panels_csv(2, "EXB"), other)
    batches.save(template_text().encode(), WEB)
    return calculations.save(GOOD_SOLAR, WEB)


def test_all_events_page_by_page(log):
    many(120)
    page = audit_search.find(LogCriteria())
    assert len(page.lines) == audit_search.SHOWN
    assert found() == every()


def test_by_person_action_and_subject(log, vsp, other):
    assert found(person=vsp.name) == every(AuditEvent.actor == vsp.name)
    is_upload = AuditEvent.event == "upload.recorded"
    assert found(event="upload.recorded") == every(is_upload)
    both = is_upload & (AuditEvent.actor == other.name)
    assert found(event="upload.recorded", person=other.name) == every(both) != []
    assert found(kind="reference", key=log) == ["stc.calculated"]
    assert "user.password_set" in found(kind="user", key=str(user_of(demo.STAFF).id))
    assert found(kind="serial", key="EX000001") == [
        "rows.marked_invalid", "upload.recorded"]  # fmt: skip
    assert found(kind="serial", key="EXB000001") == ["upload.recorded"]
    number = str(uploads.find(other)[0][0].id)
    assert found(kind="upload", key=number) == ["upload.recorded"]
    assert found(kind="upload", key=number, event="key.shown") == []


def test_by_account(log, vsp, other):
    account = db.session.get(Account, vsp.account_id)
    name = account.legal_name
    own = found(kind="account", key=str(vsp.account_id))
    assert {"upload.recorded", "upload.refused", "application.approved"} <= {*own}
    for text in (name, name.upper(), account.abn, f" {account.abn[:2]} "
                 + account.abn[2:]):  # fmt: skip
        assert found(account=text) == own
    refusals = [each for each in own if each == "upload.refused"]
    assert found(account=name, event="upload.refused") == refusals
    number = str(uploads.find(other)[0][0].id)
    assert found(account=name, kind="upload", key=number) == []


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        ({"account": "nobody at all"}, "No account has this name or ABN."),
        ({"account": "e"}, "accounts have this in their name: "),
        ({"kind": "serial", "key": "EX9"}, "does not have this serial number"),
    ],
)
def test_what_is_not_there_is_said(log, criteria, words):
    with pytest.raises(ValidationError, match=words):
        found(**criteria)


def test_by_period(app):
    days = [date(2026, 3, n) for n in (1, 2, 3)]
    for day in days:
        many(2, clock.first_moment_of(day))
        many(2, clock.first_moment_of(day + timedelta(1)) - timedelta(seconds=1))
    assert len(found(from_day=days[1], to_day=days[1])) == 4
    assert len(found(from_day=days[1])) == 8
    assert len(found(to_day=days[1], event="user.signed_in")) == 8
    assert found(from_day=date(2026, 4, 1)) == found(to_day=date(2026, 2, 1)) == []


@pytest.mark.every_database(long=True)
def test_a_search_that_finds_little_goes_on_with_the_next_page(app, monkeypatch):
    """A page looks through some events only; the next one looks through more."""
    monkeypatch.setattr(newest, "LOOKED_THROUGH", 300)
    many(1, event="user.signed_out")
    many(700)
    many(700, event="user.signed_out", actor=WEB)
    criteria = LogCriteria(person="operator", event="user.signed_out")
    pages = [audit_search.find(criteria)]
    while before := pages[-1].before:
        pages.append(audit_search.find(criteria, before))
    assert [len(page.lines) for page in pages] == [0, 1]
    assert found(person="visitor", event="user.signed_in") == []


def test_the_way_with_the_fewest_ids_is_taken(app, monkeypatch):
    monkeypatch.setattr(newest, "LOOKED_THROUGH", 300)
    many(400)
    rare = newest.IdSource(AuditEvent.id, [AuditEvent.event == "user.signed_out"])
    often = newest.IdSource(AuditEvent.id, [AuditEvent.actor == "operator"])
    assert newest.smallest([often, rare]) is newest.smallest([rare, often]) is rare


def test_every_event_of_the_demonstration_is_a_sentence(log):
    before = 0
    while True:
        page = audit_search.find(LogCriteria(), before)
        for line in page.lines:
            assert not line.sentence.endswith(f": {label(line.event.event)}."), line
            assert "None" not in line.sentence
        if not (before := page.before):
            break
    said = {line.sentence for line in audit_search.find(LogCriteria()).lines}
    assert "panels.csv was refused: 1 problem in 3 rows." in said
    assert "Avery Clarke marked 1 row as invalid: Incorrect model number." in said
    assert any(each.startswith("A visitor calculated ") for each in said)


def test_an_event_with_its_place(log):
    (line,) = audit_search.about("reference", log)
    shown = audit_search.show(line.event.id)
    assert shown.agrees
    assert shown.code.startswith("s2-")
    assert [(each.kind, each.key) for each in shown.subjects] == [("reference", log)]
    (first,) = audit_search.find(LogCriteria(event="stc.batch_calculated")).lines
    assert (shown.previous, shown.following) == (first.event.id, None)
    assert audit_search.show(first.event.id).following == line.event.id
    with pytest.raises(NotFoundError):
        audit_search.show(10**9)


def change(event_id, **values):
    """Change an event, which only somebody who removes the triggers can do."""
    guards = {
        "sqlite": ["DROP TRIGGER audit_events_UPDATE"],
        "postgresql": ["DROP TRIGGER audit_events_guard ON audit_events"],
    }
    for statement in guards[db.engine.dialect.name]:
        db.session.execute(sa.text(statement))
    this = sa.update(AuditEvent).where(AuditEvent.id == event_id).values(values)
    db.session.execute(this)
    db.session.commit()


@pytest.mark.every_database(fresh=True, long=True)
@pytest.mark.parametrize(
    "details", ["{", "[]", '{"user":[1],"account":{},"subject":1e999}', "{}"]
)
def test_a_damaged_event_is_shown_and_does_not_agree(log, details):
    (line,) = audit_search.about("reference", log)
    change(line.event.id, details=details, event="stc.calculated")
    (line,) = audit_search.about("reference", log)
    assert line.sentence == "A visitor: STC calculated."
    assert not audit_search.show(line.event.id).agrees


def test_criteria_that_a_person_types(log, vsp):
    criteria = read_log_criteria({"person": vsp.name.upper(), "event": "key.shown"})
    assert audit_search.find(criteria).lines == []
