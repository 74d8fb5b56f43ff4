"""The cookie by which a browser is known again: a signed random id."""

import re
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, TimestampSigner

from spv.extensions import network, secret_keys
from spv.security import cookie_name, cookie_path
from spv.services.accounts.sessions import BROWSER_LASTS

COOKIE = "known_browser"  # `cookie_name` may add a prefix
_ID = re.compile("[A-Za-z0-9_-]{22}")  # in a demonstration, cookies can be forged


def current() -> str:
    """Return the id in this browser's cookie, or a new one."""
    return _known() or secrets.token_urlsafe(16)


def current_or_network() -> str:
    """Return the key of the rate limit of sign-ins: a known browser, else a network."""
    return _known() or network()


def keep(browser: str) -> None:
    """Send the cookie of a browser that a user has signed in with."""

    @after_this_request
    def send(response: Response) -> Response:
        response.set_cookie(
            cookie_name(COOKIE),
            _signer().sign(browser).decode(),
            max_age=BROWSER_LASTS,
            path=cookie_path(),
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            samesite="Lax",
            httponly=True,
        )
        return response


def _known() -> str:
    cookie = request.cookies.get(cookie_name(COOKIE), "")
    age = int(BROWSER_LASTS.total_seconds())
    try:
        found = _signer().unsign(cookie, max_age=age).decode()
    except (BadData, UnicodeDecodeError):
        return ""
    return found if _ID.fullmatch(found) else ""


def _signer() -> TimestampSigner:
    return TimestampSigner(secret_keys(), "known browser")
