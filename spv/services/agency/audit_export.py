"""Export events of the audit log, as CSV or as JSON lines that prove their hashes."""

from collections.abc import Iterator, Sequence

from spv.database import allow_long_statements, snapshot
from spv.extensions import db
from spv.rules.csv_file import csv_text
from spv.rules.staff_search import LogCriteria
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.agency import newest, searches
from spv.services.agency.audit_search import Line, hashed_text, lines_of, search

MOST = 50_000
SLICE = 1_000
COLUMNS = ("Log", "Number", "Time (UTC)", "Event", "In words", "Actor", "Channel",
           "Details", "Previous hash", "Hash", "Seal")  # fmt: skip


def export(criteria: LogCriteria, form: str, actor: Actor) -> Iterator[str]:
    """Log the export, and return the newest 50,000 events that match, newest first.

    `form` is csv or jsonl. Raises ValidationError as a search does.
    """
    ways, load = search(criteria)
    way = newest.shortest(ways)
    words = criteria.in_words()
    searches.note("log.exported", actor, form=form, criteria=words)
    return _texts(way, load, form)


def _texts(way: newest.Way, load: newest.Load, form: str) -> Iterator[str]:
    write = _as_json
    if form == "csv":
        write = _as_csv
        yield csv_text([COLUMNS], as_text=True)
    before, left = 0, MOST
    while left:
        with snapshot():  # Ends before the yield: a slow download must not keep it.
            allow_long_statements()
            ids = db.session.scalars(way.ids(before).limit(SLICE)).all()
            lines = lines_of(load(ids)[:left]) if ids else []
        if not ids:
            return
        before, left = ids[-1], left - len(lines)
        yield write(lines)


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
