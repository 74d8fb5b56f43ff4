"""Staff load the list of approved products, and an upload is compared with it."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, heading, press
from tests.browser.test_uploads import choose
from tests.panels import panels_csv
from tests.products import LIST, list_csv

pytestmark = pytest.mark.browser


def test_a_list_is_loaded_and_a_file_is_compared_with_it(any_page):
    page = any_page
    demonstrated(page, "Agency staff")
    try:
        load(page, *LIST, words="3 products added")
        page.goto("/staff/products?text=ex-4")
        expect(page.locator("#products tbody tr")).to_have_count(2)
        checked(page)
        names = "Example Supplier,Example Holder,EX-44O"
        page.goto("/check-a-file")
        choose(page, panels_csv(2, names=names), "may.csv")
        press(page, "Check")
        warned = page.locator(".spv-problem")
        expect(warned).to_contain_text("This is not on the list of approved products.")
        expect(warned).to_contain_text("Did you mean “EX-440”?")
        checked(page)
    finally:
        load(page, words="3 products gone")
    expect(page.locator("main")).to_contain_text("No list is loaded")


def load(page, *lines, words):
    """Look at what a list changes, and load it."""
    page.goto("/staff/products")
    heading(page, "Approved products")
    choose(page, list_csv(*lines), "list.csv")
    press(page, "Look at the changes")
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    checked(page)
    press(page, "Load this list")
    expect(page.locator("main")).to_contain_text("The list has been loaded")
