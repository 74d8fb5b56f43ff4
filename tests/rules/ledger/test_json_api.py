"""The JSON that API clients send, without an app: what is read, what is refused."""

import json
from datetime import date

import pytest

from spv.rules.ledger.json_api import (
    BodyRefused,
    ItemsRefused,
    read_answers,
    read_items,
    read_object,
    read_serials,
)
from spv.rules.ledger.rows import MOST_ROWS, Panel, already_valid_problem
from tests.hostile_bodies import NOT_JSON

DAY = date(2026, 5, 1)
ITEM = {
    "supplierName": "Sun",
    "licensee": "Holder",
    "modelNumber": "M-1",
    "serialNumber": "ex000001",
}


def body(*items):
    return json.dumps({"serialNumbers": items}).encode()


def faults(*items):
    """Row, field, code and value of each problem."""
    found = read_items(body(*items)).problems
    return [(each.row, each.field, each.fault.code, each.found) for each in found]


def refused(data, read=read_items):
    """Return code, status, field and sentence of the error."""
    with pytest.raises(BodyRefused) as error:
        read(data)
    ((field, sentence),) = error.value.problems.items()
    code, status = error.value.code, error.value.http_status
    assert error.value.errors == [{"field": field, "code": code, "message": sentence}]
    return code, status, field, sentence


def test_items_are_rows():
    checked = read_items(b"\xef\xbb\xbf" + body(ITEM, ITEM | {"serialNumber": "EX2"}))
    assert [*checked.panels.values()] == [
        Panel("Sun", "Holder", "M-1", "EX000001"),
        Panel("Sun", "Holder", "M-1", "EX2"),
    ]
    assert (checked.problems, checked.row_count) == ([], 2)


@pytest.mark.parametrize("name", NOT_JSON)
def test_bodies_that_are_not_json(name):
    code, status, field, sentence = refused(NOT_JSON[name])
    assert (code, status, field) in [
        ("not_json", 400, "body"),
        ("not_an_object", 422, "body"),
    ]
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[]", ("not_an_object", 422, "body", "The body must be a JSON object.")),
        (b"{}", ("missing", 422, "serialNumbers",
                 "“serialNumbers” is required and must be a list.")),
        (b'{"serialNumbers": []}', ("no_items", 422, "serialNumbers",
                                    "“serialNumbers” is empty.")),
        (body(*[1] * (MOST_ROWS + 1)), ("too_many_items", 422, "serialNumbers",
                                        "There are 1,001 items. The limit is 1,000.")),
        (b'{"serials": []}', ("unknown_field", 422, "serials",
            "Unknown field “serials”. Use serialNumbers.")),
        (b'{"a": 1, "a": 1}', ("not_json", 400, "body",
            "The field “a” appears twice in one object.")),
        (b"\xff", ("not_json", 400, "body", "The body is not UTF-8.")),
        (b"[" * 100_000, ("not_json", 400, "body",
                          "The body is nested too deeply.")),
        (b"9" * 5_000, ("not_json", 400, "body", "A number has too many digits.")),
        (b"{", ("not_json", 400, "body", "The body is not JSON: Expecting property "
                "name enclosed in double quotes (line 1, column 2).")),
    ],
)  # fmt: skip
def test_bodies_that_are_refused(data, expected):
    assert refused(data) == expected


def test_as_many_as_allowed():
    items = [ITEM | {"serialNumber": f"EX{number}"} for number in range(MOST_ROWS)]
    assert read_items(body(*items)).row_count == 1000


def test_problems_of_items_are_in_order_and_there_once():
    """A number is reported as not a string, and not as missing as well."""
    assert faults(
        ITEM | {"serialNumber": 391}, 5, None, True, [], {}, ITEM | {"colour": "red"}
    ) == [
        (1, "serial_number", "not_text", ""),
        (2, "", "not_an_object", ""),
        (3, "", "not_an_object", ""),
        (4, "", "not_an_object", ""),
        (5, "", "not_an_object", ""),
        (6, "supplier_name", "missing", ""),
        (6, "licensee", "missing", ""),
        (6, "model_number", "missing", ""),
        (6, "serial_number", "missing", ""),
        (7, "", "unknown_field", "colour"),
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "true or false"), (1, "a number"), (1.5, "a number"), ({}, "an object"),
     ([], "a list")],
)  # fmt: skip
def test_names_of_kinds(value, kind):
    (problem,) = read_items(body(ITEM | {"licensee": value})).problems
    assert problem.fault.sentence == f"This is {kind}, not a string."


@pytest.mark.parametrize("character", ["\ufe00", "\ufe0f"])
def test_variation_selectors_are_refused(character):
    found = faults(ITEM | {"licensee": f"A{character}"})
    assert [fault[:3] for fault in found] == [(1, "licensee", "hidden_character")]


def test_null_is_missing():
    assert faults(ITEM | {"licensee": None}) == [(1, "licensee", "missing", "")]


def test_serial_numbers_alone():
    def read(data):
        return read_serials(read_object(data, "serialNumbers", "reason"))

    assert read(body("b", "A", "b")) == ["b", "A", "b"]
    code, status, field, sentence = refused(body("A", 2), read)
    assert (code, status, field) == ("not_text", 422, "serialNumbers")
    assert sentence == "Serial number 2 is a number, not a string in quotation marks."


def test_answers():
    given = {"reason": "Other", "otherReason": None, "more": 1}
    names = {"reason": "reason", "other_reason": "otherReason", "none": "none"}
    found = read_answers(given, names, dict, "bad")
    assert found == {"reason": "Other", "other_reason": "", "none": ""}
    sentence = "“more” is a number, not a string in quotation"
    with pytest.raises(BodyRefused, match=sentence):
        read_answers(given, {"more": "more"}, dict, "bad")


def test_problems_as_json():
    """409 if every problem is about what the ledger has, otherwise 422."""
    known = already_valid_problem(2, "EX1", DAY, own=True)
    (other,) = read_items(body(ITEM | {"serialNumber": "1.5E+12"})).problems
    error = ItemsRefused([known], 3)
    assert (error.http_status, error.item_count) == (409, 3)
    assert error.errors == [
        {
            "row": 2, "field": "serialNumber", "code": "already_valid",
            "message": "The ledger has it as valid already, recorded by your account "
            "(recorded on 1 May 2026). Leave the item out. To correct what was "
            "recorded, mark it as invalid first.",
            "value": "EX1",
        }
    ]  # fmt: skip
    both = ItemsRefused([known, other], 3)
    assert (both.http_status, str(both)) == (422, "2 problems in the items.")
    unknown = read_items(body(ITEM | {"x": 1})).problems
    (problem,) = ItemsRefused(unknown, 1).errors
    assert "field" not in problem
