"""The JSON of the ledger's API: read strictly, its items checked like a file's rows.

Rows count from 1, the first item. Every problem of the items is found in one pass. The
log keeps no serial number, name or key of an answer.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from spv.rules.csv_file import unprotected
from spv.rules.errors import ValidationError
from spv.rules.faults import Fault, fault
from spv.rules.ledger import rows as ledger_rows
from spv.rules.ledger.rows import CheckedRows, Problem
from spv.rules.ledger.warnings import warnings_of
from spv.rules.text import join_words, pluralise

FIELD_OF = {column.json_name: field for field, column in ledger_rows.COLUMNS.items()}
ITEMS = "serialNumbers"
ALREADY_INVALID = "already_invalid"
NOT_YOURS = "not_yours"
_ABOUT_LEDGER = frozenset({ledger_rows.ALREADY_VALID, ALREADY_INVALID, NOT_YOURS})
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    dict: "an object",
    list: "a list",
    type(None): "null",
}
# Limits for an answer in the log: errors, characters of a message, fields.
MOST_LOGGED, LONGEST_LOGGED = 10, 300
LOGGED = frozenset(
    {
        "result", "uploadId", "accepted", "recordedAt", "declarationCurrentUntil",
        "validateOnly", "invalidationId", "marked", "markedAt", "totals", "repeated",
        "status",
    }
)  # fmt: skip
# Other names of fields are made up by a client: they can be anything.
NAMES = frozenset({*FIELD_OF, ITEMS, "body", "reason", "otherReason", "validate-only",
                   "Idempotency-Key"})  # fmt: skip


class BodyRefused(ValidationError):
    """A request that cannot be read (400), or is not of the right shape (422)."""

    def __init__(
        self, code: str, sentence: str, field: str = "body", status: int = 422
    ) -> None:
        super().__init__({field: sentence}, code)
        self.http_status = status


class ItemsRefused(ValidationError):
    """Items with problems: 409 if all are about rows of the ledger, otherwise 422."""

    def __init__(self, problems: Sequence[Problem], item_count: int) -> None:
        words = pluralise(len(problems), "problem")
        super().__init__({"": f"{words} in the items."})
        self.item_count = item_count
        self.errors = [to_json(problem) for problem in problems]
        if _ABOUT_LEDGER.issuperset(problem.fault.code for problem in problems):
            self.http_status = 409


def to_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as the API answers it, with the sentences of the page."""
    found = problem.fault
    note = f" ({problem.note})" if problem.note else ""
    begin, _, end = (found.for_programs or found.words).partition(". ")
    message = f"{begin.removesuffix('.')}{note}. {end}".strip()
    error: dict[str, Any] = {"row": problem.row}
    if problem.field:
        error["field"] = ledger_rows.COLUMNS[problem.field].json_name
    return error | {"code": found.code, "message": message, "value": problem.found}


