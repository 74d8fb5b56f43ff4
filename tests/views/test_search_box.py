"""The search box over HTTP: one hit is gone to, and several are listed."""

import pytest

from spv import demo
from spv.extensions import db
from spv.models import RefusedUpload
from spv.services.stc import calculations
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, refused, upload
from tests.people import WEB, acting, browser_of
from tests.views.page import Page, read


def find(browser, text):
    return browser.get("/find", query_string={"q": text})


def test_one_hit_is_gone_to(sixty, staff):
    number = upload(panels_csv(1, "EXB"), acting(demo.VSP_USER)).upload_id
    made = mark(["EX000001"], acting(demo.VSP_USER))
    for text, address in (
        ("exb000001", "/panels/serials/"),
        (f"upload {number}", f"/panels/uploads/{number}"),
        (f"Invalidation {made}", f"/panels/invalidations/{made}"),
    ):
        for browser in (sixty, staff):
            answer = find(browser, text)
            assert answer.status_code == 303
            assert answer.location.startswith(address)
            assert browser.get(answer.location).status_code == 200
    for text, words in (("other verification", "Refused uploads"),
                        ("tom okafor", "user@vsp.example")):  # fmt: skip
        assert words in staff.get(find(staff, text).location).text


def test_a_refused_upload_by_its_number_or_its_name(sixty, staff):
    for name in ("refused 999.csv", "refused 1.csv"):
        refused(panels_csv(60, "EX"), acting(demo.OTHER_VSP), name)
    address = find(staff, "refused 999").location
    page = read(find(staff, "refused 1"))  # a file has this name, another this number
    first = db.session.get_one(RefusedUpload, 1)
    assert page.link(first.filename) == "/staff/refused/1"
    assert page.link("refused 1.csv") == f"/staff/refused/{int(address[15:]) + 1}"


def test_several_are_listed_by_kind(sixty, staff):
    page = read(find(sixty, "EX00000"))
    assert [node.text for node in page.all("h2")] == ["Serial numbers"]
    assert page.link("EX000009").startswith("/panels/serials/")
    more = read(find(sixty, "ex0000"))
    assert more.link("search the ledger") == "/panels?serial_number=EX0000"
    assert len(more.all("li", **{"class": "spv-break"})) == 20
    made = mark(["EX000001"], acting(demo.STAFF))
    upload(panels_csv(1, f"{made}X"), acting(demo.VSP_USER))
    page = read(find(staff, f"{made}"))
    kinds = [node.text for node in page.all("h2")]
    assert kinds == ["Serial numbers", "Uploads", "Invalidations"]
    people = read(find(staff, "vsp.example"))
    assert [node.text for node in people.all("h2")] == ["People"]


HOSTILE = ["<b>&", "\0", "%_", "\u202e", "x" * 3000, "９", "{{7*7}}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_a_sentence(demonstration, sixty, staff, text):
    for browser in (sixty, staff, demonstration.test_client()):
        answer = find(browser, text)
        assert answer.status_code == 200
        assert "<b>" not in answer.text
    assert "Type a serial number" in sixty.get("/find").text
    assert "Nothing was found for “none-1”" in find(sixty, "none-1").text


def test_another_account_and_others_get_the_same_answer(demonstration, sixty):
    number = upload(panels_csv(1, "EXO"), acting(demo.OTHER_VSP)).upload_id
    made = mark(["EXO000001"], acting(demo.OTHER_VSP))
    texts = ("EXO000001", f"upload {number}", f"invalidation {made}", "tom okafor")
    general = browser_of(demonstration, demo.GENERAL)
    for browser in (sixty, general, demonstration.test_client()):
        for text in texts:
            there, not_there = find(browser, text), find(browser, "upload 999999")
            assert there.status_code == not_there.status_code == 200
            plain = not_there.text.replace("upload 999999", text)
            assert read(there).text == Page(plain).text


def test_a_visitor_finds_a_calculation(client):
    reference = calculations.save(GOOD_SOLAR, WEB)
    assert find(client, reference).location == f"/stc/{reference}"
    page = read(find(client, "EX000001"))
    assert page.value("q") == "EX000001"
    assert page.one("label", **{"for": "q"}).text == (
        "Serial number, upload, invalidation or STC reference"
    )
