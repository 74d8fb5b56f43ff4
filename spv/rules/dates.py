"""Reading days that people type."""

import re
from datetime import date

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AUSTRALIAN_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def read_date(text: str, what: str = "the day") -> date:
    """A day written YYYY-MM-DD or DD/MM/YYYY; ValueError with what to change.

    `what` names it in the sentence ("the installation date").
    """
    if not text:
        raise ValueError(f"Enter {what}.")
    iso = text
    if not _ISO_DATE.fullmatch(text):
        match = _AUSTRALIAN_DATE.fullmatch(text)
        if not match:
            raise ValueError(f"Enter {what} as 2026-07-31 or 31/07/2026.")
        day, month, year = match.groups()
        iso = f"{year}-{month:0>2}-{day:0>2}"
    try:
        return date.fromisoformat(iso)
    except ValueError:
        raise ValueError(
            f"{text} is not a day of the calendar. Check {what}."
        ) from None