def read_object(data: bytes, *fields: str) -> dict[str, Any]:
    """Return the JSON object of a body, which may have only these fields.

    It must be UTF-8, name no field twice, have no NaN and not be nested deeply. Raises
    BodyRefused.
    """
    try:
        body = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
        )
    except BodyRefused:
        raise
    except UnicodeDecodeError:
        raise _not_json("The body is not UTF-8.") from None
    except RecursionError:
        raise _not_json("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        position = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"The body is not JSON: {error.msg} ({position}).") from None
    except ValueError:  # Python does not read a number with thousands of digits
        raise _not_json("A number has too many digits.") from None
    if not isinstance(body, dict):
        raise BodyRefused("not_an_object", "The body must be a JSON object.")
    if unknown := _unknown_field(body, fields):
        name, found = unknown
        raise BodyRefused(found.code, found.sentence, name)
    return body


def read_items(data: bytes) -> CheckedRows:
    """Check the items of an upload as the rows of a file. Raises BodyRefused."""
    items = _list_of(read_object(data, ITEMS))
    wrong: list[Problem] = []
    rows = []
    for row, item in enumerate(items, 1):
        if isinstance(item, dict):
            rows.append((row, _cells(row, item, wrong)))
        else:
            kind, names = _KINDS[type(item)], join_words(FIELD_OF)
            found = fault("not_an_object", kind=kind, fields=names)
            wrong.append(Problem(row, "", found, ""))
    checked = ledger_rows.check_rows(rows)
    # A value that is not a string is not reported as missing, too.
    known = {(problem.row, problem.field) for problem in wrong}
    others = [each for each in checked.problems if (each.row, each.field) not in known]
    problems = sorted(wrong + others, key=lambda problem: problem.row)
    warnings = warnings_of(checked.panels)
    return CheckedRows(checked.panels, checked.serials, problems, len(items), warnings)


def read_serials(
    body: Mapping[str, Any], most: int = ledger_rows.MOST_ROWS
) -> list[str]:
    """Return the serial numbers of a body, in their order. Raises BodyRefused."""
    serials = _list_of(body, most)
    for row, serial in enumerate(serials, 1):
        _check_string(serial, f"Serial number {row}", ITEMS)
    return serials


def read_answers(
    body: Mapping[str, Any],
    names: Mapping[str, str],
    read: Callable[[dict[str, str]], dict[str, Any]],
    code: str,
) -> dict[str, Any]:
    """Read strings of a body (missing ones as ""), with a rule that the pages use too.

    `names` has the name in JSON of each answer. Raises BodyRefused, with `code` for the
    first problem that the rule finds.
    """
    answers: dict[str, str] = {}
    for name, json_name in names.items():
        text = body.get(json_name)
        answers[name] = "" if text is None else text
        _check_string(answers[name], f"“{json_name}”", json_name)
    try:
        return read(answers)
    except ValidationError as error:
        name, sentence = next(iter(error.problems.items()))
        raise BodyRefused(code, sentence, names[name]) from None


def _check_string(value: Any, what: str, field: str) -> None:
    if not isinstance(value, str):
        sentence = f"{what} is {_KINDS[type(value)]}, not a string in quotation marks."
        raise BodyRefused("not_text", sentence, field)


def _list_of(body: Mapping[str, Any], most: int = ledger_rows.MOST_ROWS) -> list[Any]:
    items = body.get(ITEMS)
    if not isinstance(items, list):
        sentence = f"“{ITEMS}” is required and must be a list."
        raise BodyRefused("missing", sentence, ITEMS)
    if not items:
        raise BodyRefused("no_items", f"“{ITEMS}” is empty.", ITEMS)
    if len(items) > most:
        sentence = f"There are {len(items):,} items. The limit is {most:,}."
        raise BodyRefused("too_many_items", sentence, ITEMS)
    return items


def _cells(row: int, item: dict[str, Any], wrong: list[Problem]) -> tuple[str, ...]:
    """Return the cells of an item in order; add problems with its shape to `wrong`."""
    if unknown := _unknown_field(item, FIELD_OF):
        name, found = unknown
        wrong.append(Problem(row, "", found, name))
    cells = []
    for name, field in FIELD_OF.items():
        cell = item.get(name)
        if not isinstance(cell, str | None):
            found = fault("not_text", kind=_KINDS[type(cell)])
            wrong.append(Problem(row, field, found, ""))
            cell = ""
        cells.append(unprotected(cell or ""))
    return tuple(cells)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            text = ledger_rows.escape_invisible(name)
            raise _not_json(f"The field “{text}” appears twice in one object.")
        found[name] = value
    return found


def _refuse_constant(name: str) -> None:
    raise _not_json(f"{name} is not valid JSON.")


def _not_json(sentence: str) -> BodyRefused:
    return BodyRefused("not_json", sentence, status=400)


def _unknown_field(
    given: Mapping[str, Any], fields: Collection[str]
) -> tuple[str, Fault] | None:
    """Return the first name that is not one of some fields, with its fault."""
    for name in given:
        if name not in fields:
            shown, known = ledger_rows.escape_invisible(name), join_words(fields)
            return shown, fault("unknown_field", field=shown, fields=known)
    return None


def without_data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer with its first errors, without data that was sent or found."""
    kept = {name: value for name, value in answer.items() if name in LOGGED}
    for name in ("errors", "warnings"):
        found = answer.get(name) or ()
        if found:
            kept[name] = [_error_without_data(error) for error in found[:MOST_LOGGED]]
        if len(found) > MOST_LOGGED:
            kept[f"more{name.capitalize()}"] = len(found) - MOST_LOGGED
    return kept


def _error_without_data(error: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: error[name] for name in ("row", "field", "code") if name in error}
    if kept.get("field", ITEMS) not in NAMES:
        kept["field"] = "…"
    message: str = error["message"]
    begin, _, rest = message.partition("“")
    quoted, end, after = rest.rpartition("”")
    if len(quoted) > 1 and quoted not in NAMES:
        message = f"{begin}“…{end}{after}"
    if "value" in error:  # the sentences after the first may repeat it
        message = message.partition(". ")[0].removesuffix(".") + "."
    return kept | {"message": message[:LONGEST_LOGGED]}
