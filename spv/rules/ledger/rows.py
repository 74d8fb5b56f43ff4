"""The checks of panel serial numbers, for a file's rows and an API's items alike.

Every problem of every row is found in one pass, and says what was found, what is wrong
and what to do. What is right is canonical: trimmed, NFC, serial numbers in capitals.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
PUNCTUATION = "-._/:+#()"
_MONTH = "(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
# What spreadsheet programs make of serial numbers. 20E2300417 is none of it.
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


class Fault(NamedTuple):
    """What is wrong with a cell, and what to do about it."""

    code: str
    sentence: str
    remedy: str


class Problem(NamedTuple):
    """A fault, the row and field that it is in, and what was found there.

    `field` is empty where it is none of the four. `note` is what else is known of it:
    the other row of a duplicate, or when it was recorded.
    """

    row: int
    field: str
    fault: Fault
    found: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows that are right, by their numbers, and everything that is wrong.

    `serials` has every serial number that is one, with the first row that it is in.
    """

    panels: dict[int, Panel]
    serials: dict[str, int]
    problems: list[Problem]
    row_count: int


def check_rows(rows: Sequence[tuple[int, tuple[str, ...]]]) -> CheckedRows:
    """Check numbered rows, each with its cells in the order of `FIELDS`."""
    panels: dict[int, Panel] = {}
    problems: list[Problem] = []
    first: dict[str, int] = {}
    known: dict[tuple[str, ...], tuple[list[str | Fault], bool]] = {}
    for number, cells in rows:
        if (read := known.get(cells[:3])) is None:  # most rows repeat these three
            values = [*map(_read_name, cells[:3])]
            read = known[cells[:3]] = values, Fault not in map(type, values)
        names, are_good = read
        serial = read_serial(cells[3])
        if not are_good or type(serial) is not str:
            problems += _problems(number, cells, (*names, serial))
        if type(serial) is not str:
            continue
        before = first.setdefault(serial, number)
        if before != number:
            problems.append(_duplicate(number, serial, before))
        elif are_good:
            panels[number] = Panel._make((*names, serial))
    return CheckedRows(panels, first, problems, len(rows))


def digest(panels: Iterable[Panel]) -> str:
    """SHA-256 of rows, sorted by serial number: a line each, tabs between the cells."""
    lines = ["\t".join(panel) + "\n" for panel in sorted(panels, key=_serial_of)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def escape_invisible(text: str, most: int = 60) -> str:
    """What stands in a cell, with names for what cannot be seen, and not endless."""
    cut = text[:most] + ("…" if len(text) > most else "")
    if text[:most].isascii() and cut.isprintable():
        return cut  # as nearly always: there is nothing to be named
    return "".join(f"[U+{ord(c):04X}]" if _is_hidden(c) else c for c in cut)


def _is_hidden(character: str) -> bool:
    """Also what only changes how an emoji looks: names would differ and look alike."""
    return is_unseen(character) or "\ufe00" <= character <= "\ufe0f"


def _serial_of(panel: Panel) -> str:
    return panel.serial_number


def _problems(
    number: int, cells: Sequence[str], values: Sequence[str | Fault]
) -> list[Problem]:
    return [
        Problem(number, field, value, escape_invisible(cell.strip(BLANKS)))
        for field, cell, value in zip(FIELDS, cells, values, strict=True)
        if isinstance(value, Fault)
    ]


def _duplicate(number: int, serial: str, before: int) -> Problem:
    fault = Fault(
        "duplicate",
        "The same serial number is in an earlier row.",
        f"Remove one of the two rows, or correct the serial number. {_LABEL}",
    )
    return Problem(number, "serial_number", fault, serial, f"also in row {before}")


_MISSING = Fault(
    "missing", "The cell is empty.", "Fill it in. Every row needs all four."
)


def _read_name(cell: str) -> str | Fault:
    text = normalised(cell, LONGEST_NAME)
    if not text:
        return _MISSING
    if len(text) > LONGEST_NAME:
        sentence = f"The cell has more than {LONGEST_NAME} characters."
        return Fault("too_long", sentence, "Shorten it.")
    for character in text:
        if _is_hidden(character):
            return Fault("hidden_character", *_unseen(character))
    return text


def read_serial(cell: str) -> str | Fault:
    """A serial number in capitals, or what is wrong with it."""
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
        sentence = "A spreadsheet program has changed the serial number."
        remedy = (
            "Format the column as text, then paste the serial numbers again from where "
            "they came from."
        )
        return Fault("spreadsheet_damage", sentence, remedy)
    for character in text:
        if character not in ALLOWED and character not in PUNCTUATION:
            return Fault("character", *_not_in_a_serial(character))
    if len(text) < SHORTEST_SERIAL:
        sentence = f"A serial number has at least {SHORTEST_SERIAL} characters."
        return Fault("too_short", sentence, f"Was all of it copied? {_LABEL}")
    if len(text) > LONGEST_SERIAL:
        sentence = f"A serial number has at most {LONGEST_SERIAL} characters."
        remedy = f"Is there more than one in the cell? {_LABEL}"
        return Fault("too_long", sentence, remedy)
    remedy = (
        "Enter the serial number on the panel’s label. If a panel has none, leave its "
        "row out."
    )
    return Fault("no_digit", "A serial number has at least one digit.", remedy)


def _not_in_a_serial(character: str) -> tuple[str, str]:
    if character.isspace() and character not in "\r\n":
        remedy = "Remove it. Two serial numbers need a row each."
        return "There is a blank inside the serial number.", remedy
    if _is_hidden(character):
        return _unseen(character)
    name = unicodedata.name(character, "no name").lower()
    sentence = f"“{character}” ({name}) cannot be used in a serial number."
    if character.isalnum():
        return (
            sentence,
            "Type it again with the plain letters A to Z and digits 0 to 9.",
        )
    allowed = " ".join(PUNCTUATION)
    return sentence, f"Letters A to Z, digits and {allowed} can. {_LABEL}"


def _unseen(character: str) -> tuple[str, str]:
    if character in "\r\n":
        return "There is a line break in the cell.", "Write the cell on one line."
    name = unicodedata.name(character, "control character").lower()
    sentence = f"There is a character that cannot be seen ({name})."
    return sentence, "Type the cell again instead of copying it."
