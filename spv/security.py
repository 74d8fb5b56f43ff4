"""Arriving requests (hosts, proxies, cookies), headers of answers, clean log lines."""

import logging
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import flask
from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData
from waitress import parser
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from spv.extensions import limiter, request_id, secret_keys

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = [
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
# Not sent with files that pages load, where they have no effect.
PAGE_HEADERS = [
    ("Content-Security-Policy", CSP),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Frame-Options", "DENY"),
]
LOADED_BY_PAGES = (
    "text/css",
    "text/javascript",
    "application/javascript",
    "image/svg+xml",
)
# Routes whose addresses contain a secret token, which no other site may see.
PRIVATE_ADDRESSES = ("account.open_link", "account.use_link")
MAY_BE_TRIED_AGAIN = (409, 429, 503)
NOT_READY_FOR = "5"  # seconds
# Long texts are read quickly, but not many fields (`&`) or escaped bytes (`%E9`): five
# megabytes of them take seconds.
MOST_FIELDS, MOST_ESCAPES = 100_000, 30_000
_NOT_ESCAPED = bytes(set(range(128)) - {ord("%")})
# The headers of many form parts are slow, too: a file's are some 200 bytes.
MOST_PARTS, MOST_OF_HEADERS = 1_000, 200_000  # bytes of all parts
BLANK_LINES = (b"\r\n\r\n", b"\n\n", b"\r\r")
# What spv and its libraries put into a session; the tokens are plain ASCII. A sign-in
# that waits for a code is in `half_sign_in`, a second factor to confirm in `set_up`.
TOKENS = ("_user_id", "_id", "csrf_token", "half_sign_in", "set_up")
SESSION = dict.fromkeys(TOKENS, str) | {"_fresh": bool, "_flashes": list}
LONGEST_COOKIE = 4_096  # characters; browsers do not keep a longer one
FORWARDED = ("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST",
             "X_FORWARDED_PREFIX", "FORWARDED")  # fmt: skip
NO_PROXIES = (
    "A request came with the header %s, but SPV_PROXIES is 0: such headers are "
    "ignored, and every visitor has the address of the reverse proxy. Set SPV_PROXIES "
    "to the number of reverse proxies before the app."
)
PLAIN_HTTP = (
    "A page was opened over plain http, but in production cookies are for https only: "
    "no form works, and nobody can sign in. Open the site with https. Behind a reverse "
    "proxy, set SPV_PROXIES, and X-Forwarded-Proto in the proxy."
)
# A path such as /spv; "//host" or "/\\host" would lead to another site.
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
# Loggers that write addresses: those of `flask run` and of the servers in docs/.
SERVERS = ("werkzeug", "waitress", "gunicorn.access", "gunicorn.error")
_QUERY = re.compile(r"""\?[^\s"']+""")
_TOKEN = re.compile(r"(?<=/)[\w-]{43,}")  # of a password link: it has 43 characters
# The pattern of waitress takes a time that grows with the square of the spaces in a
# header: 16 kB of them take a second and 128 kB a minute, in which nobody gets an
# answer. This one accepts the same headers.
HEADER = re.compile(
    rb"\A(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]++):[ \t]*+"
    rb"(?P<value>(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)"
    rb"[ \t]*+$"
)


class GuardedResponse(Response):
    """A response that also has the headers that protect its reader.

    They are added at the end: the `headers` of a response check and copy each of them,
    which would take a twentieth of a page's time.
    """

    def get_wsgi_response(self, environ: WSGIEnvironment) -> Any:
        """Return the content, the status and all headers."""
        content, status, headers = super().get_wsgi_response(environ)
        headers += HEADERS
        if self.mimetype not in LOADED_BY_PAGES:
            is_private = request.endpoint in PRIVATE_ADDRESSES
            policy = "strict-origin" if is_private else "same-origin"
            headers += [*PAGE_HEADERS, ("Referrer-Policy", policy)]
        if request.is_secure:
            age = current_app.config["SPV_HSTS_SECONDS"]
            headers.append(("Strict-Transport-Security", f"max-age={age}"))
        return content, status, headers


class Sessions(SecureCookieSessionInterface):
    """The session cookie, which no other app on the same host shares.

    The secret of a demonstration is known, so a signed cookie can hold anything.
    """

    _made: tuple[list[str], Any] | None = None

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name, with the prefix that browsers guard."""
        return cookie_name(super().get_cookie_name(app))

    def get_cookie_path(self, app: Flask) -> str:
        """Return the path of this app on its host."""
        return cookie_path()

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return the serializer for the current secrets. It is made once."""
        secrets = secret_keys()
        if self._made is None or self._made[0] != secrets:
            self._made = secrets, super().get_signing_serializer(app)
        return self._made[1]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Read the cookie; return an empty session if spv cannot have made it."""
        cookie, found = request.cookies.get(self.get_cookie_name(app), ""), None
        try:
            if len(cookie) <= LONGEST_COOKIE:
                found = super().open_session(app, request)
        except (BadData, TypeError, ValueError):
            pass  # it is signed, but is not a session
        return found if found and _is_session(found) else self.session_class()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Send the cookie if it has changed. Sessions are not permanent."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")


def init_app(app: Flask) -> None:
    """Check where requests come from; protect every response and log line."""
    parser.HEADER_FIELD_RE = HEADER
    for logger in (app.logger, *map(logging.getLogger, SERVERS)):
        logger.addFilter(_clean)
    app.session_interface, app.response_class = Sessions(), GuardedResponse
    with app.app_context():  # a form that was open while the secret changed still works
        app.config["WTF_CSRF_SECRET_KEY"] = secret_keys()
    app.before_request(_check_arrival)
    app.before_request(_refuse_slow_input)
    app.after_request(_set_headers)
    if proxies := app.config["SPV_PROXIES"]:
        # The first proxy sets the prefix, and the others pass it on unchanged.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            _with_clean_prefix(app.wsgi_app),
            x_for=proxies,
            x_proto=proxies,
            x_host=proxies,
            x_prefix=1,
        )


def cookie_name(base: str) -> str:
    """Return the name of a cookie, with a prefix so that only this app can set it.

    `__Host-` is only for the path "/", `__Secure-` for a path prefix. Both need https.
    """
    if not current_app.config["SESSION_COOKIE_SECURE"]:
        return base
    return f"__Secure-{base}" if request.script_root else f"__Host-{base}"


def cookie_path() -> str:
    """Return the path of every cookie: only the app's, as its host may have others."""
    return request.script_root or "/"


def is_without_cookies() -> bool:
    """Tell whether browsers drop the app's cookies, because this is not https."""
    return current_app.config["SESSION_COOKIE_SECURE"] and not request.is_secure


def _clean(record: logging.LogRecord) -> bool:
    """Remove queries and tokens from a log line, and add the id of the request."""
    message = _TOKEN.sub("…", _QUERY.sub("?…", record.getMessage()))
    about = f" (request {request_id()})" if flask.has_request_context() else ""
    record.msg, record.args = message + about, ()
    return True


def _with_clean_prefix(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Drop a path prefix that is not a path: another client may have sent it."""

    def call(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        prefix = "/" + environ.get("SCRIPT_NAME", "").strip("/")
        environ["SCRIPT_NAME"] = prefix if _PREFIX.fullmatch(prefix) else ""
        return wsgi_app(environ, start_response)

    return call


def _check_arrival() -> None:
    """Refuse a host that is not ours; warn once of a proxy that is not set up."""
    if request.endpoint in ("site.alive", "site.ready"):
        return  # monitoring asks by IP address, from within the network
    config, environ = current_app.config, request.environ
    hosts, sent = config["SPV_HOSTS"], environ.get("HTTP_HOST", "")
    has_two_ports = sent.count(":") > 1 and sent[0] != "["  # of an IP address
    if hosts and (has_two_ports or not host_is_trusted(request.host.lower(), hosts)):
        raise SecurityError
    for name in () if config["SPV_PROXIES"] else FORWARDED:
        if f"HTTP_{name}" in environ:
            _warn_once(NO_PROXIES, name.replace("_", "-").title())
    if is_without_cookies() and not request.path.startswith("/api/"):
        _warn_once(PLAIN_HTTP)


def _warn_once(words: str, *values: str) -> None:
    """Write a warning to the log, once for each process."""
    warned, mine = current_app.extensions.setdefault("spv.warned", {}), object()
    if warned.setdefault(words, mine) is mine:
        current_app.logger.warning(words, *values)


@limiter.request_filter
def _reads_a_page() -> bool:
    """Exempt page views from rate limits; writes and the APIs keep theirs."""
    return request.method in ("GET", "HEAD") and not request.path.startswith("/api/")


def _is_session(found: SecureCookieSession) -> bool:
    """Tell whether everything in a session can come from spv and its libraries."""
    flashes = found.get("_flashes", [])
    return (
        all(type(value) is SESSION.get(name) for name, value in found.items())
        and all(found.get(name, "").isascii() for name in TOKENS)
        and all(type(each) is tuple for each in flashes)
        and all([*map(type, each)] == [str, str] for each in flashes)
    )


def _refuse_slow_input() -> None:
    """Refuse an address or a form that would take long to decode."""
    if request.mimetype == "multipart/form-data":
        _refuse_large_headers()
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    for text in (request.query_string, request.get_data() if is_form else b""):
        escapes = len(text.translate(None, _NOT_ESCAPED))
        if text.count(b"&") > MOST_FIELDS or escapes > MOST_ESCAPES:
            flask.abort(413)


def _refuse_large_headers() -> None:
    """Refuse a form with very many parts, or with long headers of its parts.

    A part begins with its headers, and a blank line ends them.
    """
    boundary = request.mimetype_params.get("boundary", "").encode(errors="replace")
    if not boundary:
        return
    _, *parts = request.get_data().split(b"--" + boundary, MOST_PARTS + 1)
    sizes = [min(map(len, (each.split(line, 1)[0] for line in BLANK_LINES)))
             for each in parts]  # fmt: skip
    if len(parts) > MOST_PARTS or sum(sizes) > MOST_OF_HEADERS:
        flask.abort(413)


def _set_headers(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()  # the console shows it, too
    response.headers.setdefault("Cache-Control", "private, no-cache")
    _set_retry_after(response)
    return response


def _set_retry_after(response: Response) -> None:
    """Set how long to wait, where another attempt makes sense: never 0 seconds.

    The limiter adds the rest of its minute to every answer. Only a 429 may keep it, and
    a wait that the page names takes precedence.
    """
    wait = str(g.get("retry_after") or "")
    if response.status_code == 429:
        wait = wait or response.headers.get("Retry-After", "")
    elif response.status_code == 503:
        wait = wait or NOT_READY_FOR
    response.headers.pop("Retry-After", None)
    if wait and response.status_code in MAY_BE_TRIED_AGAIN:
        response.headers["Retry-After"] = "1" if wait == "0" else wait
