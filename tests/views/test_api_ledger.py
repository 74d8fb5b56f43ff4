"""Uploads over the API: what is stored, what is answered, and who is let in."""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Account, ApiRequest, AuditEvent, Declaration, Upload
from spv.services.ledger import declarations
from tests.api import (
    INVALIDATIONS,
    TICKED,
    UPLOADS,
    System,
    items,
    key_of,
    subscribe,
    system_of,
)
from tests.panels import panels_csv, stored
from tests.panels import upload as upload_file
from tests.people import acting, browser_of
from tests.views.api_ledger import counted, proven, refused
from tests.views.page import read
from tests.views.test_uploads import rows_of

ONLY_CHECK = f"{UPLOADS}?validate-only=true"
PAGE = "/panels/declaration"
NAMES = ("Example Supplier", "Example Holder", "EX-440")
NOVEMBER = datetime(2035, 11, 30, 1, tzinfo=UTC)


def last_event():
    """Return the newest event of the registry's chain."""
    db.session.rollback()
    query = sa.select(AuditEvent).where(AuditEvent.chain == "registry")
    return db.session.scalars(query.order_by(AuditEvent.sequence.desc())).first()


def test_a_good_upload(demonstration, other):
    with time_machine.travel(NOVEMBER, tick=False):
        system = system_of(demonstration, other, name="Line 7")
        answer = system.send(body=items(20))
    db.session.rollback()
    made = db.session.query(Upload).order_by(Upload.id.desc()).first()
    assert answer.status_code == 201
    assert answer.json == {
        "result": "Successful",
        "uploadId": made.id,
        "accepted": 20,
        "recordedAt": "2035-11-30T01:00:00+00:00",
        "declarationCurrentUntil": "2036-02-29",
    }
    assert list(answer.json) == [
        "result", "uploadId", "accepted", "recordedAt", "declarationCurrentUntil"
    ]  # fmt: skip
    assert (answer.headers["Cache-Control"], answer.headers.get("Set-Cookie")) == (
        "no-store", None,
    )  # fmt: skip
    assert sorted(rows_of(made.id)) == [
        (*NAMES, f"EX{number:06}") for number in range(1, 21)
    ]
    assert (made.channel, made.account_id, made.user_id) == (
        "api",
        other.account_id,
        None,
    )
    assert made.subscription.name == "Line 7"
    assert (made.row_count, made.received_at) == (20, NOVEMBER)
    assert made.declaration.purpose == "api"
    assert made.declaration.expires_on.isoformat() == "2036-02-29"
    check_logged(made)
    proven()


def check_logged(made):
    """Check that the last event is that of an upload and names its subscription."""
    event = last_event()
    assert (event.event, event.channel) == ("upload.recorded", "api")
    details = json.loads(event.details)
    assert (details["subscription"], details["ip"]) == (
        made.subscription_id,
        "127.0.0.1",
    )
    assert (details["upload"], details["rows"], details["account"]) == (
        made.id, 20, made.account_id,
    )  # fmt: skip
    assert "user" not in details
    assert event.sequence == made.audit_sequence


def test_pages_show_what_came_by_api(demonstration, vsp):
    system = system_of(demonstration, vsp, name="Line 7")
    number = system.send(body=items(3)).json["uploadId"]
    for email, finds in ((demo.VSP_USER, True), (demo.STAFF, True),
                         (demo.OTHER_VSP, False)):  # fmt: skip
        browser = browser_of(demonstration, email)
        answer = browser.get(f"/panels/uploads/{number}")
        assert answer.status_code == (200 if finds else 404), email
        if finds:
            assert "API, subscription Line 7" in read(answer).text
            assert "EX000003" in answer.text
            page = read(browser.get("/panels/uploads"))
            assert f"Upload {number} API Recorded 3 of 3 valid now" in page.text


