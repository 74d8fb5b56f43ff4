"""The guidance's steps as docs/guide.md lists them, walked in Chromium in its words."""

import itertools
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from spv import demo
from tests.browser.test_accounts import demonstrated, go, heading, press
from tests.browser.test_uploads import choose, declare, to_the_search
from tests.panels import panels_csv

pytestmark = pytest.mark.browser
GUIDE = (Path(__file__).parents[2] / "docs/guide.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^\| ((?:Create|Upgrade|Upload|Declare|API|Mark) \d+) \|", re.MULTILINE
)
number = itertools.count(1)


def panels(page):
    """Return a file that nobody has uploaded, and how its serial numbers begin."""
    begin = f"GUIDE{next(number)}-{page.viewport_size['width']}-"
    return panels_csv(3, begin), begin


def logs_in(page):
    demonstrated(page, "VSP, administrator")
    page.goto("/")
    heading(page, "Client Portal")


def uploads(page):
    data, page.begin = panels(page)
    declare(page)
    choose(page, data)
    press(page, "Upload")


def sees_the_declaration_status(page):
    to_the_search(page)
    status = page.get_by_role("region", name="API declaration status")
    expect(status).to_be_visible()
    title = page.get_by_role("heading", level=1).bounding_box()
    if page.viewport_size["width"] > 1000:
        assert status.bounding_box()["x"] > title["x"] + title["width"]


def makes_the_declaration(page):
    go(page, "Declaration for API Users")
    declare(page)
    press(page, "Make the declaration")
    expect(page.get_by_role("status")).to_contain_text("has been made")


def opens_the_developer_portal(page):
    systems = page.get_by_role("region", name="Systems")
    expect(systems.get_by_role("link", name="Developer Portal")).to_be_visible()
    systems.get_by_role("link", name="Login").click()
    heading(page, "Developer Portal")


def subscribes(page):
    page.get_by_label("Name of the subscription").fill(panels(page)[1])
    page.get_by_label("I agree to the terms of use").check()
    press(page, "Subscribe")
    heading(page, "Profile")


def shows_the_key(page):
    expect(page.get_by_role("heading", name="Subscriptions")).to_be_visible()
    last = page.locator(".spv-subscription").last.locator(".spv-key").first
    expect(last.get_by_role("heading")).to_have_text("Primary Key")
    last.get_by_role("button", name="Show").click()
    password, secret = last.get_by_label("Password"), page.locator("#secret")
    expect(password.or_(secret)).to_be_visible()
    if password.is_visible():  # the session, which tests share, is older than 5 minutes
        password.fill(demo.PASSWORD)
        last.get_by_role("button", name="Show").click()
    page.key = page.locator("#secret").input_value()


def opens_the_reference(page):
    go(page, "APIs")
    go(page, "Serial number ledger")


def sees_the_endpoints(page):
    url = page.get_by_label("Request URL", exact=True).input_value()
    page.endpoint = url.removeprefix("POST ")
    expect(page.get_by_role("heading", name="Schema")).to_be_visible()


def sees_the_headers(page):
    headers = page.get_by_role("region", name="Request headers")
    expect(headers).to_contain_text("Ocp-Apim-Subscription-Key")


def uses_the_example(page):
    example = json.loads(page.get_by_label("Example JSON", exact=True).input_value())
    for row in example["serialNumbers"]:  # other tests send the example as it stands
        row["serialNumber"] += f"-{page.begin}"
    page.example = json.dumps(example)


def is_answered(page):
    for text, result in ((page.example, "Successful"), ("{}", "Unsuccessful")):
        answer = page.request.post(
            page.endpoint, data=json.loads(text),
            headers={"Ocp-Apim-Subscription-Key": page.key},
        )  # fmt: skip
        assert answer.json()["result"] == result


def searches(page):
    page.get_by_label("Serial number", exact=True).fill(page.begin)
    press(page, "Search")
    expect(page.locator("#found h2")).to_have_text("Panel serial numbers found")
    expect(page.locator("#found strong").first).to_have_text("3 rows")


def selects_all(page):
    every = page.get_by_label("Select all that matched search criteria")
    every.check()
    expect(page.locator("[data-selected]")).to_have_text("3 selected")


def marks(page):
    press(page, "Mark as invalid")
    expect(page.get_by_role("dialog")).to_contain_text("3 rows will be marked")


def confirms(page):
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason", exact=True).select_option("Incorrect model number")
    dialog.get_by_role("button", name="Mark as invalid").click()
    expect(page.locator(".spv-done")).to_have_text("3 rows marked as invalid")


def can_upload_again(page):
    go(page, "Upload the corrected file")
    heading(page, "Upload panel serial numbers")


STEPS = {
    "Upload 1": logs_in,
    "Upload 2": to_the_search,
    "Upload 3": lambda page: go(page, "Upload panel serial numbers"),
    "Upload 4": uploads,
    "Upload 5": lambda page: expect(page.get_by_role("status")).to_have_text(
        "File upload successful"
    ),
    "Declare 1": logs_in,
    "Declare 2": sees_the_declaration_status,
    "Declare 3": makes_the_declaration,
    "API 1": logs_in,
    "API 2": opens_the_developer_portal,
    "API 3": lambda page: go(page, "Products"),
    "API 4": lambda page: go(page, "Serial Number Ledger"),
    "API 5": lambda page: page.get_by_role(
        "heading", name="Your subscriptions"
    ).scroll_into_view_if_needed(),
    "API 6": subscribes,
    "API 7": shows_the_key,
    "API 8": opens_the_reference,
    "API 9": sees_the_endpoints,
    "API 10": sees_the_headers,
    "API 11": uses_the_example,
    "API 12": is_answered,
    "Mark 1": logs_in,
    "Mark 2": to_the_search,
    "Mark 3": lambda page: heading(page, "Search panel serial numbers"),
    "Mark 4": searches,
    "Mark 5": selects_all,
    "Mark 6": marks,
    "Mark 7": confirms,
    "Mark 8": can_upload_again,
}


def test_every_step_of_the_guidance(page):
    """The steps to an account and its upgrade are in `test_accounts.the_guidance`."""
    steps = STEP.findall(GUIDE)
    assert [s for s in steps if not s.startswith(("Create", "Upgrade"))] == [*STEPS]
    for step in STEPS.values():
        step(page)
