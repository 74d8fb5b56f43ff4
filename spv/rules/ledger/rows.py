"""Check panel serial numbers: the rows of a file, or the items of an API request.

One pass finds every problem of every row. A problem tells what was found, what is wrong
and what to do. Good rows are kept in one form: trimmed, normalised to NFC, and with
serial numbers in capitals.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from spv.rules.text import BLANKS, is_unseen, normalised

MOST_ROWS = 1_000
LONGEST_NAME = 200
SHORTEST_SERIAL, LONGEST_SERIAL = 3, 60
FIELDS = {
    "supplier_name": "Supplier name",
    "licensee": "Licensee/Certificate holder",
    "model_number": "Model number",
    "serial_number": "Serial number",
}
PRODUCT_FIELDS = ("supplier_name", "licensee", "model_number")
ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
PUNCTUATION = "-._/:+#()"
_MONTH = "(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
# Serial numbers that a spreadsheet program has changed. 20E2300417 is a serial number.
_DAMAGE = rf"""(
    [+-]?[0-9]++([.,][0-9]*+)?E\+[0-9]{{1,3}}      # 1.23457E+12, 1E+20
    | [+-]?[0-9]++[.,][0-9]*+E-?[0-9]{{1,3}}        # 1.23457E12
    | [+-]?[0-9]++[.,]0++                           # 238.0
    | [0-9]{{1,3}}(,[0-9]{{3}})+(\.[0-9]+)?         # 1,607,193
    | \#{{2,}}                                      # ######
    | \#(VALUE|REF|NAME|NUM|NULL|N/A|DIV/0|SPILL|CALC|FIELD)[!?]? | ERR:[0-9]{{3}}
    | [0-9]{{1,2}}-{_MONTH}(-[0-9]{{2,4}})? | {_MONTH}-[0-9]{{2}}    # 12-MAR
)"""
_DAMAGED = re.compile(_DAMAGE, re.VERBOSE)
_GOOD = re.compile(
    rf"(?!{_DAMAGE}\Z)(?=[^0-9]*+[0-9])[A-Z0-9\-._/:+\#()]{{3,60}}", re.VERBOSE
)
_LABEL = "Compare it with the label of the panel."


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


class Fault(NamedTuple):
    """A fault of a cell, in a sentence, with a remedy."""

    code: str
    sentence: str
    remedy: str


class Problem(NamedTuple):
    """A fault with the row and field it was found in, and the text that stands there.

    `field` is empty where the fault is in none of the four fields. `note` adds a
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
    """

    panels: dict[int, Panel]
    serials: dict[str, int]
    problems: list[Problem]
    row_count: int


def check_rows(rows: Sequence[tuple[int, tuple[str, ...]]]) -> CheckedRows:
    """Check numbered rows, each with its cells in the order of `FIELDS`."""
    panels: dict[int, Panel] = {}
    problems: list[Problem] = []
    first_row: dict[str, int] = {}
    known: dict[tuple[str, ...], tuple[list[str | Fault], bool]] = {}
    for number, cells in rows:
        supplier, licensee, model, serial_cell = cells
        product = supplier, licensee, model
        if (read := known.get(product)) is None:  # most rows repeat these three names
            values = [*map(_read_name, product)]
            read = known[product] = values, Fault not in map(type, values)
        names, are_good = read
        serial = read_serial(serial_cell)
        if not are_good or type(serial) is not str:
            problems += _problems(number, cells, (*names, serial))
        if type(serial) is not str:
            continue
        earlier = first_row.setdefault(serial, number)
        if earlier != number:
            note = f"also in row {earlier}"
            problems.append(Problem(number, "serial_number", _DUPLICATE, serial, note))
        elif are_good:
            panels[number] = Panel._make((*names, serial))
    return CheckedRows(panels, first_row, problems, len(rows))


def _digest_1(panels: Iterable[Panel]) -> str:
    """Hash panels as docs/guide.md describes it, for everybody to compute again.

    A published format. It names its fields, so that a new column cannot change it.
    """
    lines = [
        f"{p.supplier_name}\t{p.licensee}\t{p.model_number}\t{p.serial_number}\n"
        for p in sorted(panels, key=attrgetter("serial_number"))
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# Each upload is proved by the version that it was recorded with. A version is never
# changed or removed: another format is another version.
DIGESTS: dict[int, Callable[[Iterable[Panel]], str]] = {1: _digest_1}
DIGEST_VERSION = max(DIGESTS)


def digest(panels: Iterable[Panel], version: int = DIGEST_VERSION) -> str:
    """Return the SHA-256 of panels, in any order, by a version of the format."""
    return DIGESTS[version](panels)


def escape_invisible(text: str, most: int = 60) -> str:
    """Return the text of a cell, shortened, with codes for invisible characters."""
    cut = text[:most] + ("…" if len(text) > most else "")
    if text[:most].isascii() and cut.isprintable():
        return cut  # nearly always
    return "".join(f"[U+{ord(c):04X}]" if _is_hidden(c) else c for c in cut)


def _is_hidden(character: str) -> bool:
    """Tell whether a character is invisible, variation selectors included.

    Those only change how an emoji is drawn: two names would differ and look alike.
    """
    return is_unseen(character) or "\ufe00" <= character <= "\ufe0f"


def _problems(
    number: int, cells: Sequence[str], values: Sequence[str | Fault]
) -> list[Problem]:
    return [
        Problem(number, field, value, escape_invisible(cell.strip(BLANKS)))
        for field, cell, value in zip(FIELDS, cells, values, strict=True)
        if isinstance(value, Fault)
    ]


_MISSING = Fault(
    "missing", "The cell is empty.", "Fill it in. Every row needs all four."
)
_DUPLICATE = Fault(
    "duplicate",
    "The same serial number is in an earlier row.",
    f"Remove one of the two rows, or correct the serial number. {_LABEL}",
)
_DAMAGE_FAULT = Fault(
    "spreadsheet_damage",
    "A spreadsheet program has changed the serial number.",
    "Format the column as text, then paste the serial numbers again from where they "
    "came from.",
)
_TOO_SHORT = Fault(
    "too_short",
    f"A serial number has at least {SHORTEST_SERIAL} characters.",
    f"Was all of it copied? {_LABEL}",
)
_TOO_LONG = Fault(
    "too_long",
    f"A serial number has at most {LONGEST_SERIAL} characters.",
    f"Is there more than one in the cell? {_LABEL}",
)
_NO_DIGIT = Fault(
    "no_digit",
    "A serial number has at least one digit.",
    "Enter the serial number on the panel’s label. If a panel has none, leave its row "
    "out.",
)


def _read_name(cell: str) -> str | Fault:
    text = normalised(cell, LONGEST_NAME)
    if not text:
        return _MISSING
    if len(text) > LONGEST_NAME:
        sentence = f"The cell has more than {LONGEST_NAME} characters."
        return Fault("too_long", sentence, "Shorten it.")
    hidden = next(filter(_is_hidden, text), None)
    return text if hidden is None else _invisible("hidden_character", hidden)


def read_serial(cell: str) -> str | Fault:
    """Return the serial number of a cell in capitals, or the fault that it has."""
    if len(cell) <= LONGEST_SERIAL and cell.isascii():
        serial = cell.upper()
        if _GOOD.fullmatch(serial):
            return serial
    text = cell.strip(BLANKS)
    return read_serial(text) if text != cell else _fault_of(text)


def _fault_of(text: str) -> Fault:
    if not text:
        return _MISSING
    if len(text) <= LONGEST_SERIAL and _DAMAGED.fullmatch(text.upper()):
        return _DAMAGE_FAULT
    for character in text:
        if character not in ALLOWED and character not in PUNCTUATION:
            return _not_in_a_serial(character)
    if len(text) < SHORTEST_SERIAL:
        return _TOO_SHORT
    return _TOO_LONG if len(text) > LONGEST_SERIAL else _NO_DIGIT


def _not_in_a_serial(character: str) -> Fault:
    if character.isspace() and character not in "\r\n":
        sentence = "There is a blank inside the serial number."
        remedy = "Remove it. Two serial numbers need a row each."
    elif _is_hidden(character):
        return _invisible("character", character)
    else:
        name = unicodedata.name(character, "no name").lower()
        sentence = f"“{character}” ({name}) cannot be used in a serial number."
        remedy = "Type it again with the plain letters A to Z and digits 0 to 9."
        if not character.isalnum():
            allowed = " ".join(PUNCTUATION)
            remedy = f"Letters A to Z, digits and {allowed} can. {_LABEL}"
    return Fault("character", sentence, remedy)


def _invisible(code: str, character: str) -> Fault:
    if character in "\r\n":
        sentence = "There is a line break in the cell."
        return Fault(code, sentence, "Write the cell on one line.")
    name = unicodedata.name(character, "control character").lower()
    sentence = f"There is a character that cannot be seen ({name})."
    return Fault(code, sentence, "Type the cell again instead of copying it.")
