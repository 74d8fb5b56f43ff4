"""Search and export the audit log, with its events in words; log the searches of staff.

An export is CSV, or JSON lines that prove their hashes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select

from spv import clock
from spv.database import allow_long_statements, snapshot, unindexed
from spv.extensions import db
from spv.models import Account, AuditEvent, AuditSubject, PanelSerial, User
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.errors import ValidationError
from spv.rules.staff_search import LogCriteria, sentence
from spv.rules.text import join_words, search_key
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.agency import newest
from spv.services.agency.newest import IdSource
from spv.services.authorisation import authorised_transaction, require

SHOWN, SLICE, MOST_EXPORTED = 50, 1_000, 50_000  # events
EXPORTED = ("Log", "Number", "Time (UTC)", "Event", "In words", "Actor", "Channel",
            "Details", "Previous hash", "Hash", "Seal")  # fmt: skip
MOST_NAMED = 5
# Within this time, repeating a search (next page, reload, ticks) is not logged again.
SAME_FOR = timedelta(hours=1)
LOOKED_AT = 20
HIGHEST_ID = 2**31
# The details that are ids of people, and of accounts.
_PEOPLE, _ACCOUNTS = ("user", "subject"), ("account", "to_account")
_ACTORS = {"visitor": "A visitor", "operator": "An operator of the server"}
_COLUMNS = tuple(AuditEvent.__table__.columns)


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
    """An event, the code of its receipt if it has one, and its subjects.

    `agrees` tells whether its hash matches its content. `previous` and `following`
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
    can_be_hashed = hashed_text(event) is not None
    return Shown(
        line=lines_of([event])[0],
        code=event.code if event.event in audit_log.PUBLIC else "",
        subjects=db.session.scalars(subjects.order_by(AuditSubject.kind)).all(),
        agrees=can_be_hashed and audit_log.hash_of(event) == event.hash,
        previous=db.session.scalar(in_chain.filter_by(sequence=event.sequence - 1)),
        following=db.session.scalar(in_chain.filter_by(sequence=event.sequence + 1)),
    )


def hashed_text(event: Any) -> str | None:
    """Return the text that an event's hash is made from; None if it cannot be read."""
    try:
        return audit_log.hashed_text(event)
    except (ValueError, LookupError, TypeError):
        return None


def search(criteria: LogCriteria) -> tuple[list[IdSource], newest.Load]:
    """Return the id sources of matching events, and the function that loads them."""
    model, sources = AuditEvent, list[IdSource]()
    if criteria.kind:
        sources.append(_source_of(_subjects_of(criteria.kind, criteria.key)))
    if criteria.account:
        sources.append(_source_of([("account", _account_id(criteria.account))]))
    matches = [source.contains(model.id) for source in sources]
    for column, value in (model.actor, criteria.person), (model.event, criteria.event):
        if value:
            sources.append(IdSource(model.id, [column == value]))
            matches.append(unindexed(column) == value)
    days = criteria.from_day, criteria.to_day
    sources, in_days = newest.limited_to_days(sources, model, model.at, *days)

    def load(ids: Sequence[int]) -> Sequence[Any]:
        query = select(*_COLUMNS).where(model.id.in_(ids), *in_days, *matches)
        return db.session.execute(query.order_by(model.id.desc())).all()

    return sources, load


def _source_of(subjects: Sequence[tuple[str, str]]) -> IdSource:
    is_it = [
        and_(AuditSubject.kind == kind, AuditSubject.key == key)
        for kind, key in subjects
    ]
    return IdSource(AuditSubject.event_id, [or_(*is_it)])


def _subjects_of(kind: str, key: str) -> list[tuple[str, str]]:
    """Return the subjects whose events are sought.

    For a serial number, these are its uploads and invalidations.
    """
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
    people = _names(User.id, User.name, every, _PEOPLE)
    accounts = _names(Account.id, Account.legal_name, every, _ACCOUNTS)
    lines = []
    for event, details in zip(events, every, strict=True):
        values = details | {key: people.get(_id_of(details, key)) for key in _PEOPLE}
        values |= {key: accounts.get(_id_of(details, key)) for key in _ACCOUNTS}
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


def _id_of(details: Mapping[str, Any], key: str) -> int:
    """Return an id that an event has; 0 if there is none, or somebody damaged it."""
    number = details.get(key)
    return number if isinstance(number, int) and number < HIGHEST_ID else 0


def _names(
    row_id: Any, name: Any, every: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> dict[int, str]:
    ids = {_id_of(details, key) for details in every for key in keys}
    rows = db.session.execute(select(row_id, name).where(row_id.in_(ids)))
    return dict(rows.all())


def export(criteria: LogCriteria, form: str, actor: Actor) -> Iterator[str]:
    """Log the export, and return the newest 50,000 events that match, newest first.

    `form` is csv or jsonl. Raises ValidationError as a search does.
    """
    sources, load = search(criteria)
    source = newest.smallest(sources)
    note("log.exported", actor, form=form, criteria=criteria.in_words())
    return _texts(source, load, form)


def _texts(source: IdSource, load: newest.Load, form: str) -> Iterator[str]:
    if form == "csv":
        yield csv_text([EXPORTED], as_text=True)
    before, left = 0, MOST_EXPORTED
    while left:
        with snapshot():  # Ends before the yield: a slow download must not keep it.
            allow_long_statements()
            ids = db.session.scalars(source.ids(before).limit(SLICE)).all()
            lines = lines_of(load(ids)[:left]) if ids else []
        if not ids:
            return
        before, left = ids[-1], left - len(lines)
        yield _as_csv(lines) if form == "csv" else _as_json(lines)


def _as_csv(lines: Sequence[Line]) -> str:
    rows = [
        (e.chain, str(e.sequence), e.at.isoformat(), e.event, words, e.actor,
         e.channel, e.details, e.previous_hash, e.hash, e.seal or "")
        for e, _, words in lines
    ]  # fmt: skip
    return csv_text(rows, as_text=True)


def _as_json(lines: Sequence[Line]) -> str:
    """Write each event with `hashed`, the text whose SHA-256 is its hash."""
    objects = (
        event._asdict() | {"at": event.at.isoformat(), "hashed": hashed_text(event)}
        for event, _, _ in lines
    )
    return "".join(f"{audit_log.canonical(each)}\n" for each in objects)


def note(event: str, actor: Actor, **details: Any) -> None:
    """Log that a member of staff is about to search or export.

    Searches by other users are not logged: they see only their own account.
    """
    if Role.STAFF in actor.roles:
        with authorised_transaction(actor, Role.STAFF):
            audit_log.act(event, actor, clock.now(), **details)


def note_search(event: str, actor: Actor, criteria: Mapping[str, str]) -> None:
    """Log a search, unless it has no criteria or repeats the one before."""
    if not criteria or Role.STAFF not in actor.roles:
        return
    own = select(AuditEvent).where(AuditEvent.actor == actor.name)
    last = db.session.scalars(own.order_by(AuditEvent.id.desc()).limit(LOOKED_AT))
    since, text = clock.now() - SAME_FOR, f'"criteria":{audit_log.canonical(criteria)}'
    before = next((e for e in last if e.event == event and e.at > since), None)
    if before is None or text not in before.details:
        note(event, actor, criteria=criteria)
