"""Signed checkpoints of the log, and proofs that an event is in it.

A checkpoint signs the root of a chain's Merkle tree. It is saved in the database and
added to the file SPV_CHECKPOINTS, which should be where nobody who can write to the
database can change it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import func, select

from spv import clock
from spv.database import insert, take_lock, transaction
from spv.extensions import db
from spv.models import AuditChain, AuditCheckpoint, AuditEvent, AuditTile
from spv.rules import merkle, proofs
from spv.rules.errors import ConflictError, NotFoundError
from spv.rules.proofs import Checkpoint, Proof
from spv.services import audit_log

BITS = 8
WIDTH = 1 << BITS  # hashes in a tile
TILES_AT_ONCE = 100  # in a transaction
_END = 20_000  # bytes of the file of checkpoints, in which the last one is looked for
NO_PROOF = (
    "This was recorded before November 2026, when the log had no proofs yet. It is "
    "part of what the first checkpoint covers."
)


class Receipt(NamedTuple):
    """The public part of an event as JSON, and the proof that it is in the log."""

    entry: str
    proof: str


class InconsistentLog(ConflictError):
    """The log does not continue what was signed: no checkpoint can be made."""


class EmptyLog(ConflictError):
    """A chain without events has no checkpoint."""


def origin_of(chain: str) -> str:
    """Return the name that checkpoints have for the log of a chain."""
    return f"{current_app.config['SPV_LOG_NAME']}/{chain}"


def verifier_keys() -> list[str]:
    """Return the public keys of each chain, the current ones first."""
    return [
        proofs.verifier_key(origin_of(chain), key.signing.public_key())
        for key in audit_log.log_keys().values()
        for chain in audit_log.CHAINS
    ]


def unverified(note: str) -> Checkpoint:
    """Return the checkpoint of a note, whoever signed it. Raises ValueError."""
    return proofs.read_checkpoint(note.partition("\n\n")[0] + "\n")


def newest(chain: str) -> AuditCheckpoint | None:
    """Return the last checkpoint of a chain."""
    query = select(AuditCheckpoint).filter_by(chain=chain)
    return db.session.scalar(query.order_by(AuditCheckpoint.size.desc()).limit(1))


def make(chain: str, *, in_request: bool = False) -> str:
    """Sign the chain as it is now, unless that is done already; return the note.

    Raises EmptyLog, InconsistentLog if the log does not continue the last checkpoint,
    and ConflictError if there is too much to do in a request.
    """
    while not _fill_tiles(chain):
        if in_request:
            sentence = "The log is being prepared for proofs. Try again in a minute."
            raise ConflictError(sentence)
    with transaction():
        take_lock(f"checkpoint {chain}")
        size, last = _size(chain), newest(chain)
        if last and last.size == size:
            return last.note
        if not size:
            raise EmptyLog(f"The {chain} log is empty: there is nothing to sign.")
        hashes, origin = _Hashes(chain, size), origin_of(chain)
        _check_continues(chain, hashes)
        text = Checkpoint(origin, size, merkle.root_of(size, hashes.subtree)).text()
        note = proofs.sign(text, origin, audit_log.log_key().signing)
        if path := _file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{note}\n")
                file.flush()
                os.fsync(file.fileno())
        values = {"chain": chain, "size": size, "note": note, "made_at": clock.now()}
        db.session.execute(insert(AuditCheckpoint).values(values))
    return note


def prove(chain: str, sequence: int) -> Receipt:
    """Return an event's public part and the proof that it is in the log.

    Makes a checkpoint if the last one is older than the event. Raises NotFoundError for
    an event without proof, and what `make` raises.
    """
    query = select(AuditEvent).filter_by(chain=chain, sequence=sequence)
    event = db.session.scalar(query)
    if event is None or event.format == 1:
        raise NotFoundError(NO_PROOF if event else "There is no such event.")
    last = newest(chain)
    note = last.note if last and last.size >= sequence else make(chain, in_request=True)
    size, root = unverified(note)[1:]
    hashes, index = _Hashes(chain, size), sequence - 1
    path = merkle.inclusion_proof(index, size, hashes.subtree)
    leaf = merkle.leaf_hash(bytes.fromhex(event.hash))
    if not merkle.is_included(leaf, index, size, path, root):
        raise InconsistentLog(
            "No proof can be given: the log is not the one that was signed."
        )
    return Receipt(audit_log.entry(event), Proof(index, path, note).text())


def consistency(note: str) -> str:
    """Return the proof that the log continues an older checkpoint of it.

    It is in the form that witnesses get (c2sp.org/tlog-witness): the size of the older
    tree, the hashes, and the newest checkpoint. Raises ValueError if the older one is
    not ours, and InconsistentLog if the log does not continue it.
    """
    old = proofs.open_checkpoint(note, verifier_keys())
    chain = old.origin.rpartition("/")[2]
    new_note = make(chain, in_request=True)
    new = unverified(new_note)
    if not 0 < old.size <= new.size:
        raise InconsistentLog("The log has fewer events than this checkpoint.")
    hashes = _Hashes(chain, new.size)
    path = merkle.consistency_proof(old.size, new.size, hashes.subtree)
    if not merkle.is_consistent(old[1:], new[1:], path):
        raise InconsistentLog("The log does not continue this checkpoint.")
    return "\n".join([f"old {old.size}", *map(proofs.encode, path), "", new_note])


def _size(chain: str) -> int:
    query = select(AuditChain.sequence).filter_by(name=chain)
    return db.session.scalar(query) or 0


class _Hashes:
    """The hashes of a chain's tree: from its tiles, and at the end from its events."""

    def __init__(self, chain: str, size: int) -> None:
        self.chain, self.size = chain, size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def subtree(self, level: int, position: int) -> bytes:
        """Return the hash of a complete subtree."""
        of_tile, rest = divmod(level, BITS)
        start = position << rest
        first = start % WIDTH
        tile = self.tile(of_tile, start // WIDTH)
        return merkle.fold(tile[first : first + (1 << rest)])

    def tile(self, level: int, position: int) -> list[bytes]:
        """Return the hashes of a tile, which may have fewer than 256 at the end."""
        if (level, position) not in self._tiles:
            saved = db.session.get(AuditTile, (self.chain, level, position))
            tile = self.compute(level, position) if saved is None else [
                saved.hashes[n : n + 32] for n in range(0, 32 * WIDTH, 32)
            ]  # fmt: skip
            self._tiles[level, position] = tile
        return self._tiles[level, position]

    def compute(self, level: int, position: int) -> list[bytes]:
        """Compute the hashes of a tile from the level below."""
        first = position * WIDTH
        if level:
            last = min(first + WIDTH, self.size >> BITS * level)
            return [merkle.fold(self.tile(level - 1, n)) for n in range(first, last)]
        last = min(first + WIDTH, self.size)
        some = AuditEvent.sequence.between(first, last)  # and the one before
        query = select(*AuditEvent.__table__.columns).filter_by(chain=self.chain)
        events = db.session.execute(query.where(some).order_by("sequence")).all()
        formats = [event.format for event in events]
        is_whole = len(events) == last - max(first, 1) + 1
        if not (is_whole and formats == sorted(formats) and all(map(_is_ours, events))):
            raise InconsistentLog(
                f"The {self.chain} log was changed after event {first}. `audit verify` "
                "says how. Nothing was signed."
            )
        ours = events[first - last :]
        return [merkle.leaf_hash(bytes.fromhex(event.hash)) for event in ours]


def _is_ours(event: Any) -> bool:
    """Tell whether an event has the hash, and the seal, that spv gave it."""
    try:
        is_same = event.hash == audit_log.hash_of(event)
    except (ValueError, KeyError, TypeError):  # its details cannot be read
        return False
    key = audit_log.log_keys().get(event.key_id or "")
    is_sealed = key and event.seal == audit_log.seal(event, key)
    return is_same and bool(event.format == 1 or is_sealed)


def _fill_tiles(chain: str) -> bool:
    """Save full tiles that are not saved yet; return False if more are left."""
    with transaction():
        take_lock(f"checkpoint {chain}")
        size, made, level = _size(chain), 0, 0
        hashes = _Hashes(chain, size)
        while full := size >> BITS * (level + 1):
            counted = select(func.count()).select_from(AuditTile)
            done = db.session.scalar(counted.filter_by(chain=chain, level=level)) or 0
            for position in range(done, full):
                if made == TILES_AT_ONCE:
                    return False
                tile = b"".join(hashes.compute(level, position))
                key = {"chain": chain, "level": level, "position": position}
                db.session.execute(insert(AuditTile).values(**key, hashes=tile))
                made += 1
            level += 1
    return True


def _check_continues(chain: str, hashes: _Hashes) -> None:
    """Raise InconsistentLog unless the log continues the file's last checkpoint."""
    last = _last_in_file(origin_of(chain))
    if last is None:
        return
    if last.size > hashes.size:
        raise InconsistentLog(
            f"The {chain} log has {hashes.size} events, and its last checkpoint "
            f"{last.size}: an older copy of the database was put back, or the end of "
            "the log was removed. No checkpoint was made."
        )
    if merkle.root_of(last.size, hashes.subtree) != last.root:
        raise InconsistentLog(
            f"The {chain} log does not continue its last checkpoint, of {last.size} "
            "events: it was changed. No checkpoint was made."
        )


def _last_in_file(origin: str) -> Checkpoint | None:
    """Return the last checkpoint of a log in the file. Raises InconsistentLog."""
    path = _file()
    if path is None or not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
        end = "\n\n" + file.read().decode(errors="replace")
    _, found, note = end.rpartition(f"\n\n{origin}\n")
    try:
        return unverified(f"{origin}\n{note}") if found else None
    except ValueError:
        raise InconsistentLog(f"{path} is damaged. No checkpoint was made.") from None


def _file() -> Path | None:
    path: str = current_app.config["SPV_CHECKPOINTS"]
    return Path(path) if path else None


def lines_of_file() -> Iterator[str]:
    """Yield the lines of the file of checkpoints, if there is one."""
    path = _file()
    if path and path.exists():
        with path.open(encoding="utf-8") as file:
            yield from file
