"""Warnings of the API: the rows are recorded, and the answer says what to look at."""

from datetime import UTC, datetime

import pytest
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Upload
from tests.api import UPLOADS, system_of
from tests.people import acting
from tests.views.api_ledger import proven, refused

pytestmark = pytest.mark.every_database
NAMES = {"supplierName": "S", "licensee": "L", "modelNumber": "M-440"}
WARNING = {
    "row": 2, "field": "serialNumber", "code": "perhaps_filler", "value": "1234567890",
    "message": "This looks like a number that fills a gap, not like a serial number. "
    "Compare it with the label of the panel.",
}  # fmt: skip


def body(*serials, **changed):
    items = [NAMES | {"serialNumber": serial} | changed for serial in serials]
    return {"serialNumbers": items}


@pytest.fixture
def system(demonstration):
    return system_of(demonstration, acting(demo.OTHER_VSP))


def test_rows_with_warnings_are_recorded_and_told_of(system):
    sent = body("ABX-1", "1234567890")
    checked = system.send(f"{UPLOADS}?validate-only=true", sent)
    assert (checked.status_code, checked.json["warnings"]) == (200, [WARNING])
    answer = system.send(body=sent, Idempotency_Key="a")
    assert (answer.status_code, answer.json["warnings"]) == (201, [WARNING])
    assert system.send(body=sent, Idempotency_Key="a").data == answer.data
    again = system.send(body=sent)
    assert (again.status_code, again.json["warnings"]) == (200, [WARNING])
    db.session.rollback()
    kept = db.session.get(Upload, answer.json["uploadId"])
    assert kept.warnings == [
        {"row": 2, "field": "serial_number", "code": "perhaps_filler",
         "value": "1234567890"}
    ]  # fmt: skip
    proven()


def test_an_answer_without_warnings_has_none(system):
    assert "warnings" not in system.send(body=body("ABX-1", "ABX-2")).json


@pytest.mark.parametrize(
    ("day", "is_told"),
    [(28, True), (29, False)],
)
@pytest.mark.parametrize("changed", [{"licensee": "#REF!"}, {"modelNumber": "12-Mar"}])
def test_systems_are_told_for_thirty_days_what_is_refused_from_when(
    demonstration, day, is_told, changed
):
    with time_machine.travel(datetime(2026, 12, day, tzinfo=UTC), tick=False):
        system = system_of(demonstration, acting(demo.OTHER_VSP))
        answer = system.send(body=body("ABX-1", **changed))
    (error,) = refused(answer, "damaged", 422)
    assert error["code"] == "spreadsheet_damage"
    told = answer.json.get("warnings", [])
    assert [each["code"] for each in told] == ["refused_since"] * is_told
    assert not is_told or "Since 28 November 2026, values are" in told[0]["message"]


def test_nothing_is_told_where_nothing_has_changed(system):
    answer = system.send(body=body("1.23E+12", "N/A", ""))
    assert answer.json.keys() == {"result", "errors"}


def test_messages_to_programs_are_not_about_cells(system):
    wrong = [
        "", "N/A", "#N/A", "####", "1.2E+12", "a b", "A" * 61, "A\n1", "'A1", '="1"',
        "SN1;SN2", "ABC0001-ABC0009", "2/12/2024", "Sch\ufffd1", "ABX-1", "ABX-1",
    ]  # fmt: skip
    errors = system.send(body=body(*wrong)).json["errors"]
    errors += system.send(body=body("ABX-2", supplierName="x" * 201)).json["errors"]
    for error in errors:
        words = error["message"].lower()
        for word in ("cell", "paste", "column as text", "save the file"):
            assert word not in words, error
