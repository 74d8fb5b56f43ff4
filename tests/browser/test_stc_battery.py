"""A battery that is added to a solar result: one page, one sum, one print."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.test_stc import change_price, choose, fill_solar

pytestmark = pytest.mark.browser


def test_a_battery_with_its_solar_system(page):
    page.goto("/stc")
    choose(page, "solar_deemed")
    fill_solar(page)
    page.get_by_role("button", name="Calculate").click()
    page.get_by_role("link", name="Add a battery").click()
    expect(page.locator("#content")).to_contain_text("added to your solar result")
    page.get_by_label("Nominal capacity (kWh)").fill("15")
    page.get_by_label("Number of modules (optional)").fill("5")
    page.get_by_label("Usable capacity of one module").fill("2.76 kWh")
    check(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("138 STCs")
    expect(page.locator("#content")).to_contain_text("5 modules × 2.76 kWh = 13.8 kWh")
    check(page)
    change_price(page, "38")
    expect(page.locator("#estimate")).to_contain_text("$5,244")
    page.get_by_label("Name of the job").fill("Job 1184, garage roof")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
