"""A class in Chromium: all exercises, rightly and wrongly done, and the board."""

import re

import pytest
from playwright.sync_api import expect

from spv import demo
from tests.browser.test_accounts import checked, demonstrated, press
from tests.browser.trainee import ChromiumTrainee
from tests.trainees import Trainer, sender_to
from tests.wrong_ways import WAYS

pytestmark = pytest.mark.browser
BEFORE_THE_ACCOUNT = ("apply", "assessed", "upgrade")


class ChromiumTrainer:
    """A member of agency staff who has a class, and acts on its board."""

    def __init__(self, tab):
        self.tab = tab
        demonstrated(tab, "Agency staff")
        tab.goto("/training")
        checked(tab)
        tab.get_by_label("Places").fill("3")
        press(tab, "Open a class")
        expect(tab.get_by_text("Nobody has entered yet.")).to_be_visible()
        self.code = re.search(r"Class ([A-Z]{6})", tab.title())[1]

    def act(self, act):
        """Approve or decline on the board, which shows who waits."""
        self.tab.reload()
        press(self.tab, f"{act.capitalize()} Mia")
        expect(self.tab.get_by_text(f"1 place {act}d.")).to_be_visible()


@pytest.mark.parametrize("count", [3, pytest.param(12, marks=pytest.mark.long)])
def test_a_class_does_the_exercises(any_page, other, count):
    """The first three, in which the trainer approves; `make test-long` does all."""
    trainer, mia = ChromiumTrainer(any_page), ChromiumTrainee(other, checked)
    mia.enter(trainer.code, "Mia")
    expect(other.get_by_text("Mia: 0 of 12 done")).to_be_visible()
    mia.get_account(trainer)
    if count == 12:
        mia.do_the_rest()
    assert mia.missing().count("") == count
    expect(other.get_by_text(f"Mia: {count} of 12 done")).to_be_visible()
    checked(other)
    any_page.reload()
    ticks = any_page.get_by_role("row", name="Mia").get_by_text("✓")
    expect(ticks).to_have_count(count)
    checked(any_page)


def test_the_board_is_read_again_by_itself(page, chromium, address):
    trainer = ChromiumTrainer(page)
    page.clock.install()
    page.goto(page.url)
    mia = Trainer(sender_to(address))
    mia.enter(trainer.code, "Mia")
    expect(page.get_by_text("Nobody has entered yet.")).to_be_visible()
    page.clock.run_for(16_000)
    expect(page.get_by_text("1 of 3 places are taken.")).to_be_visible()
    page.locator("summary", has_text="More").click()
    page.get_by_label("Type reset").first.fill("res")
    mia.apply()
    page.clock.run_for(16_000)
    expect(page.get_by_role("button", name="Approve Mia")).to_be_visible()
    expect(page.get_by_label("Type reset").first).to_have_value("res")
    checked(page)


@pytest.mark.long
@pytest.mark.parametrize("name", WAYS)
def test_what_is_wrongly_done_is_not_ticked(any_page, address, name):
    trainer = Trainer(sender_to(address))
    trainer.sign_in(demo.STAFF)
    for way in WAYS[name]:
        any_page.context.clear_cookies()
        trainee = ChromiumTrainee(any_page)
        trainee.enter(trainer.open_class(), "Mia")
        if name not in BEFORE_THE_ACCOUNT:
            trainee.give_account()
        assert way(trainee, trainer) in trainee.lacks(name), way.__name__
        checked(any_page)
    any_page.complaints.clear()  # Chromium logs a 403


def test_a_second_click_moves_the_clock_once(page):
    demonstrated(page, "Agency staff")
    page.goto("/training/clock")
    sent = []

    def slowly(route):
        sent.append(route.request.method)
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/training/clock", slowly)
    page.get_by_label("One day on").check()
    button = page.get_by_role("button", name="Move the clock")
    button.evaluate("button => { button.click(); button.click(); }")
    expect(page.get_by_role("status")).to_be_visible()
    assert sent.count("POST") == 1
    page.get_by_label("Back to the real day").check()
    press(page, "Move the clock")
