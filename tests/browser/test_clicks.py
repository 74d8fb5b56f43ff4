"""The clicks of each task, from the home page on."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, open_page
from tests.browser.test_accounts import demonstrated, heading
from tests.browser.test_uploads import choose
from tests.panels import panels_csv
from tests.webkit import SECONDS

pytestmark = pytest.mark.browser
number = itertools.count(1)
KEY = re.compile(r"^\S{20,}$")
CLICK = "document.addEventListener('pointerdown', () => clicked(), true)"


class Counted:
    """A page that counts its own clicks. Files are chosen outside of it."""

    def __init__(self, page):
        self.page, self.count = page, 0
        page.set_default_timeout(1000 * SECONDS)
        page.expose_function("clicked", self.add)
        page.add_init_script(CLICK)

    def add(self):
        self.count += 1

    def press(self, name):
        self.page.get_by_role("button", name=name).first.click()

    def choose_from_list(self, label, option):
        """Choose from a list: one click opens it, another one chooses."""
        self.page.get_by_label(label, exact=True).select_option(option)
        self.count += 2

    def find(self, serial):
        """Type into the search box, which has the focus, and press Enter."""
        expect(self.page.locator("#q")).to_be_focused()
        self.page.keyboard.type(serial)
        self.page.keyboard.press("Enter")
        heading(self.page, serial)


@pytest.fixture
def counted(chromium, address):
    """Return the home page of a VSP's user."""
    width, height = SIZES["desktop"]
    page = open_page(chromium, address, {"width": width, "height": height})
    counted = Counted(page)
    demonstrated(page, "VSP, user")
    page.goto("/")
    counted.count = 0
    yield counted
    page.context.close()


def uploaded(counted):
    """Upload a good file from the home page; return its first serial number."""
    prefix = f"CLICK{next(number)}-"
    choose(counted.page, panels_csv(3, prefix))
    counted.page.get_by_label("I make this declaration").click()
    counted.press("Upload")
    heading(counted.page, "3 recorded")
    return f"{prefix}000001"


def test_upload_find_and_mark(counted):
    serial = uploaded(counted)
    assert counted.count <= 3
    counted.page.goto("/")
    counted.count = 0
    counted.find(serial)
    assert counted.count == 0
    counted.page.get_by_role("link", name="Mark as invalid").click()
    heading(counted.page, "Mark as invalid")
    counted.choose_from_list("Reason", "Ineligible panel")
    counted.press("Mark as invalid")
    expect(counted.page.locator(".spv-done")).to_have_text("1 row marked as invalid")
    assert counted.count <= 4


def test_check_then_upload(counted):
    choose(counted.page, panels_csv(3, f"CHECK{next(number)}-"))
    counted.press("Check only")
    expect(counted.page.get_by_text("No problem was found in 3 rows.")).to_be_visible()
    counted.page.get_by_label("I make this declaration").click()
    counted.press("Upload the 3 rows")
    heading(counted.page, "3 recorded")
    assert counted.count <= 4


def test_show_a_key(counted):
    page = counted.page
    page.goto("/developer/products/serial-number-ledger")
    name = f"Clicks {next(number)}"
    page.get_by_label("Name of the subscription").fill(name)
    page.get_by_label("I agree to the terms of use").check()
    counted.press("Subscribe")
    heading(page, "Profile")
    page.goto("/")
    counted.count = 0
    page.get_by_role("main").get_by_role("link", name="Keys of").click()
    counted.press(f"Show the Primary Key of {name}")
    expect(page.get_by_label(f"Primary Key of {name}")).to_have_value(KEY)
    assert counted.count <= 2


def test_calculate_on_a_phone(chromium, address):
    width, height = SIZES["phone"]
    size = {"width": width, "height": height}
    page = open_page(chromium, address, size, has_touch=True)
    counted = Counted(page)
    page.goto("/")
    for label, text in (
        ("Rated power output (kW)", "6.6"),
        ("Postcode of Installation Address", "2150"),
    ):
        page.get_by_label(label).tap()
        page.keyboard.type(text)
    page.get_by_role("button", name="Calculate").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("STCs")
    assert counted.count <= 3
    page.context.close()
