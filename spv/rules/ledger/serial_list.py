"""Lists of serial numbers to look up, and what one that is not found may have been."""

import re
from collections.abc import Sequence
from itertools import chain, islice
from typing import NamedTuple

from spv.rules.csv_file import read_csv
from spv.rules.errors import ValidationError
from spv.rules.ledger.rows import (
    FIELDS,
    MOST_ROWS,
    Fault,
    escape_invisible,
    read_serial,
)

HEADING = FIELDS["serial_number"].casefold()
# How long the numbers of cartons and pallets are: EAN, GTIN and SSCC (GS1).
BARCODE_LENGTHS = (12, 13, 14, 18)
ALIKE = str.maketrans("O0I1", "0O1I")
ZEROS = 3
MOST_ALIKE = 20
LONGEST_CELL = 100  # of what is kept of an entry: more than a serial number can have
_BETWEEN = re.compile(r"[\r\n,;\t]")


class Listed(NamedTuple):
    """A cell of a list as it stands there, and the serial number that it is.

    `problem` says why it is none.
    """

    cell: str
    serial_number: str
    problem: str = ""

    @property
    def entry(self) -> str:
        """The cell for people."""
        return escape_invisible(self.cell)


class SerialList(NamedTuple):
    """The entries of a list, each once, and how many more there were of the same."""

    entries: list[Listed]
    repeated: int


def read_list(text: str, file: bytes = b"") -> SerialList:
    """The serial numbers of a text, one to a line or between commas, or of a CSV file.

    A file has one column, or one with the heading "Serial number". ValidationError
    where there are none, or more than 1,000.
    """
    name = "file" if file else "serial_numbers"
    # A cell of a file is split, too: a page sends what it has read back as a text.
    found = _BETWEEN.split("\n".join(_cells(file)) if file else text)
    cells = [cell for cell in map(str.strip, found) if cell]
    if cells and _name(cells[0]) == HEADING:
        del cells[0]  # it was copied together with its column
    if not cells:
        raise ValidationError({name: "Enter at least one serial number."})
    if len(cells) > MOST_ROWS:
        sentence = (
            f"There are {len(cells):,} serial numbers. The limit is {MOST_ROWS:,}."
        )
        raise ValidationError({name: sentence})
    return list_of_cells(cells)


def list_of_cells(cells: Sequence[str]) -> SerialList:
    """The entries of cells that each have a serial number."""
    entries: dict[str, Listed] = {}
    for cell in cells:
        read = _read(cell)
        entries.setdefault(read.serial_number or cell, read)
    return SerialList(list(entries.values()), len(cells) - len(entries))


def look_alikes(serial: str) -> list[str]:
    """What a serial number may have been before it was typed or opened somewhere.

    O for 0 and I for 1, or the other way round, in one place or in all; leading zeros
    that were lost. The first 20 of these.
    """
    one = (
        serial[:at] + sign.translate(ALIKE) + serial[at + 1 :]
        for at, sign in enumerate(serial)
        if sign in "O0I1"
    )
    every = (serial.replace(a, b) for a, b in ("O0", "0O", "I1", "1I"))
    zeros = ("0" * count + serial for count in range(1, ZEROS + 1))
    stripped = serial.lstrip("0")
    shorter = ("0" * n + stripped for n in range(len(serial) - len(stripped)))
    others = (s for s in chain(one, every, zeros, shorter) if s != serial)
    return [*dict.fromkeys(islice(others, MOST_ALIKE))]


def is_barcode(serial: str) -> bool:
    """Whether a number may be that of a box or a pallet: its check digit is right."""
    digits = serial.removeprefix("(00)")
    if len(digits) == 20 and digits.startswith("00"):
        digits = digits[2:]  # the mark of an SSCC, without its brackets
    if not digits.isdecimal() or len(digits) not in BARCODE_LENGTHS:
        return False
    weighted = (int(digit) * (3, 1)[at % 2] for at, digit in enumerate(digits[-2::-1]))
    return (sum(weighted) + int(digits[-1])) % 10 == 0


def _read(cell: str) -> Listed:
    serial = read_serial(cell)
    if isinstance(serial, Fault):
        problem = f"{serial.sentence} {serial.remedy}"
        return Listed(cell[:LONGEST_CELL], "", problem)
    return Listed(cell, serial)


def _name(cell: str) -> str:
    return " ".join(cell.casefold().split())


def _cells(file: bytes) -> list[str]:
    rows = [row.cells for row in read_csv(file, MOST_ROWS)]
    heading = [*map(_name, rows[0])]
    if HEADING in heading:
        at = heading.index(HEADING)
        return [cells[at] for cells in rows[1:] if at < len(cells)]
    if any("".join(cells[1:]).strip() for cells in rows):
        sentence = f"Name the column of serial numbers “{FIELDS['serial_number']}”."
        raise ValidationError({"file": sentence})
    return [cells[0] for cells in rows]
