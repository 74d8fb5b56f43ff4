"""What can be asked of the ledger: the criteria of a search, read and put in words."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.formatting import format_date
from spv.rules.ledger.rows import FIELDS, LONGEST_NAME, LONGEST_SERIAL
from spv.rules.text import read_all, read_date, read_text

STATUSES = {"valid": "Valid", "invalid": "Invalid"}
NAMES = tuple(FIELDS)[:3]
YEARS = range(2000, 2100)
LABELS = {
    "serial_number": "Serial number begins with",
    "supplier_name": "Supplier name contains",
    "licensee": "Licensee/Certificate holder contains",
    "model_number": "Model number contains",
    "status": "Status",
    "recorded_from": "Recorded from",
    "recorded_to": "Recorded to",
    "upload": "Upload number",
    "account": "Account contains",
}


class Criteria(NamedTuple):
    """What rows must be like to be found; what is empty is not asked.

    A serial number may be only its beginning, names are parts of names. Days are those
    of Australian eastern time, both included. `account` is for agency staff.
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
        """Those that are asked, as text, which `read_criteria` reads as these."""
        return {name: str(value) for name, value in self._asdict().items() if value}

    def in_words(self) -> list[tuple[str, str]]:
        """Each that is asked, with its value, for people."""
        return [(LABELS[name], _word(value)) for name, value in self._asdict().items()
                if value]  # fmt: skip


def read_criteria(answers: Mapping[str, Any]) -> Criteria:
    """The criteria in answers as they were typed; ValidationError by field."""
    values = read_all(answers, _READERS)
    first, last = values["recorded_from"], values["recorded_to"]
    if first and last and last < first:
        sentence = "Enter a day that is not before the first one."
        raise ValidationError({"recorded_to": sentence})
    return Criteria(**values)


def _word(value: Any) -> str:
    if isinstance(value, date):
        return format_date(value)
    return STATUSES.get(value, str(value))


def _read_serial(text: str) -> str:
    serial = _read_name(text, "the serial number", LONGEST_SERIAL)
    if not serial.isascii():  # before it is in capitals: those of ß are SS
        raise ValueError("Serial numbers have only plain letters, digits and signs.")
    return serial.upper()


def _read_name(text: str, what: str, most: int = LONGEST_NAME) -> str:
    return read_text(text, what, most) if text.strip() else ""


def _read_status(text: str) -> str:
    if text and text not in STATUSES:
        raise ValueError("Select a status.")
    return text


def _read_day(text: str) -> date | None:
    if not text.strip():
        return None
    day = read_date(text.strip())
    if day.year not in YEARS:
        raise ValueError(f"Enter a day from {YEARS[0]} to {YEARS[-1]}.")
    return day


def _read_upload(text: str) -> int:
    digits = text.strip()
    if not digits:
        return 0
    # More digits than nine are more than the databases' numbers have room for.
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 10
    number = int(digits) if is_number else 0
    if not number:  # no upload has it, and as a criterion it would ask for nothing
        raise ValueError("Enter the number of an upload, such as 17.")
    return number


_READERS: dict[str, Callable[[str], Any]] = {
    **{name: partial(_read_name, what=f"the {FIELDS[name].lower()}") for name in NAMES},
    "account": partial(_read_name, what="the account"),
    "serial_number": _read_serial,
    "status": _read_status,
    "recorded_from": _read_day,
    "recorded_to": _read_day,
    "upload": _read_upload,
}
