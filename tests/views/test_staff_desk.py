"""The desk and the account page over HTTP."""

from datetime import timedelta

import pytest
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Account, RefusedUpload
from spv.services.agency.refusals import VIEWED
from tests.panels import mark, panels_csv, refused, upload
from tests.people import acting, browser_of, events
from tests.views.page import read

pytestmark = pytest.mark.usefixtures("demonstration")


@pytest.fixture
def staff(app, vsp, other):
    """A browser of staff; two accounts have claimed the same serial numbers."""
    upload(panels_csv(40), vsp)
    refused(panels_csv(2), other)
    return browser_of(app, demo.STAFF)


def newest():
    """The id of the last refused upload."""
    db.session.rollback()
    return db.session.query(db.func.max(RefusedUpload.id)).scalar()


def test_staff_land_on_the_desk_and_reach_the_proof_in_two_clicks(staff, other):
    answer = staff.get("/")
    assert (answer.status_code, answer.location) == (302, "/staff")
    page = read(staff.get("/staff"))
    assert page.heading == "Desk"
    assert "Other Verification Pty Ltd sent 2 serial numbers that Example" in page.text
    before = events()
    found = read(staff.get(page.link("See the refused uploads")))
    assert "with serial numbers that Example Verification Pty Ltd had" in found.text
    proof = read(staff.get(found.link(f"Refused upload {newest()}")))
    assert "Row 2 of panels.csv was refused on " in proof.text
    assert events() == [*before, VIEWED, VIEWED]


def test_a_desk_with_nothing_on_it(demonstration):
    with time_machine.travel(timedelta(days=400)):
        page = read(browser_of(demonstration, demo.STAFF).get("/staff"))
    assert "Nothing stands out in these 4 weeks." in page.text
    assert "No panel was recorded or marked as invalid in these 12 months." in page.text
    assert page.all("svg") == []


def test_a_note_and_one_that_is_too_long(staff):
    page = read(staff.get("/staff"))
    name = page.all("input", name="finding")[0].attributes["value"]
    answer = staff.post("/staff/seen", data={"finding": name, "note": "x" * 1_001})
    assert answer.status_code == 422
    page = read(answer)
    assert "Shorten the note" in page.text
    assert page.one("input", id="note").attributes["value"] == "x" * 300
    answer = staff.post("/staff/seen", data={"finding": name, "note": "<b>Asked."})
    assert (answer.status_code, answer.location) == (303, "/staff")
    page = read(staff.get("/staff"))
    assert "Seen by Avery Clarke" in page.text
    assert "<b>Asked." in page.text
    for wrong in (name, "x"):
        data = {"finding": wrong.replace("conflicts", "marked"), "note": ""}
        assert staff.post("/staff/seen", data=data).status_code == 409


def test_the_chart_as_a_file(staff):
    answer = staff.get("/staff/months.csv")
    assert answer.mimetype == "text/csv"
    lines = answer.text.split("\r\n")
    assert lines[0].endswith("Month,Recorded,Marked as invalid")
    assert len(lines) == 14


def test_the_account_page_has_the_newest_of_everything(staff, vsp, other):
    mark(["EX000001"], vsp)
    before = events()
    page = read(staff.get(f"/staff/accounts/{other.account_id}"))
    assert page.heading == "Other Verification Pty Ltd"
    assert events()[len(before) :] == [VIEWED]
    assert page.link("All refused uploads") == (
        f"/staff/refused?account={other.account_id}"
    )
    page = read(staff.get(f"/staff/accounts/{vsp.account_id}"))
    for words in ("Incorrect model number", "Other accounts’ uploads refused",
                  "Other Verification Pty Ltd", "Made, current until", "Tom Okafor",
                  "recorded 40 rows of panels.csv"):  # fmt: skip
        assert words in page.text, words
    assert "All invalidations" in page.text
    assert staff.get("/staff/accounts/99999").status_code == 404
    address = f"/staff/accounts/{vsp.account_id}"
    before = events()
    assert staff.get(address, headers={"Purpose": "prefetch"}).status_code == 503
    assert events() == before


