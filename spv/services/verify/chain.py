"""Verify one chain of the log: links, seals, times, Merkle tree and checkpoints."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from operator import itemgetter

from sqlalchemy import func, select

from spv import clock
from spv.extensions import db
from spv.models import AuditChain, AuditCheckpoint, AuditEvent, AuditTile
from spv.rules.merkle import Tree, fold, leaf_hash
from spv.rules.proofs import open_checkpoint, read_notes
from spv.rules.secrets import LogKey
from spv.services import audit_log, checkpoints
from spv.services.verify.comparison import Findings, read
from spv.services.verify.states import States, SubjectsCheck

# Clocks of several servers differ a little, and an event waits for the lock.
TOLERANCE = timedelta(minutes=5)
KIND = "checkpoints"


class ChainCheck:
    """The verification of a chain, which goes on after a problem."""

    def __init__(
        self, name: str, findings: Findings, states: States, notes: "Notes"
    ) -> None:
        self.name, self.findings, self.states = name, findings, states
        self.kind, self.keys = f"{name} log", audit_log.log_keys()
        self.count, self.previous, self.format = 0, "", 0
        self.latest, self.now = datetime.min.replace(tzinfo=UTC), clock.now()
        self.last_wrong = 0  # the last event that was wrong
        self.age = len(self.keys)  # of the newest key so far; the current key has 0
        self.tree = TreeCheck(name, findings, notes)
        self.subjects = SubjectsCheck(name, findings)

    def run(self) -> None:
        """Read every event of the chain, oldest first, and compare it with the head."""
        head = db.session.get(AuditChain, self.name)
        if head is None:
            self._add("the head of the chain is missing")
            return
        try:
            for event in audit_log.events_of(self.name):
                self._event(event)
        except ValueError:  # such as a wrongly written time
            self._add(f"an event after event {self.count} cannot be read")
            return
        self.subjects.finish()
        self.findings.heads[self.name] = head.hash
        if self.format == 1:  # the upgrade has sealed every log that had events
            self._add(
                "the last event has no seal: the end was cut off, or the log was made "
                "again"
            )
        if self.count < head.sequence:
            end = f"the chain ends at event {self.count}"
            self._add(f"{end}, but {head.sequence} were recorded")
        elif (self.count, self.previous) != (head.sequence, head.hash):
            self._add(f"event {self.count} is not the one that was recorded last")
        self.tree.finish()

    def _add(self, sentence: str, *, follows: bool = False) -> None:
        self.findings.add(self.kind, f"{self.name}: {sentence}", follows=follows)

    def _event(self, event: AuditEvent) -> None:
        number, expected = event.sequence, self.count + 1
        self.findings.read("event")
        if number == expected + 1:
            self._add(f"event {expected} is missing")
        elif number != expected:
            self._add(f"events {expected} to {number - 1} are missing")
        elif event.previous_hash != self.previous:
            self._wrong(number, f"event {number} does not follow event {number - 1}")
        elif problem := self._problem(event):
            self._wrong(number, problem)
        self.count, self.previous = number, event.hash
        self.tree.add(event.hash)
        self.subjects.add(event, is_wrong=self.last_wrong == number)
        if '"states":' in event.details:
            try:
                self.states.take(event, json.loads(event.details))
            except (ValueError, KeyError, TypeError, AttributeError):
                self._add(f"the states in event {number} cannot be read", follows=True)

    def _wrong(self, number: int, problem: str) -> None:
        """Note a problem; right after another one, it follows from it."""
        self._add(problem, follows=self.last_wrong == number - 1 > 0)
        self.last_wrong = number

    def _problem(self, event: AuditEvent) -> str:
        number, is_late = event.sequence, event.at > self.now + TOLERANCE
        try:
            if event.hash != audit_log.hash_of(event):
                return f"event {number} was changed"
        except (ValueError, KeyError, TypeError):
            return f"event {number} was changed, and cannot be read"
        if problem := self._seal_problem(event, self.keys.get(event.key_id or "")):
            return problem
        if is_late or event.at + TOLERANCE < self.latest:
            return f"event {number} has the wrong time: {event.at:%Y-%m-%d %H:%M} UTC"
        self.latest = max(self.latest, event.at)
        return ""

    def _seal_problem(self, event: AuditEvent, key: LogKey | None) -> str:
        """Say what is wrong with the seal of an event; "" if nothing."""
        number, before = event.sequence, self.format
        self.format = max(before, event.format)
        if event.format == 1:
            return f"event {number} has no seal" if before > 1 else ""
        if before == 1 and event.event != audit_log.BASELINE:
            baseline = "the baseline that must follow the events without seals"
            return f"event {number} is not {baseline}"
        if key is None:
            return f"event {number} was sealed with an unknown log key"
        if (event.format, event.seal) != (audit_log.FORMAT, audit_log.seal(event, key)):
            return f"event {number} was not sealed by spv: it was changed or added"
        age = [*self.keys].index(key.id)
        if age > self.age:
            return f"event {number} was sealed with a log key that had been replaced"
        self.age = age
        return ""


class Notes:
    """The checkpoints of files and of the database, sorted by their sizes.

    They are in a temporary database: a year's checkpoints may take 600 MB.
    """

    def __init__(self, file: sqlite3.Connection, findings: Findings) -> None:
        self.file, self.findings = file, findings
        columns = "origin, size INTEGER, root, note, PRIMARY KEY (origin, size, note)"
        file.execute(f"CREATE TABLE notes ({columns}) WITHOUT ROWID")

    def read_file(self, lines: Iterable[str]) -> None:
        """Add the checkpoints of a file. Raises UnicodeError."""
        try:
            for note in read_notes(lines):
                self._add(note)
        except UnicodeError:
            raise
        except ValueError as error:
            self.findings.add(KIND, str(error))

    def read_database(self) -> None:
        """Add the checkpoints that are saved in the database."""
        one = AuditCheckpoint
        for name, size, note in read(select(one.chain, one.size, one.note)):
            origin, signed_size = self._add(note)
            is_same = origin.endswith(f"/{name}") and size == signed_size
            if origin and not is_same:
                sentence = f"the checkpoint of {signed_size} events was changed"
                self.findings.add(KIND, f"{name}: {sentence}")

    def _add(self, note: str) -> tuple[str, int]:
        """Add a checkpoint, unless it is there; return its origin and its size."""
        try:
            origin, size, root = checkpoints.unverified(note)
        except ValueError:
            self.findings.add(KIND, "a checkpoint cannot be read")
            return "", 0
        values = origin, size, root, note
        self.file.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", values)
        return origin, size


class TreeCheck:
    """Compute the Merkle tree of a chain, and compare checkpoints and tiles with it."""

    def __init__(self, name: str, findings: Findings, notes: Notes) -> None:
        self.name, self.findings = name, findings
        self.tree, self.tiles = Tree(), defaultdict[int, list[bytes]](list)
        self.origin = checkpoints.origin_of(name)
        self.keys = checkpoints.verifier_keys()
        query = "SELECT size, root, note FROM notes WHERE origin = ? AND size > 0"
        self.notes = notes.file.execute(f"{query} ORDER BY size", (self.origin,))
        self.next = self.notes.fetchone()

    def add(self, event_hash: str) -> None:
        """Add an event, by its hash."""
        try:
            leaf = leaf_hash(bytes.fromhex(event_hash))
        except ValueError:  # the event is reported as changed
            leaf = leaf_hash(event_hash.encode())
        self.tree.append(leaf)
        self._add_to_tile(0, leaf)
        while self.next and self.next[0] == self.tree.size:
            size, root, note = self.next
            self.findings.read("checkpoint")
            if self._is_signed(note) and root != self.tree.root():
                self._add(
                    f"events up to {size} are not those of its checkpoint: "
                    "one of them was changed, or the log was made again"
                )
            self.next = self.notes.fetchone()

    def finish(self) -> None:
        """Report checkpoints beyond the last event, and missing or extra tiles."""
        rest = chain([self.next] if self.next else [], self.notes)
        for size, notes in groupby(rest, key=itemgetter(0)):
            if any(self._is_signed(note) for _, _, note in notes):
                self._add(
                    f"a checkpoint has {size} events, and the log only "
                    f"{self.tree.size}: its end was cut off, or an older copy put back"
                )
        saved = select(AuditTile.level, func.count(), func.max(AuditTile.position))
        query = saved.where(AuditTile.chain == self.name).group_by(AuditTile.level)
        for level, count, last in db.session.execute(query):
            full = self.tree.size >> checkpoints.BITS * (level + 1)
            if count != last + 1 or count > full:
                self._add(f"tiles of level {level} were added or removed")

    def _add(self, sentence: str) -> None:
        self.findings.add(KIND, f"{self.name}: {sentence}")

    def _is_signed(self, note: str) -> bool:
        """Tell whether a checkpoint is ours; else report it."""
        try:
            return open_checkpoint(note, self.keys).origin == self.origin
        except ValueError as error:
            self._add(f"a checkpoint is not to be trusted: {error}")
            return False

    def _add_to_tile(self, level: int, node: bytes) -> None:
        """Add a hash to the last tile of a level; compare the tile when it is full."""
        tile = self.tiles[level]
        tile.append(node)
        if len(tile) < checkpoints.WIDTH:
            return
        position = (self.tree.size >> checkpoints.BITS * (level + 1)) - 1
        saved = db.session.get(AuditTile, (self.name, level, position))
        if saved is not None:
            if saved.hashes != b"".join(tile):
                self._add(f"tile {position} of level {level} was changed")
            db.session.expunge(saved)
        self._add_to_tile(level + 1, fold(tile))
        tile.clear()
