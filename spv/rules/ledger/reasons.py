"""Why rows of the ledger are marked invalid: the reasons that can be chosen."""

from collections.abc import Mapping
from typing import Any

from spv.rules.text import BLANKS, read_all, read_text

MOST_MARKED = 10_000
LONGEST_REASON = 1_000
OTHER = "Other"
REASONS = (
    "Incorrect supplier name",
    "Incorrect licensee/certificate holder",
    "Incorrect model number",
    "Incorrect serial number",
    "Duplicate serial number",
    "Ineligible panel",
    "Not supplied to the Australian market",
    OTHER,
)


def read_reason(answers: Mapping[str, Any]) -> dict[str, str]:
    """The reason that was chosen, and for "Other" its text.

    ValidationError by field.
    """
    reason = answers.get("reason")
    readers = {
        "reason": _read_reason,
        "other_reason": _read_other if reason == OTHER else _read_no_text,
    }
    if reason not in REASONS:  # then nothing can be said of its text
        del readers["other_reason"]
    return read_all(answers, readers)


def _read_reason(text: str) -> str:
    if text not in REASONS:
        raise ValueError("Select the reason.")
    return text


def _read_other(text: str) -> str:
    return read_text(text, "the reason", LONGEST_REASON, lines=True)


def _read_no_text(text: str) -> str:
    if text.strip(BLANKS):
        raise ValueError(
            "A text goes with the reason “Other” alone. Select “Other”, or leave the "
            "text empty."
        )
    return ""
