"""Compare the log with what is saved: the findings, and streams read side by side."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from heapq import merge
from itertools import count, groupby, zip_longest
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, select

from spv.extensions import Model, db
from spv.rules.text import join_words, pluralise
from spv.services import audit_log

UNREADABLE = "what is saved, or the log, cannot be read"
SHOWN = 20  # problems of a kind
STEP = 5_000  # things read between two notes of progress
Facts = dict[str, Any]
Stream = Iterator[tuple[Any, Any]]  # of keys and values
Reader = Callable[[Facts, Facts], Stream]
# Fields that events leave out if they do not apply. Older events lack some of them.
DEFAULTS = {"digest_version": 1} | dict.fromkeys(
    ("account", "user", "subscription", "warnings")
)


@dataclass
class Problems:
    """The problems of one kind. Problems that follow from others are only counted."""

    count: int = 0
    following: int = 0
    first: list[str] = field(default_factory=list)


@dataclass
class Findings:
    """The things that were read, counted by name, and the problems by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[str, Problems] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)  # the last hash of each chain
    progress: Callable[[int], None] = lambda _done: None
    done: int = 0
    broke_off: bool = False

    def read(self, name: str, number: int = 1) -> None:
        """Count things that were read, and report the progress now and then."""
        self.counts[name] += number
        before, self.done = self.done, self.done + number
        if before // STEP != self.done // STEP:
            self.progress(self.done)

    def add(self, kind: str, sentence: str, *, follows: bool = False) -> None:
        """Note a problem. One that follows from another problem gets no sentence."""
        of_kind = self.problems.setdefault(kind, Problems())
        if follows:
            of_kind.following += 1
            return
        of_kind.count += 1
        if len(of_kind.first) < SHOWN:
            of_kind.first.append(sentence)

    def add_all(self, kind: str, sentences: Iterable[str]) -> None:
        """Note several problems of a kind."""
        for sentence in sentences:
            self.add(kind, sentence)

    @property
    def problem_count(self) -> int:
        """The number of all problems, without those that follow from others."""
        return sum(each.count for each in self.problems.values())

    @property
    def sentences(self) -> list[str]:
        """The first problems of each kind, in the order of the verification."""
        return [each for kind in self.problems.values() for each in kind.first]

    def conclusion(self) -> str:
        """Say what was proved, in one sentence for people."""
        if self.broke_off:
            return "Nothing was proved: the verification broke off."
        words = [pluralise(n, name) for name, n in self.counts.items() if n]
        if self.problem_count:
            found = pluralise(self.problem_count, "problem")
            return f"{found} found in {join_words(words or ['an empty log'])}."
        if not words:
            return "Proved: nothing is recorded, and nothing was removed."
        return (
            f"Proved: {join_words(words)} are exactly as the audit log recorded them."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the findings as they are saved."""
        return {
            "conclusion": self.conclusion(),
            "counts": dict(self.counts),
            "heads": self.heads,
            "first": next(iter(self.sentences), ""),
            "problems": {kind: asdict(of) for kind, of in self.problems.items()},
        }


def read_events(
    findings: Findings, kind: str, event_name: str, read_event: Reader
) -> Stream:
    """Read the events with a name; yield the keys and facts that each records."""
    for event in audit_log.events_of(audit_log.REGISTRY, event_name):
        own = {"event": event.sequence, "at": event.at, "channel": event.channel}
        try:
            found = [*read_event(own, DEFAULTS | json.loads(event.details))]
        except (ValueError, KeyError, TypeError):
            findings.add(kind, f"event {event.sequence} cannot be read")
        else:
            yield from found


def saved_facts(row: Any, columns: Mapping[str, str]) -> Facts:
    """Return the facts of a saved row. `columns` maps each fact to its column."""
    return {fact: getattr(row, column) for fact, column in columns.items()}


def joined(*streams: Stream) -> Iterator[tuple[Any, list[Any]]]:
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


def merged(*streams: Stream) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each key of sorted streams with each stream's list of values for it."""

    def placed(place: int, stream: Stream) -> Iterator[Any]:
        return ((key, place, value) for key, value in stream)

    ordered = merge(*map(placed, count(), streams), key=itemgetter(0))
    for key, items in groupby(ordered, key=itemgetter(0)):
        values: list[list[Any]] = [[] for _ in streams]
        for _, place, value in items:
            values[place].append(value)
        yield key, values


def differences(name: str, log: Facts | None, table: Facts | None) -> Iterator[str]:
    """Yield a sentence if a thing is not saved as the log records it."""
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


def read(query: Executable) -> Iterator[Any]:
    """Yield the rows of a query, a slice at a time."""
    # `with`: a reader that stops early must not leave a cursor open on the server.
    with db.session.execute(query.execution_options(yield_per=audit_log.SLICE)) as rows:
        for part in rows.partitions():
            yield from part
