"""Refused uploads over HTTP: what staff see of them, and what nobody else does."""

import pytest

from spv import demo
from spv.extensions import db
from spv.models import PanelSerial, RefusedUpload
from spv.services.agency.refusals import SERIALS_SHOWN, VIEWED
from tests.panels import NAMES, panels_csv, refused, upload
from tests.people import acting, browser_of, events
from tests.views.page import read

pytestmark = pytest.mark.usefixtures("demonstration")
SINCE = "Uploads refused because the ledger already had it"


def number_of_newest():
    db.session.rollback()
    return db.session.query(db.func.max(RefusedUpload.id)).scalar()


def test_from_the_history_to_the_report(app, vsp, other):
    upload(panels_csv(2), vsp)
    refused(panels_csv(2), other)
    number = number_of_newest()
    row = db.session.query(PanelSerial).filter_by(serial_number="EX000002").one().id
    staff = browser_of(app, demo.STAFF)
    before = events()
    page = read(staff.get(f"/panels/serials/{row}"))
    assert SINCE in [heading.text for heading in page.all("h2")]
    address = page.link(f"refused upload {number}")
    assert address == f"/staff/refused/{number}"
    assert "Other Verification Pty Ltd" in page.text
    assert (
        f"in refused upload {number} by page. “Row 3 of panels.csv was refused on"
        in (page.text)
    )
    assert (
        "the ledger has EX000002 as valid, recorded by another account.”" in page.text
    )
    page = read(staff.get(address))
    assert page.heading == f"Refused upload {number}"
    for words in (
        "Correct 3 of 3 rows, then choose the file again.", "panels.csv",
        "2 serial numbers that the ledger had as valid", "1.5E+12",
        "Example Verification Pty Ltd", "The report, as the account saw it",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.one("a", href=f"/panels/serials/{row}").text == "EX000002"
    assert events() == [*before, VIEWED, VIEWED]
    # The account that has the serial number is not told who asked for it.
    page = read(browser_of(app, demo.VSP_USER).get(f"/panels/serials/{row}"))
    assert SINCE not in page.text
    assert "Other Verification" not in page.text
    for email in (demo.VSP_ADMIN, demo.OTHER_VSP):
        browser = browser_of(app, email)
        assert browser.get(f"/staff/refused/{number}").status_code == 403


def test_pages_of_serial_numbers_and_a_refusal_without_any(app, vsp, other):
    many = SERIALS_SHOWN + 5
    upload(panels_csv(many), vsp)
    refused(panels_csv(many), other)
    staff, address = browser_of(app, demo.STAFF), f"/staff/refused/{number_of_newest()}"
    page = read(staff.get(address))
    assert len(page.all("tr")) == SERIALS_SHOWN + 1
    more = page.link("More serial numbers")
    assert more == f"{address}?after={SERIALS_SHOWN + 1}"
    assert len(read(staff.get(more)).all("tr")) == 6
    with pytest.raises(ValueError, match="not a text file"):
        upload(b"a\x00b", acting(demo.OTHER_VSP))
    page = read(staff.get(f"/staff/refused/{number_of_newest()}"))
    assert "This is not a text file." in page.text
    assert page.all("table") == []
    assert staff.get("/staff/refused/99999").status_code == 404


def test_what_was_typed_is_only_text(app, other):
    refused(panels_csv(1) + f"{NAMES},<i>x</i>\r\n".encode(), other)
    answer = browser_of(app, demo.STAFF).get(f"/staff/refused/{number_of_newest()}")
    assert "<i>x" not in answer.text
    assert "&lt;i&gt;x" in answer.text
