"""From a serial number to the refusal that somebody calls about, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_marking import uploaded
from tests.browser.test_uploads import choose, declare
from tests.panels import panels_csv

pytestmark = pytest.mark.browser


def test_who_else_asked_for_a_serial_number(page):
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
    choose(page, panels_csv(2, prefix), "may.csv")
    press(page, "Upload")
    expect(page.locator(".spv-problem").first).to_be_visible()
    page.context.clear_cookies()
    demonstrated(page, "Agency staff")
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
