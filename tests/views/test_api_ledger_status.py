"""Lookups and invalidations over the API: the same as on the pages."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Invalidation, PanelSerial
from spv.rules.ledger.statements import REASONS
from tests.api import (
    INVALIDATIONS,
    UPLOADS,
    System,
    items,
    key_of,
    subscribe,
    system_of,
)
from tests.panels import mark, panels_csv, stored, upload
from tests.people import acting, browser_of
from tests.serial_files_more import TAKEN
from tests.views.api_ledger import CHECK, counted, proven, refused
from tests.views.page import read

WHY = "Incorrect model number"
NAMES = {"supplierName": "Example Supplier", "licensee": "Example Holder",
         "modelNumber": "EX-440"}  # fmt: skip
NOW = datetime(2037, 3, 1, 2, tzinfo=UTC)


@pytest.fixture
def ledger(demonstration, vsp, other):
    """API clients of two accounts; EX000001 to 4 and 7 are of the first.

    5 and 6 are of the second; 2 and 6 are marked as invalid.
    """
    mine, theirs = system_of(demonstration, vsp), system_of(demonstration, other)
    assert mine.send(body=items(4)).status_code == 201
    upload(panels_csv(1, start=7), vsp)  # through the page
    assert theirs.send(body=items(2, start=5)).status_code == 201
    db.session.rollback()
    mark(["EX000002"], vsp, WHY)
    db.session.rollback()
    mark(["EX000006"], other, "Ineligible panel")
    return mine, theirs


def wanted(*numbers, reason=WHY, **more):
    """Return a body that marks some serial numbers as invalid."""
    serials = [f"EX{number:06}" for number in numbers]
    return {"serialNumbers": serials, "reason": reason} | more


def status_of(system, number):
    """Return the status of a serial number."""
    answer = system.get(f"{UPLOADS}/EX{number:06}")
    assert answer.status_code == 200
    return answer.json["status"]


def test_the_status_of_one(ledger):
    """It is valid, invalid with a reason, or not found; no user is named."""
    mine, theirs = ledger
    for number, status, own, reason in (
        (1, "valid", True, None), (2, "invalid", True, WHY), (5, "valid", False, None),
        (6, "invalid", False, "Ineligible panel"), (7, "valid", True, None),
    ):  # fmt: skip
        expected = {
            "serialNumber": f"EX{number:06}", "status": status, **NAMES,
            "reason": reason, "hints": [],
        }  # fmt: skip
        for system, is_own in ((mine, own), (theirs, not own)):
            status_json = system.get(f"{UPLOADS}/ex{number:06}").json
            assert status_json == {"result": "Successful", "own": is_own} | expected
            sent = {"serialNumbers": [f" ex{number:06} "]}
            (entry,) = system.send(CHECK, sent).json["serialNumbers"]
            assert entry == {"own": is_own} | expected
    missing = mine.get(f"{UPLOADS}/EX00000O1").json
    assert missing["status"] == "not_found"
    assert missing["supplierName"] is None


def test_every_serial_number_can_be_asked_for(demonstration, vsp):
    """Punctuation is percent-encoded in the address."""
    system = system_of(demonstration, vsp)
    serials = list(dict.fromkeys(map(str.upper, TAKEN.split())))
    rows = [NAMES | {"serialNumber": serial} for serial in serials]
    assert system.send(body={"serialNumbers": rows}).status_code == 201
    checked = system.send(CHECK, {"serialNumbers": serials}).json
    assert checked["totals"] == {"valid": len(rows), "invalid": 0, "not_found": 0}
    found = {}
    for serial in serials:
        answer = system.get(f"{UPLOADS}/{quote(serial, safe='')}")
        found[serial] = (answer.json or {}).get("serialNumber"), answer.status_code
    assert found == {serial: (serial, 200) for serial in serials}


def test_a_list_is_checked_as_on_the_page(demonstration, ledger):
    mine, _ = ledger
    serials = [
        "EX000001", "EX000002", "EX000005", "EX000006", "EX00000I", "N/A", "x",
        "1.23457E+12", "EXO00001", "<b>1</b>", "9312345678907", "ex000001", "", "  ",
    ]  # fmt: skip
    answer = mine.send(CHECK, {"serialNumbers": serials})
    assert answer.status_code == 200
    assert answer.json["totals"] == {"valid": 2, "invalid": 2, "not_found": 9}
    entries = {each["serialNumber"]: each for each in answer.json["serialNumbers"]}
    for serial in ("EX00000I", "EXO00001"):
        hint = "Looks like EX000001, which is in the ledger (valid)."
        assert hint in entries[serial]["hints"], serial
    assert "spreadsheet" in entries["1.23457E+12"]["hints"][0]
    assert any("barcode" in hint for hint in entries["9312345678907"]["hints"])
    browser = browser_of(demonstration, demo.VSP_USER)
    text = "\n".join(filter(str.strip, serials))
    page = read(browser.post("/panels/check", data={"serial_numbers": text}))
    for serial, each in entries.items():
        words = [serial, *each["hints"]] if serial.strip() else []
        assert all(word in page.text for word in words), serial
    for bad, code in (([], "no_items"), (["x"] * 1001, "too_many_items"),
                      ([1], "not_text"), ([None], "not_text")):  # fmt: skip
        (error,) = refused(mine.send(CHECK, {"serialNumbers": bad}), code, 422)
        assert error["code"] == code


def test_repeated_serial_numbers_are_answered_once(ledger):
    mine, _ = ledger
    serials = ["EX000002", "EX000001", "ex000001", "N/A", " EX000002", "N/A"]
    checked = mine.send(CHECK, {"serialNumbers": serials}).json
    assert checked["totals"] == {"valid": 1, "invalid": 1, "not_found": 1}
    found = [each["serialNumber"] for each in checked["serialNumbers"]]
    assert found == ["EX000002", "EX000001", "N/A"]


def test_invalidations(demonstration, ledger, vsp):
    """Users and API clients of an account can mark what others of it uploaded."""
    mine, theirs = ledger
    second = System(demonstration, key_of(subscribe(vsp, "Line 2")))
    with time_machine.travel(NOW, tick=False) as later:
        answer = mine.send(INVALIDATIONS, wanted(1, 7))
        db.session.rollback()
        made = db.session.query(Invalidation).order_by(Invalidation.id.desc()).first()
        assert answer.status_code == 201
        assert answer.json == {
            "result": "Successful",
            "invalidationId": made.id,
            "marked": 2,
            "markedAt": "2037-03-01T02:00:00+00:00",
        }
        assert (made.reason, made.row_count, made.account_id, made.user_id) == (
            WHY, 2, vsp.account_id, None,
        )  # fmt: skip
        later.shift(timedelta(hours=1))
        again = mine.send(INVALIDATIONS, wanted(7, 1))  # the same, in another order
        assert (again.status_code, again.json) == (200, answer.json)
    assert [status_of(theirs, n) for n in (1, 3, 7)] == ["invalid", "valid", "invalid"]
    for who, body in ((mine, wanted(1, 7, reason=REASONS[0])), (mine, wanted(1)),
                      (second, wanted(1, 7)), (mine, wanted(1, 3))):  # fmt: skip
        errors = refused(who.send(INVALIDATIONS, body), body, 409)
        assert {error["code"] for error in errors} == {"already_invalid"}
        assert "1 March 2037" in errors[0]["message"]
    other = wanted(3, reason="Other", otherReason="  Sold twice.  ")
    assert mine.send(INVALIDATIONS, other).status_code == 201
    page = browser_of(demonstration, demo.STAFF).get(f"/panels/invalidations/{made.id}")
    assert page.status_code == 200
    assert "API, subscription Line 1" in read(page).text
    db.session.rollback()
    last = db.session.query(Invalidation).order_by(Invalidation.id.desc()).first()
    assert (last.reason, last.other_reason) == ("Other", "Sold twice.")
    assert last.subscription_id == 1
    proven()


def test_all_or_none_are_marked(ledger, demonstration):
    """Serial numbers of others and unknown ones are refused, and look the same."""
    mine, _ = ledger
    test = System(demonstration, key_of(1, "test"))
    before = counted()
    for numbers, rows in (
        ((1, 5), [2]), ((5,), [1]), ((6, 1, 99), [1, 3]), ((99, 5, 1), [1, 2]),
    ):  # fmt: skip
        for who in (mine, test):
            errors = refused(who.send(INVALIDATIONS, wanted(*numbers)), numbers, 409)
            found = [(e["row"], e["field"], e["code"]) for e in errors]
            assert found == [(row, "serialNumber", "not_yours") for row in rows]
            assert len({error["message"] for error in errors}) == 1
    errors = refused(mine.send(INVALIDATIONS, wanted(99, 2, 5)), "all at once", 409)
    found = [error["code"] for error in errors]
    assert found == ["not_yours", "already_invalid", "not_yours"]
    body = wanted(1, 2, 3)
    (error,) = refused(mine.send(INVALIDATIONS, body), "one is invalid", 409)
    assert (error["row"], error["code"]) == (2, "already_invalid")
    body = wanted(1) | {"serialNumbers": ["EX000001", "N/A", "EX 1", ""]}
    errors = refused(mine.send(INVALIDATIONS, body), "no serials", 422)
    found = [(error["row"], error["code"]) for error in errors]
    assert found == [(2, "missing"), (3, "character"), (4, "missing")]
    assert counted() == before
    proven()


def test_reasons_and_validate_only(ledger, demonstration):
    mine, _ = ledger
    test = System(demonstration, key_of(1, "test"))
    before = counted()
    for body, field in (
        (wanted(1, reason="Because"), "reason"), (wanted(1, reason=""), "reason"),
        ({"serialNumbers": ["EX000001"]}, "reason"),
        (wanted(1, reason="Other"), "otherReason"),
        (wanted(1, reason="Other", otherReason=" "), "otherReason"),
        (wanted(1, reason="Other", otherReason="x" * 1001), "otherReason"),
        (wanted(1, reason="Ineligible panel", otherReason="Sold"), "otherReason"),
    ):  # fmt: skip
        (error,) = refused(mine.send(INVALIDATIONS, body), body, 422)
        assert (error["field"], error["code"]) == (field, "bad_reason")
    for who, address in ((mine, f"{INVALIDATIONS}?validate-only=true"),
                         (test, INVALIDATIONS)):  # fmt: skip
        answer = who.send(address, wanted(1, 3))
        assert answer.status_code == 200
        assert answer.json == {
            "result": "Successful", "invalidationId": None, "marked": 2,
            "markedAt": None, "validateOnly": True,
        }  # fmt: skip
        refused(who.send(address, wanted(2, 3)), "one is invalid", 409)
    assert counted() == before
    for reason in REASONS[:-1]:
        answer = mine.send(INVALIDATIONS, wanted(3, reason=reason))
        assert answer.status_code == 201, reason
        assert mine.send(body=items(1, start=3)).status_code == 201
    proven()


def test_staff_mark_rows_of_api_clients(ledger):
    mine, _ = ledger
    db.session.rollback()
    mark(["EX000003"], acting(demo.STAFF))
    assert status_of(mine, 3) == "invalid"
    (error,) = refused(mine.send(INVALIDATIONS, wanted(3)), "by staff", 409)
    assert error["code"] == "already_invalid"
    assert mine.send(body=items(1, start=3)).status_code == 201
    assert stored() == 8
    assert (
        db.session.query(PanelSerial).filter_by(serial_number="EX000003").count() == 2
    )
    proven()
