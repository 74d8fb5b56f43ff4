"""Comparing what is saved with what the log tells of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from spv.services import audit

Facts = dict[int, dict[str, Any]]
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
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each thing of a kind as its event tells of it."""
    for event in audit.events_of(audit.REGISTRY, event_name):
        try:
            details = json.loads(event.details)
            facts = {name: details[name] for name in names}
            facts |= {name: details.get(name) for name in WHO}
            facts |= {"event": event.sequence, "at": event.at, "channel": event.channel}
            yield details[thing], facts
        except (ValueError, KeyError, TypeError):
            found.problems.append(f"event {event.sequence} cannot be read")


def compare(thing: str, logged: Facts, saved: Facts) -> Iterator[str]:
    """A sentence for each thing that is not saved as the log tells of it."""
    for number in sorted(logged.keys() | saved.keys()):
        log, table = logged.get(number), saved.get(number)
        if log is None:
            yield f"{thing} {number}: saved, but not in the log"
        elif table is None:
            event = log["event"]
            yield f"{thing} {number}: in the log as event {event}, but not saved"
        else:
            other = [name for name in log if name in table and log[name] != table[name]]
            if other:
                yield f"{thing} {number}: saved with another {', '.join(other)}"
