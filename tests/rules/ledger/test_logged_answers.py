"""The part of an answer that the log keeps: never what was sent or looked up."""

import json

import pytest

from spv.rules.ledger.json_api import (
    LONGEST_LOGGED,
    MOST_LOGGED,
    BodyRefused,
    ItemsRefused,
    read_items,
    without_data,
)
from spv.rules.ledger.json_api import read_object as read

ITEM = {"supplierName": "Secret Pty", "licensee": "Secret", "modelNumber": "S-ECRET",
        "serialNumber": "SECRET1"}  # fmt: skip
# Values that a message repeats, or says how to write instead.
REPEATED = [
    {"serialNumber": '="SECRET1"'}, {"serialNumber": "'SECRET1"},
    {"serialNumber": "S/N: SECRET1"}, {"serialNumber": "(01)09501101530003(21)SECRET1"},
    {"serialNumber": "https://x.au/SECRET1"}, {"serialNumber": "SECRET1-SECRET9"},
    {"supplierName": "SECRETÃ©"}, {"supplierName": "#REF!"}, {"modelNumber": "N/A"},
    {"SECRET1": "x"}, {"a”SECRET1": "x"}, {"serialNumber": 7},
]  # fmt: skip


def refused(items):
    """The errors of an upload of these items."""
    checked = read_items(json.dumps({"serialNumbers": items}).encode())
    errors = ItemsRefused(checked.problems, len(items)).errors
    return without_data({"result": "Unsuccessful", "errors": errors})


@pytest.mark.parametrize("other", REPEATED, ids=str)
def test_no_value_of_an_item(other):
    kept = refused([ITEM | other])
    assert kept["result"] == "Unsuccessful"
    for error in kept["errors"]:
        assert error.keys() <= {"row", "field", "code", "message"}
        assert error["row"] == 1
        assert error["message"].endswith(".")
    text = json.dumps(kept, ensure_ascii=False)
    assert "SECRET" not in text
    assert "Secret" not in text


@pytest.mark.parametrize("body", ['{"SECRET1": 1}', '{"a”SECRET1": 1, "a”SECRET1": 2}'])
def test_no_name_that_a_client_has_made_up(body):
    with pytest.raises(BodyRefused) as error:
        read(body.encode(), "serialNumbers")
    kept = without_data({"errors": error.value.errors})
    assert "SECRET" not in str(kept)
    assert "“…”" in kept["errors"][0]["message"]


def test_what_is_kept_as_it_was():
    with pytest.raises(BodyRefused) as error:
        read_items(b'{"serialNumbers": []}')
    assert without_data({"errors": error.value.errors})["errors"] == error.value.errors
    done = {"result": "Successful", "uploadId": 7, "accepted": 2, "validateOnly": True}
    assert without_data(done) == done
    row = {"result": "Successful", "serialNumber": "SECRET1", "status": "valid",
           "supplierName": "Secret", "hints": ["SECRET"]}  # fmt: skip
    assert without_data(row) == {"result": "Successful", "status": "valid"}
    assert without_data({}) == {}


def test_it_is_small():
    kept = refused([ITEM] * 1_000)
    assert (len(kept["errors"]), kept["moreErrors"]) == (MOST_LOGGED, 999 - MOST_LOGGED)
    warning = {"code": "x", "message": "y" * 10_000}
    kept = without_data({"warnings": [warning]})
    assert kept == {"warnings": [{"code": "x", "message": "y" * LONGEST_LOGGED}]}
