"""Warnings about rows that may be right: users look at them before recording them.

A file that is clean must not warn, or people learn to agree without reading. So each
rule finds at most one in a thousand of the serial numbers that makers use.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from spv.rules.faults import fault, is_day, may_be_day
from spv.rules.ledger.rows import Panel, Problem
from spv.rules.ledger.serial_number import KEPT_DIGITS, is_barcode, is_rounded

FEWEST_ALIKE = 5
_COUNTING = "01234567890123456789"
_COUNTINGS = (_COUNTING, _COUNTING[::-1])
_ONE_CHARACTER = re.compile(r"(.)\1+")
_ABC = re.compile(r"(ABC|ABCD|ABCDE|ABCDEF|XYZ)[-_]?([0-9]{3,})")
# Most serial numbers are like this, and none of them warns: they begin with a letter
# and another character, or have letters, digits and nothing else.
_USUAL = re.compile(
    r"(?!ABC|XYZ)(?:([A-Z])(?!\1)|(?=[A-Z]*+[0-9])(?=[0-9]*+[A-Z])[A-Z0-9]++\Z)"
)
_SSCC_LENGTHS = (20, 22)  # with 00 or (00) before its 18 digits


def warnings_of(panels: Mapping[int, Panel]) -> list[Problem]:
    """Return the warnings of good rows, in the order of the rows."""
    numbers: defaultdict[int, dict[int, str]] = defaultdict(dict)
    found: list[Problem] = []
    is_usual = _USUAL.match
    for row, panel in panels.items():
        serial = panel.serial_number
        if is_usual(serial):
            continue
        if code := _code_of(serial):
            found.append(_warning(row, code, serial))
        elif serial.isdecimal():
            numbers[len(serial)][row] = serial
    models = {panel.model_number for panel in panels.values()}
    days = {model for model in models if may_be_day(model) or is_day(model)}
    found += [
        _warning(row, "perhaps_date", panel.model_number, "model_number")
        for row, panel in (panels.items() if days else ())
        if panel.model_number in days
    ]
    found += [
        _warning(row, code, serial)
        for code, serials in _of_numbers(numbers)
        for row, serial in serials.items()
    ]
    return sorted(found, key=attrgetter("row"))


def _code_of(serial: str) -> str:
    """Return the code of the warning about one serial number; "" if there is none."""
    if is_filler(serial):
        return "perhaps_filler"
    if len(serial) in _SSCC_LENGTHS and is_barcode(serial):
        return "perhaps_box_code"
    return "perhaps_date" if may_be_day(serial) else ""


def to_log(warnings: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return warnings as they are saved and logged: row, field, code and value.

    If a warning has a note, it is included.
    """
    return [
        {"row": each.row, "field": each.field, "code": each.fault.code,
         "value": each.found} | ({"note": each.note} if each.note else {})
        for each in warnings
    ]  # fmt: skip


def of_log(logged: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Return the warnings that `to_log` returned."""
    return [
        Problem(each["row"], each["field"], fault(each["code"]), each["value"],
                each.get("note", ""))
        for each in logged
    ]  # fmt: skip


def is_filler(serial: str) -> bool:
    """Tell whether a serial number repeats one character, or counts up or down."""
    if _ONE_CHARACTER.fullmatch(serial):
        return True
    if serial.isdecimal():
        return any(serial in counting for counting in _COUNTINGS)
    found = _ABC.fullmatch(serial)
    return found is not None and is_filler(found[2])


def _of_numbers(
    by_length: Mapping[int, dict[int, str]],
) -> Iterator[tuple[str, dict[int, str]]]:
    """Yield the codes of warnings that depend on other numbers of the same length.

    Each code comes with the rows and numbers that it is about.
    """
    for length, numbers in by_length.items():
        rounded = {row: each for row, each in numbers.items() if is_rounded(each)}
        # One in ten numbers of 16 digits ends in 0 by chance.
        are_many = FEWEST_ALIKE <= len(rounded) == len(numbers)
        if length > KEPT_DIGITS + 1 or are_many:
            yield "perhaps_rounded", rounded
        right = {row: each for row, each in numbers.items() if is_barcode(each)}
        if len(right) >= FEWEST_ALIKE and len(right) > len(numbers) / 2:
            yield "perhaps_box_code", right


def _warning(row: int, name: str, found: str, field: str = "serial_number") -> Problem:
    return Problem(row, field, fault(name), found)