def test_the_same_rows_again(demonstration, vsp, other):
    """The rows may be in another order, from another subscription, or from the page."""
    system = system_of(demonstration, vsp)
    first = system.send(body=items(5))
    turned = {"serialNumbers": items(5)["serialNumbers"][::-1]}
    second = System(demonstration, key_of(subscribe(vsp, "Line 2")))
    for who, body in ((system, items(5)), (system, turned), (second, items(5))):
        again = who.send(body=body)
        assert again.status_code == 200
        assert again.json == first.json
    assert upload_file(panels_csv(5), vsp).upload_id == first.json["uploadId"]
    by_page = upload_file(panels_csv(2, "EX-P"), vsp)
    answer = system.send(body=items(2, "EX-P"))
    assert (answer.status_code, answer.json["uploadId"]) == (200, by_page.upload_id)
    theirs = system_of(demonstration, other).send(body=items(5))
    assert {e["code"] for e in refused(theirs, "another", 409)} == {"already_valid"}
    marked = {"serialNumbers": ["EX000002"], "reason": "Ineligible panel"}
    assert system.send(INVALIDATIONS, marked).status_code == 201
    errors = refused(system.send(body=items(5)), "one is invalid", 409)
    assert [error["row"] for error in errors] == [1, 3, 4, 5]
    assert system.send(body=items(1, start=2)).status_code == 201
    assert stored() == 8
    proven()


def test_all_problems_are_in_one_answer(demonstration, vsp, other):
    """Errors have row, from 1, and field; nothing is stored, and it is logged."""
    system = system_of(demonstration, vsp)
    system.send(body=items(1, start=8))
    body = items(8)
    rows = body["serialNumbers"]
    rows[1] |= {"supplierName": "", "licensee": None}
    rows[2] |= {"serialNumber": "1.23457E+12"}
    rows[3] |= {"serialNumber": "ex000001"}
    rows[4] |= {"modelNumber": 440, "colour": "blue"}
    rows[5] = ["EX000006"]
    before = counted()
    errors = refused(system.send(body=body), "wrong", 422)
    assert [(e["row"], e.get("field"), e["code"]) for e in errors] == [
        (2, "supplierName", "missing"),
        (2, "licensee", "missing"),
        (3, "serialNumber", "spreadsheet_damage"),
        (4, "serialNumber", "duplicate"),
        (5, None, "unknown_field"),
        (5, "modelNumber", "not_text"),
        (6, None, "not_an_object"),
        (8, "serialNumber", "already_valid"),
    ]
    assert errors[2]["value"] == "1.23457E+12"
    assert "also in row 1" in errors[3]["message"]
    assert "recorded by your account" in errors[-1]["message"]
    assert counted() == before
    event = last_event()
    details = json.loads(event.details)
    assert event.event == "upload.refused"
    assert (details["rows"], details["problems"]) == (8, 8)
    assert refused(system.send(ONLY_CHECK, body), "only checked", 422) == errors
    proven()


def test_validate_only_stores_nothing(demonstration, vsp, other):
    """With the parameter or with the test key; also without a declaration."""
    system_of(demonstration, vsp).send(body=items(2))
    found = subscribe(other, "Line 9")
    real = System(demonstration, key_of(found))
    test = System(demonstration, key_of(found, "test"))
    before, event = counted(), last_event().sequence
    for who, address in ((real, ONLY_CHECK), (test, UPLOADS), (test, ONLY_CHECK),
                         (test, f"{UPLOADS}?validate-only=false")):  # fmt: skip
        answer = who.send(address, items(3, start=3))
        assert answer.status_code == 200
        assert answer.json == {
            "result": "Successful",
            "uploadId": None,
            "accepted": 3,
            "recordedAt": None,
            "declarationCurrentUntil": None,
            "validateOnly": True,
        }
        errors = refused(who.send(address, items(3)), address, 409)
        assert [error["row"] for error in errors] == [1, 2]
        assert "another account" in errors[0]["message"]
    assert (counted(), last_event().sequence) == (before, event)
    assert stored() == 2
    declarations.make(TICKED, other)
    checked = real.send(ONLY_CHECK, items(3, start=3)).json
    assert checked["declarationCurrentUntil"]
    first = real.send(f"{UPLOADS}?validate-only=false", items(3, start=3))
    assert first.status_code == 201
    checked = test.send(body=items(3, start=3))
    assert checked.json == first.json | {"validateOnly": True}
    assert stored() == 5


