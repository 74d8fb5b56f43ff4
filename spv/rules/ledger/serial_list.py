"""Lists of serial numbers to look up, and how one that is not found was misread."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from spv.rules.csv_file import heading_name, read_csv, refusal, unprotected
from spv.rules.errors import ValidationError
from spv.rules.faults import Fault
from spv.rules.ledger.rows import FIELDS, MOST_ROWS, escape_invisible
from spv.rules.ledger.serial_number import LONGEST_SERIAL, read_serial, without_prefix

HEADING = heading_name(FIELDS["serial_number"])
ALIKE = str.maketrans("O0I1", "0O1I")
ZEROS = 3
MOST_ALIKE = 20
LONGEST_CELL = 100  # of an entry that is kept: more than a serial number can have
_BETWEEN = re.compile(r"[\r\n,;\t]++")
_SIGNS = re.compile(r"[-._/]+")
_EDGE = re.compile(r"(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Z])")


class Listed(NamedTuple):
    """A cell of a list as it stands there, and the serial number that it has.

    `problem` says why it has none.
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
    # A cell of a file is split, too: a page sends back as a text what it has read.
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

    They are without words before them and blanks, with or without hyphens, with O for 0
    and I for 1 or the other way round, in one place or in all, or with leading zeros
    that were lost. The first 20 of them.
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

    A sign is changed in one place, and in all of its places.
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
