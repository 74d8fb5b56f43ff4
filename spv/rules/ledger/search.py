"""Look-ups: criteria, the text of the search box, and lists of serial numbers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

from spv.rules.csv_file import heading_name, read_csv, refusal, unprotected
from spv.rules.errors import ValidationError
from spv.rules.faults import Fault
from spv.rules.ledger.rows import FIELDS, MOST_ROWS, PRODUCT_FIELDS, escape_invisible
from spv.rules.ledger.serial_number import (
    LONGEST_SERIAL,
    PUNCTUATION,
    read_serial,
    without_prefix,
)
from spv.rules.text import (
    format_date,
    is_unseen,
    normalised,
    read_all,
    read_date,
    read_number,
    read_optional,
)

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
LONGEST = 200  # characters of the search box
_NUMBER = re.compile(
    "(?:(refused(?: upload)?|upload|invalidation)s? ?)?(?:no[.]?|number)? ?"
    "#?([0-9]{1,9})",
    re.IGNORECASE,
)
_SERIAL = re.compile(f"[!-~]{{1,{LONGEST_SERIAL}}}")
_REFERENCE = re.compile("[A-Za-z0-9_-]{16}")
_ABN = re.compile("[0-9]{11}")
HEADING = heading_name(FIELDS["serial_number"])
ALIKE = str.maketrans("O0I1", "0O1I")
ZEROS = 3
MOST_ALIKE = 20
LONGEST_CELL = 100  # characters that are kept: more than a serial number can have
_BETWEEN = re.compile(r"[\r\n,;\t]++")
_SIGNS = re.compile(r"[-._/]+")
_EDGE = re.compile(r"(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Z])")


class Criteria(NamedTuple):
    """The criteria of a search. An empty criterion excludes no row.

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
    if not serial.isascii():  # checked before `upper`, which turns ß into SS
        signs = " ".join(PUNCTUATION)
        raise ValueError(
            f"A serial number has only the letters A to Z, digits and {signs}."
        )
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


class Sought(NamedTuple):
    """A search text, and how it reads as each kind of thing.

    A field is empty (or 0) if the text cannot be that kind. A serial number may be a
    beginning, and a name any part.
    """

    words: str
    serial_number: str = ""
    upload: int = 0
    invalidation: int = 0
    refused: int = 0
    reference: str = ""
    abn: str = ""
    name: str = ""


def read_search(text: str) -> Sought:
    """Read a search text: "17" may be an upload, an invalidation or a serial number."""
    text = " ".join(normalised(text[:LONGEST], LONGEST).split())
    words = "".join(each for each in text if not is_unseen(each))
    number = _NUMBER.fullmatch(words)
    kind, digits = number.groups("") if number else ("none", "0")
    serial, abn = without_prefix(words), words.replace(" ", "")
    return Sought(
        words,
        serial_number=serial.upper() if _SERIAL.fullmatch(serial) else "",
        upload=int(digits) if kind.lower() in ("", "upload") else 0,
        invalidation=int(digits) if kind.lower() in ("", "invalidation") else 0,
        refused=int(digits) if kind.lower().startswith("refused") else 0,
        reference=words if _REFERENCE.fullmatch(words) else "",
        abn=abn if _ABN.fullmatch(abn) else "",
        name=words if any(map(str.isalpha, words)) else "",
    )


class Listed(NamedTuple):
    """An entry of a list as it was typed, and its serial number.

    `problem` says why there is no serial number.
    """

    cell: str
    serial_number: str
    problem: str = ""

    @property
    def entry(self) -> str:
        """The cell with codes for invisible characters."""
        return escape_invisible(self.cell)


class SerialList(NamedTuple):
    """The entries of a list, each once, and the number of repetitions left out."""

    entries: list[Listed]
    repeated: int


def read_list(text: str, file: bytes = b"") -> SerialList:
    """Read serial numbers from a text, one to a line or between commas, or a CSV file.

    A file has one column, or one with the heading "Serial number". Raises
    ValidationError if there is no serial number, or more than 1,000.
    """
    field = "file" if file else "serial_numbers"
    # A cell of a file is split, too: a page sends the entries back as a text.
    found = _BETWEEN.split("\n".join(_cells(file)) if file else text)
    cells = [cell for cell in map(str.strip, found) if cell]
    if cells and heading_name(cells[0]) == HEADING:
        del cells[0]  # it was copied together with its column
    if not cells:
        raise ValidationError({field: "Enter at least one serial number."})
    if len(cells) > MOST_ROWS:
        limit = f"The limit is {MOST_ROWS:,}."
        raise ValidationError(
            {field: f"There are {len(cells):,} serial numbers. {limit}"}
        )
    return list_of_cells(cells)


def list_of_cells(cells: Sequence[str]) -> SerialList:
    """Return the entries of cells that have one serial number each."""
    entries: dict[str, Listed] = {}
    for cell in cells:
        serial = read_serial(unprotected(cell))
        if isinstance(serial, Fault):
            problem = Listed(cell[:LONGEST_CELL], "", serial.words)
            entries.setdefault(cell, problem)
        else:
            entries.setdefault(serial, Listed(cell, serial))
    return SerialList(list(entries.values()), len(cells) - len(entries))


def look_alikes(entry: str) -> list[str]:
    """Return serial numbers that an entry may have been before it was copied.

    Prefixes and spaces are removed; hyphens are removed or inserted; O and 0, I and 1
    are swapped in one place or in all; leading zeros are added or removed. At most 20
    are returned.
    """
    serial = "".join(without_prefix(entry).split()).upper()
    if len(serial) > LONGEST_SERIAL or not any(map(str.isdecimal, serial)):
        return []
    plain = _SIGNS.sub("", serial)
    hyphens = (_EDGE.sub("-", plain, count) for count in (1, 0))
    zeros = ("0" * count + serial for count in range(1, ZEROS + 1))
    stripped = serial.lstrip("0")
    shorter = ("0" * n + stripped for n in range(len(serial) - len(stripped)))
    found = chain([serial, plain], hyphens, misread(serial), zeros, shorter)
    others = (s for s in found if s != entry and isinstance(read_serial(s), str))
    return [*islice(dict.fromkeys(others), MOST_ALIKE)]


def misread(serial: str) -> Iterator[str]:
    """Yield a serial number with O for 0, 0 for O, I for 1 or 1 for I.

    A character is changed in one place, and in all of its places.
    """
    for at, sign in enumerate(serial):
        if sign in "O0I1":
            yield serial[:at] + sign.translate(ALIKE) + serial[at + 1 :]
    for sign, other in ("O0", "0O", "I1", "1I"):
        yield serial.replace(sign, other)


def _cells(file: bytes) -> list[str]:
    rows = [row.cells for row in read_csv(file, MOST_ROWS)]
    headings = [*map(heading_name, rows[0])]
    if HEADING in headings:
        at = headings.index(HEADING)
        return [cells[at] for cells in rows[1:] if at < len(cells)]
    if any("".join(cells[1:]).strip() for cells in rows):
        column = FIELDS["serial_number"]
        raise refusal(f"Name the column of serial numbers “{column}”.")
    return [cells[0] for cells in rows]
