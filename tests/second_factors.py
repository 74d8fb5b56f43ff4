"""Users with a second factor, and the codes of their apps."""

from datetime import UTC, datetime, timedelta

from pyotp import TOTP

from spv.services.accounts import second_factors, sessions, sign_in
from spv.services.actor import visitor
from tests.people import PASSWORD, WEB, acting, try_sign_in

START = datetime(2026, 11, 29, tzinfo=UTC)
STEP = timedelta(seconds=30)


def code_of(secret, steps=0):
    """The code of an app whose clock is some steps ahead."""
    return TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def enrol(email, password=PASSWORD):
    """Set up a second factor in a new session; return its secret, codes and token."""
    token, actor = try_sign_in(email, password), acting(email)
    set_up = second_factors.set_up("", actor)
    codes = second_factors.add(set_up.sealed, code_of(set_up.secret), token, actor)
    return set_up.secret, codes, token


def half(email, password=PASSWORD):
    """The ticket after the right password."""
    answers = {"email": email, "password": password}
    return second_factors.ticket(sign_in.sign_in(answers, WEB))


def finish(ticket, code, **more):
    """The token of the session after a code, or the error's sentence."""
    try:
        return second_factors.finish_sign_in(ticket, code, visitor("web"), **more)
    except ValueError as error:
        return str(error)


def is_in(token):
    """Whether a session with a token is open."""
    return sessions.resume(token) is not None


def enrol_in(client):
    """Set up a second factor in a browser; return its secret and recovery codes."""
    page = client.get("/account/second-factor").text
    secret = page.split("<code>")[1].split("</code>")[0].replace(" ", "")
    page = client.post("/account/second-factor", data={"code": code_of(secret)})
    assert page.status_code == 200, page.text
    return secret, page.text.split("readonly>")[1].split("</textarea>")[0].split("\n")
