"""A trainee and a trainer in Chromium: from the first page to ticks on the board."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, heading, press
from tests.browser.test_uploads import choose, declare

pytestmark = pytest.mark.browser


def test_a_class_and_its_first_exercises(page):
    walk(page)


@pytest.mark.long
def test_the_same_without_javascript(plain_page):
    walk(plain_page)


def walk(page):
    code = class_opened(page)
    board = page.url
    page.context.clear_cookies()
    page.goto(f"/training/join?code={code}")
    expect(page.get_by_label("Code of your class")).to_have_value(code)
    page.get_by_label("First name or nickname").first.fill("Mia")
    press(page, "Enter")
    expect(page.get_by_text("Mia: 0 of 12 done")).to_be_visible()
    checked(page)
    applied(page)
    done_by_the_agency(page, board, "Approve")
    page.goto("/training/exercises/4")
    press(page, "Give me the account")
    uploaded(page)
    page.goto("/training")
    expect(page.get_by_text("Mia: 3 of 12 done")).to_be_visible()
    checked(page)


def class_opened(page):
    """Open a class as agency staff; return its code."""
    demonstrated(page, "Agency staff")
    page.goto("/training")
    checked(page)
    page.get_by_label("Places").fill("3")
    press(page, "Open a class")
    expect(page.get_by_text("Nobody has entered yet.")).to_be_visible()
    return re.search(r"Class ([A-Z]{6})", page.title())[1]


def applied(page):
    """Apply for an account with the details of the exercise, beside its panel."""
    page.goto("/training/exercises/1")
    facts = page.locator(".govuk-summary-list__value").all_inner_texts()
    page.get_by_role("link", name="Go there").click()
    expect(page.locator("#training-panel")).to_contain_text("Exercise 1")
    checked(page)
    for label, text in zip(("Legal entity name", "ABN", "Phone"), facts, strict=True):
        page.get_by_label(label).first.fill(text.strip())
    press(page, "Submit")
    expect(page.locator("#training-panel")).to_contain_text("1 of 12 done")


def done_by_the_agency(page, board, act):
    """Do the part of the agency on the board, and come back as the trainee."""
    cookies = page.context.cookies()
    page.context.clear_cookies()
    demonstrated(page, "Agency staff")
    page.goto(board)
    checked(page)
    page.get_by_role("button", name=f"{act} all that wait").click()
    expect(page.get_by_text("1 place approved.")).to_be_visible()
    page.context.clear_cookies()
    page.context.add_cookies(cookies)


def uploaded(page):
    """Upload the trainee's first file; the panel goes on to the next exercise."""
    with page.expect_download() as download:
        page.goto("/training/exercises/4")
        page.get_by_role("link", name="Download panels.csv").click()
    data = download.value.path().read_bytes()
    page.get_by_role("link", name="Go there").click()
    heading(page, "Upload panel serial numbers")
    expect(page.locator("#training-panel")).to_contain_text("Exercise 4")
    checked(page)
    declare(page)
    choose(page, data, "panels.csv")
    press(page, "Upload")
    expect(page.locator("#training-panel")).to_contain_text("3 of 12 done")
