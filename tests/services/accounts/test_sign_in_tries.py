"""Failed sign-ins: which users have to wait, how long, and which do not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from spv.database import nested_batch
from spv.extensions import db
from spv.models import KnownBrowser, SignInTries, User
from spv.rules.errors import ValidationError
from spv.services import audit_log
from spv.services.accounts import sessions, tries, users
from spv.services.accounts.tries import TooManyFailures, count_sign_in
from tests.people import NEW_PASSWORD, PASSWORD, at_once, try_sign_in, user_of

WRONG = "The email address or the password is wrong."
START = datetime(2026, 11, 22, tzinfo=UTC)
KIM = "kim@x.au"
MINUTE = timedelta(minutes=1)


def guess(email=KIM, network="203.0.113.7", browser=""):
    """Count a sign-in whose password is wrong; return the seconds to wait, or 0."""
    try:
        count_sign_in(email, network, browser)
    except TooManyFailures as error:
        return error.retry_after
    return 0


def guess_each(*tries):
    """Make many guesses in one transaction, as the disk is slow; return their waits."""
    with nested_batch():
        return [guess(*given) for given in tries]


def guess_from_everywhere(count, email=KIM):
    """Guess once from each of many networks; return how many did not have to wait."""
    networks = [f"10.0.{number // 250}.{number % 250}" for number in range(count)]
    return guess_each(*[(email, network) for network in networks]).count(0)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.mark.parametrize("email", [KIM, "nobody@x.au"])
def test_five_failures_and_the_address_waits_for_that_network(kim, clock, email):
    """The same for a known address and another. The wait is an hour at most."""
    assert {try_sign_in(email, "wrong") for _ in range(5)} == {WRONG}
    assert "Try again in 15 minutes, or ask your" in try_sign_in(email, PASSWORD)
    clock.shift(timedelta(seconds=20))
    assert "in 14 minutes and 40 seconds" in try_sign_in(email.upper(), PASSWORD)
    assert guess(email) == 14 * 60 + 40
    clock.shift(timedelta(minutes=14, seconds=40))
    for wait in (30, 60, 60, 60):
        assert [guess(email), guess(email)] == [0, wait * 60]
        clock.shift(wait * MINUTE - timedelta(seconds=1))
        assert guess(email) == 1
        clock.shift(timedelta(seconds=1))
    assert guess(email) == 0
    assert try_sign_in(email, "wrong", ip="203.0.113.8") == WRONG
    assert guess(email, "2001:db8::/64") == 0


def test_a_day_after_the_first_failure_counting_begins_anew(kim, clock):
    for _ in range(4):
        guess()
        guess("nobody@x.au")
    clock.shift(timedelta(days=1))
    assert [guess() for _ in range(5)] == [0] * 5
    assert guess() == 15 * 60
    assert db.session.query(SignInTries).count() == 3  # of Kim, and of the network


def test_a_wait_outlasts_the_day_of_its_counter(app, clock):
    guess()
    clock.shift(timedelta(hours=23, minutes=50))
    assert [guess() for _ in range(4)] == [0] * 4
    clock.shift(10 * MINUTE)
    assert guess() == 5 * 60


@pytest.mark.every_database
def test_tried_in_parallel_no_guess_slips_by(kim):
    answers = []
    at_once(*[lambda: answers.extend(try_sign_in(KIM, "wrong") for _ in "123")] * 6)
    assert sorted(answers).count(WRONG) == 5
    assert len(answers) == 18
    assert guess_from_everywhere(93) == 93
    waits = []
    networks = iter(f"10.9.9.{number}" for number in range(8))
    at_once(*[lambda: waits.append(guess(network=next(networks)))] * 8)
    assert waits.count(0) == 2  # the 99th and the 100th of all networks
    token = try_sign_in(KIM, PASSWORD, "phone", ip="10.8.8.8")
    assert "Try again in" in token


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("count", [120, pytest.param(1000, marks=pytest.mark.long)])
def test_a_thousand_guesses_from_many_networks(kim, clock, count):
    """Users sign in with a known browser or a password link; a new browser waits."""
    assert sessions.resume(try_sign_in(KIM, PASSWORD, "laptop"))
    assert guess_from_everywhere(count) == 100
    assert sessions.resume(try_sign_in(KIM, PASSWORD, "laptop", ip="10.0.0.1"))
    clock.shift(20 * MINUTE)
    assert guess_from_everywhere(5) == 0
    assert "Try again in 40 minutes" in try_sign_in(KIM, PASSWORD, "new", ip="10.9.9.9")
    clock.shift(40 * MINUTE)
    assert sessions.resume(try_sign_in(KIM, PASSWORD, "new", ip="10.9.9.9"))
    for _ in range(3):  # one try an hour, from wherever
        assert guess_from_everywhere(5) == 1
        clock.shift(60 * MINUTE)
    assert guess_from_everywhere(5) == 1
    link = link_of(kim)
    users.use_link(link.token, NEW_PASSWORD, kim, "phone")
    assert guess_from_everywhere(count) == 100  # and the link has made the phone known:
    assert sessions.resume(try_sign_in(KIM, PASSWORD, "phone", ip="10.9.9.8"))
    assert "Try again" in try_sign_in(KIM, PASSWORD, "laptop")


def link_of(actor):
    """A password link for an actor."""
    user = db.session.get_one(User, actor.user_id)
    link = users.new_link(user, datetime.now(UTC))
    db.session.commit()
    return link


def test_a_known_browser_has_a_counter_of_its_own(kim, clock):
    try_sign_in(KIM, PASSWORD, "laptop")
    assert [guess(browser="laptop", network=f"10.1.1.{n}") for n in range(5)] == [0] * 5
    assert guess(browser="laptop") == 15 * 60  # also for a copy of an older cookie
    assert guess() == 0
    clock.shift(15 * MINUTE)
    assert sessions.resume(try_sign_in(KIM, PASSWORD, "laptop"))
    assert [guess(browser="laptop") for _ in range(5)] == [0] * 5


def test_a_browser_known_for_one_user_is_not_known_for_another(kim, clock):
    try_sign_in(KIM, PASSWORD, "laptop")
    for email in ("lou@x.au", "kim@x.au\0", ""):
        assert [guess(email, browser="laptop") for _ in range(6)] == [0] * 5 + [900]
    assert guess("lou@x.au") == 900


def test_only_the_newest_twenty_browsers_are_known_and_for_a_year(kim, clock):
    for number in range(22):
        clock.shift(MINUTE)
        with audit_log.registry_transaction():
            sessions.remember_browser(
                user_of(KIM), f"browser {number}", datetime.now(UTC)
            )
    assert db.session.query(KnownBrowser).count() == 20
    guess_from_everywhere(100)
    assert guess(browser="browser 1") == 60 * 60
    assert guess(browser="browser 2") == 0
    clock.shift(timedelta(days=365))
    guess_from_everywhere(100)
    assert guess(browser="browser 2") == 60 * 60


def test_a_class_and_a_carrier_are_slowed_and_not_locked_out(kim, clock):
    """A guesser in the same network cannot keep the others from signing in."""
    here = "192.0.2.1"
    people = [(f"{number}@x.au", here) for number in range(130)]
    assert guess_each(*people[:30] * 3) == [0] * 90
    assert sessions.resume(try_sign_in(KIM, PASSWORD, ip=here))
    failures, waits = 90, []
    while failures < 400:
        clock.shift(MINUTE)
        found = guess_each(*people[30:])
        failures, waits = failures + found.count(0), waits + found
    assert max(waits) <= 30
    assert "Try again in 30 seconds." in try_sign_in(KIM, PASSWORD, ip=here)
    assert set(guess_each(*[(f"new{n}@x.au", here) for n in range(5)])) == {30}
    clock.shift(timedelta(seconds=30))
    assert sessions.resume(try_sign_in(KIM, PASSWORD, ip=here))
    assert sessions.resume(try_sign_in(KIM, PASSWORD, ip="192.0.2.2"))


def test_a_right_password_counts_for_nothing(kim, clock):
    with nested_batch():
        for number in range(101):
            tries.take_back(count_sign_in(KIM, f"10.2.2.{number}", ""))
    assert db.session.query(SignInTries).count() == 0
    assert guess_from_everywhere(99) == 99
    for _ in range(3):  # nor does it begin the count of all networks anew
        assert sessions.resume(try_sign_in(KIM, PASSWORD))
    assert guess_from_everywhere(5) == 1


def test_the_current_password_cannot_be_guessed_either(kim):
    wrong = NEW_PASSWORD | {"current_password": "wrong"}
    guess_from_everywhere(100)  # which is not held up by strangers
    for _ in range(5):
        with pytest.raises(ValidationError, match="not your current password"):
            users.change_password(wrong, "", kim)
    right = NEW_PASSWORD | {"current_password": PASSWORD}
    with pytest.raises(TooManyFailures) as error:
        users.change_password(right, "", kim)
    assert list(error.value.problems) == ["current_password"]
    assert 14 * 60 < error.value.retry_after <= 15 * 60
