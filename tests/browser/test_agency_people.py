"""Staff suspend and reinstate, make password links and manage staff, in Chromium."""

import itertools

import pytest
from playwright.sync_api import expect

from spv import demo
from tests.browser.test_accounts import (
    checked,
    demonstrated,
    go,
    heading,
    press,
    set_password,
    sign_in,
)
from tests.people import PASSWORD

pytestmark = pytest.mark.browser
number = itertools.count(1)
REASON = (
    "Serial numbers of another company. See https://www.agency.example/register/"
    "decisions/2026/11/30/verification-service-providers/example-verification"
)


def sign_up(other):
    """Sign up, and sign in; return the email address."""
    email = f"lee{next(number)}@x.example"
    other.goto("/sign-up")
    other.get_by_label("Full name").fill("Lee Wong")
    other.get_by_label("Email address").fill(email)
    set_password(other)
    press(other, "Sign up")
    heading(other, "Sign in")
    sign_in(other, email)
    return email


def status(page, words):
    expect(page.get_by_role("status")).to_have_text(words)
    checked(page)


def suspended(page, told):
    """Suspend what the page shows, let somebody be told, and reinstate it."""
    press(page, "Suspend")
    expect(page.locator("#reason-error")).to_contain_text("Enter the reason")
    checked(page)
    page.get_by_label("Reason").fill(REASON)
    press(page, "Suspend")
    status(page, "Suspended. This takes effect at once.")
    expect(page.locator("dl").first).to_contain_text("Suspended since")
    told()
    press(page, "Reinstate")
    status(page, "Reinstated.")


def reads_why(other, what, email, password):
    """Read the reason, on the next page and at the sign-in."""
    other.goto("/account")
    reason = f"The agency has suspended {what}: {REASON}"
    expect(other.get_by_text(reason)).to_be_visible()
    checked(other)
    other.complaints.clear()  # Chromium logs the 403
    other.goto("/sign-in")
    other.get_by_label("Email address").fill(email)
    other.get_by_label("Password").fill(password)
    press(other, "Sign in")
    expect(other.locator("#email-error")).to_contain_text(REASON)
    checked(other)


def to_the_account(page):
    """Go to the page of an account, as staff."""
    demonstrated(page, "Agency staff")
    page.goto("/staff/accounts?text=other+verif")
    go(page, "Other Verification Pty Ltd")
    heading(page, "Other Verification Pty Ltd")


def test_a_person(any_page, other):
    page, email = any_page, sign_up(other)
    demonstrated(page, "Agency staff")
    page.goto(f"/staff/people?text={email}")
    checked(page)
    page.locator("#people").get_by_role("link", name="Lee Wong", exact=True).click()
    heading(page, "Lee Wong")
    suspended(page, lambda: reads_why(other, "you", email, PASSWORD))
    go(page, "All people")
    heading(page, "People")
    sign_in(other, email)


def test_an_account(any_page, other):
    demonstrated(other, "Another VSP")
    to_the_account(any_page)
    user = demo.OTHER_VSP, demo.PASSWORD
    suspended(any_page, lambda: reads_why(other, "your account", *user))
    sign_in(other, *user)


def test_a_subscription(any_page, other):
    name = f"Scanner {next(number)}"
    demonstrated(other, "Another VSP")
    other.goto("/developer/products/serial-number-ledger")
    other.get_by_label("Name of the subscription").fill(name)
    other.get_by_label("I agree to the terms of use").check()
    press(other, "Subscribe")
    heading(other, "Profile")
    to_the_account(any_page)
    go(any_page, name)
    heading(any_page, f"Subscription {name}")
    reason = other.get_by_text(f"The agency has suspended this subscription: {REASON}")

    def told():
        other.reload()
        expect(reason).to_be_visible()
        checked(other)

    suspended(any_page, told)
    other.reload()
    expect(reason).to_have_count(0)


def test_a_password_link_and_its_notice(any_page, other):
    page, email = any_page, sign_up(other)
    demonstrated(page, "Agency staff")
    page.goto(f"/staff/people?text={email}")
    press(page, "Make link to a new password for Lee Wong")
    heading(page, "Password link for Lee Wong")
    checked(page)
    other.goto("/")
    notice = other.get_by_text("The agency made a password link for Lee Wong")
    expect(notice).to_be_visible()
    checked(other)
    press(other, "Close")
    expect(notice).to_have_count(0)


def test_a_member_of_staff(any_page):
    page, name = any_page, f"Jo {next(number)}"
    demonstrated(page, "Agency staff")
    page.goto("/staff/people")
    page.locator("summary", has_text="Add a member of staff").click()
    page.get_by_label("Full name").fill(name)
    email = page.get_by_label("Email address", exact=True)
    email.fill(f"{name.replace(' ', '')}@agency.example")
    page.get_by_label("Role").select_option("Auditor")
    press(page, "Add to staff")
    heading(page, f"Password link for {name}")
    checked(page)
    go(page, "Done")
    go(page, name)
    heading(page, name)
    page.get_by_label("Role").select_option("Assessor")
    press(page, "Change role")
    status(page, f"The role of {name} has changed.")
    go(page, name)
    page.locator("summary", has_text=f"Remove {name}").click()
    checked(page)
    press(page, "Remove from staff")
    status(page, f"{name} has been removed.")


@pytest.mark.long
def test_contacts_by_form_and_by_file(plain_page):
    page = plain_page
    demonstrated(page, "Agency staff")
    page.goto("/staff/contacts")
    checked(page)
    file = {"name": "contacts.csv", "mimeType": "text/csv",
            "buffer": b"Legal name,ABN,Email\nLoaded Pty Ltd,1,l@x.au\n"}  # fmt: skip
    page.get_by_label("CSV file of contacts").set_input_files(file)
    press(page, "Load file")
    expect(page.locator("#file-error")).to_contain_text("Row 2: An ABN has 11 digits")
    checked(page)
    file["buffer"] = file["buffer"].replace(b",1,", b",51 824 753 556,")
    page.get_by_label("CSV file of contacts").set_input_files(file)
    press(page, "Load file")
    expect(page.get_by_role("status")).to_have_text("1 contact saved.")
    press(page, "Remove Loaded Pty Ltd")
    expect(page.get_by_role("status")).to_have_text("The contact has been removed.")
