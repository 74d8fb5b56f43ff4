"""The calculator on a phone: few taps, share, print, and the results on the device."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.conftest import open_page
from tests.examples import BATTERY, GOOD_SOLAR

pytestmark = pytest.mark.browser
SHARE = """navigator.share = shared => {
    window.shared = shared;
    return Promise.reject(new DOMException("", window.refused || "AbortError"));
}"""
# Neither of the two ways to copy works.
REFUSE_TO_COPY = """document.execCommand = () => false;
Object.defineProperty(navigator, "clipboard", {value: undefined})"""


def calculate(page, answers=GOOD_SOLAR):
    page.goto("/stc?" + urlencode(answers))
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("STCs")


def test_two_fields_and_three_taps(page):
    page.goto("/stc")
    page.select_option("[name=system_type]", "solar_deemed")
    expect(page.get_by_label("Maximum deeming period")).to_be_checked()
    page.get_by_label("Rated power output (kW)").fill("6.6")
    page.get_by_label("Postcode of Installation Address").fill("2150")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("STCs")


def test_text_boxes_are_so_large_that_iphones_do_not_zoom(page):
    sizes = """[...document.querySelectorAll("input, select, textarea")].filter(
        box => box.type !== "hidden" && box.type !== "radio"
    ).map(box => parseFloat(getComputedStyle(box).fontSize))"""
    page.goto("/stc?system_type=solar_deemed")
    assert min(page.evaluate(sizes)) >= 16
    calculate(page)
    assert min(page.evaluate(sizes)) >= 16


def test_share_with_the_sheet_of_the_phone(page):
    page.add_init_script(SHARE)
    calculate(page, GOOD_SOLAR | {"stc_price": "38"})
    page.get_by_role("button", name="Share", exact=True).click()
    assert page.evaluate("shared") == {"title": page.title(), "url": page.url}
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_visible()
    # A sheet that does not open gives way to the copied link.
    page.evaluate("window.refused = 'NotAllowedError'")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_copy_the_link(page):
    calculate(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    page.locator("#job").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#job")).to_have_value(page.url)
    page.evaluate(REFUSE_TO_COPY)
    page.get_by_role("button", name="Copied").click()
    expect(page.get_by_role("button", name="Not copied")).to_be_visible()


def test_the_name_of_the_job_is_on_the_print_only(page):
    calculate(page)
    sent = []
    page.on(
        "request", lambda request: sent.append(request.url + str(request.post_data))
    )
    name = "Job 1184 <b>&"
    page.get_by_label("Name of the job").fill(name)
    expect(page.locator("#job-printed")).to_be_hidden()
    page.evaluate("""() => {
        window.addEventListener("beforeprint", () => { window.printed = [
            document.getElementById("job-printed").textContent,
            document.querySelectorAll(".spv-result details:not([open])").length]; });
    }""")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert page.evaluate("printed") == [name, 0]
    expect(page.locator(".spv-result details[open]")).to_have_count(0)
    expect(page.get_by_label("Name of the job")).to_have_value(name)
    page.get_by_text("Change the price").click()
    page.get_by_role("button", name="Change price").click()
    expect(page).to_have_url(re.compile("stc_price=40"))
    expect(page.get_by_label("Name of the job")).to_have_value(name)
    page.get_by_role("link", name="Another system").click()
    assert sent
    assert not any("1184" in each for each in sent)
    assert "1184" not in page.evaluate("JSON.stringify(localStorage)")


def test_my_last_results(page):
    page.goto("/stc")
    expect(page.locator("#my-results")).to_be_hidden()
    calculate(page)
    first = page.url
    calculate(page, BATTERY)
    page.reload()
    page.goto("/stc")
    rows = page.locator("#my-results li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Solar battery, installed on")
    expect(rows.last).to_have_text(
        "45 STCs: SGU – Solar (deemed), installed on 30 June 2026"
    )
    expect(page.locator("#my-results")).to_contain_text("only on this device")
    check(page)
    rows.last.get_by_role("link").click()
    expect(page).to_have_url(first)
    page.go_back()
    expect(rows.first).to_contain_text("45 STCs")  # the last one that was opened
    page.get_by_role("button", name="Forget these results").click()
    expect(page.locator("#my-results")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.reload()
    expect(page.locator("#my-results")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_a_list_that_is_damaged_is_no_list(page):
    page.goto("/stc")
    for stored in (
        "", "{", "null", "7", '"x"', '{"length": 3}', "[null, 1, [], {}]",
        '[{"reference": "javascript:alert(1)"}, {"reference": "//example.com/aaa"}]',
    ):  # fmt: skip
        page.evaluate("stored => localStorage.setItem('spv-results', stored)", stored)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("STC calculator")
        expect(page.locator("#my-results")).to_be_hidden()
        assert page.complaints == [], stored


def test_at_most_ten_results_and_their_text_stays_text(page):
    page.goto("/stc")
    page.evaluate("""localStorage.setItem("spv-results", JSON.stringify(
        [...Array(500).keys()].map(n => ({
            reference: String(n).padStart(16, "a"), headline: "<img src=x>",
            system: "<b>s</b>", day: "d"}))))""")
    page.reload()
    expect(page.locator("#my-results li")).to_have_count(10)
    expect(page.locator("#my-results img, #my-results b")).to_have_count(0)
    expect(page.get_by_role("link", name="<img src=x>")).to_have_count(10)
    calculate(page)
    assert page.evaluate("JSON.parse(localStorage['spv-results']).length") == 10


def test_a_browser_that_stores_nothing(page):
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw Error(); }})"
    )
    calculate(page)
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    page.goto("/stc")
    expect(page.locator("#my-results")).to_be_hidden()


def test_without_javascript_nothing_shows_that_needs_it(plain_page):
    calculate(plain_page)
    for name in ("Share", "Copy link", "Print"):
        button = plain_page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_count(0)
    expect(plain_page.locator("#job")).to_be_hidden()
    plain_page.get_by_text("Every step").click()
    expect(plain_page.get_by_text("Zone rating", exact=True)).to_be_visible()
    plain_page.goto("/stc")
    expect(plain_page.locator("#my-results")).to_be_hidden()


def test_a_list_on_the_device_of_another_is_not_seen(chromium, address, page):
    calculate(page)
    other = open_page(chromium, address, {"width": 375, "height": 700})
    other.goto("/stc")
    expect(other.locator("#my-results")).to_be_hidden()
    other.context.close()
