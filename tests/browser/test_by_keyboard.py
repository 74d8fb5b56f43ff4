"""The main tasks by keyboard alone, with JavaScript and without it."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from spv import demo
from tests.browser.test_accounts import heading
from tests.browser.test_uploads import choose
from tests.panels import panels_csv

pytestmark = pytest.mark.browser
number = itertools.count(1)
FOCUSED = """() => {
    const at = document.activeElement;
    const words = at.getAttribute("aria-label") || at.labels?.[0]?.innerText
        || at.innerText || at.value || "";
    return words.trim().replace(/\\s+/g, " ");
}"""


def tab(page, words, most=60):
    """Press Tab until the element with some words has the focus."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUSED))
        if passed[-1] == words:
            return
    raise AssertionError(f"{most} tabs do not reach {words!r}: {passed}")


def tab_and(page, words, key, most=60):
    """Go to an element by Tab, and press a key there."""
    tab(page, words, most)
    page.keyboard.press(key)


def tab_and_type(page, words, text):
    tab(page, words)
    page.keyboard.type(text)


def go_there(page, words):
    """Follow a link, and wait for the page with its words as a heading."""
    tab_and(page, words, "Enter")
    heading(page, words)


def signs_in(page):
    page.goto("/")
    tab_and(page, "Sign in", "Enter")
    heading(page, "Sign in")
    tab_and_type(page, "Email address", demo.VSP_USER)
    tab_and_type(page, "Password", demo.PASSWORD)
    page.keyboard.press("Enter")
    heading(page, "Client Portal")


def uploads(page, prefix):
    """Upload a file from the home page. The dialog of files is the browser's own."""
    tab(page, "CSV file of panel serial numbers")
    choose(page, panels_csv(60, prefix))
    tab_and(page, "I make this declaration", "Space")
    tab_and(page, "Upload", "Enter")
    heading(page, "60 recorded")
    tab_and(page, "Search these rows", "Enter")
    heading(page, "Search panel serial numbers")


def searches_and_marks(page, prefix):
    """Tick two rows of fifty; what can be done with them is one Tab away."""
    tab_and_type(page, "Serial number", f"{prefix}00003")
    page.keyboard.press("Enter")
    expect(page.locator("#found strong").first).to_have_text("10 rows")
    tab_and(page, f"Select {prefix}000031", "Space")
    tab_and(page, f"Select {prefix}000034", "Space")
    tab_and(page, "Skip to “Mark as invalid”", "Enter", most=1)
    expect(page.locator("#mark")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows will be marked as invalid.")).to_be_visible()
    tab(page, "Reason")
    page.keyboard.type("Inel")
    tab_and(page, "Mark as invalid", "Enter", most=2)
    expect(page.locator(".spv-done")).to_have_text("2 rows marked as invalid")


def calculates(page):
    page.goto("/")
    tab_and(page, "STC calculator", "Enter")
    heading(page, "STC calculator")
    tab(page, "Small Generation Unit or battery")
    page.keyboard.type("SGU")
    if page.get_by_role("button", name="Continue").count():
        tab_and(page, "Continue", "Enter", most=1)
    expect(page.get_by_label("Rated power output (kW)")).to_be_enabled()
    tab_and_type(page, "Rated power output (kW)", "6.6")
    tab_and_type(page, "Postcode of Installation Address", "2150")
    tab_and(page, "Calculate", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("^[0-9]+ STCs")
    )


def shows_a_key(page, name):
    page.goto("/developer/products/serial-number-ledger")
    tab_and_type(page, "Name of the subscription", name)
    tab_and(page, "I agree to the terms of use", "Space")
    tab_and(page, "Subscribe", "Enter")
    heading(page, "Profile")
    # Other tests have made subscriptions that stand before it.
    tab_and(page, f"Show the Primary Key of {name}", "Enter", 300)
    expect(page.get_by_label(f"Primary Key of {name}")).to_be_focused()


def the_main_tasks(page):
    prefix = f"KEYS{next(number)}-"
    signs_in(page)
    uploads(page, prefix)
    searches_and_marks(page, prefix)
    calculates(page)
    shows_a_key(page, prefix)


def test_by_keyboard(page):
    the_main_tasks(page)


@pytest.mark.long
def test_by_keyboard_without_javascript(plain_page):
    the_main_tasks(plain_page)
