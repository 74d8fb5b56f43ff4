"""The clock of a demonstration: business dates move, and moments do not."""

import io
import re
from datetime import date, timedelta

import pytest

from spv import clock, demo
from spv.extensions import db
from spv.models import Account, Upload
from spv.rules.stc.figures import CHECKED_FOR, LAST_CHECKED, deeming_period
from spv.rules.text import format_date, pluralise
from spv.services.ledger import declarations
from spv.services.stc import calculations
from spv.services.training import clock as training_clock
from spv.services.training.clock import STEPS, Moves
from spv.services.verify.calculations import replay
from tests.api import System, items, system_of
from tests.conftest import dispose, make_app
from tests.people import WEB, acting, browser_of
from tests.proof import log_problems
from tests.rules.stc.test_batch import as_csv
from tests.trainees import begin

SOLAR = {
    "system_type": "solar_deemed", "rated_power_kw": "6.6", "postcode": "2000",
    "calculation_period": "max",
}  # fmt: skip
NEXT_FILE = b"TSC0", b"TSC1"  # other serial numbers


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
def test_a_trainee_declares_again(demonstration, trainer, moved):
    mia = begin(demonstration)
    mia.give_account()
    mia.declare()
    mia.subscribe()
    key, file = mia.show_key(), mia.file("send").replace(*NEXT_FILE)
    assert mia.send_rows(key)[0] == 201
    lapsed = format_date(moved("three-months"))
    banner = (
        f"Training: today is taken to be {lapsed} (really {format_date(real_day())})."
    )
    assert mia.get("/").count(banner) == 2  # one of them is printed
    for page in ("/", "/panels"):
        assert re.search(f"(?i:lapsed) on {lapsed}", mia.get(page))
    assert mia.send_rows(key, file)[0] == 403
    moved("week")
    mia.declare()
    assert mia.send_rows(key, file)[0] == 201
    moved("back")
    assert "lapsed on" not in mia.get("/").lower()
    assert log_problems() == []


def test_a_declaration_of_a_later_day_does_not_count(demonstration, staff, moved):
    mia = begin(demonstration)
    mia.give_account()
    later = format_date(moved("three-months"))
    mia.declare()
    assert later in mia.get("/panels/declaration")
    account = f"/staff/accounts/{db.session.query(db.func.max(Account.id)).scalar()}"
    assert "Made, current until" in staff.get(account).text
    moved("back")
    page = mia.get("/panels/declaration")
    assert (later in page, "Current until" in page) == (False, False)
    assert "Made, current until" not in staff.get(account).text
    mia.declare()
    assert "Current until" in mia.get("/panels/declaration")
    assert log_problems() == []


@pytest.mark.every_database(long=True)
def test_four_months_on_a_declaration_has_lapsed_everywhere(
    demonstration, staff, moved
):
    system = system_of(demonstration, acting(demo.VSP_ADMIN))
    person = browser_of(demonstration, demo.VSP_USER)
    account = f"/staff/accounts/{acting(demo.VSP_ADMIN).account_id}"
    own = ("/", "/panels", "/panels/declaration")
    pages = [(staff, account), *((person, address) for address in own)]

    def seen():
        desk = re.search(
            r">(\d+)</strong>\s+API declarations? lapse", staff.get("/staff").text
        )
        lapsed = [bool(re.search("(?i:lapsed)", b.get(a).text)) for b, a in pages]
        return int(desk[1]), {*lapsed}

    assert seen() == (0, {False})
    assert system.send(body=items(2)).json["declarationCurrentUntil"]
    for _ in range(12):
        moved("week")
    assert seen() == (1, {False})
    for _ in range(5):
        moved("week")
    assert (clock.today() - real_day()).days == 17 * 7
    assert seen() == (0, {True})
    refused = system.send(body=items(2, start=3))
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (
        403, "declaration_not_current",
    )  # fmt: skip
    assert log_problems() == []
    moved("back")
    assert seen() == (0, {False})
    assert system.send(body=items(2, start=3)).status_code == 201
    assert log_problems() == []


