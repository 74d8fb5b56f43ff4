"""The criteria of a search of the ledger: read from a form, and put in words."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.formatting import format_date
from spv.rules.ledger.rows import FIELDS, PRODUCT_FIELDS
from spv.rules.ledger.serial_number import LONGEST_SERIAL
from spv.rules.text import read_all, read_date, read_number, read_optional

STATUSES = {"valid": "Valid", "invalid": "Invalid"}
YEARS = range(2000, 2100)
NO_UPLOAD = "Enter the number of an upload, such as 17."
_UPLOAD = re.compile("([0-9]{1,9})")  # databases have no room for more digits
LABELS = {
    "serial_number": f"{FIELDS['serial_number']} begins with",
    **{name: f"{FIELDS[name]} contains" for name in PRODUCT_FIELDS},
    "status": "Status",
    "recorded_from": "Recorded from",
    "recorded_to": "Recorded to",
    "upload": "Upload number",
    "account": "Account contains",
}


class Criteria(NamedTuple):
    """The criteria of a search. One that is empty excludes no row.

    A serial number is matched by its beginning, a name by any part of it. Days are in
    Australian eastern time, both included. `account` is for agency staff.
    """

    serial_number: str = ""
    supplier_name: str = ""
    licensee: str = ""
    model_number: str = ""
    status: str = ""
    recorded_from: date | None = None
    recorded_to: date | None = None
    upload: int = 0
    account: str = ""

    def answers(self) -> dict[str, str]:
        """Return the criteria in use as text, which `read_criteria` reads back."""
        return {name: str(value) for name, value in self._asdict().items() if value}

    def in_words(self) -> list[tuple[str, str]]:
        """Return the label and value of each criterion in use."""
        in_use = ((name, value) for name, value in self._asdict().items() if value)
        return [(LABELS[name], _in_words(value)) for name, value in in_use]


def read_criteria(answers: Mapping[str, Any]) -> Criteria:
    """Read criteria as they were typed.

    Raises ValidationError with a sentence for each field.
    """
    values = read_all(answers, _READERS)
    check_period(values["recorded_from"], values["recorded_to"], "recorded_to")
    return Criteria(**values)


def check_period(first: date | None, last: date | None, name: str) -> None:
    """Raise ValidationError on a field if the last day is before the first one."""
    if first and last and last < first:
        sentence = "Enter a day that is not before the first one."
        raise ValidationError({name: sentence})


def _in_words(value: Any) -> str:
    if isinstance(value, date):
        return format_date(value)
    return STATUSES.get(value, str(value))


def _read_serial(text: str) -> str:
    serial = read_optional(text, "the serial number", LONGEST_SERIAL)
    if not serial.isascii():  # checked before capitals: those of ß are SS
        raise ValueError("Serial numbers have only plain letters, digits and signs.")
    return serial.upper()


def _read_status(text: str) -> str:
    if text and text not in STATUSES:
        raise ValueError("Select a status.")
    return text


def read_day(text: str) -> date | None:
    """Return a day, or None for an empty text; raises ValueError."""
    if not text.strip():
        return None
    day = read_date(text.strip())
    if day.year not in YEARS:
        raise ValueError(f"Enter a day from {YEARS[0]} to {YEARS[-1]}.")
    return day


_READERS: dict[str, Callable[[str], Any]] = {
    **{
        name: partial(read_optional, what=f"the {FIELDS[name].lower()}")
        for name in PRODUCT_FIELDS
    },
    "account": partial(read_optional, what="the account"),
    "serial_number": _read_serial,
    "status": _read_status,
    "recorded_from": read_day,
    "recorded_to": read_day,
    "upload": partial(read_number, _UPLOAD, int, NO_UPLOAD),
}
