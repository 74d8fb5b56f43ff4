"""Browsers that have signed in before, and the wait that a page states."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from itsdangerous import TimestampSigner

from spv import demo
from spv.database import nested_batch
from spv.extensions import db
from spv.models import KnownBrowser
from spv.services.accounts import sessions, users
from spv.services.accounts.tries import count_sign_in
from tests.conftest import dispose, make_app, make_private
from tests.people import NEW_PASSWORD, PASSWORD, acting, browser_of, twice, user_of
from tests.views.page import read

RIGHT = {"email": demo.VSP_USER, "password": demo.PASSWORD}
WRONG = RIGHT | {"password": "wrong"}
pytestmark = pytest.mark.usefixtures("private_people")


def attack():
    """Guess a hundred times, from as many networks."""
    with nested_batch():
        for number in range(100):
            count_sign_in(demo.VSP_USER, f"10.0.0.{number}", "")


def status(client, form=RIGHT, ip="127.0.0.1"):
    """The status of the answer to a sign-in."""
    environment = {"REMOTE_ADDR": ip}
    return client.post("/sign-in", data=form, environ_base=environment).status_code


def cookie_of(client):
    return client.get_cookie("known_browser")


def test_the_cookie(demonstration):
    tom = browser_of(demonstration, demo.VSP_USER)
    found, before = cookie_of(tom), cookie_of(tom).value
    assert found.http_only
    assert found.same_site == "Lax"
    assert found.path == "/"
    assert found.max_age == 365 * 24 * 60 * 60
    signer = TimestampSigner(demonstration.secret_key, "known browser")
    assert re.fullmatch("[A-Za-z0-9_-]{22}", signer.unsign(before).decode())
    assert db.session.query(KnownBrowser).one().browser_hash not in before
    tom.post("/sign-out")
    with time_machine.travel("2031-01-01"):
        assert status(tom) == 303
        assert status(tom, RIGHT | {"email": demo.GENERAL}) == 303
    renewed = signer.unsign(cookie_of(tom).value).decode()
    assert renewed != signer.unsign(before).decode()  # it was years old
    db.session.rollback()
    for email in (demo.VSP_USER, demo.GENERAL):
        assert sessions.knows_browser(renewed, email, datetime.now(UTC))


def test_a_browser_is_known_for_a_year(demonstration):
    tom = browser_of(demonstration, demo.VSP_USER)
    signer = TimestampSigner(demonstration.secret_key, "known browser")
    browser = signer.unsign(cookie_of(tom).value).decode()
    ends = db.session.query(KnownBrowser).one().signed_in_at + timedelta(days=365)
    for at, known in ((ends - timedelta(seconds=1), True), (ends, False)):
        assert sessions.knows_browser(browser, demo.VSP_USER, at) is known


def test_a_known_browser_does_not_wait_for_failures_of_others(demonstration):
    tom, new = browser_of(demonstration, demo.VSP_USER), demonstration.test_client()
    tom.post("/sign-out")
    attack()
    assert status(tom) == 303
    assert status(new) == 429


def test_other_cookies_do_not_help(demonstration):
    """Cookies of other users, changed ones, and signed ones with another content."""
    signer = TimestampSigner(demonstration.secret_key, "known browser")
    mine = cookie_of(browser_of(demonstration, demo.VSP_USER)).value
    other = cookie_of(browser_of(demonstration, demo.GENERAL)).value
    attack()
    for cookie, answer in {
        "": 429, "x": 429, "ImEi.aSVxAA.x": 429, "a" * 3000: 429, "\x80\xff": 429,
        '"; Path=/': 429, other: 429, mine[:-1]: 429,
        signer.sign("x" * 22).decode(): 429, signer.sign("{}" * 900).decode(): 429,
        mine: 303,
    }.items():  # fmt: skip
        client = demonstration.test_client()
        client.set_cookie("known_browser", cookie)
        assert status(client) == answer, cookie


def test_the_key_of_the_cookie_may_be_changed(demonstration):
    tom, old = browser_of(demonstration, demo.VSP_USER), demonstration.secret_key
    tom.post("/sign-out")
    attack()
    demonstration.secret_key = "another key"
    assert status(tom) == 429
    demonstration.config["SECRET_KEY_FALLBACKS"] = [old]
    assert status(tom) == 303
    demonstration.config["SECRET_KEY_FALLBACKS"] = []  # the cookie was renewed
    assert status(tom) == 303


@pytest.mark.parametrize("how", ["everywhere", "password", "link", "removal"])
def test_a_browser_is_no_longer_known(demonstration, how):
    """A thief who knew the password has to wait like others after it was changed."""
    thief, tom = (browser_of(demonstration, demo.VSP_USER) for _ in "12")
    password, number = PASSWORD, user_of(demo.VSP_USER).id
    if how == "everywhere":
        tom.post("/sign-out-everywhere")
        password = demo.PASSWORD
    elif how == "password":
        form = twice(PASSWORD, current_password=demo.PASSWORD)
        assert tom.post("/account/password", data=form).status_code == 303
    elif how == "link":
        link = users.make_link(number, acting(demo.VSP_ADMIN))
        tom.post(f"/password/{link.token}", data=NEW_PASSWORD)
    else:
        users.remove(number, acting(demo.VSP_ADMIN))
        users.add({"name": "Tom", "email": demo.VSP_USER}, acting(demo.VSP_ADMIN))
    attack()
    assert status(thief, WRONG) == 429
    known = 303 if how in ("password", "link") else 429
    assert status(tom, RIGHT | {"password": password}) == known


def test_with_a_password_link_a_user_can_sign_in(demonstration):
    """In the browser that opened it, even during an attack."""
    attack()
    phone = demonstration.test_client()
    assert status(phone) == 429
    tom = user_of(demo.VSP_USER).id
    link = users.make_link(tom, acting(demo.VSP_ADMIN))
    assert phone.post(f"/password/{link.token}", data=NEW_PASSWORD).status_code == 303
    attack()
    assert status(phone, RIGHT | {"password": PASSWORD}) == 303


@pytest.fixture
def limited(sqlite_url, demonstration):
    """The application with its limits of requests."""
    app = make_app(sqlite_url)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        make_private()
    yield app
    dispose(app)


def test_the_sentence_and_retry_after_agree(limited):
    """There is one header, although the limiter adds its own to every answer."""
    client = limited.test_client()
    with time_machine.travel("2026-11-22T00:00:00Z", tick=False) as clock:
        for _ in range(5):
            assert status(client, WRONG) == 422
        for shift, words, seconds in (
            (0, "15 minutes, or ask", "900"),
            (890, "10 seconds.", "10"),
            (9, "1 second.", "1"),
        ):
            clock.shift(shift)
            answer = client.post("/sign-in", data=RIGHT)
            assert answer.status_code == 429
            assert f"Try again in {words}" in read(answer).error_beside("email")
            assert answer.headers.getlist("Retry-After") == [seconds]
        clock.shift(1)
        assert status(client) == 303


def test_neighbours_do_not_use_up_the_rate_of_a_known_browser(limited):
    tom, new = limited.test_client(), limited.test_client()
    assert status(tom, ip="2001:db8::1") == 303
    tom.post("/sign-out")
    nothing = {"email": "", "password": ""}
    for number in range(61):
        last = status(new, nothing, f"2001:db8::{number:x}")
    assert last == 429
    neighbour = {"REMOTE_ADDR": "2001:db8::2"}
    answer = new.post("/sign-in", data=RIGHT, environ_base=neighbour)
    assert "Too many requests" in answer.text
    assert int(answer.headers["Retry-After"]) <= 30
    assert status(tom, ip="2001:db8::1") == 303
