"""Check that an event is in the log, and say in words what it records."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from spv.rules import merkle, notes
from spv.rules.stc import system_types
from spv.rules.stc.system_types import FIELDS
from spv.rules.text import pluralise

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

    `entry` is the public part of the event. One of the keys has to have signed the
    checkpoint. Raises ValueError with the reason why it proves nothing.
    """
    entry, found = plain(entry), notes.read_proof(plain(proof))
    try:
        said = json.loads(entry)
    except (ValueError, RecursionError):
        raise ValueError("The event is not JSON: it was changed, or cut.") from None
    signed = notes.open_checkpoint(found.note, keys)
    leaf = merkle.leaf_hash(sha256(entry.encode()).digest())
    index, (_, size, root) = found.index, signed
    if not merkle.is_included(leaf, index, size, found.hashes, root):
        raise ValueError(
            "The hashes of the proof do not lead from this event to the signed "
            "checkpoint. The event or the proof was changed, or they are of two events."
        )
    if not isinstance(said, dict):
        raise ValueError("This event is of a format that no receipt has.")
    place = signed.origin.rpartition("/")[2], index + 1
    if place != (said["chain"], said["sequence"]):
        raise ValueError("The event stands at another place of the log than it says.")
    return Proven(*_in_words(said), datetime.fromisoformat(said["at"]), *place, size)


def plain(text: str) -> str:
    """Return a text that was pasted with plain line breaks, and one at its end if any.

    Raises ValueError if it is too long for a receipt.
    """
    if len(text) > LONGEST:
        raise ValueError(f"This is longer than {LONGEST:,} characters.")
    lines = text.replace("\r\n", "\n").strip("\ufeff \n")
    return f"{lines}\n" if "\n" in lines else lines


def file_name(entry: str) -> str:
    """Return the name of the files of an event, without what follows the dot."""
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