def test_lists_of_one_account(staff, vsp, other):
    mark(["EX000001"], vsp)
    for path, word in (("uploads", "Upload "), ("invalidations", "Invalidation ")):
        mine = read(staff.get(f"/panels/{path}?account={vsp.account_id}"))
        assert len([a for a in mine.all("a") if a.text.startswith(word)]) >= 1
        none = read(staff.get(f"/panels/{path}?account={10**17}"))
        assert [a for a in none.all("a") if a.text.startswith(word)] == []
    assert "No upload was refused" in staff.get("/staff/refused?account=99999").text
    assert staff.get("/staff/refused?holder=99999").status_code == 404
    with_conflicts = read(staff.get("/staff/refused?conflicts=yes"))
    assert len(with_conflicts.all("tr")) == 2


def test_accounts_by_name_and_by_abn(staff):
    page = read(staff.get("/staff/accounts?text=OTHER verif"))
    assert "1 account shown" in page.text
    abn = page.all("td", **{"data-label": "ABN"})[0].text
    assert "1 account shown" in staff.get(f"/staff/accounts?text={abn}").text
    assert "No account was found." in staff.get("/staff/accounts?text=zzz").text
    assert "0 accounts shown" in staff.get("/staff/accounts?lapsing=yes").text


@pytest.mark.parametrize("text", ["panels.csv", "PANELS", "other verif", "EX000001"])
def test_from_the_search_box_to_the_sentence_in_two_clicks(staff, text):
    answer = staff.get("/find", query_string={"q": text})
    page = read(staff.get(answer.location) if answer.location else answer)
    said = "Row 2 of panels.csv was refused on "
    if said not in page.text:
        links = {a.attributes["href"] for a in page.all("a")}
        assert f"/staff/refused/{newest()}" in links
        page = read(staff.get(f"/staff/refused/{newest()}"))
    assert said in page.text
    assert "the ledger has EX000001 as valid, recorded by another account." in page.text


def test_an_auditor_sees_the_desk_and_changes_nothing(app, staff):
    auditor = browser_of(app, "auditor@agency.example")
    page = read(auditor.get("/staff"))
    assert page.all("input", name="finding") == []
    name = read(staff.get("/staff")).all("input", name="finding")[0]
    data = {"finding": name.attributes["value"], "note": ""}
    assert auditor.post("/staff/seen", data=data).status_code == 403


def test_other_users_find_no_refusals(app, staff):
    browser = browser_of(app, demo.OTHER_VSP)
    assert "Nothing was found" in browser.get("/find?q=panels.csv").text
    assert acting(demo.OTHER_VSP).account_id


def test_rows_that_staff_marked_are_found_from_the_account(staff, vsp, other):
    upload(panels_csv(150, "SM"), vsp)
    mark([f"SM{n:06}" for n in range(1, 151)], acting(demo.STAFF))
    # An account whose name has the other name in it is another account.
    account = db.session.get_one(Account, other.account_id)
    account.legal_name = "New Example Verification Pty Ltd"
    db.session.commit()
    upload(panels_csv(1, "OM"), other)
    mark(["OM000001"], other)
    page = read(staff.get("/staff"))
    assert "150 rows of Example Verification Pty Ltd were marked" in page.text
    account = read(staff.get(page.link("See what was marked").partition("#")[0]))
    rows = read(staff.get(account.link("All its invalid rows")))
    assert "SM000150" in rows.text
    assert "150 rows" in rows.text


def test_the_numbers_of_a_chart_have_room(app):
    charts = app.jinja_env.get_template("macros/charts.html").module
    drawn = charts.columns(
        [(str(n), n) for n in (99_999, 100_000, 9_999_999, 10**7)], ""
    )
    assert [n for n in ("99,999<", "100k<", "9,999k<", "10M<") if n not in drawn] == []
