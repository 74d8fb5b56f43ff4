"""Comparing what is saved with what the log tells of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from spv.services import audit_log

Facts = dict[str, Any]
WHO = ("account", "user", "subscription")  # those that somebody has


@dataclass
class LedgerReport:
    """How much was read, and a sentence for each thing that is not right."""

    uploads: int = 0
    rows: int = 0
    markings: int = 0
    problems: list[str] = field(default_factory=list)


def told(
    found: LedgerReport, event_name: str, thing: str, names: tuple[str, ...]
) -> Iterator[tuple[int, Facts]]:
    """Each thing of a kind as its event tells of it."""
    for event in audit_log.events_of(audit_log.REGISTRY, event_name):
        try:
            details = json.loads(event.details)
            facts = {name: details[name] for name in names}
            facts |= {name: details.get(name) for name in WHO}
            facts |= {"event": event.sequence, "at": event.at, "channel": event.channel}
            number = details[thing]
            if type(number) is not int:
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            found.problems.append(f"event {event.sequence} cannot be read")
        else:
            yield number, facts


def joined(*streams: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, list[Any]]]:
    """Yield each number with its value in every stream; None where one lacks it.

    The streams are read side by side. Only values whose counterparts have not come yet
    are held: none, where all streams have the same numbers in the same order. No order
    is relied upon, and a number that comes twice in a stream is yielded twice.
    """
    waiting: dict[int, list[Any]] = {}
    for items in zip_longest(*streams):
        for place, item in enumerate(items):
            if item is None:  # this stream has ended
                continue
            number, value = item
            values = waiting.setdefault(number, [None] * len(streams))
            if values[place] is not None:
                yield number, values
                values = waiting[number] = [None] * len(streams)
            values[place] = value
            if None not in values:
                yield number, waiting.pop(number)
    yield from waiting.items()


def compare(
    thing: str,
    logged: Iterable[tuple[int, Facts]],
    saved: Iterable[tuple[int, Facts]],
) -> Iterator[str]:
    """A sentence for each thing that is not saved as the log tells of it."""
    for number, (log, table) in joined(logged, saved):
        yield from differences(f"{thing} {number}", log, table)


def differences(name: str, log: Facts | None, table: Facts | None) -> Iterator[str]:
    """Name how one thing is saved otherwise than the log tells."""
    if log is None and table is not None:
        yield f"{name}: saved, but not in the log"
    elif log is not None and table is None:
        yield f"{name}: in the log as event {log['event']}, but not saved"
    elif log is not None and table is not None:
        other = [each for each in log if each in table and log[each] != table[each]]
        if other:
            yield f"{name}: saved with another {', '.join(other)}"