def test_without_a_declaration(demonstration, other):
    system = System(demonstration, key_of(subscribe(other)))
    before = counted()
    (error,) = refused_by_declaration(system)
    assert error["currentUntil"] is None
    assert error["message"] == (
        "The declaration for API users is not made yet. "
        f"Make it at http://localhost{PAGE}, then send this again."
    )
    assert counted() == before
    declarations.make(TICKED, acting(demo.SUPPLIER))  # one of another account
    refused_by_declaration(system)
    page = browser_of(demonstration, demo.OTHER_VSP).post(PAGE, data=TICKED)
    assert page.status_code == 303
    assert system.send(body=items(1)).status_code == 201
    proven()


def refused_by_declaration(system, body=None):
    """Return the errors of an upload without a current declaration."""
    answer = system.send(body=body or items(1))
    assert answer.status_code == 403
    assert answer.json["result"] == "Unsuccessful"
    (error,) = answer.json["errors"]
    assert error["code"] == "declaration_not_current"
    assert error["renewAt"] == f"http://localhost{PAGE}"
    return [error]


def test_a_lapsed_declaration(demonstration, vsp, other):
    """Lookups, checks and invalidations are allowed, but no upload, good or bad."""
    made = datetime(2030, 1, 31, 1, tzinfo=UTC)
    with time_machine.travel(made, tick=False):
        system = system_of(demonstration, other)
        assert system.send(body=items(2)).status_code == 201
    with time_machine.travel(made + timedelta(days=100), tick=False):
        bad = items(1, start=5)
        bad["serialNumbers"][0]["serialNumber"] = "N/A"
        for body in (items(1, start=3), items(2), items(1), bad):
            (error,) = refused_by_declaration(system, body)
            assert error["currentUntil"] == "2030-04-30"
            assert "lapsed on 1 May 2030" in error["message"]
        assert system.get(f"{UPLOADS}/EX000001").json["status"] == "valid"
        sent = {"serialNumbers": ["EX000001"]}
        assert system.send(f"{UPLOADS}/check", sent).status_code == 200
        sent |= {"reason": "Ineligible panel"}
        assert system.send(INVALIDATIONS, sent).status_code == 201
        assert system.send(ONLY_CHECK, items(1, start=3)).status_code == 200
        browser = browser_of(demonstration, demo.OTHER_VSP)
        assert browser.post(PAGE, data=TICKED).status_code == 303
        answer = system.send(body=items(1, start=3))
        assert answer.json["declarationCurrentUntil"] == "2030-08-11"
    assert stored() == 3
    proven()


def test_roles_that_may_declare(demonstration, vsp):
    """Every user of an account that may upload, administrator or not."""
    for email, status in (
        (demo.VSP_ADMIN, 303), (demo.VSP_USER, 303), (demo.SUPPLIER, 303),
        (demo.OTHER_VSP, 303), (demo.GENERAL, 403), (demo.STAFF, 403),
    ):  # fmt: skip
        browser = browser_of(demonstration, email)
        assert browser.post(PAGE, data=TICKED).status_code == status, email
        for answers in ({}, {"declaration": ""}, TICKED | {"wording_version": "1"}):
            answer = browser.post(PAGE, data=answers)
            assert answer.status_code == (422 if status == 303 else 403), email
    assert demonstration.test_client().post(PAGE, data=TICKED).status_code == 303
    db.session.rollback()
    made = db.session.query(Declaration).filter_by(purpose="api").all()
    accounts = {each.account_id for each in made}
    general = db.session.query(Account).filter_by(
        legal_name="Example Electrical Pty Ltd"
    )
    assert len(accounts) == 3
    assert general.one().id not in accounts


def test_an_account_that_lost_the_right_to_upload(demonstration, vsp):
    system = system_of(demonstration, vsp)
    db.session.get_one(Account, vsp.account_id).account_types = ["general"]
    db.session.commit()
    for body in (items(1), {"serialNumbers": [{}]}):
        (error,) = refused(system.send(body=body), "general", 403)
        assert error["code"] == "forbidden"
    assert stored() == 0
    assert db.session.query(ApiRequest).count() == 2
