"""The steps of the guidance's “How to mark as invalid” in Chromium."""

import csv
import io
import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_uploads import (
    choose,
    declare,
    downloaded,
    summary,
    to_the_search,
)
from tests.panels import panels_csv

pytestmark = pytest.mark.browser
number = itertools.count(1)
TEXT_OF_OTHER = (
    "Only the reason “Other” can have a text. Select “Other”, or leave the text empty."
)


def uploaded(page, count):
    """Upload some new rows, and return how their serial numbers begin."""
    has_script = page.evaluate("document.documentElement.className").count("spv-js")
    width = page.viewport_size["width"]
    prefix = f"MK{next(number)}-{width}-{has_script}-"
    page.goto("/panels/upload")
    declare(page)
    choose(page, panels_csv(count, prefix))
    press(page, "Upload")
    expect(page.get_by_role("status")).to_have_text("File upload successful")
    return prefix


def found(page, words):
    expect(page.locator("#found strong").first).to_have_text(words)


def search(page, prefix, words):
    page.get_by_label("Serial number", exact=True).fill(prefix.lower())
    press(page, "Search")
    found(page, words)
    assert f"serial_number={prefix}".lower() in page.url.lower()


def tick(page, serial):
    page.get_by_label(f"Select {serial}").check()


def ask(page):
    """Press the button below the rows, which opens a dialog or a page."""
    press(page, "Mark as invalid")
    expect(page.locator("#ask")).to_be_visible()


def confirm(page, reason):
    page.get_by_label("Reason", exact=True).select_option(reason)
    page.locator(".spv-ask").get_by_role("button", name="Mark as invalid").click()


def rows_marked(page, words):
    expect(page.locator(".spv-done")).to_have_text(f"{words} marked as invalid")


def the_eight_steps(page):
    demonstrated(page, "VSP, user")
    prefix = uploaded(page, 6)
    to_the_search(page)
    search(page, prefix, "6 rows")
    checked(page)
    tick(page, f"{prefix}000002")
    tick(page, f"{prefix}000005")
    ask(page)
    expect(page.get_by_text("2 rows will be marked as invalid.")).to_be_in_viewport()
    checked(page)
    expect(page.get_by_label("What is the reason?")).to_be_hidden()
    confirm(page, "Other")
    summary(page, "Enter the reason.")
    expect(page.get_by_label("What is the reason?")).to_be_visible()
    checked(page)
    page.get_by_label("What is the reason?").fill("The wrong pallet")
    confirm(page, "Ineligible panel")  # The text would be lost, so it stays in sight.
    summary(page, TEXT_OF_OTHER)
    expect(page.get_by_label("What is the reason?")).to_be_visible()
    confirm(page, "Other")
    rows_marked(page, "2 rows")
    expect(page.get_by_text("Other: The wrong pallet")).to_be_visible()
    checked(page)
    uploads_again(page, prefix)


def uploads_again(page, prefix):
    """Correct the rows of the receipt, upload them, and look at the history."""
    rows = downloaded(page, "Download these rows to correct them")
    assert [row[3] for row in rows[1:]] == [f"{prefix}000002", f"{prefix}000005"]
    file = io.StringIO()
    corrected = [[*row[:2], "EX-441", *row[3:]] for row in rows[1:]]
    csv.writer(file).writerows([rows[0], *corrected])
    go(page, "Upload the corrected file")
    declare(page)
    choose(page, file.getvalue().encode())
    press(page, "Upload")
    expect(page.get_by_role("status")).to_have_text("File upload successful")
    page.goto("/panels")
    search(page, f"{prefix}000002", "2 rows")
    go(page, f"{prefix}000002")
    heading(page, f"{prefix}000002")
    expect(page.locator(".spv-timeline h3")).to_have_count(3)
    words = page.locator(".spv-timeline h3").all_inner_texts()
    assert [text.split(" ")[0] for text in words] == ["Recorded", "Marked", "Recorded"]
    checked(page)


def test_the_eight_steps(page):
    the_eight_steps(page)


@pytest.mark.long
def test_the_eight_steps_without_javascript(plain_page):
    the_eight_steps(plain_page)


def all_but_two_of_sixty(page, show_ticks):
    """Rows that are left out stay left out on the next page of results."""
    demonstrated(page, "Supplier, administrator")
    prefix = uploaded(page, 60)
    page.goto("/panels")
    search(page, prefix, "60 rows")
    page.get_by_label("Select all that matched search criteria").check()
    show_ticks(page)
    expect(page.get_by_label(f"Select {prefix}000001")).to_be_checked()
    page.get_by_label(f"Select {prefix}000007").uncheck()
    press(page, "Next rows")
    expect(page.get_by_label(f"Select {prefix}000060")).to_be_checked()
    page.get_by_label(f"Select {prefix}000059").uncheck()
    ask(page)
    expect(page.get_by_text("58 rows will be marked as invalid.")).to_be_in_viewport()
    confirm(page, "Ineligible panel")
    rows_marked(page, "58 rows")
    page.goto(f"/panels?status=valid&serial_number={prefix}")
    found(page, "2 rows")
    checked(page)


