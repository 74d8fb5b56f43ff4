"""The guidance on accounts and upgrades in Chromium, from end to end."""

import itertools
import re

import pytest
from playwright.sync_api import expect
from stdnum.au import abn

from spv import demo
from tests.browser.axe import check
from tests.people import PASSWORD

pytestmark = pytest.mark.browser
number = itertools.count(10)
SIGNED_IN = {}
SIGN_OUT = "form[action$='/sign-out'] button"


def heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def checked(page):
    """Check with axe, which needs JavaScript, and that the page is not too wide."""
    if page.evaluate("document.documentElement.classList.contains('spv-js')"):
        check(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], page.url


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def go(page, name):
    page.locator("main").get_by_role("link", name=name, exact=True).first.click()


def sign_in(page, email, password=PASSWORD):
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")
    expect(page.locator(SIGN_OUT).first).to_be_attached()


def open_menu(page):
    """Open the menu where the window is too narrow for its links."""
    menu = page.get_by_role("button", name="Menu", exact=True)
    if menu.is_visible():
        menu.click()


def sign_out(page):
    open_menu(page)
    press(page, "Sign out")
    heading(page, "Sign in")


def demonstrated(page, words):
    """Sign in by a card, or with the cookies that it gave before in this worker."""
    known = SIGNED_IN.get((page.spv_address, words))
    if known:
        page.context.add_cookies(known)
        page.goto("/")
        if page.locator(SIGN_OUT).count():
            return
    page.goto("/sign-in")
    page.get_by_role("button", name=words).first.click()
    expect(page.locator(SIGN_OUT).first).to_be_attached()
    SIGNED_IN[page.spv_address, words] = page.context.cookies()


def fill_application(page, organisation, digits):
    page.get_by_label("Legal entity name").fill(organisation)
    page.get_by_label("Australian Business Number (ABN)").fill(digits)
    page.get_by_label("Phone number").fill("02 5550 0100")


def assess(page, organisation):
    """Approve an organisation's application, as agency staff."""
    demonstrated(page, "Agency staff")
    checked(page)
    page.goto("/staff/applications")
    heading(page, "Applications")
    checked(page)
    go(page, organisation)
    heading(page, organisation)
    expect(page.get_by_text("Does not match")).to_have_count(3)
    checked(page)
    press(page, "Approve")
    expect(page.get_by_role("status")).to_have_text(f"Approved: {organisation}.")
    sign_out(page)


def signs_up(page, email):
    page.goto("/stc")
    open_menu(page)
    page.get_by_role("link", name="Sign up").click()
    heading(page, "Sign up")
    press(page, "Sign up")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter the full name.")
    checked(page)
    page.get_by_label("Full name").fill("Kim Doe")
    page.get_by_label("Email address").fill(email)
    set_password(page)
    press(page, "Sign up")
    heading(page, "Sign in")
    checked(page)


def set_password(page):
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)


def applies(page, organisation, digits):
    """Apply for an account, from the home page on."""
    checked(page)
    go(page, "Apply for REC Registry account")
    go(page, "Apply for an account")
    heading(page, "Apply for an account")
    expect(page.get_by_label("General account")).to_be_checked()
    expect(page.get_by_label("General account")).to_be_disabled()
    fill_application(page, organisation, digits[:-1])
    press(page, "Submit")
    expect(page.locator("#abn-error")).to_contain_text("this has 10")
    checked(page)
    fill_application(page, organisation, digits)
    press(page, "Submit")
    heading(page, "Account applications")
    expect(page.get_by_text("Submitted", exact=True).last).to_be_visible()
    checked(page)
    sign_out(page)


def is_led_to_the_upgrade(page):
    """Before the upgrade, the upload page leads to it."""
    page.goto("/panels/upload")
    page.complaints.clear()  # Chromium logs the 403
    checked(page)
    go(page, "Upgrade account")
    heading(page, "Upgrade account")
    page.goto("/")


