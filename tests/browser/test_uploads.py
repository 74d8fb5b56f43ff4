"""A VSP's file into the ledger in Chromium: declare, upload, correct, upload again."""

import csv
import io
import itertools

import pytest
from playwright.sync_api import expect

from spv.rules.ledger.csv_upload import SAMPLES
from tests.browser.test_accounts import (
    checked,
    demonstrated,
    go,
    heading,
    open_menu,
    press,
)
from tests.panels import HEADING, NAMES, panels_csv

pytestmark = pytest.mark.browser
number = itertools.count(1)


def choose(page, data, name="panels.csv"):
    file = {"name": name, "mimeType": "text/csv", "buffer": data}
    page.get_by_label("CSV file of").set_input_files(file)


def declare(page):
    page.get_by_label("I make this declaration").check()


def summary(page, sentence):
    expect(page.locator(".govuk-error-summary a")).to_have_text(sentence)


def downloaded(page, words):
    """Follow a link and return the rows of the file."""
    with page.expect_download() as download:
        page.get_by_role("link", name=words).click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def to_the_search(page):
    """Go to the search by the links that the guidance names."""
    open_menu(page)
    link = page.get_by_role("navigation").get_by_role(
        "link", name="Panel serial numbers", exact=True
    )
    if not link.is_visible():
        page.locator("summary", has_text="Small units").click()
    link.click()
    heading(page, "Search panel serial numbers")
    checked(page)


def to_the_upload(page):
    to_the_search(page)
    go(page, "Upload panel serial numbers")
    heading(page, "Upload panel serial numbers")
    checked(page)


def the_whole_way(page):
    prefix = f"W{next(number)}-{page.viewport_size['width']}-"
    demonstrated(page, "VSP, user")
    to_the_upload(page)
    good = panels_csv(30, prefix)
    choose(page, good)
    press(page, "Upload")
    summary(page, "Make the declaration, and choose the file again.")
    checked(page)
    declare(page)
    choose(page, good, "good.csv")
    press(page, "Upload")
    expect(page.get_by_role("status")).to_have_text("File upload successful")
    expect(page.get_by_text("30 recorded, 30 of them valid")).to_be_visible()
    checked(page)
    receipt = page.url
    go(page, "Upload another file")
    corrects_a_file(page, prefix)
    page.goto("/panels/upload")
    declare(page)
    choose(page, good)
    press(page, "Upload")
    expect(page.get_by_text("nothing added.")).to_be_visible()
    expect(page).to_have_url(receipt)
    checked(page)


def corrects_a_file(page, prefix):
    """Send a bad file, download it with its problems, and send it corrected."""
    bad = panels_csv(5, prefix + "B") + f"{NAMES},1.5E+12\r\n,B,C,X100\r\n".encode()
    declare(page)
    choose(page, bad, "bad.csv")
    press(page, "Upload")
    summary(page, "Correct 2 of 7 rows, then choose the file again.")
    expect(page.get_by_text("Nothing was stored.", exact=True)).to_be_visible()
    expect(page.locator(".spv-problem")).to_have_count(2)
    checked(page)
    rows = downloaded(page, "Download your file with “Problem”")
    assert rows[0][4:] == ["Problem", "How to fix"]
    rows[6][3], rows[7][0], rows[7][3] = f"{prefix}B7", "Corrected", f"{prefix}B8"
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    choose(page, file.getvalue().encode(), "corrected.csv")
    expect(page.get_by_label("I make this declaration")).to_be_checked()
    press(page, "Upload")
    expect(page.get_by_role("status")).to_have_text("File upload successful")
    expect(page.get_by_text("7 recorded, 7 of them valid")).to_be_visible()


def test_the_whole_way(page):
    the_whole_way(page)


@pytest.mark.long
def test_the_whole_way_without_javascript(plain_page):
    the_whole_way(plain_page)


def problem_files():
    """Return files with 1 problem, with 60 of 5 kinds, and with 1,000."""
    five = "".join(
        f"{NAMES},{n}.5E+12\r\n,B,C,Q10{n}\r\n{NAMES},Q 7{n}\r\n{NAMES},N/A\r\n"
        f"{NAMES},EX{n + 1:06}\r\n"
        for n in range(12)
    )
    thousand = "".join(f"{NAMES},{n}.5E+12\r\n" for n in range(1000))
    return {
        "1 problem in 1 of 31 rows": panels_csv(30) + f"{NAMES},N/A".encode(),
        "60 problems in 60 of 100 rows": panels_csv(40) + five.encode(),
        "1,000 problems in 1,000 of 1,000 rows": f"{HEADING}\n{thousand}".encode(),
    }


def test_the_page_of_problems(page):
    demonstrated(page, "Supplier, administrator")
    page.goto("/panels/upload")
    for words, data in problem_files().items():
        choose(page, data)
        press(page, "Check only")
        expect(page.get_by_role("heading", name=words)).to_be_visible()
        checked(page)
        assert page.locator(".spv-cells li").count() <= 55
    page.goto("/panels/uploads")
    expect(page.get_by_role("heading", name="Refused in the last day")).to_be_visible()
    checked(page)


def test_long_names_and_the_rows_that_are_new(page):
    demonstrated(page, "Another VSP, administrator")
    prefix = f"LONG{next(number)}-{page.viewport_size['width']}-" + "A1" * 20
    names = ",".join(["Wide Supplier Name" * 11, "L" * 200, "M-" * 100])
    first = panels_csv(3, prefix, names=names)
    for data, button in ((first, "Upload"), (panels_csv(5, prefix), "Upload")):
        page.goto("/panels/upload")
        declare(page)
        choose(page, data, "a-long-file-name-" * 9 + ".csv")
        press(page, button)
        page.wait_for_load_state("networkidle")
        checked(page)
    summary(
        page,
        "The ledger has 3 of the 5 rows already. Leave them out, then choose the file "
        "again.",
    )
    rows = downloaded(page, "Download the 2 rows that the ledger")
    assert [row[3][-1] for row in rows[1:]] == ["4", "5"]


def test_a_file_is_checked_without_signing_in(plain_page):
    page = plain_page
    page.goto("/check-a-file")
    checked(page)
    for name, words in (
        ("bad-sample", "7 problems in 7 of 8 rows"),
        ("good-sample", "No problem was found in 10 rows."),
    ):
        choose(page, SAMPLES[name].encode())
        press(page, "Check")
        expect(page.get_by_text(words)).to_be_visible()
        checked(page)


def test_the_menu_closes_and_a_slow_upload_shows_its_progress(page):
    demonstrated(page, "VSP, administrator")
    page.goto("/panels/upload")
    menu = page.get_by_role("button", name="Menu", exact=True)
    link = page.get_by_role("navigation").get_by_role("link", name="Check a file")
    if menu.is_visible():
        expect(link).to_be_hidden()
        menu.press("Enter")
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).to_be_hidden()
    else:
        expect(link).to_be_visible()
    late = []

    def hold(route):
        late.append(route)

    page.route("**/panels/upload", hold)
    declare(page)
    choose(page, panels_csv(1, f"SLOW{page.viewport_size['width']}-"))
    press(page, "Upload")
    expect(page.get_by_text("Sending and checking")).to_be_visible()
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Check only")).to_be_disabled()
    late[0].continue_()
    expect(page.get_by_role("status")).to_have_text("File upload successful")
