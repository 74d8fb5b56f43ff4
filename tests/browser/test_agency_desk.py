"""From the desk to the proof of a finding and the page of its account, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_marking import uploaded
from tests.browser.test_uploads import choose, declare
from tests.panels import panels_csv

pytestmark = pytest.mark.browser


def test_a_finding_its_proof_and_a_note(page):
    walk(page)


@pytest.mark.long
def test_the_same_without_javascript(plain_page):
    walk(plain_page)


def walk(page):
    demonstrated(page, "VSP, administrator")
    prefix = uploaded(page, 3)
    page.context.clear_cookies()
    demonstrated(page, "Another VSP")
    page.goto("/panels/upload")
    declare(page)
    choose(page, panels_csv(2, prefix), "desk.csv")
    press(page, "Upload")
    expect(page.locator(".spv-problem").first).to_be_visible()
    page.context.clear_cookies()
    demonstrated(page, "Agency staff")
    page.goto("/")
    heading(page, "Desk")
    checked(page)
    item = page.locator("li", has_text="Other Verification Pty Ltd sent").first
    item.get_by_role("link", name="See the refused uploads").click()
    heading(page, "Refused uploads")
    checked(page)
    page.locator("tr", has_text="desk.csv").first.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("Row 2 of desk.csv was refused on")
    go(page, "Other Verification Pty Ltd")
    heading(page, "Other Verification Pty Ltd")
    checked(page)
    page.goto("/staff")
    item.locator("summary").click()
    item.get_by_label("Note").fill("Asked both.")
    item.get_by_role("button", name="Seen").click()
    expect(page.get_by_text("Seen. It comes back if there is more")).to_be_visible()
    page.locator("summary", has_text="Seen in the last 4 weeks").click()
    expect(page.locator("main")).to_contain_text(": Asked both.")
    checked(page)
