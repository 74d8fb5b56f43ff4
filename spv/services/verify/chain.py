"""Verify one chain of the log: links, seals, times, Merkle tree and checkpoints."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from spv import clock
from spv.extensions import db
from spv.models import AuditChain, AuditCheckpoint, AuditEvent, AuditTile
from spv.rules.merkle import Tree, fold, leaf_hash
from spv.rules.proofs import Checkpoint, open_checkpoint
from spv.rules.secrets import LogKey
from spv.services import audit_log, checkpoints
from spv.services.verify.findings import Findings
from spv.services.verify.states import States
from spv.services.verify.subjects import SubjectsCheck

# Clocks of several servers differ a little, and an event waits for its turn.
TOLERANCE = timedelta(minutes=5)


class ChainCheck:
    """The verification of a chain, which goes on after a problem."""

    def __init__(self, name: str, findings: Findings, states: States) -> None:
        self.name, self.findings, self.states = name, findings, states
        self.kind, self.keys = f"{name} log", audit_log.log_keys()
        self.count, self.previous, self.format = 0, "", 0
        self.latest, self.now = datetime.min.replace(tzinfo=UTC), clock.now()
        self.last_wrong = 0  # the last event that was wrong
        self.ages = {
            key: age for age, key in enumerate(self.keys)
        }  # 0: the current key
        self.age = len(self.keys)  # of the newest key that was met
        self.trees = TreeCheck(name, findings)
        self.subjects = SubjectsCheck(name, findings)

    def run(self, notes: Iterable[str]) -> None:
        """Read every event of the chain, oldest first, and compare it with its head."""
        self.trees.expect(notes)
        head = db.session.get(AuditChain, self.name)
        if head is None:
            self.findings.add(
                self.kind, f"{self.name}: the head of the chain is missing"
            )
            return
        try:
            for event in audit_log.events_of(self.name):
                self._event(event)
        except ValueError:  # such as a time that is no time
            self._add(f"an event after event {self.count} cannot be read")
            return
        self.subjects.finish()
        self.findings.heads[self.name] = head.hash
        if self.format == 1:  # the upgrade has sealed every log that had events
            self._add(
                "its last event has no seal: its end was cut, or it was made again"
            )
        if self.count < head.sequence:
            end = f"the chain ends at event {self.count}"
            self._add(f"{end}, but {head.sequence} were recorded")
        elif (self.count, self.previous) != (head.sequence, head.hash):
            self._add(f"event {self.count} is not the one that was recorded last")
        self.trees.finish()

    def _add(self, sentence: str, *, follows: bool = False) -> None:
        self.findings.add(self.kind, f"{self.name}: {sentence}", follows=follows)

    def _event(self, event: AuditEvent) -> None:
        number, expected = event.sequence, self.count + 1
        self.findings.read("event")
        if number != expected:
            gap = (
                f"event {expected} is"
                if number == expected + 1
                else (f"events {expected} to {number - 1} are")
            )
            self._add(f"{gap} missing")
        elif event.previous_hash != self.previous:
            self._wrong(number, f"event {number} does not follow event {number - 1}")
        elif problem := self._problem(event):
            self._wrong(number, problem)
        self.count, self.previous = number, event.hash
        self.trees.add(event.hash)
        self.subjects.add(event, is_wrong=self.last_wrong == number)
        self._tell(event)

    def _wrong(self, number: int, problem: str) -> None:
        """Note a problem; right after another one it follows from that."""
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
            return f"event {number} has the wrong time: {event.at:%d.%m.%Y %H:%M} UTC"
        self.latest = max(self.latest, event.at)
        return ""

    def _seal_problem(self, event: AuditEvent, key: LogKey | None) -> str:
        """Say what is wrong with the seal of an event; "" if nothing."""
        number, before = event.sequence, self.format
        self.format = max(before, event.format)
        if event.format == 1:
            return f"event {number} has no seal" if before > 1 else ""
        if before == 1 and event.event != audit_log.BASELINE:
            return f"event {number} does not take in what was recorded without seals"
        if key is None:
            return f"event {number} was sealed with an unknown log key"
        if (event.format, event.seal) != (audit_log.FORMAT, audit_log.seal(event, key)):
            return f"event {number} was not sealed by spv: it was changed or added"
        if self.ages[key.id] > self.age:
            return f"event {number} was sealed with a log key that had been replaced"
        self.age = self.ages[key.id]
        return ""

    def _tell(self, event: AuditEvent) -> None:
        """Take over the states of rows that an event tells."""
        if '"states":' not in event.details:
            return
        try:
            self.states.take(event, json.loads(event.details))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._add(
                f"the states in event {event.sequence} cannot be read", follows=True
            )


class TreeCheck:
    """Compute the Merkle tree of a chain, and compare checkpoints and tiles with it."""

    def __init__(self, name: str, findings: Findings) -> None:
        self.name, self.findings = name, findings
        self.tree, self.tiles = Tree(), defaultdict[int, list[bytes]](list)
        self.notes = defaultdict[int, list[tuple[bytes, str]]](list)
        self.origin, self.keys = (
            checkpoints.origin_of(name),
            checkpoints.verifier_keys(),
        )

    def expect(self, notes: Iterable[str]) -> None:
        """Take the checkpoints of the chain: from notes of files, and the database."""
        saved = select(AuditCheckpoint.note, AuditCheckpoint.size)
        rows = db.session.execute(saved.filter_by(chain=self.name)).all()
        for note, size in (dict.fromkeys(notes, 0) | dict(rows)).items():
            try:
                checkpoint = checkpoints.unverified(note)
            except ValueError:
                self.findings.add("checkpoints", "a checkpoint cannot be read")
                continue
            if checkpoint.origin == self.origin:
                self.notes[checkpoint.size].append((checkpoint.root, note))
                if size not in (0, checkpoint.size):
                    self._add(f"the checkpoint of {checkpoint.size} events was changed")

    def add(self, event_hash: str) -> None:
        """Add an event, by its hash."""
        try:
            leaf = leaf_hash(bytes.fromhex(event_hash))
        except ValueError:  # the event is reported as changed
            leaf = leaf_hash(event_hash.encode())
        self.tree.append(leaf)
        self._add_to_tile(0, leaf)
        for root, note in self.notes.pop(self.tree.size, []):
            self.findings.read("checkpoint")
            if self._is_signed(note) and root != self.tree.root():
                self._add(
                    f"events up to {self.tree.size} are not those of its checkpoint: "
                    "one of them was changed, or the log was made again"
                )

    def finish(self) -> None:
        """Report checkpoints of more events than there are, and tiles that are not."""
        for size, notes in sorted(self.notes.items()):
            if size and any(self._is_signed(note) for _, note in notes):
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
        self.findings.add("checkpoints", f"{self.name}: {sentence}")

    def _is_signed(self, note: str) -> bool:
        """Tell whether a checkpoint is ours; else report it."""
        try:
            found: Checkpoint = open_checkpoint(note, self.keys)
        except ValueError as error:
            self._add(f"a checkpoint is not to be trusted: {error}")
            return False
        return found.origin == self.origin

    def _add_to_tile(self, level: int, node: bytes) -> None:
        """Add a hash to the last tile of a level; compare the tile when it is full."""
        tile = self.tiles[level]
        tile.append(node)
        if len(tile) < checkpoints.WIDTH:
            return
        position = (self.tree.size >> checkpoints.BITS * (level + 1)) - 1
        saved = db.session.get(AuditTile, (self.name, level, position))
        if saved is not None and saved.hashes != b"".join(tile):
            self._add(f"tile {position} of level {level} was changed")
        if saved is not None:
            db.session.expunge(saved)
        self._add_to_tile(level + 1, fold(tile))
        tile.clear()
