"""Approved products over HTTP: the list of staff, and what uploads and checks say."""

import io

import pytest

from spv import demo
from spv.services.agency.products import SHOWN
from tests.api import UPLOADS, items, system_of
from tests.panels import panels_csv
from tests.people import acting, browser_of
from tests.products import LIST, OURS, list_csv, load_list
from tests.views.page import read

pytestmark = pytest.mark.usefixtures("demonstration")
ADDRESS = "/staff/products"
WRONG = "Example Supplier,Example Holder,EX-44O"


@pytest.fixture
def staff(app):
    return browser_of(app, demo.STAFF)


def choose(browser, data, name="list.csv", **answers):
    sent = {"file": (io.BytesIO(data), name)} | answers
    return browser.post(ADDRESS, data=sent, content_type="multipart/form-data")


def test_a_list_is_loaded_searched_and_exported(staff):
    page = read(staff.get(ADDRESS))
    assert "No list is loaded" in page.text
    answer = choose(staff, list_csv(*LIST, "<i>S</i>,L,=A,2024-01-01,2025-01-01"))
    assert answer.status_code == 200
    page = read(answer)
    for words in ("list.csv has 4 rows", "Nothing has been loaded yet.",
                  "4 products added", "from 1 January 2020 to 3 May 2026"):  # fmt: skip
        assert words in page.text, words
    assert "<i>" not in answer.text
    reference = page.one("input", name="kept_file").attributes["value"]
    answer = staff.post(ADDRESS, data={"kept_file": reference})
    assert (answer.status_code, answer.location) == (303, ADDRESS)
    page = read(staff.get(ADDRESS))
    assert "The list has been loaded: 4 products." in page.text
    assert "4 products found" in page.text
    assert "loaded a list of 4 approved products" in staff.get("/staff/audit").text
    page = read(staff.get(f"{ADDRESS}?text=ex-5"))
    assert ("EX-500" in page.text, "EX-440" in page.text) == (True, False)
    assert "No product was found." in read(staff.get(f"{ADDRESS}?text=nothing")).text
    saved = staff.get(f"{ADDRESS}/list.csv").data
    assert "There is nothing to load." in read(choose(staff, saved)).text
    page = read(choose(staff, list_csv(OURS.replace("2020", "2021"))))
    assert "1 product changed" in page.text
    assert "3 products gone" in page.text
    answer = staff.post(ADDRESS, data={"kept_file": reference})
    assert answer.status_code == 422
    assert "The file is no longer kept. Choose it again." in read(answer).text


def test_others_of_staff_read_and_do_not_load(app):
    for email in (demo.ASSESSOR, demo.AUDITOR):
        browser = browser_of(app, email)
        assert "Load a list" not in read(browser.get(ADDRESS)).text
        assert choose(browser, list_csv(OURS)).status_code == 403


def test_wrong_files_are_422(staff):
    for data, name, words in (
        (b"", "list.csv", "The file is empty."),
        (list_csv("S,L,A,x,"), "list.csv", "Row 2: Enter “Approved from” as"),
        (list_csv(OURS), "list.txt", "ends in .csv"),
    ):
        answer = choose(staff, data, name)
        assert answer.status_code == 422
        assert words in read(answer).text
    assert staff.post(ADDRESS, data={}).status_code == 422


def test_only_the_first_lines_are_shown(staff):
    load_list(*(f"S,L,M{n},2024-01-01," for n in range(SHOWN + 1)))
    page = read(staff.get(ADDRESS))
    assert "The first 100 are shown." in page.text
    page = read(choose(staff, list_csv(OURS)))
    assert "And 91 more." in page.text


def test_pages_of_uploads_and_checks_ask_for_the_nearest_name(app):
    load_list(*LIST)
    data = panels_csv(2, names=WRONG)
    vsp, visitor = browser_of(app, demo.VSP_USER), app.test_client()
    for browser, address, status in (
        (vsp, "/panels/upload", 422), (visitor, "/check-a-file", 200)
    ):  # fmt: skip
        sent = {"file": (io.BytesIO(data), "panels.csv"), "declaration": "yes"}
        answer = browser.post(address, data=sent, content_type="multipart/form-data")
        assert answer.status_code == status, answer.text
        page = read(answer)
        assert "This is not on the list of approved products." in page.text
        assert "Did you mean “EX-440”?" in page.text


def test_the_check_of_panels_judges_by_its_day(app):
    load_list(*LIST)
    visitor = app.test_client()

    def check(model, day=""):
        sent = {"serials": "EX000001", "model_number": model, "as_at": day}
        return read(visitor.post("/check-panels", data=sent)).text

    warning = "This is not on the list of approved products."
    assert warning not in check("ex-440")
    assert warning not in check("")
    assert f"EX-44O: {warning} Did you mean “EX-440”?" in check("EX-44O")
    assert "This model was delisted on 3 May 2026." in check("EX-400", "2026-05-04")
    assert warning not in check("EX-400", "2026-05-03")
    address = "/api/panel-check/v1/serial-numbers"
    body = {"serialNumbers": ["EX000001"], "modelNumber": "EX-400"}
    answer = visitor.post(address, json=body | {"asAt": "2026-05-04"}).json
    assert answer["warnings"] == [
        {"field": "modelNumber", "code": "not_approved",
         "message": f"{warning} This model was delisted on 3 May 2026."}
    ]  # fmt: skip
    answer = visitor.post(address, json=body | {"asAt": "2026-05-03"}).json
    assert "warnings" not in answer


def test_the_api_warns_or_refuses_by_the_setting(app, monkeypatch):
    load_list(*LIST)
    system = system_of(app, acting(demo.OTHER_VSP))
    sent = items(1, "EX9")
    sent["serialNumbers"][0]["modelNumber"] = "EX-44O"
    message = (
        "This is not on the list of approved products (Did you mean “EX-440”?). "
        "Compare it with the label of the panel. If it is right, ask the agency."
    )
    error = {"row": 1, "field": "modelNumber", "code": "not_approved",
             "message": message, "value": "EX-44O"}  # fmt: skip
    monkeypatch.setitem(app.config, "SPV_PRODUCTS", "refuse")
    for address in (UPLOADS, f"{UPLOADS}?validate-only=true"):
        answer = system.send(address, sent)
        assert (answer.status_code, answer.json["errors"]) == (422, [error])
    monkeypatch.setitem(app.config, "SPV_PRODUCTS", "warn")
    answer = system.send(body=sent)
    assert (answer.status_code, answer.json["warnings"]) == (201, [error])
