"""Pages of accounts, sign-in and staff, in a browser without JavaScript."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.services.accounts import users
from tests.conftest import dispose, make_app
from tests.people import KIM, NEW_PASSWORD, PASSWORD, acting, browser_of, twice, user_of
from tests.views.page import follow, read

HTMX = {"HX-Request": "true"}
PRIVATE = pytest.mark.usefixtures("private_people")


def test_a_user_is_added_and_sets_a_password(demonstration):
    priya = browser_of(demonstration, demo.VSP_ADMIN)
    person = {"name": "Lou", "email": "lou@x.au", "administrator": "y"}
    answer = priya.post("/account/users/new", data=person)
    assert answer.headers["Cache-Control"] == "no-store"
    link = read(answer).one("textarea", id="link").text
    path = link.removeprefix("http://localhost")
    lou = demonstration.test_client()
    assert "For Lou, who signs in as lou@x.au" in read(lou.get(path)).text
    assert lou.post(path, data=twice("short")).status_code == 422
    assert "Your password is set" in follow(lou, lou.post(path, data=NEW_PASSWORD)).text
    gone = lou.get(path)
    assert gone.status_code == 404
    assert "This password link no longer works." in read(gone).text
    browser_of(demonstration, "lou@x.au", PASSWORD)
    index = read(priya.get("/account/users"))
    assert all(index.links(name) for name in ("Lou", "Priya Nair", "Tom Okafor"))


def test_ordinary_users_see_the_users_and_change_none(demonstration):
    page = read(browser_of(demonstration, demo.VSP_USER).get("/account/users"))
    assert "Priya Nair admin@vsp.example Yes" in page.text
    assert "An administrator of your account adds, changes" in page.text
    assert not [a for a in page.all("a") if "/account/users/" in a.attributes["href"]]


@PRIVATE
def test_the_last_administrator_has_no_button_to_be_removed(demonstration):
    priya = browser_of(demonstration, demo.VSP_ADMIN)
    address = f"/account/users/{user_of(demo.VSP_ADMIN).id}"
    assert "no other administrator of the account" in read(priya.get(address)).text
    assert priya.post(address + "/remove").status_code == 409
    refused = priya.post(address, data={"name": "Priya"})
    assert refused.status_code == 422
    ((href, words),) = read(refused).problems()
    assert href == "#administrator"
    assert "needs an administrator" in words


@PRIVATE
def test_users_who_remove_themselves_are_signed_out(demonstration):
    tom = user_of(demo.VSP_USER).id
    users.change(tom, {"name": "Tom", "administrator": True}, acting(demo.VSP_ADMIN))
    browser = browser_of(demonstration, demo.VSP_USER)
    answer = browser.post(f"/account/users/{tom}/remove")
    assert browser.get(answer.location).location.startswith("/sign-in?next=")


def test_passwords_are_never_sent_back(demonstration):
    form = KIM | {"name": ""}
    page = demonstration.test_client().post("/sign-up", data=form).text
    assert PASSWORD not in page
    answer = demonstration.test_client().post(
        "/sign-in", data={"email": "kim@x.au", "password": "guessed wrongly"}
    )
    assert answer.status_code == 422
    assert "guessed wrongly" not in answer.text


def test_known_and_unknown_addresses_get_the_same_answers(demonstration):
    def answer(address, **form):
        found = demonstration.test_client().post(address, data=form)
        text = re.sub(r'value="[^"]*"|\d\d:\d\d', "", found.text)
        return found.status_code, found.location, text

    for _ in range(6):
        known, unknown = (
            answer("/sign-in", email=email, password="wrong")
            for email in (demo.STAFF, "other@agency.example")
        )
        assert known == unknown
    assert known[0] == 429
    form = KIM | {"email": demo.STAFF}
    assert answer("/sign-up", **form) == answer("/sign-up", **KIM)


def test_cookies_and_caches(demonstration):
    client = demonstration.test_client()
    form = {"email": demo.STAFF, "password": demo.PASSWORD}
    cookie = client.post("/sign-in", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    for address in ("/", "/stc", "/staff/applications", "/account"):
        assert client.get(address).headers["Cache-Control"] == "no-store", address
    assert client.get("/static/spv.css").headers["Cache-Control"] == "public, no-cache"
    link = "/password/" + "x" * 43
    for address in ("/nowhere", "/staff/people/1/password-link", link):
        assert client.get(address).headers["Cache-Control"] == "no-store", address
    client.post("/sign-out")
    assert client.get(link).headers["Cache-Control"] == "no-store"
    assert client.get("/stc").headers["Cache-Control"] == "private, no-cache"


def dead(client):
    """Whether a browser is no longer signed in."""
    answer = client.get("/account/password")
    return answer.status_code == 303 and answer.location.startswith("/sign-in")


def test_a_session_cookie_ends_in_time(demonstration):
    """After 30 minutes without a request, and after 12 hours with many."""
    with time_machine.travel("2026-11-22T00:00:00Z", tick=False) as clock:
        idle, busy = (browser_of(demonstration, demo.VSP_USER) for _ in "12")
        clock.shift(timedelta(minutes=30, seconds=-1))
        assert not dead(busy)
        clock.shift(timedelta(seconds=1))
        assert dead(idle)
        for _ in range(23 * 2 - 1):
            clock.shift(timedelta(minutes=15))
            assert not dead(busy)
        clock.shift(timedelta(minutes=15))
        assert dead(busy)


@PRIVATE
@pytest.mark.parametrize("how", ["sign-out", "everywhere", "password", "removal"])
def test_a_stolen_cookie_is_dead_at_the_next_request(demonstration, how):
    tom = browser_of(demonstration, demo.VSP_USER)
    thief = demonstration.test_client()
    thief.set_cookie("session", tom.get_cookie("session").value)
    assert not dead(thief)
    if how == "sign-out":
        tom.post("/sign-out")
    elif how == "everywhere":
        browser_of(demonstration, demo.VSP_USER).post("/sign-out-everywhere")
    elif how == "password":
        other = browser_of(demonstration, demo.VSP_USER)
        form = twice(PASSWORD, current_password=demo.PASSWORD)
        assert other.post("/account/password", data=form).status_code == 303
        assert not dead(other)
    else:
        users.remove(user_of(demo.VSP_USER).id, acting(demo.VSP_ADMIN))
    assert dead(thief)


def test_without_a_database_the_page_says_so(demonstration):
    """Also to a user who has signed in: the page must not ask the database again."""
    browser = browser_of(demonstration, demo.STAFF)
    db.session.execute(sa.text("ALTER TABLE user_sessions RENAME TO away"))
    db.session.commit()
    demonstration.config["PROPAGATE_EXCEPTIONS"] = False
    demonstration.testing = False
    answer = browser.get("/staff/applications")
    assert answer.status_code == 503
    assert "Sign in" in read(answer).text
    assert answer.headers["Content-Security-Policy"]


def test_the_cookie_of_production_is_secure(sqlite_url):
    key = "a secret of production, long enough"
    app = make_app(
        sqlite_url,
        SPV_ENVIRONMENT="production",
        SECRET_KEY=key,
        SESSION_COOKIE_SECURE=True,
    )
    page = app.test_client().get("/sign-in", base_url="https://spv.example")
    assert "Secure" in page.headers["Set-Cookie"]
    assert "Demonstration" not in page.text
    dispose(app)


def test_demonstrations_say_so_and_offer_their_sign_ins(demonstration):
    client = demonstration.test_client()
    for address in ("/stc", "/sign-in", "/nowhere"):
        assert "Demonstration: nothing here is real" in client.get(address).text
    page = read(client.get("/sign-in"))
    cards = [n.attributes["value"] for n in page.all("input", name="email")]
    assert cards[1:] == list(demo.SIGN_INS)


def test_contacts(demonstration):
    agency = browser_of(demonstration, demo.STAFF)
    wrong = agency.post("/staff/contacts", data={"abn": "1"})
    assert [href for href, _ in read(wrong).problems()] == [
        "#legal_name", "#abn", "#email",
    ]  # fmt: skip
    for name, words in (("contacts.xlsx", "ends in .csv"), ("", "Choose a CSV file")):
        file = {"file": (io.BytesIO(b"x"), name)}
        refused = agency.post("/staff/contacts/file", data=file)
        assert refused.status_code == 422
        assert words in read(refused).error_beside("file")
    found = read(agency.get("/staff/contacts?text=southern", headers=HTMX))
    assert "Southern Solar Imports Pty Ltd" in found.text
    assert "Example" not in found.text
    nothing = read(agency.get("/staff/contacts?text=zzz"))
    assert "No contact was found." in nothing.text
