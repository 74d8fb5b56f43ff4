"""The second factor in Chromium: set up, sign in with it, and a code asked again."""

import itertools
import shutil
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from pyotp import TOTP

from tests.browser.test_accounts import (
    SIGN_OUT,
    checked,
    go,
    heading,
    press,
    set_password,
    sign_out,
)
from tests.people import PASSWORD
from tests.second_factors import code_of
from tests.server import serve

pytestmark = pytest.mark.browser
number = itertools.count(1)


@pytest.fixture(scope="module")
def database(sqlite_template_people, tmp_path_factory):
    """Return a database in which the tests let time go by."""
    path = tmp_path_factory.mktemp("factor") / "spv.sqlite"
    shutil.copy(sqlite_template_people, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def address(database):
    """Serve that database; return its address."""
    with serve(database) as (address, _process):
        yield address


def turn_on(page):
    """Set up a second factor on its page; return the secret."""
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    press(page, "Turn it on")
    heading(page, "Your recovery codes")
    return secret


def signs_up(page, email):
    page.goto("/sign-up")
    page.get_by_label("Full name").fill("Kim Doe")
    page.get_by_label("Email address").fill(email)
    set_password(page)
    press(page, "Sign up")
    heading(page, "Sign in")


def password(page, email):
    """Enter the password on the page to sign in."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def sets_it_up(page, with_scripts):
    page.goto("/account/password")
    go(page, "A code from an authenticator app, as well as the password")
    heading(page, "Set up your second factor")
    box = (
        page.get_by_role("img", name="QR code of the key").locator("svg").bounding_box()
    )
    assert box["width"] == box["height"] > 150
    checked(page)
    page.get_by_label("Code", exact=True).fill("000000")
    press(page, "Turn it on")
    expect(page.locator("#code-error")).to_contain_text("This code is wrong")
    checked(page)
    secret = turn_on(page)
    checked(page)
    codes = page.get_by_label("Recovery codes").input_value().split("\n")
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split("\n") == [*codes, ""]
    expect(page.get_by_role("button", name="Copy")).to_have_count(int(with_scripts))
    go(page, "I have kept the codes: go to the home page")
    return secret, codes


def make_older(url, email):
    """Let the last code of a person's sessions be older than ten minutes."""
    with sa.create_engine(url).begin() as connection:
        changed = connection.execute(
            sa.text(
                "UPDATE user_sessions SET second_factor_at = :old "
                "WHERE user_id = (SELECT id FROM users WHERE email = :email)"
            ),
            {
                "old": f"{datetime.now(UTC) - timedelta(hours=1):%F %T.%f}",
                "email": email,
            },
        )
        assert changed.rowcount


def test_the_second_factor(any_page, database):
    page, with_scripts = any_page, any_page.spv_options["java_script_enabled"]
    email = f"kim{next(number)}@factor.example"
    signs_up(page, email)
    password(page, email)
    secret, codes = sets_it_up(page, with_scripts)
    sign_out(page)
    page.goto("/account/password")
    password(page, email)
    heading(page, "Enter a code")
    expect(page.locator(SIGN_OUT)).to_have_count(0)
    checked(page)
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.get_by_label("Code", exact=True).fill(codes[0].lower())
    press(page, "Sign in")
    heading(page, "Kim Doe")
    go(page, "A code from an authenticator app, as well as the password")
    expect(page.get_by_text("On since")).to_be_visible()
    checked(page)
    make_older(database, email)
    press(page, "Turn it off")
    heading(page, "Enter a code to go on")
    page.complaints.clear()  # Chromium logs the 403
    checked(page)
    page.get_by_label("Code", exact=True).fill("1")
    press(page, "Go on")
    expect(page.locator("#second_factor_code-error")).to_contain_text("is wrong")
    checked(page)
    page.get_by_label("Code", exact=True).fill(
        TOTP(secret).at(datetime.now(UTC), counter_offset=1)
    )
    press(page, "Go on")
    expect(page.get_by_role("status")).to_have_text(
        "You now sign in with only your password."
    )
