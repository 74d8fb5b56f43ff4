"""Mark as invalid with a slow line or none, after going back, and with the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import demonstrated, go, heading, press
from tests.browser.test_marking import ask, confirm, found, rows_marked, tick, uploaded

pytestmark = [pytest.mark.browser, pytest.mark.long]


def shown(page, count):
    """Upload some rows, search for them, and return their prefix."""
    demonstrated(page, "Supplier, administrator")
    prefix = uploaded(page, count)
    page.goto(f"/panels?serial_number={prefix}")
    return prefix


def held_back(page, address):
    """Hold back the requests to an address, and return them as they come."""
    routes = []

    def hold(route):
        routes.append(route)

    page.route(address, hold)
    return routes


def forgive(page, *words):
    """Remove the complaints of the browser that a test has caused on purpose."""
    complaints = page.complaints
    complaints[:] = [c for c in complaints if not any(word in c for word in words)]


def test_going_back_shows_what_was_chosen_and_what_was_left_out(page):
    """The address has both, as a browser would tick the boxes alone."""
    prefix = shown(page, 4)
    page.get_by_label("Select all that matched search criteria").check()
    expect(page.get_by_label(f"Select {prefix}000001")).to_be_checked()
    page.get_by_label(f"Select {prefix}000002").uncheck()
    go(page, f"{prefix}000003")
    heading(page, f"{prefix}000003")
    page.go_back()
    found(page, "4 rows")
    for serial in range(1, 5):
        box = page.get_by_label(f"Select {prefix}00000{serial}")
        expect(box).to_be_checked(checked=serial != 2)
    ask(page)
    expect(page.get_by_text("3 rows will be marked as invalid.")).to_be_visible()


def test_a_late_answer_does_not_change_the_address(page):
    prefix = shown(page, 51)
    late = held_back(page, "**/panels?*after=*")
    press(page, "Next rows")
    page.get_by_label("Serial number", exact=True).fill(f"{prefix}000051")
    found(page, "1 row")
    for route in late:
        route.continue_()
    page.wait_for_timeout(500)
    assert page.url.endswith(f"serial_number={prefix}000051")
    forgive(page, "htmx:")  # It reports the request that it gave up.


def test_a_dialog_stays_until_its_answer_is_there(page):
    prefix = shown(page, 1)
    tick(page, f"{prefix}000001")
    ask(page)
    late = held_back(page, "**/panels/invalidate")
    confirm(page, "Ineligible panel")
    page.keyboard.press("Escape")
    go(page, "Cancel")
    expect(page.locator("#ask")).to_be_visible()
    late[0].continue_()
    rows_marked(page, "1 row")


def test_a_dialog_without_an_answer_says_so(page):
    prefix = shown(page, 1)
    tick(page, f"{prefix}000001")
    ask(page)
    page.route("**/panels/invalidate", lambda route: route.abort())
    confirm(page, "Ineligible panel")
    message = page.locator("dialog .spv-no-answer")
    expect(message).to_be_in_viewport()
    page.unroute("**/panels/invalidate")
    confirm(page, "Ineligible panel")
    rows_marked(page, "1 row")
    forgive(page, "htmx:", "ERR_FAILED")


def test_the_focus_goes_on_with_the_rows(page):
    prefix = shown(page, 51)
    page.get_by_role("button", name="Next rows").press("Enter")
    expect(page.get_by_label(f"Select {prefix}000051")).to_be_visible()
    expect(page.locator("#found h2")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Download as CSV")).to_be_focused()
