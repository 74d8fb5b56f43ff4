"""Steps to the states of pages: to type, to press, to tick and to send."""

import re
from urllib.parse import urlencode

from tests.browser.test_accounts import press
from tests.browser.test_uploads import choose, declare
from tests.examples import GOOD_SOLAR
from tests.trainees import Trainee, sender_to


def fill(label, text):
    """Return a step that types into a field."""
    return lambda page: page.get_by_label(label, exact=True).fill(text)


def does(action, words):
    """Return a step that does something with words, such as `press`."""
    return lambda page: action(page, words)


def unfold(words):
    return lambda page: page.locator("summary", has_text=words).first.click()


def sends(data, button, declared=False):
    """Return the steps that choose a file and send it."""
    steps = [lambda page: choose(page, data), does(press, button)]
    return [declare, *steps] if declared else steps


def ticks(page):
    boxes = page.locator("tbody input.spv-tick")
    boxes.nth(0).check()
    boxes.nth(2).check()


def first(css, text=""):
    """Return a step that clicks the first of some elements."""
    return lambda page: page.locator(css, has_text=re.compile(text)).first.click()


def row(words):
    """Return a step that follows the first link of the first row with some words."""
    return lambda page: (
        page.locator("tbody tr", has_text=words).first.locator("a").first.click()
    )


def mark(page):
    ticks(page)
    press(page, "Mark as invalid")
    page.locator("#ask").wait_for()


def confirm(page):
    mark(page)
    page.locator(".spv-ask").get_by_role("button", name="Mark as invalid").click()
    page.locator(".govuk-error-summary").wait_for()


def key(page):
    page.get_by_role("button", name=re.compile("^Show the Primary Key")).first.click()


def solar(**answers):
    return "/stc?" + urlencode(GOOD_SOLAR | answers)


def enter_class(page):
    """Let five trainees enter the class of a board, and do something; read it again."""
    code = re.search("Class ([A-Z]{6})", page.title())[1]
    for number, name in enumerate(
        ["Mia", "Lee", "Ana", "Oluwaseun Christopherson", "Z"]
    ):
        trainee = Trainee(sender_to(page.spv_address))
        trainee.enter(code, name)
        if number == 1:
            trainee.apply()
        if number > 1:
            trainee.give_account()
            trainee.upload(trainee.file("upload"))
        if number == 3:
            trainee.declare()
            trainee.subscribe()
    page.reload()
