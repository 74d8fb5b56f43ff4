"""Compare streams: what the audit log tells, and what is saved."""

import json
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, select

from spv.extensions import Model, db
from spv.services import audit_log
from spv.services.verify.findings import Findings

Facts = dict[str, Any]
Key = int | str
# What events leave out: fields that do not apply, and those that older events lack.
DEFAULTS = {
    "account": None,
    "user": None,
    "subscription": None,
    "digest_version": 1,
    "warnings": None,
}


def logged_facts(
    findings: Findings, event_name: str, thing: str, names: Iterable[str]
) -> Iterator[tuple[int, Facts]]:
    """Yield the id of each thing of a kind, with the named facts that its event has."""
    names = (*names, "event")
    for event in audit_log.events_of(audit_log.REGISTRY, event_name):
        own = {"event": event.sequence, "at": event.at, "channel": event.channel}
        try:
            details = DEFAULTS | json.loads(event.details) | own
            facts = {name: details[name] for name in names}
            number = details[thing]
            if type(number) is not int:
                raise TypeError
        except (ValueError, KeyError, TypeError):
            findings.add("ledger", f"event {event.sequence} cannot be read")
        else:
            yield number, facts


def saved_facts(row: Any, columns: Mapping[str, str]) -> Facts:
    """Return the facts of a saved row. `columns` maps each fact to its column."""
    return {fact: getattr(row, column) for fact, column in columns.items()}


def joined(*streams: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each key with its value in every stream; None where one lacks it.

    The streams are read side by side. Memory holds only values whose counterparts have
    not come yet: none, where all streams have the same keys in the same order. Any
    order is possible, and a key that comes twice in a stream is yielded twice.
    """
    waiting: dict[Any, list[Any]] = {}
    for items in zip_longest(*streams):
        for index, item in enumerate(items):
            if item is None:  # this stream has ended
                continue
            key, value = item
            values = waiting.setdefault(key, [None] * len(streams))
            if values[index] is not None:
                yield key, values
                values = waiting[key] = [None] * len(streams)
            values[index] = value
            if None not in values:
                yield key, waiting.pop(key)
    yield from waiting.items()


def merged(*streams: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each key with the values that every stream has for it, by stream.

    The streams are sorted by their keys, so memory holds the values of one key.
    """

    def placed(place: int, stream: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
        for key, value in stream:
            yield key, place, value

    ordered = merge(*(placed(*each) for each in enumerate(streams)), key=itemgetter(0))
    for key, items in groupby(ordered, key=itemgetter(0)):
        values: list[list[Any]] = [[] for _ in streams]
        for _, place, value in items:
            values[place].append(value)
        yield key, values


def differences(name: str, log: Facts | None, table: Facts | None) -> Iterator[str]:
    """Yield a sentence if one thing is not saved as the log tells of it."""
    if log is None and table is not None:
        yield f"{name}: saved, but not in the log"
    elif log is not None and table is None:
        yield f"{name}: in the log as event {log['event']}, but not saved"
    elif log is not None and table is not None:
        other = [each for each in log if each in table and log[each] != table[each]]
        if other:
            yield f"{name}: saved with another {', '.join(other)}"


def rows_of(model: type[Model], *where: Any) -> Iterator[Any]:
    """Yield the rows of a table in the order of their ids."""
    query = select(*model.__table__.columns).where(*where)
    yield from read(query.order_by(model.__table__.c.id))


def groups(query: Executable) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Group the rows of a query by their first column, by which they are sorted."""
    return groupby(read(query), key=itemgetter(0))


def read(query: Executable) -> Iterator[Any]:
    """Yield the rows of a query, a slice at a time."""
    # `with`: a reader that stops early must not leave a cursor open on the server.
    with db.session.execute(query.execution_options(yield_per=audit_log.SLICE)) as rows:
        yield from rows
