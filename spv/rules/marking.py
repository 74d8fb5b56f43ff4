"""Why rows of the ledger are marked invalid: the reasons that can be chosen."""

from collections.abc import Mapping
from typing import Any

from spv.rules.text import read_all, read_text

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
    """The reason that was chosen, and for "Other" its text; Refusal by field."""
    is_other = answers.get("reason") == OTHER
    return read_all(
        answers,
        {
            "reason": _read_reason,
            "other_reason": _read_other if is_other else _no_text,
        },
    )


def _read_reason(text: str) -> str:
    if text not in REASONS:
        raise ValueError("Select the reason.")
    return text


def _read_other(text: str) -> str:
    return read_text(text, "the reason", LONGEST_REASON, lines=True)


def _no_text(_: str) -> str:
    return ""
