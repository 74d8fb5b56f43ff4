"""The audit log and the calculations on screen, from a sentence to its proof."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.examples import GOOD_SOLAR

pytestmark = pytest.mark.browser


def calculate(page):
    """Calculate a system, and return its reference."""
    answer = page.request.post("/stc", form=GOOD_SOLAR | {"csrf_token": token(page)})
    return answer.url.rpartition("/")[2]


def token(page):
    page.goto("/stc?system_type=solar_deemed")
    return page.locator("input[name=csrf_token]").first.input_value()


def exported(page, words):
    """Return the text of what is downloaded by a link."""
    with page.expect_download() as download:
        go(page, words)
    return download.value.path().read_text("utf-8-sig")


def test_from_a_search_to_the_proof(any_page):
    page = any_page
    demonstrated(page, "Agency staff")
    reference = calculate(page)
    page.goto("/staff/audit")
    checked(page)
    page.get_by_label("About", exact=True).select_option("STC calculation or batch")
    page.get_by_label("Number or reference").fill(reference)
    press(page, "Search")
    expect(page.locator("tbody tr")).to_have_count(1)
    checked(page)
    for words in ("Download as CSV", "as JSON lines with the hashes"):
        assert reference in exported(page, words)
    go(page, "staff@agency.example calculated 45 STCs for SGU – Solar (deemed).")
    heading(page, re.compile("Event [0-9,]+ of the calculations"))
    expect(page.locator("main")).to_contain_text("(agrees with the content)")
    checked(page)
    go(page, f"Calculation {reference}")
    go(page, "Replay")
    expect(page.get_by_role("status")).to_contain_text("rules give the same result")
    checked(page)
    go(page, "All calculations")
    expect(page.get_by_role("img", name="Calculations by system type")).to_be_visible()
    checked(page)
    page.get_by_label("Postcode").fill("21")
    press(page, "Search")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter four digits.")
    checked(page)
    page.goto("/staff/audit?event=log.searched")
    expect(page.locator("main")).to_contain_text(
        "searched the audit log. About: STC calculation or batch"
    )


def test_staff_search_the_ledger_by_the_button(page):
    demonstrated(page, "Agency staff")
    page.goto("/panels")
    page.get_by_label("Serial number", exact=True).fill("HE44")
    page.wait_for_timeout(600)  # nothing is searched while staff type
    assert "serial_number" not in page.url
    press(page, "Search")
    expect(page).to_have_url(re.compile("serial_number=HE44"))
    check(page)
