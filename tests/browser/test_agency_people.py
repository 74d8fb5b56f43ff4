"""Staff suspend and reinstate a person in Chromium, who reads why."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_page
from tests.browser.test_accounts import (
    checked,
    demonstrated,
    go,
    heading,
    press,
    set_password,
    sign_in,
)

pytestmark = pytest.mark.browser
REASON = "Serial numbers of another company"


def sign_up(other, email):
    """Sign up, and sign in."""
    other.goto("/sign-up")
    other.get_by_label("Full name").fill("Lee Wong")
    other.get_by_label("Email address").fill(email)
    set_password(other)
    press(other, "Sign up")
    sign_in(other, email)


def journey(page, chromium, address, size, **options):
    """Suspend a person who has signed up, and let the person in again."""
    email = f"lee-{size['width']}-{len(options)}@x.example"
    other = open_page(chromium, address, size, **options)
    sign_up(other, email)

    demonstrated(page, "Agency staff")
    page.goto(f"/staff/people?text={email}")
    checked(page)
    page.locator("#people").get_by_role("link", name="Lee Wong", exact=True).click()
    heading(page, "Lee Wong")
    press(page, "Suspend")
    expect(page.locator("#reason-error")).to_contain_text("Enter the reason")
    checked(page)
    page.get_by_label("Reason").fill(REASON)
    press(page, "Suspend")
    expect(page.get_by_role("status")).to_have_text(
        "Suspended. This takes effect at once."
    )
    checked(page)

    other.goto("/account")
    expect(other.get_by_text(f"The agency has suspended you: {REASON}")).to_be_visible()
    checked(other)
    other.complaints.clear()  # Chromium logs the 403
    other.goto("/sign-in")
    other.get_by_label("Email address").fill(email)
    other.get_by_label("Password").fill("purple tractor moon")
    press(other, "Sign in")
    expect(other.locator("#email-error")).to_contain_text(REASON)
    checked(other)

    press(page, "Reinstate")
    expect(page.get_by_role("status")).to_have_text("Reinstated.")
    checked(page)
    go(page, "All people")
    heading(page, "People")
    sign_in(other, email)
    assert other.complaints == []
    other.context.close()


def test_a_suspension(page, chromium, address, size):
    journey(page, chromium, address, size)


@pytest.mark.long
def test_a_suspension_without_scripts(plain_page, chromium, address, size):
    journey(plain_page, chromium, address, size, java_script_enabled=False)
