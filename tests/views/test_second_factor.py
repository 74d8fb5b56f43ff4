"""The pages of the second factor, and what asks for a code."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.sessions import SecureCookieSessionInterface

from spv import demo
from spv.extensions import db
from spv.models import UserSession
from spv.services.accounts import users
from tests.people import KIM, NEW_PASSWORD, PASSWORD, browser_of, events, twice, user_of
from tests.second_factors import START, STEP, code_of, enrol_in

EMAIL = KIM["email"]
FORM = {"email": EMAIL, "password": PASSWORD}
MINUTE = timedelta(minutes=1)
ADDRESS = "/account/second-factor"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def enrolled(app, kim, clock):
    """A browser in which Kim has set it up, the secret, and the recovery codes."""
    client = browser_of(app, EMAIL, PASSWORD)
    return client, *enrol_in(client)


def sessions_of(email):
    db.session.rollback()
    return db.session.query(UserSession).filter_by(user_id=user_of(email).id).count()


def half_signed_in(app, address="/sign-in"):
    """A browser in which Kim has given the right password."""
    client = app.test_client()
    answer = client.post(address, data=FORM)
    assert answer.status_code == 303
    return client, answer.location


@pytest.mark.every_database
def test_sign_in_in_two_steps(app, enrolled, clock):
    _, secret, codes = enrolled
    clock.shift(STEP)
    client, location = half_signed_in(app, "/sign-in?next=/account")
    assert location == "/sign-in/code?next=/account"
    assert sessions_of(EMAIL) == 1
    page = client.get(location)
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.text
    assert ">Sign out<" not in page.text
    answer = client.post(location, data={"code": "000000"})
    assert answer.status_code == 422
    assert "This code is wrong" in answer.text
    answer = client.post(location, data={"code": code_of(secret)})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    other, location = half_signed_in(app)
    assert other.post(location, data={"code": codes[0]}).location == "/"
    assert "On since" in other.get(ADDRESS).text
    assert events()[-5:] == [
        "second_factor.asked", "second_factor.code_refused", "user.signed_in",
        "second_factor.asked", "second_factor.recovery_code_used",
    ]  # fmt: skip


def test_half_a_sign_in_opens_nothing(app, enrolled):
    client, _ = half_signed_in(app)
    for address in ("/account", ADDRESS, "/account/password", "/account/applications"):
        assert client.get(address).location.startswith("/sign-in?next="), address
        assert client.post(ADDRESS, data={"code": "1"}).location.startswith("/sign-in")
    with client.session_transaction() as session:
        assert "_user_id" not in session
        session["_user_id"] = session["half_sign_in"]
    assert client.get("/account").location.startswith("/sign-in?next=")


def test_half_a_sign_in_is_over_after_ten_minutes(app, enrolled, clock):
    _, secret, _ = enrolled
    client, location = half_signed_in(app, "/sign-in?next=/account")
    clock.shift(10 * MINUTE + timedelta(seconds=1))
    for answer in (
        client.get(location), client.post(location, data={"code": code_of(secret)})
    ):  # fmt: skip
        assert answer.location == "/sign-in?next=/account"
    assert "Enter your email address and password again" in client.get("/sign-in").text
    assert app.test_client().post("/sign-in/code").location == "/sign-in"


def test_a_forged_ticket_is_none(app, enrolled):
    """The secret of a demonstration is known: a cookie can be signed by anybody."""
    _, secret, _ = enrolled
    cookies = SecureCookieSessionInterface().get_signing_serializer(app)
    number = user_of(EMAIL).id
    for ticket in (f"{number}", f"{number}.aXk.x", "é", "x" * 9_000, "1.", "-1."):
        client = app.test_client(use_cookies=False)
        cookie = f"session={cookies.dumps({'half_sign_in': ticket})}"
        form = {"code": code_of(secret, 1)}
        answer = client.post("/sign-in/code", data=form, headers={"Cookie": cookie})
        assert answer.location == "/sign-in", ticket


def test_wrong_codes_wait(app, enrolled, clock):
    _, secret, _ = enrolled
    client, location = half_signed_in(app)
    wrong = [client.post(location, data={"code": "1"}).status_code for _ in range(7)]
    assert wrong == [422] * 5 + [429] * 2
    answer = client.post(location, data={"code": code_of(secret, 1)})
    assert answer.headers["Retry-After"] == "900"
    assert "Try again in 15 minutes." in answer.text
    # Elsewhere and by other ways, too.
    other, location = half_signed_in(app)
    assert other.post(location, data={"code": "1"}).status_code == 429
    clock.shift(15 * MINUTE)
    client, location = half_signed_in(app)
    assert client.post(location, data={"code": code_of(secret)}).status_code == 303


def test_known_browsers_and_new_passwords_do_not_skip_it(app, enrolled, clock):
    client, secret, _ = enrolled
    form = {"email": EMAIL, "password": "another purple tractor"}
    wanted = twice(form["password"]) | {"current_password": PASSWORD}
    assert client.post("/account/password", data=wanted).status_code == 303
    client.post("/sign-out")
    assert client.post("/sign-in", data=form).location == "/sign-in/code"
    link = users.new_link(user_of(EMAIL), datetime.now(UTC))
    db.session.commit()
    assert client.post(f"/password/{link.token}", data=NEW_PASSWORD).status_code == 303
    # The code of a sign-in under the old password is of no use.
    answer = client.post("/sign-in/code", data={"code": code_of(secret, 1)})
    assert answer.location == "/sign-in"
    assert client.post("/sign-in", data=FORM).location == "/sign-in/code"


def test_setting_it_up(app, kim, clock):
    client = browser_of(app, EMAIL, PASSWORD)
    page = client.get(ADDRESS)
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(ADDRESS).text.split("<svg")[1] == page.text.split("<svg")[1]
    assert re.search(r"<code>([A-Z2-7]{4} ){7}[A-Z2-7]{4}</code>", page.text)
    assert "style=" not in page.text
    uri = html.unescape(page.text.split('href="otpauth')[1].split('"')[0])
    secret = re.search(r"secret=(\w+)", uri)[1]
    assert "issuer=Solar%20Panel%20Validation" in uri
    answer = client.post(ADDRESS, data={"code": "000000"})
    assert answer.status_code == 422
    assert secret in answer.text.replace(" ", "")
    answer = client.post(ADDRESS, data={"code": code_of(secret)})
    assert answer.status_code == 200
    shown = answer.text.split("readonly>")[1].split("</textarea>")[0]
    code = r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}"
    assert re.fullmatch(rf"(?:{code}\n){{9}}{code}", shown)
    assert 'download="recovery-codes.txt"' in answer.text
    page = client.get(ADDRESS).text
    assert "On since" in page
    assert "Recovery codes left" in page
    assert events()[-1] == "second_factor.added"


def test_of_a_person_with_a_long_address(app, clock):
    email = "k" * 64 + "@" + "x" * 60 + ".example"
    client = app.test_client()
    client.post("/sign-up", data=KIM | {"email": email})
    client = browser_of(app, email, PASSWORD)
    assert "<svg" in client.get(ADDRESS).text
    assert enrol_in(client)


def test_people_whom_everybody_shares_have_none(demonstration):
    client = browser_of(demonstration, demo.STAFF)
    page = client.get(ADDRESS).text
    assert "Everybody who looks at this demonstration shares this person" in page
    assert "<svg" not in page
    assert client.post(ADDRESS, data={"code": "1"}).status_code == 409
    page = browser_of(demonstration, demo.STAFF).get("/staff/people")
    assert page.status_code == 200


def test_another_session_does_not_set_it_up(app, kim, clock):
    """Each session sets up a secret of its own, and the first one ends the other."""
    one, other = (browser_of(app, EMAIL, PASSWORD) for _ in range(2))
    secrets = []
    for client in (one, other):
        page = client.get(ADDRESS).text
        secrets.append(page.split("<code>")[1].split("</code>")[0].replace(" ", ""))
    assert secrets[0] != secrets[1]
    assert one.post(ADDRESS, data={"code": code_of(secrets[1])}).status_code == 422
    assert one.post(ADDRESS, data={"code": code_of(secrets[0])}).status_code == 200
    answer = other.post(ADDRESS, data={"code": code_of(secrets[1])})
    assert answer.location == "/sign-in"
    assert other.get("/account").location.startswith("/sign-in?next=")
