"""The JSON that systems send, without an app: what is read, and what is refused."""

import json
from datetime import date

import pytest

from spv.rules.ledger.json_upload import (
    BodyRefused,
    ItemsRefused,
    read_items,
    read_object,
    read_serials,
    read_texts,
)
from spv.rules.ledger.report import already_valid_problem
from spv.rules.ledger.rows import MOST_ROWS, Panel
from tests.hostile_bodies import NO_JSON

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
    """Code, status, field and sentence of a refusal."""
    with pytest.raises(BodyRefused) as refusal:
        read(data)
    ((field, sentence),) = refusal.value.problems.items()
    return refusal.value.code, refusal.value.http_status, field, sentence


def test_items_are_rows():
    checked = read_items(b"\xef\xbb\xbf" + body(ITEM, ITEM | {"serialNumber": "EX2"}))
    assert [*checked.panels.values()] == [
        Panel("Sun", "Holder", "M-1", "EX000001"),
        Panel("Sun", "Holder", "M-1", "EX2"),
    ]
    assert (checked.problems, checked.row_count) == ([], 2)


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json(name):
    code, status, field, sentence = refused(NO_JSON[name])
    assert (code, status, field) in [
        ("not_json", 400, "body"),
        ("not_an_object", 422, "body"),
    ]
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[]", ("not_an_object", 422, "body", "The body has to be a JSON object.")),
        (b"{}", ("missing", 422, "serialNumbers",
                 "“serialNumbers” has to be there, and a list.")),
        (b'{"serialNumbers": []}', ("no_items", 422, "serialNumbers",
                                    "“serialNumbers” is empty.")),
        (body(*[1] * (MOST_ROWS + 1)), ("too_many_items", 422, "serialNumbers",
                                        "There are 1,001 items. The limit is 1,000.")),
        (b'{"serials": []}', ("unknown_field", 422, "serials",
            "There is no field “serials” here; there is serialNumbers.")),
        (b'{"a": 1, "a": 1}', ("not_json", 400, "body",
            "The field “a” is there twice in one object.")),
        (b"\xff", ("not_json", 400, "body", "The body is not UTF-8.")),
        (b"[" * 100_000, ("not_json", 400, "body",
                          "The body is nested far too deep.")),
        (b"9" * 5_000, ("not_json", 400, "body", "A number is far too long.")),
        (b"{", ("not_json", 400, "body", "The body is not JSON: Expecting property "
                "name enclosed in double quotes (line 1, column 2).")),
    ],
)  # fmt: skip
def test_bodies_that_are_refused(data, expected):
    assert refused(data) == expected


def test_as_many_as_allowed():
    items = [ITEM | {"serialNumber": f"EX{number}"} for number in range(MOST_ROWS)]
    assert read_items(body(*items)).row_count == 1000


def test_what_is_wrong_with_items_is_told_in_order_and_once():
    """A number is told as no text, and not as missing as well."""
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
def test_kinds_are_called_by_their_names(value, kind):
    (problem,) = read_items(body(ITEM | {"licensee": value})).problems
    assert problem.fault.sentence == f"This is {kind}, not a text."


@pytest.mark.parametrize("character", ["\ufe00", "\ufe0f"])
def test_signs_that_only_change_how_others_look(character):
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
    assert sentence == "Serial number 2 is a number, not a text in quotes."


def test_texts():
    given = {"reason": "Other", "otherReason": None, "more": 1}
    assert read_texts(given, ["reason", "otherReason", "none"]) == {
        "reason": "Other", "otherReason": "", "none": "",
    }  # fmt: skip
    with pytest.raises(BodyRefused, match="“more” is a number, not a text in quotes"):
        read_texts(given, ["more"])


def test_what_systems_are_told():
    """409 where the ledger is all that is wrong, otherwise 422."""
    of_ledger = already_valid_problem(2, "EX1", DAY, own=True)
    (other,) = read_items(body(ITEM | {"serialNumber": "1.5E+12"})).problems
    refusal = ItemsRefused([of_ledger], 3, {"already_valid"})
    assert (refusal.http_status, refusal.item_count) == (409, 3)
    assert refusal.errors == [
        {
            "row": 2, "field": "serialNumber", "code": "already_valid",
            "message": "The ledger has it as valid already, recorded by your account "
            "(recorded on 1 May 2026). Leave the row out. To correct what was "
            "recorded, mark it as invalid first.",
            "value": "EX1",
        }
    ]  # fmt: skip
    both = ItemsRefused([of_ledger, other], 3, {"already_valid"})
    assert (both.http_status, str(both)) == (422, "2 problems in the items.")
    unknown = read_items(body(ITEM | {"x": 1})).problems
    (error,) = ItemsRefused(unknown, 1, ()).errors
    assert "field" not in error
