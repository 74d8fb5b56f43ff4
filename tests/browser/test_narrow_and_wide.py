"""Tables on a phone are compact; a tablet can be turned while its menu is open."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_page
from tests.browser.test_accounts import checked, demonstrated, go, heading, press
from tests.browser.test_marking import ask, confirm, rows_marked, tick, uploaded

pytestmark = pytest.mark.browser
PHONE, DESKTOP = {"width": 375, "height": 700}, {"width": 1280, "height": 900}


@pytest.fixture
def page(chromium, address):
    """Return a page of a phone, for an administrator of a VSP."""
    page = open_page(chromium, address, PHONE)
    demonstrated(page, "VSP, administrator")
    yield page
    page.context.close()


def boxes(row):
    """Return the boxes of the cells of a row, from left to right in the table.

    All are measured at once, as the page may still scroll.
    """
    return row.locator("td").evaluate_all(
        "cells => cells.map(cell => cell.getBoundingClientRect().toJSON())"
    )


def test_a_row_begins_with_its_serial_number_and_its_state(page):
    uploaded(page, 1)
    supplier, licensee, _model, serial, state = boxes(page.locator("tbody tr"))
    assert serial["x"] == supplier["x"] < state["x"]
    assert abs(serial["y"] - state["y"]) < 5
    assert serial["y"] + serial["height"] <= supplier["y"] == licensee["y"]


def test_rows_with_and_without_a_tick_stand_in_line(page):
    prefix = uploaded(page, 2)
    page.goto(f"/panels?serial_number={prefix}")
    tick(page, f"{prefix}000001")
    ask(page)
    confirm(page, "Ineligible panel")
    rows_marked(page, "1 row")
    page.goto(f"/panels?serial_number={prefix}")
    rows, box = page.locator("tbody tr"), page.locator(".spv-tick")
    ticked, marked = boxes(rows.filter(has=box)), boxes(rows.filter(has_not=box))
    assert [cell["x"] for cell in ticked[1:3]] == [cell["x"] for cell in marked[1:3]]


def test_a_tablet_is_turned_while_its_menu_is_open(page):
    page.goto("/")
    press(page, "Menu")
    page.set_viewport_size(DESKTOP)
    menu = page.locator("#menu")
    expect(menu).to_be_visible()
    expect(menu).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.locator("main").bounding_box()["width"] > 900
    page.keyboard.press("Escape")
    go(page, "STC calculator")
    heading(page, "STC calculator")


def test_long_words_stay_within_a_phone(page):
    page.goto("/training")
    page.locator("#name-alone").fill("W" * 40)
    press(page, "Begin")
    expect(page.get_by_text("WWW: 0 of 12 done")).to_be_visible()
    checked(page)
