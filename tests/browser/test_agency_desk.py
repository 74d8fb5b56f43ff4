"""From the desk, or a serial number, to the proof of a refusal, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_page
from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_marking import uploaded
from tests.browser.test_uploads import choose, declare
from tests.panels import panels_csv

pytestmark = pytest.mark.browser


def disputed(page):
    """Upload rows, then two of them as another account, which is refused; become staff.

    Return how the serial numbers begin.
    """
    demonstrated(page, "VSP, administrator")
    prefix = uploaded(page, 3)
    page.context.clear_cookies()
    demonstrated(page, "Another VSP")
    page.goto("/panels/upload")
    declare(page)
    choose(page, panels_csv(2, prefix), "may.csv")
    press(page, "Upload")
    expect(page.locator(".spv-problem").first).to_be_visible()
    page.context.clear_cookies()
    demonstrated(page, "Agency staff")
    return prefix


def to_the_refused_uploads(page, item):
    """Go from an item of the desk to the refused uploads."""
    heading(page, "Desk")
    checked(page)
    item.get_by_role("link", name="See the refused uploads").click()
    heading(page, "Refused uploads")
    checked(page)


def test_a_finding_its_proof_and_a_note(any_page):
    page = any_page
    disputed(page)
    page.goto("/")
    item = page.locator("li", has_text="Other Verification Pty Ltd sent").first
    to_the_refused_uploads(page, item)
    page.locator("tr", has_text="may.csv").first.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("Row 2 of may.csv was refused on")
    go(page, "Other Verification Pty Ltd")
    heading(page, "Other Verification Pty Ltd")
    checked(page)
    page.goto("/staff")
    item.locator("summary").click()
    item.get_by_label("Note").fill("Asked both.")
    item.get_by_role("button", name="Seen").click()
    expect(page.get_by_text("Marked as seen. It will come back")).to_be_visible()
    page.locator("summary", has_text="Seen in the last 4 weeks").click()
    expect(page.locator("main")).to_contain_text(": Asked both.")
    checked(page)


def test_who_else_asked_for_a_serial_number(any_page):
    page = any_page
    prefix = disputed(page)
    page.goto(f"/find?q={prefix}000002")
    heading(page, f"{prefix}000002")
    item = page.locator("li", has_text="Other Verification Pty Ltd")
    expect(item).to_contain_text("Row 3 of may.csv was refused on")
    checked(page)
    item.get_by_role("link", name="refused upload").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Refused upload")
    expect(page.locator("main")).to_contain_text("The ledger has every row already.")
    expect(page.locator(".spv-problem")).to_contain_text("The same in 2 rows.")
    checked(page)
    go(page, f"{prefix}000001")
    heading(page, f"{prefix}000001")


@pytest.mark.long
@pytest.mark.parametrize("scripts", [True, False])
def test_the_past_of_the_demonstration(chromium, past_address, size, scripts):
    page = open_page(chromium, past_address, size, java_script_enabled=scripts)
    demonstrated(page, "Agency staff")
    item = page.locator("li", has_text="that Example Verification Pty Ltd had").first
    to_the_refused_uploads(page, item)
    page.locator("tbody a").first.click()
    expect(page.locator("main")).to_contain_text("recorded by another account.")
    checked(page)
    serial = page.locator("tbody tr").first.locator("a").first
    name = serial.inner_text()
    serial.click()
    heading(page, name)
    refused = page.locator("main li", has_text="refused upload").first
    expect(refused).to_contain_text("recorded by another account.")
    checked(page)
    assert page.complaints == []
    page.context.close()
