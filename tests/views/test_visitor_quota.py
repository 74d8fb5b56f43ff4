"""What a visitor who has saved enough is told, and keeps."""

import pytest

from spv import demo
from tests.examples import GOOD_SOLAR
from tests.people import browser_of
from tests.views.page import read
from tests.views.test_stc_batch import send

HTMX = {"HX-Request": "true"}
TOLD = "can save 3 rows a day, and this would be more. Sign in, "
FILE = b"system_type,nominal_kwh,usable_kwh,installation_date\n"
ROWS = b"battery,13.5,13.5,2026-11-22\n"


@pytest.fixture
def few(app):
    """Three rows a day."""
    app.config |= {"SPV_VISITOR_ROWS": 3, "SPV_VISITOR_ROWS_IN_ALL": 3}
    return app


def assert_waits(answer):
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 25 * 3600


def test_a_form_keeps_what_was_typed(few, client):
    for _ in range(3):
        assert client.post("/stc", data=GOOD_SOLAR).status_code == 303
    for headers in ({}, HTMX):
        answer = client.post("/stc", data=GOOD_SOLAR, headers=headers)
        assert_waits(answer)
        page = read(answer)
        assert TOLD in page.error_beside("system_type")
        assert 'value="6.6"' in answer.text
    assert answer.headers["HX-Retarget"] == "#content"


def test_a_file(few, client):
    assert send(client, FILE + ROWS).status_code == 303
    answer = send(client, FILE + ROWS * 3)
    assert_waits(answer)
    assert TOLD in read(answer).error_beside("file")


def test_a_program(few, client):
    for _ in range(3):
        address = "/api/stc/v1/calculation"
        assert client.get(address, query_string=GOOD_SOLAR).status_code == 200
    answer = client.get(address, query_string=GOOD_SOLAR)
    assert_waits(answer)
    (error,) = answer.json["errors"]
    assert error["code"] == "too_many_rows"
    assert TOLD in error["message"]


def test_somebody_who_has_signed_in(few, demonstration):
    browser = browser_of(demonstration, demo.GENERAL)
    for _ in range(4):
        assert browser.post("/stc", data=GOOD_SOLAR).status_code == 303
