"""The check of an installation's panels: the question, and the result of each panel.

Everybody may ask. So a result never says more than its words, and hints depend only on
the typed text: nobody can find serial numbers by guessing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from spv.rules.faults import fault
from spv.rules.ledger import json_api
from spv.rules.ledger.json_api import ITEMS
from spv.rules.ledger.rows import LONGEST_NAME, Panel
from spv.rules.ledger.search import Listed, SerialList, list_of_cells, read_list
from spv.rules.ledger.serial_number import is_barcode
from spv.rules.ledger.warnings import warnings_of
from spv.rules.text import read_all, read_date, read_number, read_optional, search_key

MOST_BY_API = 100
JSON_NAMES = {"model_number": "modelNumber", "as_at": "asAt"}
LOST_ZEROS = (
    "If the number on the label begins with zeros, a spreadsheet program may have "
    "removed them. Type the whole number."
)
LOOKS_LIKE = (
    "An O or I beside a digit may be 0 or 1 on the label. Compare it with the label."
)
_BOX_CODE = fault("perhaps_box_code").words
_O_OR_I = re.compile("[0-9][OI]|[OI][0-9]")
_WATTS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?) ?(?:W|Wp)?", re.IGNORECASE)
_COUNT = re.compile("([0-9]{1,4})")
NO_WATTS = "Enter the watts of one panel as a number, such as 440."
NO_COUNT = "Enter the number of panels, from 1 to 9,999."


class Result(StrEnum):
    """The answer of the ledger for a serial number, in the words of the page.

    One with another model is valid. The API returns the member names in lower case.
    """

    VALID = "Found and valid"
    INVALID = "Found but invalid"
    OTHER_MODEL = "Found with another model"
    NOT_FOUND = "Not found"


class Question(NamedTuple):
    """Serial numbers, and what is known besides: a model, a past day, watts, panels."""

    listed: SerialList
    model_number: str = ""
    as_at: date | None = None
    watts: Decimal = Decimal(0)
    panel_count: int = 0

    @property
    def panels(self) -> int:
        """The number of panels: as many as serial numbers, unless it is given."""
        return self.panel_count or len(self.listed.entries)

    @property
    def kilowatts(self) -> str:
        """The power of all panels, as the calculator reads it; "" if it is unknown."""
        kilowatts = (self.watts * self.panels / 1000).normalize()
        return f"{kilowatts:f}" if kilowatts else ""


class Row(NamedTuple):
    """A row of the ledger: the key of its model, and when it became valid and invalid.

    `marked_at` is None while the row is valid.
    """

    model_key: str
    recorded_at: datetime
    marked_at: datetime | None


class CheckedPanel(NamedTuple):
    """An entry of the list, its result, and its hints.

    `marked_at` tells when the deciding row was marked as invalid, if it ever was.
    `is_valid_now` tells whether the ledger has the serial number as valid now.
    """

    listed: Listed
    hints: Sequence[str]
    result: Result
    marked_at: datetime | None = None
    is_valid_now: bool = False


class CheckedPanels(NamedTuple):
    """A question with the result of each entry at the end of a day.

    `warning` says why the model is not approved on that day; it is empty if it is.
    """

    question: Question
    day: date
    entries: Sequence[CheckedPanel]
    warning: str = ""

    @property
    def valid_count(self) -> int:
        """The number of entries that were found and valid."""
        return sum(each.result is Result.VALID for each in self.entries)

    @property
    def total(self) -> int:
        """The number of panels, or of serial numbers if there are more."""
        return max(self.question.panels, len(self.entries))


def read_question(answers: Mapping[str, Any], today: date) -> Question:
    """Read typed answers. Raises ValidationError with a sentence for each field."""
    readers = {"serials": read_list} | _readers(today)
    readers |= {
        "watts": partial(read_number, _WATTS, Decimal, NO_WATTS),
        "panel_count": partial(read_number, _COUNT, int, NO_COUNT),
    }
    listed, *others = read_all(answers, readers).values()
    return Question(listed, *others)


def read_body(body: bytes, today: date) -> Question:
    """Read a program's request, of at most 100 serial numbers. Raises BodyRefused."""
    fields = json_api.read_object(body, ITEMS, *JSON_NAMES.values())
    serials = json_api.read_serials(fields, MOST_BY_API)
    read = partial(read_all, readers=_readers(today))
    others = json_api.read_answers(fields, JSON_NAMES, read, "bad_parameter")
    return Question(list_of_cells(serials), **others)


def check(
    question: Question, rows: Mapping[str, Sequence[Row]], day: date, end: datetime
) -> CheckedPanels:
    """Return the result of each entry at the end of a day.

    `rows` has the rows of each serial number, the oldest first.
    """
    model = search_key(question.model_number)
    entries = question.listed.entries
    results = (result_of(rows.get(e.serial_number, ()), model, end) for e in entries)
    checked = [
        CheckedPanel(each, hints, *result)
        for each, hints, result in zip(entries, hints_of(entries), results, strict=True)
    ]
    return CheckedPanels(question, day, checked)


def result_of(
    rows: Sequence[Row], model: str, end: datetime
) -> tuple[Result, datetime | None, bool]:
    """Return the result for a serial number just before a moment, from its rows.

    `rows` are oldest first. Also returns when the deciding row was marked as invalid,
    and whether the serial number is valid now.
    """
    is_valid_now = any(row.marked_at is None for row in rows)
    known = [row for row in rows if row.recorded_at < end]
    valid = [row for row in known if row.marked_at is None or row.marked_at >= end]
    if not known:
        return Result.NOT_FOUND, None, False
    row = (valid or known)[-1]
    if not valid:
        return Result.INVALID, row.marked_at, is_valid_now
    other = model not in ("", row.model_key)
    result = Result.OTHER_MODEL if other else Result.VALID
    return result, row.marked_at, is_valid_now


def hints_of(entries: Sequence[Listed]) -> list[list[str]]:
    """Return hints about each entry, from the text of the list only."""
    serials = {at: each.serial_number for at, each in enumerate(entries)}
    panels = {at: Panel("", "", "", s) for at, s in serials.items() if s}
    warned = {each.row: each.fault.words for each in warnings_of(panels)}
    return [
        [each.problem] if each.problem else _hints(serials[at], warned.get(at, ""))
        for at, each in enumerate(entries)
    ]


def _hints(serial: str, warning: str) -> list[str]:
    found = {
        warning: bool(warning),
        _BOX_CODE: is_barcode(serial),
        LOST_ZEROS: serial.isdecimal() and not serial.startswith("0"),
        LOOKS_LIKE: bool(_O_OR_I.search(serial)),
    }
    return [hint for hint, applies in found.items() if applies]


def _readers(today: date) -> dict[str, Callable[[str], Any]]:
    """Return the readers of a model and of a day that is not after today."""
    model = partial(read_optional, what="the model number", most=LONGEST_NAME)
    return {"model_number": model, "as_at": partial(_read_day, today)}


def _read_day(today: date, text: str) -> date | None:
    """Return a day in the past; None for today, which has not ended."""
    day = read_date(text.strip()) if text.strip() else None
    if day and day > today:
        raise ValueError("Enter a day that is not in the future.")
    return day if day != today else None
