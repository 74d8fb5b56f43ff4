"""Browsers that a user has signed in with, known by a signed id in a cookie."""

import re
import secrets

from flask import current_app, request
from itsdangerous import BadData, TimestampSigner
from werkzeug.wrappers import Response

from spv import security
from spv.extensions import network, secret_keys
from spv.services.accounts import sessions, sign_in
from spv.services.retention import kept_for

KNOWN_BROWSER = "known_browser"  # the cookie; `security.cookie_name` may add a prefix
_BROWSER = re.compile("[A-Za-z0-9_-]{22}")  # in a demonstration, cookies can be forged


def browser() -> str:
    """Return the id in this browser's cookie, or a new one."""
    return _known_browser() or secrets.token_urlsafe(16)


def browser_or_network() -> str:
    """Return the key of the rate limit of sign-ins: a known browser, else a network.

    The sign-in cards of a demonstration have a separate limit: wrong passwords typed
    into the form do not count against it.
    """
    email, password = (request.form.get(each, "") for each in ("email", "password"))
    is_card = sign_in.uses_card(email, password)
    return f"cards of {network()}" if is_card else _known_browser() or network()


def keep_browser(browser: str, response: Response) -> Response:
    """Send the cookie of a browser that a user has signed in with: a signed id."""
    response.set_cookie(
        security.cookie_name(KNOWN_BROWSER), _signer().sign(browser).decode(),
        max_age=kept_for(sessions.BROWSER_LASTS), path=security.cookie_path(),
        secure=current_app.config["SESSION_COOKIE_SECURE"], samesite="Lax",
        httponly=True,
    )  # fmt: skip
    return response


def _known_browser() -> str:
    cookie = request.cookies.get(security.cookie_name(KNOWN_BROWSER), "")
    age = int(kept_for(sessions.BROWSER_LASTS).total_seconds())
    try:
        found = _signer().unsign(cookie, max_age=age).decode()
    except (BadData, UnicodeDecodeError):
        return ""
    return found if _BROWSER.fullmatch(found) else ""


def _signer() -> TimestampSigner:
    return TimestampSigner(secret_keys(), "known browser")
