"""The clock of a demonstration: days of business move, and moments do not."""

from datetime import date, timedelta

import pytest

from spv import clock, demo
from spv.extensions import db
from spv.models import Upload
from spv.rules.text import format_date
from spv.services.ledger import declarations
from spv.services.training.clock import STEPS, moves
from spv.services.verify.calculations import replay
from tests.people import acting, browser_of
from tests.proof import log_problems
from tests.trainees import begin


@pytest.fixture
def moved(trainer):
    """A function that moves the clock, which goes back at the end."""

    def move(step):
        trainer.post("/training/clock", {"move": step})
        db.session.rollback()
        return clock.today()

    yield move
    move("back")


def real_day():
    return clock.day_of(clock.now())


def test_each_step_moves_the_day(demonstration, moved):
    today = real_day()
    assert moved("day") == today + timedelta(days=1)
    assert moved("week") == today + timedelta(days=8)
    assert moved("new-year") == date((today + timedelta(days=8)).year + 1, 1, 1)
    assert moved("three-months") == date(clock.today().year, 4, 2)
    assert moved("back") == today == clock.today()
    assert [*STEPS] == ["day", "week", "three-months", "new-year", "back"]


@pytest.mark.parametrize("step", ["", "month", "9"])
def test_an_unknown_step_is_refused(trainer, step):
    page = trainer.post("/training/clock", {"move": step}, expected=(422,))
    assert "Choose how far the clock moves." in page
    assert clock.days_moved() == 0


def test_the_clock_has_a_last_year(trainer, moved):
    while moved("new-year").year < 2035:
        pass
    page = trainer.post("/training/clock", {"move": "new-year"}, expected=(422,))
    assert "The clock goes to 2035 at most." in page


def test_an_auditor_sees_the_clock_and_cannot_move_it(demonstration):
    auditor = browser_of(demonstration, demo.AUDITOR)
    assert "The day is" in auditor.get("/training/clock").text
    answer = auditor.post("/training/clock", data={"move": "day"})
    assert answer.status_code == 403
    assert clock.days_moved() == 0


@pytest.mark.every_database
def test_declarations_lapse_and_are_current_again(demonstration, trainer, moved):
    mia = begin(demonstration)
    mia.post("/training/account", {})
    mia.declare()
    mia.subscribe()
    key = mia.show_key()
    assert mia.send_rows(key)[0] == 201
    lapsed = format_date(moved("three-months"))
    assert f"Today is taken to be {lapsed}." in mia.get("/")
    for page in ("/", "/panels"):
        assert f"lapsed on {lapsed}" in mia.get(page).lower().replace(
            lapsed.lower(), lapsed
        )
    assert mia.send_rows(key, mia.file("send").replace(b"TSC0", b"TSC1"))[0] == 403
    moved("week")
    mia.declare()
    assert mia.send_rows(key, mia.file("send").replace(b"TSC0", b"TSC1"))[0] == 201
    moved("back")
    assert "lapsed on" not in mia.get("/").lower()
    assert log_problems() == []


@pytest.mark.every_database
def test_an_upload_under_a_declaration_of_an_earlier_day_verifies(
    demonstration, trainer, moved, monkeypatch
):
    """As after a move back to a day long past: here the real clock goes on instead."""
    mia = begin(demonstration)
    mia.post("/training/account", {})
    moved("three-months")
    mia.declare()
    mia.subscribe()
    assert mia.send_rows(mia.show_key())[0] == 201
    upload = db.session.query(Upload).order_by(Upload.id.desc()).first()
    assert moves().day_of(upload.received_at) == clock.today()
    assert abs(upload.received_at - clock.now()) < timedelta(minutes=5)
    assert log_problems() == []


def test_a_system_of_next_year_counts_from_its_first_day(demonstration, moved):
    day = moved("new-year")
    browser = demonstration.test_client()
    form = {
        "system_type": "solar_deemed", "rated_power_kw": "6.6", "postcode": "2000",
        "calculation_period": "max", "installation_date": day.isoformat(),
    }  # fmt: skip
    made = browser.post("/stc", data=form)
    assert made.status_code == 303
    page = browser.get("/stc?system_type=solar_deemed").text
    assert (f'value="{day}"' in page, "data-suggested" in page) == (True, False)
    moved("back")
    assert "STCs" in browser.get(made.location).text
    assert replay().sentences == []
    assert log_problems() == []


def test_what_is_real_does_not_move(demonstration, moved):
    mia = begin(demonstration)
    moved("three-months")
    assert len(mia.missing()) == 12  # still signed in, in a class that goes on
    declarations.make(demo.DECLARED, acting(demo.VSP_ADMIN))
    newest = declarations.mine(acting(demo.VSP_ADMIN))[0]
    assert clock.day_of(newest.made_at) == real_day()
    assert newest.expires_on > real_day() + timedelta(days=170)
