"""The reasons for which rows of the ledger can be marked as invalid."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from spv.rules.text import BLANKS, read_all, read_text

MOST_MARKED = 10_000
LONGEST_REASON = 1_000
OTHER = "Other"
# All that offers, describes or checks reasons follows this list.
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
    """Return the chosen reason, and the text that goes with "Other".

    Raises ValidationError with a sentence for each field.
    """
    readers = {"reason": _read_reason}
    reason = answers.get("reason")
    if reason in REASONS:  # otherwise nothing can be said of the text
        readers["other_reason"] = _read_other if reason == OTHER else _read_no_text
    return read_all(answers, readers)


def _read_reason(text: str) -> str:
    if text not in REASONS:
        raise ValueError("Select the reason.")
    return text


_read_other = partial(read_text, what="the reason", most=LONGEST_REASON, lines=True)


def _read_no_text(text: str) -> str:
    if text.strip(BLANKS):
        raise ValueError(
            "Only the reason “Other” can have a text. Select “Other”, or leave the "
            "text empty."
        )
    return ""
