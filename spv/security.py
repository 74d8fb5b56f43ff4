"""Headers that tell a browser how little it may do with our pages."""

from flask import Flask, Response, abort, request
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
# Long texts are read quickly, but not many fields (`&`) or escaped bytes (`%E9`): five
# megabytes of them take seconds.
MOST_FIELDS, MOST_ESCAPES = 100_000, 30_000
_NOT_ESCAPED = bytes(set(range(128)) - {ord("%")})


def init_app(app: Flask) -> None:
    """Put the headers on every response; believe as many proxies as there are."""
    app.before_request(_refuse_what_takes_long)
    app.after_request(_secure)
    if proxies := app.config["SPV_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


@limiter.request_filter
def _reads_a_page() -> bool:
    """To read a page has no limit: only what writes, and the APIs."""
    return request.method in ("GET", "HEAD") and not request.path.startswith("/api/")


def _refuse_what_takes_long() -> None:
    """Refuse an address or a form that would take long to be decoded."""
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    for text in (request.query_string, request.get_data() if is_form else b""):
        escapes = len(text.translate(None, _NOT_ESCAPED))
        if text.count(b"&") > MOST_FIELDS or escapes > MOST_ESCAPES:
            abort(413)


def _secure(response: Response) -> Response:
    response.headers.extend(HEADERS)
    if request.endpoint == "developer.console":  # its icons are in its style sheet
        own = CSP.replace("img-src 'self'", "img-src 'self' data:")
        response.headers["Content-Security-Policy"] = own
    if response.status_code not in MAY_BE_TRIED_AGAIN:
        response.headers.pop("Retry-After", None)
    elif response.headers.get("Retry-After") == "0":
        response.headers["Retry-After"] = "1"  # not at once, again and again
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
