"""Signed checkpoints and proofs in the formats of C2SP, and the words of an event.

See c2sp.org/signed-note, /tlog-checkpoint and /tlog-proof. Keys are Ed25519.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from spv.rules import merkle
from spv.rules.stc import system_types
from spv.rules.stc.system_types import FIELDS
from spv.rules.text import pluralise

ED25519 = b"\1"
PROOF = "c2sp.org/tlog-proof@v1"
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_NOTE = re.compile(r"(?:[^\n]+\n){3}\n(?:— [^\n]+\n)+")
LONGEST = 100_000  # characters of an event or of a proof
# By the name of an event: the name of its files, and what it records.
KINDS = {
    "upload.recorded": ("upload-{upload}", "Upload {upload}: {rows} recorded"),
    "rows.marked_invalid": (
        "invalidation-{invalidation}",
        "Invalidation {invalidation}: {rows} marked as invalid"),
    "stc.calculated": ("calculation-{reference}", "{certificates} calculated"),
    "stc.batch_calculated": (
        "batch-{reference}",
        "{certificates} calculated, for {calculated:,} of {row_count}"),
}  # fmt: skip
OTHER = ("event", "Another event of the log")
_NOUNS = {"rows": "row", "row_count": "system", "certificates": "STC"}
_LABELS = {
    "reason": "Reason", "sha256": "SHA-256 of the rows",
    "digest": "SHA-256 of the rows", "system_type": "System",
    **{name: field.label.replace(" (optional)", "") for name, field in FIELDS.items()},
    "zone": "Zone", "rating": "Rating", "deeming_years": "Deeming period in years",
    "years": "Years used", "reference": "Reference", "rules_version": "Rules",
}  # fmt: skip
_WORDS: dict[str, Mapping[Any, str]] = {
    "system_type": system_types.SYSTEM_TYPES,
    "calculation_period": system_types.PERIODS,
}  # fmt: skip


class Checkpoint(NamedTuple):
    """A signed statement of a log: its name, the number of its entries, their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Write the checkpoint as it is signed."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


class Proof(NamedTuple):
    """The position of an entry in a log, the hashes to the root, and a checkpoint."""

    index: int  # type: ignore[assignment]
    hashes: Sequence[bytes]
    note: str

    def text(self) -> str:
        """Write the proof as a file."""
        lines = [PROOF, f"index {self.index}", *map(encode, self.hashes)]
        return "\n".join([*lines, "", self.note])


def encode(data: bytes) -> str:
    """Write bytes in base64."""
    return b64encode(data).decode()


def decode(text: str) -> bytes:
    """Read base64, written as `encode` writes it. Raises ValueError."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if encode(data) != text:
        raise ValueError(f"“{text[:50]}” is not canonical base64.")
    return data


def verifier_key(name: str, public: Ed25519PublicKey) -> str:
    """Write a public key as text, with the name of the log, for verification."""
    raw = ED25519 + public.public_bytes_raw()
    return f"{name}+{_key_id(name, raw).hex()}+{encode(raw)}"


def _key_id(name: str, raw: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + raw).digest()[:4]


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return a note: a text, which ends with a line break, and its signature."""
    raw = ED25519 + key.public_key().public_bytes_raw()
    signature = encode(_key_id(name, raw) + key.sign(text.encode()))
    return f"{text}\n— {name} {signature}\n"


