"""The guidance's twelve steps in Chromium: from the declaration to "Successful"."""

import itertools
import json
import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_uploads import summary, to_the_search

pytestmark = pytest.mark.browser
number = itertools.count(1)


def declares(page):
    """Make the declaration (steps 1 to 3); its status is at the right of the search."""
    demonstrated(page, "VSP, user")
    to_the_search(page)
    status = page.get_by_role("region", name="API declaration status")
    expect(status).to_contain_text("Current until")
    if page.viewport_size["width"] > 1000:
        title = page.get_by_role("heading", level=1).bounding_box()
        assert status.bounding_box()["x"] > title["x"] + title["width"]
    go(page, "Declaration for API Users")
    heading(page, "Declaration for API Users")
    press(page, "Make the declaration")
    summary(page, "Make the declaration: read it, and tick the box.")
    checked(page)
    page.get_by_label("I make this declaration").check()
    press(page, "Make the declaration")
    expect(page.get_by_role("status")).to_contain_text("has been made. Current until")
    checked(page)


def subscribes(page, name):
    """Subscribe (steps 2 to 7), from the home page on; return the primary key."""
    page.goto("/")
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", name="Systems")).to_be_visible()
    main.get_by_role("link", name="Developer Portal").click()
    heading(page, "Developer Portal")
    go(page, "Products")
    go(page, "Serial Number Ledger")
    expect(page.get_by_role("heading", name="Your subscriptions")).to_be_visible()
    press(page, "Subscribe")
    expect(page.locator(".govuk-error-summary a").first).to_have_text(
        "Enter a name for the subscription."
    )
    checked(page)
    page.get_by_label("Name of the subscription").fill(name)
    page.get_by_label("I agree to the terms of use").check()
    press(page, "Subscribe")
    heading(page, "Profile")
    checked(page)
    return shown_key(page, name, "primary")


def shown_key(page, name, kind):
    page.get_by_role("button", name=f"Show the {kind} key of {name}").click()
    field = page.get_by_label(f"{kind.capitalize()} key of {name}")
    key = field.input_value()
    expect(field).to_be_in_viewport()
    checked(page)
    page.get_by_role("link", name="Hide").click()
    expect(field).to_have_count(0)
    assert key not in page.content()
    return key


def run(command, key, **options):
    """Run a program with the key in its environment; return its output."""
    environment = os.environ | {"SPV_KEY": key}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=30,
        check=False, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def runs_the_examples(page, key):
    """Run the examples of the page as they stand (steps 8 to 12)."""
    go(page, "APIs")
    go(page, "Serial number ledger")
    heading(page, "Serial number ledger")
    checked(page)
    texts = {
        words: page.get_by_label(words, exact=True).input_value()
        for words in ("Request URL", "Example JSON", "curl example", "Python example")
    }
    assert texts["Request URL"].removeprefix("POST ") in texts["curl example"]
    answer = json.loads(run(texts["curl example"], key, shell=True))
    assert (answer["result"], answer["accepted"]) == ("Successful", 2)
    again = run([sys.executable, "-"], key, input=texts["Python example"])
    assert again.startswith("200 ")
    assert json.loads(again[4:]) == answer
    example = json.loads(texts["Example JSON"])
    example["serialNumbers"][0]["serialNumber"] = "1.5E+12"
    wrong = texts["curl example"].replace(texts["Example JSON"], json.dumps(example))
    answer = json.loads(run(wrong, key, shell=True))
    assert answer["result"] == "Unsuccessful"
    assert answer["errors"][0]["code"] == "spreadsheet_damage"


def sees_the_requests(page, name):
    go(page, "Profile")
    page.get_by_role("link", name=f"Requests of {name}").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("Unsuccessful (422)")
    expect(rows.first).to_contain_text("spreadsheet_damage")
    expect(rows.last).to_contain_text("Successful (20")
    checked(page)
    rows.last.get_by_role("link", name="Upload").click()
    expect(page.get_by_text("API, subscription Line")).to_be_visible()


def tries_the_console(page, name):
    """Send the example with the test key: it is checked, and nothing is stored."""
    page.goto("/developer")
    go(page, "Console")
    expect(page.get_by_role("heading", name="Console")).to_be_in_viewport()
    page.get_by_label("Test Key of the subscription").select_option(name)
    page.get_by_role("button", name="Send with the test key").click()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("Answer: 200 OK")
    expect(answer).to_contain_text('"validateOnly": true')
    expect(answer.get_by_role("heading")).to_be_in_viewport()
    checked(page)
    page.get_by_label("JSON", exact=True).fill("{")
    page.get_by_role("button", name="Send with the test key").click()
    expect(answer).to_contain_text("Answer: 400 BAD REQUEST")
    expect(page.get_by_label("JSON", exact=True)).to_have_value("{")
    number = answer.get_by_text("X-Request-Id").inner_text().split(": ")[1]
    go(page, "Profile")
    page.get_by_role("link", name=f"Requests of {name}").click()
    page.get_by_role("link", name="Refused", exact=True).click()
    row = page.locator("tbody tr").first
    row.get_by_text("Details").click()
    expect(row.get_by_text(number)).to_be_visible()
    expect(row).to_contain_text('"code": "not_json"')
    checked(page)


def the_twelve_steps(page):
    name = f"Line {next(number)} of {page.viewport_size['width']}"
    declares(page)
    key = subscribes(page, name)
    runs_the_examples(page, key)
    sees_the_requests(page, name)
    tries_the_console(page, name)


@pytest.mark.long
def test_the_twelve_steps(page):
    the_twelve_steps(page)


@pytest.mark.long
def test_the_twelve_steps_without_javascript(plain_page):
    the_twelve_steps(plain_page)
