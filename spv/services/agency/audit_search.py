"""Search the audit log, and put its events in words."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select

from spv.extensions import db
from spv.models import Account, AuditEvent, AuditSubject, PanelSerial, User
from spv.rules.errors import ValidationError
from spv.rules.staff_search import LogCriteria, sentence
from spv.rules.text import join_words, search_key
from spv.services import audit_log
from spv.services.agency import newest
from spv.services.agency.newest import Way
from spv.services.authorisation import require

SHOWN = 50
MOST_NAMED = 5
HIGHEST_ID = 2**31
# The details that are ids of people, and of accounts.
_PEOPLE, _ACCOUNTS = ("user", "subject"), ("account", "to_account")
_ACTORS = {"visitor": "A visitor", "operator": "An operator of the server"}
_COLUMNS = tuple(AuditEvent.__table__.columns)
Subject = tuple[str, str]


class Line(NamedTuple):
    """An event, its details, and what it says."""

    event: Any
    details: Mapping[str, Any]
    sentence: str


class Found(NamedTuple):
    """A page of events. The next page begins before an id; 0 if there is none."""

    lines: Sequence[Line]
    before: int


class Shown(NamedTuple):
    """An event, the code of its receipt if it has one, and what it is about.

    `agrees` tells whether its hash is that of its content. `previous` and `following`
    are the ids of the events beside it in its chain.
    """

    line: Line
    code: str
    subjects: Sequence[AuditSubject]
    agrees: bool
    previous: int | None
    following: int | None


def find(criteria: LogCriteria, before: int = 0, most: int = SHOWN) -> Found:
    """Return the newest events that match, or those before an id.

    Raises ValidationError if there is no such account or serial number.
    """
    page = newest.find(*search(criteria), most, before)
    return Found(lines_of(page.rows), page.before)


def about(kind: str, key: str, most: int = SHOWN) -> Sequence[Line]:
    """Return the newest events about a thing."""
    return find(LogCriteria(kind=kind, key=key), most=most).lines


def show(event_id: int) -> Shown:
    """Return an event; raises NotFoundError."""
    event = require(db.session.get(AuditEvent, event_id))
    subjects = select(AuditSubject).filter_by(event_id=event_id)
    in_chain = select(AuditEvent.id).filter_by(chain=event.chain)
    previous, following = (
        db.session.scalar(in_chain.filter_by(sequence=event.sequence + step))
        for step in (-1, 1)
    )
    return Shown(
        line=lines_of([event])[0],
        code=event.code if event.event in audit_log.PUBLIC else "",
        subjects=db.session.scalars(subjects.order_by(AuditSubject.kind)).all(),
        agrees=hashed_text(event) is not None
        and audit_log.hash_of(event) == event.hash,
        previous=previous,
        following=following,
    )


def hashed_text(event: Any) -> str | None:
    """Return the text of which an event has the hash; None if it cannot be read."""
    try:
        return audit_log.hashed_text(event)
    except (ValueError, LookupError, TypeError):
        return None


def search(criteria: LogCriteria) -> tuple[list[Way], newest.Load]:
    """Return the ways to the events that match, and how the events of ids are read."""
    model, ways = AuditEvent, []
    days, *limits = newest.of_days(model, model.at, criteria.from_day, criteria.to_day)
    if criteria.kind:
        ways.append(_way_to(_subjects_of(criteria.kind, criteria.key)))
    if criteria.account:
        ways.append(_way_to([("account", _account_id(criteria.account))]))
    matches = [*days, *(way.leads_to(model.id) for way in ways)]
    for column, value in (model.actor, criteria.person), (model.event, criteria.event):
        if value:
            ways.append(Way(model.id, [column == value]))
            matches.append(newest.unindexed(column) == value)

    def load(ids: Sequence[int]) -> Sequence[Any]:
        query = select(*_COLUMNS).where(model.id.in_(ids), *matches)
        return db.session.execute(query.order_by(model.id.desc())).all()

    ways = ways or [Way(model.id)]
    return [newest.between(way, *limits) for way in ways], load


def _way_to(subjects: Iterable[Subject]) -> Way:
    is_it = [
        and_(AuditSubject.kind == kind, AuditSubject.key == key)
        for kind, key in subjects
    ]
    return Way(AuditSubject.event_id, [or_(*is_it)])


def _subjects_of(kind: str, key: str) -> list[Subject]:
    """Return what has the events: of a serial number, its uploads and invalidations."""
    if kind != "serial":
        return [(kind, key)]
    query = select(PanelSerial.upload_id, PanelSerial.invalidation_id)
    rows = db.session.execute(query.filter_by(serial_number=key)).all()
    if not rows:
        raise ValidationError({"key": "The ledger does not have this serial number."})
    marked = [("invalidation", str(row[1])) for row in rows if row[1]]
    return [*(("upload", str(row[0])) for row in rows), *marked]


def _account_id(text: str) -> str:
    """Return the id of the account with an ABN or a name. Accounts are few."""
    abn, key = text.replace(" ", ""), search_key(text)
    rows = db.session.execute(select(Account.id, Account.abn, Account.legal_name)).all()
    found = [row for row in rows if abn == row.abn or key == search_key(row.legal_name)]
    found = found or [row for row in rows if key in search_key(row.legal_name)]
    if len(found) == 1:
        return str(found[0].id)
    problem = "No account has this name or ABN."
    if found:
        some = sorted(row.legal_name for row in found)[:MOST_NAMED]
        problem = f"{len(found)} accounts have this in their name: {join_words(some)}"
        problem += " and others." if len(found) > MOST_NAMED else ". Enter one of them."
    raise ValidationError({"account": problem})


def lines_of(events: Sequence[Any]) -> list[Line]:
    """Put events in words. All names are read at once."""
    every = [_details_of(event) for event in events]
    person = _names(User.id, User.name, every, _PEOPLE)
    account = _names(Account.id, Account.legal_name, every, _ACCOUNTS)
    lines = []
    for event, details in zip(events, every, strict=True):
        values = {**details} | {name: person(details, name) for name in _PEOPLE}
        values |= {name: account(details, name) for name in _ACCOUNTS}
        values["actor"] = _actor(event.actor, values)
        lines.append(Line(event, details, sentence(event.event, values)))
    return lines


def _actor(name: str, values: Mapping[str, Any]) -> str:
    if name.startswith("subscription ") and values["account"]:
        return f"A program of {values['account']}"
    return values["user"] or _ACTORS.get(name, name)


def _details_of(event: Any) -> dict[str, Any]:
    """Return the details of an event; none if somebody has damaged them."""
    try:
        details = json.loads(event.details)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


def _names(
    row_id: Any, name: Any, every: Sequence[dict[str, Any]], keys: Sequence[str]
) -> Callable[[Mapping[str, Any], str], str | None]:
    """Read the names of all ids; return a function that looks up that of a detail."""

    def id_of(details: Mapping[str, Any], key: str) -> int:
        number = details.get(key)
        return number if isinstance(number, int) and number < HIGHEST_ID else 0

    ids = {id_of(details, key) for details in every for key in keys} - {0}
    rows = db.session.execute(select(row_id, name).where(row_id.in_(ids))).all()
    known = {row[0]: row[1] for row in rows}
    return lambda details, key: known.get(id_of(details, key))