def open_checkpoint(note: str, keys: Iterable[str]) -> Checkpoint:
    """Return the checkpoint of a note that one of the keys has signed.

    `keys` are as `verifier_key` writes them. Raises ValueError with a sentence if the
    note is damaged, or none of the keys has signed it.
    """
    text, gap, rest = note.rpartition("\n\n")
    lines = [_SIGNATURE.fullmatch(line) for line in rest.splitlines()]
    if not (gap and rest.endswith("\n") and lines and all(lines)):
        raise ValueError("The checkpoint is not a signed note.")
    signatures = {match.groups() for match in lines if match}
    signed = [key for key in keys if _has_signed(key, f"{text}\n", signatures)]
    if not signed:
        raise ValueError("The checkpoint is not signed with a known key.")
    found = read_checkpoint(f"{text}\n")
    if found.origin not in {key.partition("+")[0] for key in signed}:
        raise ValueError("The checkpoint is not signed with the key of its log.")
    return found


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, without its signatures. Raises ValueError."""
    origin, size, root, *more = [*text.split("\n"), "", "", ""]
    if more[:2] != ["", ""] or not origin or not _SIZE.fullmatch(size):
        raise ValueError("The checkpoint is damaged.")
    return Checkpoint(origin, int(size), decode(root))


def _has_signed(key: str, text: str, signatures: Collection[tuple[str, ...]]) -> bool:
    """Tell whether a key has signed a text. Raises ValueError for a wrong signature."""
    name, key_id, raw = key.split("+", 2)
    for signed_by, base64 in signatures:
        signature = decode(base64)
        if (signed_by, signature[:4].hex()) != (name, key_id):
            continue
        try:
            public = Ed25519PublicKey.from_public_bytes(decode(raw)[1:])
            public.verify(signature[4:], text.encode())
        except InvalidSignature:
            raise ValueError("The signature of the checkpoint is wrong.") from None
        return True
    return False


def read_notes(lines: Iterable[str]) -> Iterator[str]:
    """Yield the notes of a file of checkpoints. Raises ValueError if it is damaged."""
    note, begins = "", 1
    for number, line in enumerate(chain(lines, [""]), 1):
        if not line.startswith("— ") and _NOTE.fullmatch(note):
            yield note
            note, begins = "", number
        note += line if note else line.lstrip()
        if len(note) > LONGEST:
            break
    if note:
        raise ValueError(f"The file of checkpoints is damaged after line {begins}.")


def read_proof(text: str) -> Proof:
    """Read a file with a proof. Raises ValueError if it is damaged."""
    above, _, note = text.partition("\n\n")
    first, index, *hashes = [*above.split("\n"), ""]
    if first == PROOF and index.startswith("extra "):
        index, *hashes = hashes
    words, _, number = index.partition(" ")
    if first != PROOF or words != "index" or not _SIZE.fullmatch(number):
        raise ValueError(f"This is not a proof: it does not begin with {PROOF}.")
    return Proof(int(number), [decode(each) for each in hashes[:-1]], note)


class Proven(NamedTuple):
    """An event that is in a log of a size, with what it records in words."""

    sentence: str
    facts: list[tuple[str, str]]
    at: datetime
    chain: str
    sequence: int
    size: int


def prove(entry: str, proof: str, keys: Iterable[str]) -> Proven:
    """Return what an event records, if a proof shows that it is in the log.

    `entry` is the public part of the event. One of the keys must have signed the
    checkpoint. Raises ValueError with the reason why the proof is not valid.
    """
    entry, found = plain(entry), read_proof(plain(proof))
    try:
        said = json.loads(entry)
    except (ValueError, RecursionError):
        raise ValueError("The event is not JSON: it was changed, or cut.") from None
    signed = open_checkpoint(found.note, keys)
    leaf = merkle.leaf_hash(sha256(entry.encode()).digest())
    index, (_, size, root) = found.index, signed
    if not merkle.is_included(leaf, index, size, found.hashes, root):
        raise ValueError(
            "The hashes of the proof do not lead from this event to the signed "
            "checkpoint. The event or the proof was changed, or they are of two events."
        )
    if not isinstance(said, dict):
        raise ValueError("Events of this format have no receipt.")
    place = signed.origin.rpartition("/")[2], index + 1
    if place != (said["chain"], said["sequence"]):
        raise ValueError(
            "The event's position in the log is not the one that it states."
        )
    return Proven(*_in_words(said), datetime.fromisoformat(said["at"]), *place, size)


def plain(text: str) -> str:
    """Return a pasted text with plain line breaks; raises ValueError if it is long."""
    if len(text) > LONGEST:
        raise ValueError(f"This is longer than {LONGEST:,} characters.")
    lines = text.replace("\r\n", "\n").strip("\ufeff \n")
    return f"{lines}\n" if "\n" in lines else lines


def file_name(entry: str) -> str:
    """Return the name of the files of an event, without its extension."""
    said = json.loads(entry)
    return KINDS.get(said["event"], OTHER)[0].format_map(said["facts"])


def _in_words(said: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    given = said["facts"]
    facts = {**given, **given.get("inputs", {}), **given.get("result", {})}
    counts = {n: pluralise(facts[n], one) for n, one in _NOUNS.items() if n in facts}
    return KINDS.get(said["event"], OTHER)[1].format_map(facts | counts), [
        (label, _WORDS.get(name, {}).get(facts[name], str(facts[name])))
        for name, label in _LABELS.items()
        if facts.get(name)
    ]
