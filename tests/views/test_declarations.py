"""The Declaration for API Users: its notices, its status, and making it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import Declaration
from spv.services.ledger import declarations
from tests.api import TICKED
from tests.people import acting, browser_of, events
from tests.views.page import read


@pytest.fixture
def browser(demonstration):
    """The browser of a user of a VSP account."""
    return browser_of(demonstration, demo.VSP_USER)


def end_in(days):
    """Let the declaration of the VSP account end in so many days."""
    until = clock.today() + timedelta(days=days)
    db.session.execute(sa.update(Declaration).where(
        Declaration.purpose == "api").values(expires_on=until))  # fmt: skip
    db.session.commit()


@pytest.mark.parametrize(
    ("days", "words", "loud"),
    [(15, "", False), (14, "14 days left.", False), (8, "8 days left.", False),
     (7, "7 days left.", True), (1, "1 day left.", True),
     (0, "Today is its last day.", True),
     (-1, "Your systems cannot upload until it is made again.", True)],
)  # fmt: skip
def test_the_notices_before_its_end(demonstration, browser, days, words, loud):
    end_in(days)
    for address in ("/panels", "/stc", "/developer", "/account", "/nothing"):
        page = browser.get(address).text
        assert ("Declaration for API Users:" in page) is bool(words), address
        assert words in page
        assert ("spv-warning--soon" in page) is loud
    for other in (demo.STAFF, demo.OTHER_VSP, demo.GENERAL):
        page = browser_of(demonstration, other).get("/account").text
        assert "Declaration for API Users:" not in page


def test_its_status_beside_the_search(demonstration, browser):
    assert "92 days left" in browser.get("/panels").text or clock.today()
    end_in(-3)
    assert "Lapsed on" in browser.get("/panels").text
    others = browser_of(demonstration, demo.OTHER_VSP)
    assert "Not made yet" in others.get("/panels").text
    staff = browser_of(demonstration, demo.STAFF)
    assert "API declaration status" not in staff.get("/panels").text


def test_to_declare_twice_on_a_day_is_to_declare_once(demonstration):
    others, before = browser_of(demonstration, demo.OTHER_VSP), events()
    for _ in range(2):
        answer = others.post("/panels/declaration", data={"declaration": "yes"})
        assert answer.status_code == 303
    assert events() == [*before, "declaration.made"]
    assert len(declarations.mine(acting(demo.OTHER_VSP))) == 1
    with time_machine.travel(clock.now() + timedelta(days=1)):
        declarations.make(TICKED, acting(demo.OTHER_VSP))
        assert len(declarations.mine(acting(demo.OTHER_VSP))) == 2
    assert len(declarations.mine(acting(demo.OTHER_VSP))) == 1  # the other is to come


def test_another_person_declares_too(demonstration):
    made = len(declarations.mine(acting(demo.VSP_ADMIN)))
    for email in (demo.VSP_USER, demo.VSP_ADMIN):
        with time_machine.travel("2026-11-29 01:00+00:00", tick=False):
            declarations.make(TICKED, acting(email))
    with time_machine.travel("2026-11-30 01:00+00:00", tick=False):
        declarations.make(TICKED, acting(demo.VSP_ADMIN))  # until the same day
    assert len(declarations.mine(acting(demo.VSP_ADMIN))) == made + 3


def bars(browser, address):
    """The bar of the status: its label, what has passed, and the mark of today."""
    section = read(browser.get(address)).one(
        "section", **{"aria-labelledby": "declaration-status"}
    )
    nodes = {n.attributes.get("class"): n.attributes for n in section.walk()}
    if "spv-span" not in nodes:
        return None
    mark = nodes.get("spv-span__today")
    return (
        nodes["spv-span"]["aria-label"],
        nodes["spv-span__past"]["width"],
        mark and mark["x"],
    )


@pytest.mark.every_database
def test_the_bar_from_the_day_made_to_the_last_day(demonstration):
    """The same beside the search and on the declaration's own page."""
    made = "2026-10-17 13:30+00:00"  # 18 October in Sydney
    table = [
        ("2026-10-17 13:31+00:00", ("0 of 92 days have passed", "0.0", "0")),
        ("2026-11-25 01:00+00:00", ("38 of 92 days have passed", "41.3", "40.3")),
        ("2027-01-18 01:00+00:00", ("92 of 92 days have passed", "100.0", "99.0")),
        ("2027-03-01 01:00+00:00", ("92 of 92 days have passed", "100.0", None)),
    ]
    with time_machine.travel(made, tick=False):
        declarations.make(TICKED, acting(demo.OTHER_VSP))
    for moment, bar in table:
        with time_machine.travel(moment, tick=False):
            browser = browser_of(demonstration, demo.OTHER_VSP)
            for address in ("/panels", "/panels/declaration"):
                assert bars(browser, address) == bar, moment
                text = read(browser.get(address)).text
                assert "From 18 Oct 2026 to 18 Jan 2027" in text


def test_a_declaration_that_was_never_made_has_no_bar(demonstration):
    browser = browser_of(demonstration, demo.OTHER_VSP)
    for address in ("/panels", "/panels/declaration"):
        assert bars(browser, address) is None
