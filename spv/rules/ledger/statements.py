"""Statements of users: declarations, terms, and reasons for an invalidation."""

import tomllib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.text import (
    BLANKS,
    format_date,
    join_words,
    pluralise,
    read_all,
    read_text,
)

UPLOAD, API, TERMS = "upload", "api", "terms"
# The points of each wording, by its purpose and its version.
WORDINGS: dict[str, dict[str, Sequence[str]]] = tomllib.loads(
    Path(__file__).with_name("wordings.toml").read_text("utf-8")
)
YES = ("yes", "on", "y", "true", "1")  # the values that a ticked box may send
MONTHS = 3
NOTICES = (14, 7, 1, -1)  # days left when users are warned, more plainly each time
MOST_MARKED = 10_000
LONGEST_REASON = 1_000
OTHER = "Other"
# Forms, documents and checks all use this list.
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


def current_wording(purpose: str) -> tuple[str, Sequence[str]]:
    """Return the version and the points of the wording that users agree to now."""
    return max(WORDINGS[purpose].items())


def read_declaration(
    made: str,
    version: str,
    purpose: str = UPLOAD,
    *,
    field: str = "declaration",
    sentence: str = "Make the declaration, and choose the file again.",
) -> str:
    """Return the version of the wording that the user has agreed to.

    `version` is the one that the page showed; if empty, it was the current one. Raises
    ValidationError on `field` if the box is not ticked or the wording has changed.
    """
    current, _ = current_wording(purpose)
    if made in YES and (not version or version == current):
        return current
    if made in YES:
        sentence = "The declaration has a new wording. Read it, then make it again."
        if purpose == TERMS:
            sentence = "The terms have a new wording. Read them, then agree again."
    raise ValidationError({field: sentence})


def last_day(made: date) -> date:
    """Return the last day on which a declaration for API users is current.

    It is three calendar months later, in Australian eastern time: the same day of the
    month, or the last of a shorter month (Serial Number Ledger guidance, 2021).
    """
    years, month = divmod(made.month - 1 + MONTHS, 12)
    year = made.year + years
    return date(year, month + 1, min(made.day, monthrange(year, month + 1)[1]))


class DeclarationStatus(NamedTuple):
    """The status of an account's declaration for API users on a day.

    `until` is its last day, or None if the account never made one. `made` is the day on
    which the newest one was made, where it is known.
    """

    until: date | None
    today: date
    made: date | None = None

    @property
    def is_current(self) -> bool:
        """True if systems may upload."""
        return self.until is not None and self.today <= self.until

    @property
    def days_left(self) -> int:
        """The number of whole days after today."""
        return (self.until - self.today).days if self.until else 0

    @property
    def lapsed_on(self) -> date | None:
        """The day after the last day; None if the declaration has not lapsed."""
        if self.until is None or self.is_current:
            return None
        return self.until + timedelta(days=1)

    @property
    def span(self) -> tuple[int, int] | None:
        """The days that have passed since it was made, and all of its days; or None."""
        if self.until is None or self.made is None:
            return None
        days = max((self.until - self.made).days, 1)
        return min(max((self.today - self.made).days, 0), days), days

    @property
    def status(self) -> str:
        """The status in words."""
        if self.until is None:
            return "Not made yet"
        if self.lapsed_on is None:
            return f"Current until {format_date(self.until)}"
        lapsed = format_date(self.lapsed_on)
        return f"Lapsed on {lapsed}; it was current until {format_date(self.until)}"

    @property
    def left(self) -> str:
        """The time that is left in words, or the consequence if it has lapsed."""
        if self.lapsed_on:
            return "Your systems cannot upload until it is made again"
        if self.until is None:
            return ""
        days = self.days_left
        return f"{pluralise(days, 'day')} left" if days else "Today is its last day"

    @property
    def notice(self) -> int:
        """The strength of the warning to users: 1 to 4 (lapsed); 0 for no warning."""
        return sum(self.until is not None and self.days_left <= n for n in NOTICES)


def read_reason(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return the chosen reason, and the text that goes with "Other".

    Raises ValidationError with a sentence for each field.
    """
    readers = {"reason": _read_reason}
    reason = answers.get("reason")
    if reason in REASONS:  # otherwise the text cannot be checked
        readers["other_reason"] = _read_other if reason == OTHER else _read_no_text
    return read_all(answers, readers)


def _read_reason(text: str) -> str:
    if text not in REASONS:
        known = f" The reasons are: {join_words(REASONS)}." if text else ""
        raise ValueError(f"Select the reason.{known}")
    return text


_read_other = partial(read_text, what="the reason", most=LONGEST_REASON, lines=True)


def _read_no_text(text: str) -> str:
    if text.strip(BLANKS):
        raise ValueError(
            "Only the reason “Other” can have a text. Select “Other”, or leave the "
            "text empty."
        )
    return ""
