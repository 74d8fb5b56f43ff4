"""Declarations and terms: their dated wordings, and how long a declaration lasts."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.formatting import format_date, pluralise

UPLOAD, API, TERMS = "upload", "api", "terms"
# A wording that a user has agreed to never changes. A new one is a new version.
WORDINGS: dict[str, dict[str, Sequence[str]]] = {
    UPLOAD: {
        "2026-11-22": (
            "I may upload panel serial numbers for this account.",
            "I have taken all reasonable steps and made all reasonable enquiries to "
            "confirm the truth and accuracy of the data, including the data provided "
            "by Approved Entities, before uploading it.",
            "Each serial number is that of a panel of the model, supplier and "
            "licensee/certificate holder beside it.",
            "I will mark serial numbers as invalid as soon as I learn that they are "
            "wrong.",
        )
    },
    API: {
        "2026-11-22": (
            "I may make this declaration for this account and for the systems that "
            "upload panel serial numbers with its subscription keys.",
            "Before data is uploaded via API, all reasonable steps are taken and all "
            "reasonable enquiries are made to confirm its truth and accuracy, "
            "including that of the data provided by Approved Entities.",
            "Each serial number is that of a panel of the model, supplier and "
            "licensee/certificate holder that is sent with it.",
            "Serial numbers will be marked as invalid as soon as the account learns "
            "that they are wrong.",
        )
    },
    TERMS: {
        "2026-11-22": (
            "The keys are for systems of this account alone, and are kept secret. A "
            "key that others may have seen is regenerated at once.",
            "Panel serial numbers are uploaded only while the account’s declaration "
            "for API users is current.",
            "The systems keep to the limits that are given with each answer.",
            "Every request can be logged. Keys can be cancelled where these terms are "
            "not kept.",
        )
    },
}
YES = ("yes", "on", "y", "true", "1")  # what a ticked box may send
MONTHS = 3
NOTICES = (14, 7, 1)  # days before the end at which users are warned, more each time


def current_version(purpose: str) -> str:
    """Return the version of the wording that users agree to now."""
    return max(WORDINGS[purpose])


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
    current = current_version(purpose)
    if made not in YES:
        raise ValidationError({field: sentence})
    if version and version != current:
        sentence = "The declaration has a new wording. Read it, then make it again."
        if purpose == TERMS:
            sentence = "The terms have a new wording. Read them, then agree again."
        raise ValidationError({field: sentence})
    return current


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

    `until` is its last day, or None if the account never made one.
    """

    until: date | None
    today: date

    @property
    def is_current(self) -> bool:
        """True if systems may upload."""
        return self.until is not None and self.today <= self.until

    @property
    def days_left(self) -> int:
        """The number of whole days after today."""
        return (self.until - self.today).days if self.until else 0

    @property
    def status(self) -> str:
        """The status in words."""
        if self.until is None:
            return "Not made yet"
        if self.is_current:
            return f"Current until {format_date(self.until)}"
        lapsed = format_date(self.until + timedelta(days=1))
        return f"Lapsed on {lapsed}; it was current until {format_date(self.until)}"

    @property
    def left(self) -> str:
        """The time that is left in words; empty if the declaration is not current."""
        if not self.is_current:
            return ""
        left = f"{pluralise(self.days_left, 'day')} left"
        return left if self.days_left else "Today is its last day"

    @property
    def notice(self) -> int:
        """The strength of the warning to users: 1 to 3, or 0 for none yet."""
        return sum(self.is_current and self.days_left <= days for days in NOTICES)