@pytest.mark.long
def test_all_but_two_of_sixty(page):
    all_but_two_of_sixty(page, lambda page: None)


@pytest.mark.long
@pytest.mark.long
def test_all_but_two_of_sixty_without_javascript(plain_page):
    all_but_two_of_sixty(plain_page, lambda page: press(page, "Tick them all"))


def test_typing_searches_and_keeps_the_address(page):
    demonstrated(page, "VSP, administrator")
    prefix = uploaded(page, 2)
    page.goto("/panels")
    page.get_by_label("Serial number", exact=True).press_sequentially(prefix.lower())
    found(page, "2 rows")
    tick(page, f"{prefix}000001")
    expect(page).to_have_url(re.compile(rf"\?serial_number={prefix}&selected=\d+$"))
    ask(page)
    page.keyboard.press("Escape")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.get_by_label(f"Select {prefix}000001")).to_be_checked()
    ask(page)
    go(page, "Cancel")
    expect(page.locator("#ask")).to_be_hidden()
    page.reload()
    found(page, "2 rows")
    page.get_by_label("Serial number", exact=True).fill("")
    page.get_by_text("More criteria").click()
    page.get_by_label("Upload number").fill("x")
    summary(page, "Enter the number of an upload, such as 17.")
    checked(page)


def test_back_to_the_search(page):
    """The fields show what the rows were searched by, and nothing else."""
    demonstrated(page, "VSP, administrator")
    prefix = uploaded(page, 2)
    page.goto("/panels")
    page.get_by_label("Serial number", exact=True).fill(prefix)
    found(page, "2 rows")
    page.get_by_text("More criteria").click()
    page.get_by_label("Status", exact=True).select_option("valid")
    page.wait_for_url("**status=valid*")
    page.get_by_label("Model number").evaluate("field => { field.value = 'x'; }")
    go(page, f"{prefix}000001")
    heading(page, f"{prefix}000001")
    page.go_back()
    found(page, "2 rows")
    expect(page.get_by_label("Serial number", exact=True)).to_have_value(prefix)
    expect(page.get_by_label("Status", exact=True)).to_have_value("valid")
    expect(page.get_by_label("Model number")).to_have_value("")


@pytest.mark.long
def test_another_has_marked_meanwhile_and_the_rest_can_be_marked(page):
    demonstrated(page, "Another VSP, administrator")
    prefix = uploaded(page, 3)
    receipt = page.url
    page.goto(f"/panels?serial_number={prefix}")
    page.get_by_label("Select all that matched search criteria").check()
    expect(page.get_by_label(f"Select {prefix}000003")).to_be_checked()
    ask(page)
    second = page.context.new_page()
    second.goto(f"/panels?serial_number={prefix}000002")
    second.get_by_label(f"Select {prefix}000002").check()
    ask(second)
    confirm(second, "Duplicate serial number")
    expect(second.locator(".spv-done")).to_be_visible()
    confirm(page, "Ineligible panel")
    summary(
        page,
        "1 of the 3 rows has been marked invalid in the meantime by Luca Romano. "
        "Nothing was done.",
    )
    expect(page.get_by_text("2 rows will be marked as invalid.")).to_be_visible()
    confirm(page, "Ineligible panel")
    rows_marked(page, "2 rows")
    page.goto(receipt)
    expect(page.get_by_text("3 recorded, 0 of them valid")).to_be_visible()
    page.complaints[:] = [c for c in page.complaints if "(CONFLICT)" not in c]


def test_a_whole_upload_and_a_list(page):
    demonstrated(page, "VSP, user")
    prefix = uploaded(page, 4)
    go(page, "Mark the whole upload as invalid")
    expect(page.get_by_text("4 rows will be marked as invalid.")).to_be_visible()
    checked(page)
    confirm(page, "Incorrect supplier name")
    rows_marked(page, "4 rows")
    prefix = uploaded(page, 4)
    page.goto("/panels/check")
    checked(page)
    serials = f"{prefix}000001\n{prefix}00000l\nHE440000001\n{prefix}000002"
    page.get_by_label("Serial numbers", exact=True).fill(serials)
    press(page, "Check")
    expect(page.locator(".govuk-summary-list__value").first).to_have_text("3")
    checked(page)
    press(page, "Mark 3 valid rows as invalid")
    expect(page.get_by_text("3 rows will be marked as invalid.")).to_be_visible()
    checked(page)
    go(page, "Cancel")
    expect(page.locator("#ask")).to_be_hidden()