def test_a_declaration_is_made_once_on_a_day_of_business(demonstration, moved):
    actor = acting(demo.VSP_ADMIN)
    before = len(declarations.mine(actor))
    for step, count in (("day", 1), ("", 1), ("week", 2)):
        if step:
            moved(step)
        until = declarations.make(demo.DECLARED, actor)
        assert len(declarations.mine(actor)) == before + count
        assert (until.made, until.span[0]) == (clock.today(), 0)


@pytest.mark.every_database
def test_another_process_that_has_not_seen_a_move_yet(
    demonstration, database_url, moved, monkeypatch
):
    here = system_of(demonstration, acting(demo.VSP_ADMIN))
    monkeypatch.setattr(training_clock, "KNOWN_FOR", 3_600)
    other = make_app(database_url, RATELIMIT_ENABLED=False)
    there = System(other, here.key)
    try:
        assert there.send(body=items(1)).status_code == 201
        moved("three-months")
        assert here.send(body=items(1, start=2)).status_code == 403
        assert there.send(body=items(1, start=2)).status_code == 201
        assert log_problems() == []
        monkeypatch.setattr(training_clock, "ALLOWED", timedelta(0))
        assert "declaration" in log_problems()[0]
        with other.app_context():  # who moves it reads it first
            day = training_clock.move({"move": "day"}, acting(demo.STAFF))
        assert day == clock.today() + timedelta(days=1)
        assert there.send(body=items(1, start=3)).status_code == 403
    finally:
        dispose(other)


def test_an_event_that_was_tampered_with_moves_nothing():
    at = clock.now()
    for details in ("x", "{}", "[]", '{"days": "7"}', '{"days": -1}', '{"days": 1e9}'):
        assert Moves([(at, details)]).days(at) == 0


@pytest.mark.every_database
def test_an_upload_under_a_declaration_of_an_earlier_day_verifies(
    demonstration, trainer, moved, monkeypatch
):
    """As after a move back to a day long past: here the real clock goes on instead."""
    mia = begin(demonstration)
    mia.give_account()
    moved("three-months")
    mia.declare()
    mia.subscribe()
    assert mia.send_rows(mia.show_key())[0] == 201
    upload = db.session.query(Upload).order_by(Upload.id.desc()).first()
    assert clock.today(upload.received_at) == clock.today()
    assert abs(upload.received_at - clock.now()) < timedelta(minutes=5)
    assert log_problems() == []


def test_a_system_of_next_year_counts_from_its_first_day(demonstration, moved):
    now = deeming_period(real_day())
    day = moved("new-year")
    browser = demonstration.test_client()
    answers = SOLAR | {"installation_date": day.isoformat()}
    made = browser.post("/stc", data=answers).location
    years = pluralise(deeming_period(day), "year")
    assert deeming_period(day) == now - 1
    for address in ("/", "/stc?system_type=solar_deemed"):
        page = browser.get(address).text
        assert f'value="{day}"' in page
        assert not re.search(r"data-suggested[ >]|data-sydney", page)
    sent = {"file": (io.BytesIO(as_csv([answers])), "systems.csv")}
    assert browser.post("/stc/batch", data=sent).status_code == 303
    moved("back")
    assert years in browser.get(made).text
    assert re.search("data-suggested[ >]", browser.get("/").text)
    assert replay().sentences == []
    assert log_problems() == []


def test_a_result_warns_of_old_figures_by_the_day_of_business(demonstration, moved):
    """As it did when it was calculated, also after the clock is back."""
    answers = SOLAR | {"installation_date": "2026-11-01"}
    first = calculations.save(answers, WEB)
    while moved("three-months") <= LAST_CHECKED + CHECKED_FOR:
        pass
    second = calculations.save(answers, WEB)
    moved("back")
    for reference, is_old in ((first, real_day() > LAST_CHECKED + CHECKED_FOR),
                              (second, True)):  # fmt: skip
        warnings = " ".join(calculations.show(reference).warnings)
        assert ("figures were last checked" in warnings) == is_old


def test_what_is_real_does_not_move(demonstration, moved):
    mia = begin(demonstration)
    moved("three-months")
    assert len(mia.missing()) == 12  # still signed in, in a class that goes on
    declarations.make(demo.DECLARED, acting(demo.VSP_ADMIN))
    newest = declarations.mine(acting(demo.VSP_ADMIN))[0]
    assert clock.day_of(newest.made_at) == real_day()
    assert newest.expires_on > real_day() + timedelta(days=170)
