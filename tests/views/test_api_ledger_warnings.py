"""Warnings of the API: the rows are recorded, and the answer says what to look at."""

import pytest

from spv import demo
from spv.extensions import db
from spv.models import Upload
from tests.api import INVALIDATIONS, UPLOADS, system_of
from tests.people import acting
from tests.views.api_ledger import proven

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


def test_an_apostrophe_of_a_spreadsheet_is_taken_off_by_each_request(system):
    assert system.send(UPLOADS, body("'0035558")).status_code == 201
    sent = {"serialNumbers": ["'0035558"]}
    (found,) = system.send(f"{UPLOADS}/check", sent).json["serialNumbers"]
    assert found["status"] == "valid"
    marked = system.send(INVALIDATIONS, sent | {"reason": "Ineligible panel"})
    assert marked.status_code == 201
