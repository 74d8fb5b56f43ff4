"""Headers that tell a browser what it may do, and the cookies that it is believed."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData
from werkzeug.middleware.proxy_fix import ProxyFix

from spv.extensions import limiter

CSP = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
MAY_BE_TRIED_AGAIN = (409, 429, 503)
LONGEST_COOKIE = 4_096  # characters; browsers keep none that is longer


class Sessions(SecureCookieSessionInterface):
    """The cookie of a session, where one that is signed can be forged as well.

    The secret of a demonstration is known, so a cookie can hold anything.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Read the cookie; the session is empty where spv makes no such cookie."""
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        try:
            found = super().open_session(app, request) if _fits(cookie) else None
        except (BadData, TypeError, ValueError):  # signed, but no session
            found = None
        return found if found and _is_session(found) else self.session_class()


def init_app(app: Flask) -> None:
    """Put the headers on every response; believe as many proxies as there are."""
    app.session_interface = Sessions()
    app.after_request(_secure)
    if proxies := app.config["SPV_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


@limiter.request_filter
def _reads_a_page() -> bool:
    """To read a page has no limit: only what writes, and the APIs."""
    return request.method in ("GET", "HEAD") and not request.path.startswith("/api/")


def _fits(cookie: str) -> bool:
    return len(cookie) <= LONGEST_COOKIE


def _is_session(found: SecureCookieSession) -> bool:
    """Whether a session has only what flask-login, Flask-WTF and Flask put in."""
    return all(name in SESSION and SESSION[name](found[name]) for name in found)


def _is_plain(value: Any) -> bool:
    return type(value) is str and value.isascii()


def _are_flashes(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, tuple) and [*map(type, each)] == [str, str] for each in value
    )


SESSION: dict[str, Callable[[Any], bool]] = {
    "_user_id": _is_plain,
    "_id": _is_plain,
    "csrf_token": _is_plain,
    "_fresh": lambda value: isinstance(value, bool),
    "_flashes": _are_flashes,
}


def _secure(response: Response) -> Response:
    response.headers.extend(HEADERS)
    if request.endpoint == "developer.console":  # its icons are in its style sheet
        own = CSP.replace("img-src 'self'", "img-src 'self' data:")
        response.headers["Content-Security-Policy"] = own
    if request.blueprint == "passwords":  # addresses with a token: nobody is told them
        response.headers["Referrer-Policy"] = "strict-origin"
    if response.status_code not in MAY_BE_TRIED_AGAIN:
        response.headers.pop("Retry-After", None)
    elif response.headers.get("Retry-After") == "0":
        response.headers["Retry-After"] = "1"  # not at once, again and again
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
