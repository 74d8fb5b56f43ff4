"""A receipt in Chromium: its proof is folded, printed, and checked on the page."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.test_accounts import demonstrated, press
from tests.browser.test_uploads import choose, declare
from tests.panels import panels_csv

pytestmark = pytest.mark.browser


def open_receipt(page, prefix):
    """Upload three rows, and unfold the proof of the receipt."""
    demonstrated(page, "VSP, user")
    page.goto("/panels/upload")
    declare(page)
    choose(page, panels_csv(3, prefix))
    press(page, "Upload")
    expect(page.get_by_text("File upload successful")).to_be_visible()
    page.locator("summary", has_text="Proof").click()


def saved(page, words):
    """The text of a file that a link downloads."""
    with page.expect_download() as download:
        page.get_by_text(words).click()
    return download.value.path().read_text(encoding="utf-8")


def walk(page, prefix):
    """Go from an upload to the check of its receipt, and by its short address."""
    open_receipt(page, prefix)
    event, proof = (saved(page, f"Download the {n}") for n in ("event", "proof"))
    address = page.locator("details a[href^='http']").get_attribute("href")
    page.goto("/verify")
    page.get_by_label("Event", exact=True).fill(event)
    page.get_by_label("Proof", exact=True).fill(proof)
    page.get_by_label("An older checkpoint").fill(proof)
    press(page, "Verify")
    expect(page.get_by_text("The proof holds")).to_be_visible()
    assert saved(page, "Download the consistency proof").startswith("old ")
    page.goto(address)
    expect(page.get_by_text("The proof holds")).to_be_visible()
    expect(page.get_by_text("3 rows recorded")).to_be_visible()


def test_from_a_receipt_to_its_check(page):
    walk(page, "QRPAGE")
    check(page)


@pytest.mark.long
def test_without_javascript(plain_page):
    walk(plain_page, "QRPLAIN")


def test_the_print(page):
    open_receipt(page, "QRPRINT")
    check(page)
    code = page.locator(".spv-print svg.segno")
    expect(code).to_be_hidden()
    page.emulate_media(media="print")
    expect(code).to_be_visible()
    expect(page.locator(".spv-print").get_by_text("/verify/r")).to_be_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="screen")