def upgrades(page):
    """Upgrade the account by the guidance's steps, which are quoted."""
    # "go to the 'My account' section then select 'Account applications'."
    go(page, "My account")
    heading(page, "My account")
    checked(page)
    go(page, "Account applications")
    heading(page, "Account applications")
    # "Go to 'Upgrade account'."
    go(page, "Upgrade account")
    heading(page, "Upgrade account")
    # "Select 'Verification Service Provider' from the account type list."
    page.get_by_label("Verification Service Provider").check()
    # "Complete all sections and select 'Next'."
    page.get_by_label("Phone number").fill("")
    press(page, "Next")
    expect(page.locator("#phone-error")).to_contain_text("Enter a phone number")
    page.get_by_label("Phone number").fill("02 5550 0199")
    checked(page)
    press(page, "Next")
    heading(page, "Upgrade account: review")
    checked(page)
    go(page, "Back")
    heading(page, "Upgrade account")
    expect(page.get_by_label("Verification Service Provider")).to_be_checked()
    expect(page.get_by_label("Phone number")).to_have_value("02 5550 0199")
    press(page, "Next")
    expect(page.get_by_text("02 5550 0199")).to_be_visible()
    press(page, "Submit")
    heading(page, "Account applications")
    expect(page.get_by_text("Upgrade: General account")).to_be_visible()
    checked(page)
    sign_out(page)


def adds_a_user(page, email):
    go(page, "Add a user")
    page.get_by_label("Full name").fill("Lou Smith")
    page.get_by_label("Email address").fill(email)
    checked(page)
    press(page, "Add user")
    heading(page, "Password link for Lou Smith")
    if page.get_by_role("button", name="Copy", exact=True).is_visible():
        press(page, "Copy")
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.get_by_label("Link for").input_value()
    checked(page)
    sign_out(page)
    return link


def the_guidance(page):
    """Sign up, apply, be approved, upgrade, be approved, add a user who signs in."""
    n = next(number)
    kim, lou = f"kim{n}@guidance.example", f"lou{n}@guidance.example"
    organisation, body = f"Kim {n} & Sons <Pty> Ltd", f"{n:09d}"
    signs_up(page, kim)
    sign_in(page, kim)
    applies(page, organisation, abn.format(abn.calc_check_digits(body) + body))
    assess(page, organisation)
    sign_in(page, kim)
    is_led_to_the_upgrade(page)
    upgrades(page)
    assess(page, organisation)
    sign_in(page, kim)
    page.goto(adds_a_user(page, lou))
    set_password(page)
    checked(page)
    press(page, "Set password")
    sign_in(page, lou)
    page.goto("/account/users")
    expect(page.get_by_role("cell", name="Kim Doe")).to_be_visible()
    checked(page)


@pytest.mark.long
def test_the_guidance(page):
    the_guidance(page)


@pytest.mark.long
def test_the_guidance_without_javascript(plain_page):
    the_guidance(plain_page)


def test_nothing_can_be_read_after_signing_out(page):
    demonstrated(page, "VSP, administrator")
    page.goto("/account")
    heading(page, "My account")
    page.goto("/account/users")
    heading(page, "Users")
    sign_out(page)
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        expect(page.get_by_text("Example Verification")).to_have_count(0)
        expect(page.get_by_text("admin@vsp.example Yes")).to_have_count(0)
        expect(page.locator(SIGN_OUT)).to_have_count(0)
    stored = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert page.evaluate(stored) == '[{},{"htmx-current-path-for-history":"/"}]'
    cookies = [c for c in page.context.cookies() if not c["httpOnly"]]
    assert cookies == []


def test_a_session_that_ended_elsewhere(page, chromium, address):
    demonstrated(page, "General account")
    page.goto("/account/users/new")
    cookies = page.context.storage_state()
    other = chromium.new_page(base_url=address, storage_state=cookies)
    other.goto("/")
    sign_out(other)
    other.close()
    page.get_by_label("Full name").fill("Lou")
    press(page, "Add user")
    heading(page, "Sign in")
    page.complaints.clear()  # Chromium logs the 401
    page.get_by_label("Email address").fill(demo.GENERAL)
    page.get_by_label("Password").fill(demo.PASSWORD)
    press(page, "Sign in")
    heading(page, "Add a user")


def test_searching_as_one_types(page):
    demonstrated(page, "Agency staff")
    page.goto("/staff/contacts")
    page.get_by_label("A part of the name, ABN or email address").fill("other verif")
    expect(page.get_by_role("cell", name="Example Panel Supply")).to_have_count(0)
    found = page.get_by_role("cell", name="Other Verification").first
    expect(found).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?text=other(\+|%20)verif$"))
    checked(page)
    page.goto("/staff/people")
    page.get_by_label("A part of the name").fill("tom")
    expect(page.get_by_role("cell", name="Priya Nair")).to_have_count(0)
    press(page, "Make link to a new password for Tom Okafor")
    shared = page.get_by_text("Everybody shares this demonstration user")
    expect(shared).to_be_visible()
    page.complaints.clear()  # Chromium logs the 409
