"""From the serial numbers of an installation to its certificates, in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_marking import uploaded
from tests.browser.test_uploads import summary

pytestmark = pytest.mark.browser


def test_from_the_roof_to_the_calculator(page):
    walk(page)


@pytest.mark.long
def test_the_same_without_javascript(plain_page):
    walk(plain_page)


def walk(page):
    demonstrated(page, "VSP, administrator")
    prefix = uploaded(page, 6)
    page.context.clear_cookies()
    page.goto("/check-panels")
    checked(page)
    press(page, "Check panels")
    summary(page, "Enter at least one serial number.")
    checked(page)
    serials = [f"{prefix}00000{n}" for n in (1, 2, 3)] + ["4006381333931"]
    page.get_by_label("Serial numbers").fill("\n".join(serials))
    page.get_by_label("Model number").fill("ex-440")
    page.get_by_label("Watts of a panel").fill("440")
    page.get_by_label("Number of panels").fill("7")
    press(page, "Check panels")
    expect(page.locator(".spv-number")).to_have_text("3 of 7 valid")
    results = page.locator("tbody .govuk-tag")
    expect(results).to_have_text(["Found and valid"] * 3 + ["Not found"])
    expect(page.locator("tbody")).to_contain_text("the code of a box")
    expect(page.get_by_label("Serial numbers")).to_have_value("\n".join(serials))
    checked(page)
    has_script = "spv-js" in page.evaluate("document.documentElement.className")
    printing = page.get_by_role("button", name="Print for the job file")
    expect(printing).to_have_count(int(has_script))
    page.emulate_media(media="print")
    expect(page.get_by_label("Serial numbers")).to_be_hidden()
    expect(page.locator(".spv-number")).to_be_visible()
    page.emulate_media(media="screen")
    go(page, "How many STCs?")
    heading(page, "STC calculator")
    expect(page).to_have_url(re.compile("system_type=solar_deemed&rated_power_kw=3.08"))
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("3.08")
