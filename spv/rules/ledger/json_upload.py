"""The JSON that systems send: read strictly, its items checked like the rows of a file.

Rows count from 1, the first item. Whatever is wrong with items is told in one pass.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from spv.rules.errors import ValidationError
from spv.rules.formatting import join_words, pluralise
from spv.rules.ledger.rows import (
    FIELDS,
    MOST_ROWS,
    CheckedRows,
    Fault,
    Problem,
    check_rows,
    escape_invisible,
)

# The fields of an item, and what they are called in the rules of rows.
NAMES = {
    "supplierName": "supplier_name",
    "licensee": "licensee",
    "modelNumber": "model_number",
    "serialNumber": "serial_number",
}
ITEMS = "serialNumbers"
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    dict: "an object",
    list: "a list",
}
_UNKNOWN = "unknown_field"


class BodyRefused(ValidationError):
    """A body that cannot be read (400), or that is not of the right shape (422)."""

    def __init__(
        self, code: str, sentence: str, field: str = "body", status: int = 422
    ) -> None:
        super().__init__({field: sentence})
        self.code, self.http_status = code, status


def read_object(data: bytes, *fields: str) -> dict[str, Any]:
    """The JSON object of a body, with no other fields than some; BodyRefused.

    Exact: UTF-8, no field twice, no NaN, and nothing deep.
    """
    try:
        body = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_nothing
        )
    except UnicodeDecodeError:
        raise _unreadable("The body is not UTF-8.") from None
    except RecursionError:
        raise _unreadable("The body is nested far too deep.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _unreadable(f"The body is not JSON: {error.msg} ({place}).") from None
    except ValueError as error:  # ours, or a number of thousands of digits
        ours = isinstance(error, _WrongError)
        raise _unreadable(str(error) if ours else "A number is far too long.") from None
    if not isinstance(body, dict):
        raise BodyRefused("not_an_object", "The body has to be a JSON object.")
    for name in body:
        if name not in fields:
            raise BodyRefused(_UNKNOWN, _no_field(name, fields), escape_invisible(name))
    return body


def read_items(data: bytes) -> CheckedRows:
    """The items of an upload, checked as the rows of a file are; BodyRefused."""
    items = list_of(read_object(data, ITEMS))
    wrong: list[Problem] = []
    rows = []
    for row, item in enumerate(items, 1):
        if not isinstance(item, dict):
            sentence = f"The item is {_kind(item)}, not an object."
            fault = Fault("not_an_object", sentence, f"Send {join_words(NAMES)}.")
            wrong.append(Problem(row, "", fault, ""))
        else:
            rows.append((row, _cells(row, item, wrong)))
    checked = check_rows(rows)
    # What is no text is told as that, and not as missing, too.
    known = {(problem.row, problem.field) for problem in wrong}
    others = [each for each in checked.problems if (each.row, each.field) not in known]
    problems = sorted(wrong + others, key=lambda problem: problem.row)
    return CheckedRows(checked.panels, checked.serials, problems, len(items))


def read_serials(body: Mapping[str, Any]) -> list[str]:
    """A list of serial numbers as texts, in the order they came; BodyRefused."""
    serials = list_of(body)
    for row, serial in enumerate(serials, 1):
        if not isinstance(serial, str):
            sentence = f"Serial number {row} is {_kind(serial)}, not a text in quotes."
            raise BodyRefused("not_text", sentence, ITEMS)
    return serials


def list_of(body: Mapping[str, Any]) -> list[Any]:
    """The list `serialNumbers` of a body, 1 to 1,000 long; BodyRefused."""
    items = body.get(ITEMS)
    if not isinstance(items, list):
        raise BodyRefused("missing", f"“{ITEMS}” has to be there, and a list.", ITEMS)
    if not items:
        raise BodyRefused("no_items", f"“{ITEMS}” is empty.", ITEMS)
    if len(items) > MOST_ROWS:
        sentence = f"There are {len(items):,} items. The limit is {MOST_ROWS:,}."
        raise BodyRefused("too_many_items", sentence, ITEMS)
    return items


def read_texts(body: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Some fields of a body that are texts, "" where they are missing; BodyRefused."""
    for name in names:
        if not isinstance(body.get(name) or "", str):
            sentence = f"“{name}” is {_kind(body[name])}, not a text in quotes."
            raise BodyRefused("not_text", sentence, name)
    return {name: body.get(name) or "" for name in names}


def to_json(problem: Problem) -> dict[str, Any]:
    """A problem as systems are told of it, in the words of the page."""
    field = next((n for n, rule in NAMES.items() if rule == problem.field), None)
    fault, note = problem.fault, f" ({problem.note})" if problem.note else ""
    sentence = f"{fault.sentence.removesuffix('.')}{note}. {fault.remedy}"
    error: dict[str, Any] = {"row": problem.row} | ({"field": field} if field else {})
    return error | {"code": fault.code, "message": sentence, "value": problem.found}


class ItemsRefused(ValidationError):
    """Items with problems; nothing was done. 409 where the ledger is all that is wrong.

    `errors` tells systems of each; `item_count` is how many items there were.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        item_count: int,
        about_ledger: Collection[str],
    ) -> None:
        self.item_count = item_count
        self.errors = [to_json(problem) for problem in problems]
        super().__init__(
            {"": f"{pluralise(len(self.errors), 'problem')} in the items."}
        )
        codes = {problem.fault.code for problem in problems}
        self.http_status = 409 if codes <= {*about_ledger} else 422


class _WrongError(ValueError):
    """Something that JSON allows, and we do not."""


def _cells(row: int, item: dict[str, Any], wrong: list[Problem]) -> tuple[str, ...]:
    """The cells of an item in the order of rows; adds what is wrong with its shape."""
    unknown = next((name for name in item if name not in NAMES), None)
    if unknown is not None:
        fault = Fault(_UNKNOWN, _no_field(unknown, NAMES), "Leave it out.")
        wrong.append(Problem(row, "", fault, escape_invisible(unknown)))
    cells = dict.fromkeys(FIELDS, "")
    for name, rule in NAMES.items():
        cell = item.get(name)
        if isinstance(cell, str):
            cells[rule] = cell
        elif cell is not None:
            sentence = f"This is {_kind(cell)}, not a text."
            remedy = "Put it in quotation marks: so its leading zeros stay, too."
            wrong.append(Problem(row, rule, Fault("not_text", sentence, remedy), ""))
    return tuple(cells.values())


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            sentence = (
                f"The field “{escape_invisible(name)}” is there twice in one object."
            )
            raise _WrongError(sentence)
        found[name] = value
    return found


def _nothing(name: str) -> None:
    raise _WrongError(f"{name} is no JSON.")


def _unreadable(sentence: str) -> BodyRefused:
    return BodyRefused("not_json", sentence, status=400)


def _no_field(name: str, fields: Iterable[str]) -> str:
    known = join_words(fields)
    return f"There is no field “{escape_invisible(name)}” here; there is {known}."


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS[type(value)]
