"""Verification: compare what is saved with what the audit log tells of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from spv.services import audit_log

Facts = dict[str, Any]
# What events leave out: fields that do not apply, and those that older events lack.
DEFAULTS = {"account": None, "user": None, "subscription": None, "digest_version": 1}


def logged_facts(
    problems: list[str], event_name: str, thing: str, names: Iterable[str]
) -> Iterator[tuple[int, Facts]]:
    """Yield the id of each thing of a kind with the named facts that its event tells.

    An event that cannot be read is added to `problems`.
    """
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
            problems.append(f"event {event.sequence} cannot be read")
        else:
            yield number, facts


def saved_facts(row: Any, columns: Mapping[str, str]) -> Facts:
    """Return the facts of a saved row. `columns` maps each fact to its column."""
    return {fact: getattr(row, column) for fact, column in columns.items()}


def joined(*streams: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, list[Any]]]:
    """Yield each number with its value in every stream; None where one lacks it.

    The streams are read side by side. Memory holds only values whose counterparts have
    not come yet: none, where all streams have the same numbers in the same order. Any
    order is possible, and a number that comes twice in a stream is yielded twice.
    """
    waiting: dict[int, list[Any]] = {}
    for items in zip_longest(*streams):
        for index, item in enumerate(items):
            if item is None:  # this stream has ended
                continue
            number, value = item
            values = waiting.setdefault(number, [None] * len(streams))
            if values[index] is not None:
                yield number, values
                values = waiting[number] = [None] * len(streams)
            values[index] = value
            if None not in values:
                yield number, waiting.pop(number)
    yield from waiting.items()


def compare(
    thing: str,
    logged: Iterable[tuple[int, Facts]],
    saved: Iterable[tuple[int, Facts]],
) -> Iterator[str]:
    """Yield a sentence for each thing that is not saved as the log tells of it."""
    for number, (log, table) in joined(logged, saved):
        yield from differences(f"{thing} {number}", log, table)


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
