"""The day that the calculator offers: that of the installer's own clock."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_page
from tests.browser.test_stc import choose

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1280, "height": 900}
# Half an hour after midnight in Sydney, which is the day before elsewhere in summer.
ZONES = ["Australia/Sydney", "Australia/Brisbane", "Australia/Perth"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_of_the_installer(chromium, address, zone):
    sydney = ZoneInfo("Australia/Sydney")
    today = datetime.now(sydney).date()
    moment = datetime.combine(today, time(0, 30), sydney)
    page = open_page(chromium, address, DESKTOP, timezone_id=zone)
    page.clock.set_fixed_time(moment)
    page.goto("/stc")
    choose(page, "solar_deemed")
    here = moment.astimezone(ZoneInfo(zone)).date()
    expect(page.get_by_label("Installation date")).to_have_value(here.isoformat())
    hint = page.locator("#installation_date-hint")
    if here == today:
        expect(hint).to_contain_text("by the calendar there")
    else:
        expect(hint).to_contain_text("today where you are. In Sydney it is already")
    # A day that the person has chosen is not changed.
    page.get_by_label("Installation date").fill(today.isoformat())
    page.get_by_label("Installation date").blur()
    expect(hint).to_contain_text("by the calendar there")
    page.select_option("[name=system_type]", "battery")
    expect(page.get_by_label("Nominal capacity (kWh)")).to_be_visible()
    expect(page.get_by_label("Installation date")).to_have_value(today.isoformat())
    page.context.close()
