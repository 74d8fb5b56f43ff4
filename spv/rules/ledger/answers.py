"""The part of an API answer that the log keeps: no serial number, name or key."""

from collections.abc import Mapping
from typing import Any

from spv.rules.ledger.json_upload import FIELD_OF, ITEMS

MOST, LONGEST = 10, 300  # errors of an answer; characters of a message
FIELDS = frozenset(
    {
        "result", "uploadId", "accepted", "recordedAt", "declarationCurrentUntil",
        "validateOnly", "invalidationId", "marked", "markedAt", "totals", "repeated",
        "status",
    }
)  # fmt: skip
# Other names of fields are those that a client has made up: they can be anything.
NAMES = frozenset({*FIELD_OF, ITEMS, "body", "reason", "otherReason", "validate-only",
                   "Idempotency-Key"})  # fmt: skip


def without_data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer with its first errors, without what was sent or looked up."""
    kept = {name: value for name, value in answer.items() if name in FIELDS}
    for name in ("errors", "warnings"):
        found = answer.get(name) or ()
        if found:
            kept[name] = [_error_without_data(error) for error in found[:MOST]]
        if len(found) > MOST:
            kept[f"more{name.capitalize()}"] = len(found) - MOST
    return kept


def _error_without_data(error: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: error[name] for name in ("row", "field", "code") if name in error}
    if kept.get("field", ITEMS) not in NAMES:
        kept["field"] = "…"
    message: str = error["message"]
    begin, _, rest = message.partition("“")
    quoted, end, after = rest.rpartition("”")
    if len(quoted) > 1 and quoted not in NAMES:
        message = f"{begin}“…{end}{after}"
    if "value" in error:  # the sentences after the first may repeat it
        message = message.partition(". ")[0].removesuffix(".") + "."
    return kept | {"message": message[:LONGEST]}
