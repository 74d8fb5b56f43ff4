"""Check a claim's list: what is found, what may be meant, and for which account."""

import csv
import io

import pytest

from spv import demo
from spv.rules.ledger.rows import MOST_ROWS
from spv.rules.ledger.search import read_list
from spv.services.ledger import lookup
from spv.services.ledger.lookup import Result
from tests.panels import HEADING, mark, panels_csv, upload
from tests.people import acting, browser_of, events
from tests.views.page import read

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


@pytest.fixture
def claim(vsp, other):
    """Record rows of two accounts, some invalid, and return a list with all of them."""
    upload(panels_csv(3), vsp)
    upload(panels_csv(3, "OT"), other)
    mark(["EX000002"], vsp, "Duplicate serial number")
    mark(["OT000002"], other, "Ineligible panel")
    return "ex000001\nEX000002\nOT000001\nOT000002\nEXOOOOO1\n4006381333931\nA B"


def checked(text, actor):
    found = lookup.check_list(read_list(text), actor)
    return found, {each.listed.entry: each for each in found.entries}


def test_each_entry_has_its_result(claim, vsp):
    found, by = checked(claim, vsp)
    assert found.totals_in_words() == [
        ("Found and valid", "2"), ("Found but invalid", "2"), ("Not found", "3"),
    ]  # fmt: skip
    assert by["ex000001"].row.model_number == "EX-440"
    assert by["EX000002"].row.reason == "Duplicate serial number"
    assert by["OT000001"].result is Result.VALID
    assert by["A B"].hints[0].startswith("There is a space inside")
    assert "the barcode of a box" in by["4006381333931"].hints[0]


def test_hints_name_what_the_ledger_has(vsp):
    upload(panels_csv(1, "L0") + f"a,b,c,{'0' * 3}391\r\n".encode(), vsp)
    mark(["000391"], vsp)
    _, by = checked("LO000001\n391\nL000000I\nQ99", vsp)
    valid = "Looks like L0000001, which is in the ledger (valid)."
    assert by["LO000001"].hints == by["L000000I"].hints == [valid]
    assert by["391"].hints == ["Looks like 000391, which is in the ledger (invalid)."]
    assert by["Q99"].hints == []


def test_an_account_can_mark_only_its_own_rows(claim, vsp, other):
    assert checked(claim, vsp)[0].markable == ["EX000001"]
    assert checked(claim, other)[0].markable == ["OT000001"]
    staff = acting(demo.STAFF)
    assert checked(claim, staff)[0].markable == ["EX000001", "OT000001"]


def test_the_newest_row_decides(vsp, other):
    upload(panels_csv(1), vsp)
    mark(["EX000001"], vsp)
    upload(panels_csv(1, names="New,New,NEW-1"), other)
    _, by = checked("EX000001", vsp)
    assert by["EX000001"].result is Result.VALID
    assert by["EX000001"].row.model_number == "NEW-1"
    assert not by["EX000001"].is_own


def test_the_page_never_says_who_uploaded(demonstration, claim):
    browser = browser_of(demonstration, demo.VSP_USER)
    before = events()
    answer = browser.post("/panels/check", data={"serial_numbers": claim})
    page = read(answer)
    assert answer.status_code == 200
    assert page.links("ex000001")
    assert not page.links("OT000001")
    assert "Found but invalid Ineligible panel" in page.text
    for words in ("Other Verification", "Luca", "user@vsp", "admin@other"):
        assert words not in page.text
    assert page.all("button")[1].text == "Mark 1 valid row as invalid"
    assert events() == before


def test_the_file_of_what_was_found(demonstration, claim):
    browser = browser_of(demonstration, demo.VSP_USER)
    rows = f"{HEADING}\r\n=1,b,c,'00391\r\na,b,c,EX000002\r\na,b,c,EX000001"
    form = {"file": (io.BytesIO(rows.encode()), "c.csv"), "download": "yes"}
    answer = browser.post("/panels/check", data=form)
    lines = [*csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))]
    assert lines[0][:3] == ["Serial number", "Result", "Reason"]
    assert lines[1][:2] == ["'00391", "Not found"]
    assert lines[2][:3] == ["EX000002", "Found but invalid", "Duplicate serial number"]
    names = ["Example Supplier", "Example Holder", "EX-440"]
    assert lines[3] == ["EX000001", "Found and valid", "", *names, ""]


def test_the_list_leads_to_the_dialog(demonstration, claim):
    browser = browser_of(demonstration, demo.VSP_USER)
    form = {"serial_numbers": claim, "mark": "yes"}
    page = read(browser.post("/panels/check", data=form))
    assert "1 row will be marked as invalid." in page.text
    assert "By a list of 1 serial number" in page.text
    form = {"selection": page.hidden()["selection"], "reason": "Ineligible panel"}
    assert browser.post("/panels/invalidate", data=form).status_code == 303


def test_a_thousand_of_the_worst_kind(vsp):
    """Each has twenty look-alikes, which are all looked up at once."""
    text = "\n".join(f"{'0O1I' * 12}{n:04}" for n in range(MOST_ROWS))
    found, _ = checked(text, vsp)
    assert found.totals == {Result.MISSING: MOST_ROWS}


@pytest.mark.parametrize("name", ["list.txt", "list.xlsx", ""])
def test_a_file_that_is_not_csv(demonstration, name):
    browser = browser_of(demonstration, demo.VSP_USER)
    form = {"file": (io.BytesIO(b"X1"), name)}
    answer = browser.post("/panels/check", data=form)
    assert answer.status_code == 422
    ((_, sentence),) = read(answer).problems()
    assert sentence in ("Choose a file whose name ends in .csv.",
                        "Enter at least one serial number.")  # fmt: skip


def test_what_is_marked_is_what_the_page_counted(vsp, demonstration):
    upload(panels_csv(3), vsp)
    browser = browser_of(demonstration, demo.VSP_USER)
    file = io.BytesIO(b'Serial number\nEX000001\n"EX000002,EX000003"')
    page = read(browser.post("/panels/check", data={"file": (file, "list.csv")}))
    assert "Mark 3 valid rows as invalid" in page.text
    form = {"serial_numbers": page.hidden()["serial_numbers"], "mark": "yes"}
    assert "3 rows will be" in read(browser.post("/panels/check", data=form)).text
