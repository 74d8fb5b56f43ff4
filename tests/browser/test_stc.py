"""The calculator in Chromium: fields, hints, errors, the result, printing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.test_accounts import open_menu
from tests.rules.stc.test_batch import many

pytestmark = pytest.mark.browser


def choose(page, system_type):
    page.select_option("[name=system_type]", system_type)
    expect(page.get_by_role("button", name="Calculate")).to_be_visible()


def fill_solar(page):
    page.get_by_label("Rated power output (kW)").fill("6.6")
    page.get_by_label("Installation date").fill("2026-06-30")
    page.get_by_label("10 years").check()
    page.get_by_label("Postcode of Installation Address").fill("2150")


def change_price(page, price):
    page.get_by_text("Change the price").click()
    page.get_by_label("Price of one STC in dollars").fill(price)
    page.get_by_role("button", name="Change price").click()


def test_an_installer_estimates(page):
    page.goto("/stc")
    expect(page.get_by_label("Postcode of Installation Address")).to_have_count(0)
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    check(page)
    choose(page, "solar_deemed")
    fill_solar(page)
    expect(page.locator("#postcode-note")).to_have_text(
        "Zone 3: rating 1.382 MWh a year per kW"
    )
    page.get_by_label("Installation date").fill("2028-06-30")
    page.keyboard.press("Tab")
    expect(page.locator("#installation_date-note")).to_have_text(
        "Deeming period for 2028: 3 years"
    )
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")
    check(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("27 STCs")
    expect(page).to_have_title("27 STCs – Solar Panel Validation")
    expect(page).to_have_url(re.compile("/stc/[A-Za-z0-9_-]{16}$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    check(page)


def test_answers_are_kept_when_the_system_type_changes(page):
    page.goto("/stc")
    choose(page, "solar_deemed")
    fill_solar(page)
    page.select_option("[name=system_type]", "battery")
    expect(page.get_by_label("Usable capacity (kWh)")).to_be_visible()
    expect(page.get_by_label("Postcode of Installation Address")).to_have_count(0)
    check(page)
    choose(page, "solar_deemed")
    expect(page.get_by_label("Postcode of Installation Address")).to_have_value("2150")
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")
    expect(page.get_by_label("10 years")).to_be_checked()
    assert "csrf_token" not in page.url


def test_an_error_is_shown_in_place_and_corrected(page):
    page.goto("/stc")
    choose(page, "solar_deemed")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    expect(page).to_have_title("Error: STC calculator – Solar Panel Validation")
    check(page)
    page.get_by_role("link", name="Enter the postcode").click()
    expect(page.get_by_label("Postcode of Installation Address")).to_be_focused()
    fill_solar(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")


def test_the_result(page):
    page.goto("/stc?system_type=solar_deemed")
    fill_solar(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")
    change_price(page, "38.50")
    expect(page.locator("#estimate")).to_contain_text("$1,732.50 at $38.50 an STC")
    expect(page.get_by_role("button", name="Change price")).to_be_focused()
    page.get_by_label("Price of one STC in dollars").fill("41")
    page.get_by_role("button", name="Change price").click()
    expect(page.locator("#price")).to_contain_text("$40 is the ceiling")
    check(page)
    page.get_by_text("Every step").click()
    expect(page.get_by_label("Working as text, to copy")).to_have_value(
        re.compile("Zone rating: Zone 3 = 1.382 MWh a year per kW")
    )
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Another system").click()
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")


def test_back_from_the_result_to_the_form(page):
    page.goto("/stc")
    choose(page, "solar_deemed")
    fill_solar(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("STC calculator")
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")
    expect(page.get_by_label("Postcode of Installation Address")).to_have_value("2150")
    expect(page.get_by_label("10 years")).to_be_checked()
    assert "csrf_token" not in page.url
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")


def test_back_from_another_page_to_the_form(page):
    page.goto("/stc?system_type=solar_deemed")
    fill_solar(page)
    page.get_by_label("Price of one STC in dollars").fill("38.5")
    open_menu(page)
    page.get_by_role("link", name="Many systems").click()
    expect(page.get_by_label("CSV file of systems")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")
    expect(page.get_by_label("Price of one STC in dollars")).to_have_value("38.5")
    expect(page.get_by_label("Postcode of Installation Address")).to_have_value("2150")
    expect(page.get_by_label("10 years")).to_be_checked()


def test_nothing_can_be_typed_or_sent_while_fields_are_loading(page):
    page.goto("/stc")
    choose(page, "solar_deemed")
    fill_solar(page)
    expect(page.locator("#postcode-note")).to_contain_text("Zone 3")
    late = []
    page.route("**/stc?*", lambda route: late.append(route))  # noqa: PLW0108
    page.select_option("[name=system_type]", "wind_deemed")
    expect(page.get_by_label("Rated power output (kW)")).to_be_disabled()
    expect(page.get_by_role("button", name="Calculate")).to_be_disabled()
    late[0].continue_()
    expect(page.get_by_label("Hours of resource availability")).to_be_enabled()
    expect(page.get_by_label("Rated power output (kW)")).to_have_value("6.6")


@pytest.mark.parametrize(
    "fail",
    [
        lambda route: route.abort(),
        pytest.param(lambda route: route.fulfill(status=502), marks=pytest.mark.long),
        pytest.param(lambda route: route.fulfill(status=413), marks=pytest.mark.long),
    ],
    ids=["no connection", "a proxy without a server", "a proxy that refuses"],
)
def test_an_answer_that_does_not_arrive(page, fail):
    page.goto("/stc")
    choose(page, "solar_deemed")
    fill_solar(page)
    page.route("**/stc", fail)
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#no-answer")).to_contain_text("The answer did not arrive.")
    check(page)
    page.unroute_all()
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")
    expect(page.locator("#no-answer")).to_be_hidden()
    expected = ("net::ERR_FAILED", "502", "413", "htmx:")
    assert all(any(e in c for e in expected) for c in page.complaints)
    page.complaints.clear()


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/stc?system_type=solar_deemed&rated_power_kw=100&postcode=0870"
         "&calculation_period=10&installation_date=2026-11-02", "811 STCs"),
        pytest.param(
            "/stc?system_type=battery&nominal_kwh=60&usable_kwh=60"
            "&installation_date=2026-11-02", "174 STCs", marks=pytest.mark.long
        ),
    ],
)  # fmt: skip
def test_it_prints_on_one_page(page, path, heading):
    page.goto(path)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_many_systems(page):
    page.goto("/stc/batch")
    check(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#file-error")).to_contain_text("Choose a CSV file")
    check(page)
    file = {"name": "systems.csv", "mimeType": "text/csv", "buffer": many(5000, "\n")}
    page.get_by_label("CSV file of systems").set_input_files(file)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("225,000 STCs")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the CSV file").click()
    assert download.value.suggested_filename == "stc-batch-certificates.csv"
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 5001
    assert lines[1].endswith(",45,3,5,,")


@pytest.mark.long
def test_progress_is_shown_while_a_file_is_sent_and_calculated(page):
    page.goto("/stc/batch")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    page.late = []
    page.route("**/stc/batch", lambda r: page.late.append(r))  # noqa: PLW0108
    file = {"name": "systems.csv", "mimeType": "text/csv", "buffer": many(10, "\n")}
    page.get_by_label("CSV file of systems").set_input_files(file)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Calculate")).to_be_disabled()
    check(page)
    page.late[0].continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("450 STCs")


def test_a_page_that_does_not_exist(page):
    page.goto("/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    check(page)
    assert page.complaints == [
        "Failed to load resource: the server responded with a status of 404 (NOT FOUND)"
    ]
    page.complaints.clear()


def test_skip_link(page):
    page.goto("/stc")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()


def test_without_javascript(plain_page):
    page = plain_page
    page.goto("/stc")
    page.select_option("[name=system_type]", "solar_deemed")
    page.get_by_role("button", name="Continue").click()
    fill_solar(page)
    page.get_by_label("Postcode of Installation Address").fill("21")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("four digits")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    fill_solar(page)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")
    change_price(page, "30")
    expect(page.locator("#estimate")).to_contain_text("$1,350 at $30 an STC")
    page.get_by_role("link", name="Another system").click()
    page.select_option("[name=system_type]", "battery")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Usable capacity (kWh)")).to_be_visible()


def test_enter_calculates_without_javascript(plain_page):
    page = plain_page
    page.goto("/stc?system_type=solar_deemed")
    fill_solar(page)
    page.get_by_label("Postcode of Installation Address").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("45 STCs")


@pytest.mark.long
def test_many_systems_without_javascript(plain_page):
    page = plain_page
    page.goto("/stc/batch")
    file = {"name": "systems.csv", "mimeType": "text/csv", "buffer": many(3, "\n")}
    page.get_by_label("CSV file of systems").set_input_files(file)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("135 STCs")
