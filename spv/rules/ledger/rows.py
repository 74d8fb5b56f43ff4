"""Check panel serial numbers: the rows of a file, or the items of an API request.

One pass finds every problem of every row. A problem says what was found, what is wrong
and what to do. Good rows are kept in one form: trimmed, normalised to NFC, and with
serial numbers in capitals.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from spv.rules.faults import Fault, damage_of, fault, is_day
from spv.rules.ledger.serial_number import (
    invisible,
    is_hidden,
    is_rounded,
    read_plain,
    read_serial,
)
from spv.rules.text import BLANKS, format_date, normalised

MOST_ROWS = 1_000
LONGEST_NAME = 200
ALREADY_VALID = "already_valid"
Texts = tuple[str, str, str, str]  # of a panel, in the order of its fields


class Panel(NamedTuple):
    """One panel as it is recorded."""

    supplier_name: str
    licensee: str
    model_number: str
    serial_number: str

    @property
    def product(self) -> tuple[str, str, str]:
        """The three names of the product that the panel is."""
        return self.supplier_name, self.licensee, self.model_number


_panel = partial(tuple.__new__, Panel)  # as Panel._make, which takes twice as long


class Problem(NamedTuple):
    """A fault with the row and field that it was found in, and the text found there.

    `field` is empty if the fault is in none of the four fields. `note` adds a
    detail: the other row of a duplicate, or the day on which a row was recorded.
    """

    row: int
    field: str
    fault: Fault
    found: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The good rows by their row numbers, and every problem of the others.

    `serials` has every readable serial number with the first row that it is in.
    `warnings` are about good rows, as `warnings_of` finds them. `not_approved` are
    problems of good rows whose names the list of approved products does not have.
    """

    panels: dict[int, Panel]
    serials: dict[str, int]
    problems: list[Problem]
    row_count: int
    warnings: list[Problem] = field(default_factory=list)
    not_approved: list[Problem] = field(default_factory=list)


def escape_invisible(text: str, most: int = 60) -> str:
    """Return the text of a cell, shortened, with codes for invisible characters."""
    cut = text[:most] + ("…" if len(text) > most else "")
    if text[:most].isascii() and cut.isprintable():
        return cut  # nearly always
    return "".join(f"[U+{ord(c):04X}]" if is_hidden(c) else c for c in cut)


def read_name(cell: str) -> str | Fault:
    """Return a name without spaces around it and in NFC, or the fault that it has."""
    text = normalised(cell, LONGEST_NAME)
    if not text:
        return fault("missing")
    if len(text) > LONGEST_NAME:
        return fault("long_name", most=LONGEST_NAME)
    is_plain = text.isascii() and text.isprintable()  # nearly always
    hidden = None if is_plain else next(filter(is_hidden, text), None)
    return damage_of(text) or (text if hidden is None else invisible(hidden))


def read_model(cell: str) -> str | Fault:
    """Return a model number, or the fault that it has.

    A date is a fault, unless its month is in capitals: that may be a model number, so
    it only gets a warning.
    """
    text = read_name(cell)
    if isinstance(text, str) and is_day(text):
        return text if any(map(str.isalpha, text)) and text.isupper() else fault("day")
    return text


class Column(NamedTuple):
    """A column of an upload: its heading in a file, its name in JSON, its reader."""

    heading: str
    json_name: str
    read: Callable[[str], str | Fault] = read_name


# In the order of the fields of a `Panel`, the serial number last.
COLUMNS = {
    "supplier_name": Column("Supplier name", "supplierName"),
    "licensee": Column("Licensee/Certificate holder", "licensee"),
    "model_number": Column("Model number", "modelNumber", read_model),
    "serial_number": Column("Serial number", "serialNumber", read_serial),
}
FIELDS = {field: column.heading for field, column in COLUMNS.items()}
PRODUCT_FIELDS = ("supplier_name", "licensee", "model_number")


def check_rows(rows: Sequence[tuple[int, tuple[str, ...]]]) -> CheckedRows:
    """Check numbered rows, each with its cells in the order of `COLUMNS`."""
    return _all_good(rows) or _check_each(rows)


def _all_good(rows: Sequence[tuple[int, tuple[str, ...]]]) -> CheckedRows | None:
    """Return the rows if they have no problem and all serial numbers are plain.

    Most uploads are like that, and a column is read faster than its cells one by one.
    """
    serials = read_plain([cells[-1] for _, cells in rows])
    if serials is None or len({*serials}) < len(serials):
        return None
    numbers, of_rows = zip(*rows, strict=True)
    *names, _ = zip(COLUMNS.values(), zip(*of_rows, strict=True), strict=True)
    columns = []
    for column, cells in names:
        read = {cell: column.read(cell) for cell in {*cells}}
        if Fault in map(type, read.values()):
            return None
        columns.append(map(read.__getitem__, cells))
    panels = map(_panel, zip(*columns, serials, strict=True))
    return CheckedRows(
        panels=dict(zip(numbers, panels, strict=True)),
        serials=dict(zip(serials, numbers, strict=True)),
        problems=[],
        row_count=len(rows),
    )


def _check_each(rows: Sequence[tuple[int, tuple[str, ...]]]) -> CheckedRows:
    """Check one row after the other, and find each problem."""
    panels: dict[int, Panel] = {}
    problems: list[Problem] = []
    first_row: dict[str, int] = {}
    columns = tuple(COLUMNS.values())
    products = {cells[:-1] for _, cells in rows}  # most rows have the same product
    read = {p: [c.read(v) for c, v in zip(columns, p, strict=False)] for p in products}
    for number, cells in rows:
        serial = read_serial(cells[-1])
        values = (*read[cells[:-1]], serial)
        are_good = Fault not in map(type, values)
        if not are_good:
            problems += [
                Problem(number, field, value, escape_invisible(cell.strip(BLANKS)))
                for field, cell, value in zip(COLUMNS, cells, values, strict=True)
                if isinstance(value, Fault)
            ]
        if isinstance(serial, Fault):
            continue
        earlier = first_row.setdefault(serial, number)
        if earlier == number and are_good:
            panels[number] = Panel._make(values)
        elif earlier != number:
            name = "rounded_twice" if is_rounded(serial) else "duplicate"
            found = Problem(number, "serial_number", fault(name), serial)
            problems.append(found._replace(note=f"also in row {earlier}"))
    return CheckedRows(panels, first_row, problems, len(rows))


def already_valid_problem(
    row: int, serial: str, recorded: date, *, own: bool
) -> Problem:
    """Return the problem of a serial number that has been valid since a day."""
    found = fault("own_already_valid" if own else ALREADY_VALID)
    note = f"recorded on {format_date(recorded)}"
    return Problem(row, "serial_number", found, serial, note)


def _digest_1(panels: Iterable[Texts]) -> str:
    """Hash panels as docs/guide.md describes it, for everybody to compute again.

    A published format. It names its fields, so that a new column cannot change it.
    """
    lines = [
        f"{supplier}\t{licensee}\t{model}\t{serial}\n"
        for supplier, licensee, model, serial in sorted(panels, key=itemgetter(3))
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# Each upload is proved by the version that it was recorded with. A version is never
# changed or removed: another format is another version.
DIGESTS: dict[int, Callable[[Iterable[Texts]], str]] = {1: _digest_1}
DIGEST_VERSION = max(DIGESTS)


def digest(panels: Iterable[Texts], version: int = DIGEST_VERSION) -> str:
    """Return the SHA-256 of panels, in any order, by a version of the format."""
    return DIGESTS[version](panels)
