"""A limit is reached, in Chromium: nothing that was chosen or typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_page
from tests.server import serve

pytestmark = pytest.mark.browser
FIELD = "CSV file of panel serial numbers"
DESKTOP = {"width": 1280, "height": 900}


def choose(page, data):
    file = {"name": "panels.csv", "mimeType": "text/csv", "buffer": data}
    page.get_by_label(FIELD).set_input_files(file)


def test_the_21st_file_in_a_minute(chromium, sqlite_url):
    with serve(sqlite_url, SPV_RATE_LIMITS="on") as (address, _process):
        page = open_page(chromium, address, DESKTOP)
        page.goto("/check-a-file")
        token = page.locator("[name=csrf_token]").first.input_value()
        for _ in range(20):
            answer = page.request.post("/check-a-file", form={"csrf_token": token})
            assert answer.status == 422
        choose(page, b"a,b\n1,2\n")
        page.get_by_role("button", name="Check").click()
        expect(page.locator("#wait")).to_contain_text("Wait a minute")
        expect(page.locator("#wait")).to_be_in_viewport()
        assert page.get_by_label(FIELD).evaluate("input => input.files.length") == 1
        page.context.close()


def test_a_file_that_is_far_too_large(chromium, address):
    """The server would close the connection without a message."""
    page = open_page(chromium, address, DESKTOP)
    page.goto("/check-a-file")
    choose(page, b"x" * 7_000_000)
    field = page.get_by_label(FIELD)
    assert field.input_value() == ""
    message = field.evaluate("input => input.validationMessage")
    assert message.startswith("This file has more than 5 MB.")
    page.context.close()
