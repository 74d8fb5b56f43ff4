"""Every error in the app's own look: a page, a part of one, or JSON for programs."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask.globals import request_ctx
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError

from spv import database, pages, security
from spv.rules.errors import ServiceError, ValidationError

WORDS = {
    400: ("This request could not be read", "Go back and try again."),
    403: ("You may not do this", "Your sign-in does not allow it."),
    404: (
        "Page not found",
        "Check that the address is whole. It may have been removed or never existed.",
    ),
    405: ("This address works another way", "Check the method, or go back."),
    409: ("This cannot be done now", "Something has changed. Look at it again."),
    413: (
        "That is too large",
        "The limit is 5 MB. Split the file into smaller ones, or check that it is the "
        "one you meant.",
    ),
    415: ("This kind of content is not taken", "Check the Content-Type header."),
    422: ("Something has to be corrected", "Check what was entered and send it again."),
    429: ("Too many requests", "Wait a minute, then send it again."),
    500: (
        "Sorry, something went wrong",
        "Try again in a few minutes. If you had sent something, look first whether it "
        "arrived.",
    ),
    503: ("Not ready", "Try again in a minute."),
}
LONGEST_KEPT = 200_000  # characters of a form that is shown again
NO_REFERRER = (
    "This form could not be checked",
    "The browser, or something before it, hides which page the form was on (the "
    "Referer header). Allow it for this site, then go back and try again.",
)
FORM_EXPIRED = (
    "This form has expired",
    "Reload the page and fill in the form again. It happens after signing in or out in "
    "another tab, or where cookies are not allowed.",
)

PLAIN_HTTP = (
    "This form does not work over plain http",
    "The cookies of this site are for https only, and no form works without them. Open "
    "the site again with https:// at the start of its address. If that is there "
    "already, tell the people who run the site: SPV_PROXIES or the header "
    "X-Forwarded-Proto is not set.",
)
UNKNOWN_HOST = (
    "This address is not one of this site",
    "Check the name of the site in the address. If it is right, tell the people who "
    "run the site: it is missing in SPV_HOSTS.",
)


def init_app(app: Flask) -> None:
    """Answer HTTP errors, what services raise, and what nobody foresaw."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(ValidationError, _refusal)
    app.register_error_handler(DBAPIError, _no_database)
    app.register_error_handler(PoolTimeout, _no_database)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    title, sentence = _words(error, status)
    response = _answer(status, title, sentence)
    # What the framework knows, such as Allow and Retry-After, goes along.
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def _words(error: HTTPException, status: int) -> tuple[str, str]:
    if isinstance(error, SecurityError):
        return UNKNOWN_HOST
    if not isinstance(error, CSRFError):
        return WORDS.get(status, WORDS[500] if status > 499 else WORDS[400])
    if security.is_without_cookies():
        return PLAIN_HTTP
    return NO_REFERRER if "referrer" in str(error.description) else FORM_EXPIRED


def _no_database(error: DBAPIError | PoolTimeout) -> Response:
    """Answer that the database is away, locked or read-only; other errors are ours."""
    sentence = database.trouble(error)
    if not sentence:
        raise error
    current_app.logger.error("%s %s", sentence, getattr(error, "orig", error))
    title, again = WORDS[503]
    return _answer(503, title, f"{sentence} {again}")


def _refusal(refusal: ValidationError) -> Response:
    """Answers that the rules refuse. Forms show theirs; this is for programs."""
    if not request.path.startswith("/api/"):
        return _answer(422, WORDS[422][0], str(refusal))
    errors = getattr(refusal, "errors", None)
    if errors is None:  # those of a form have no codes
        code = getattr(refusal, "code", "")
        known = {"code": code} if code else {}
        problems = refusal.problems.items()
        errors = [{"field": name, **known, "message": said} for name, said in problems]
    response = api_error(getattr(refusal, "http_status", 422), errors)
    if wait := getattr(refusal, "retry_after", 0):
        response.headers["Retry-After"] = str(wait)
    return response


def _service_error(error: ServiceError) -> Response:
    title, sentence = WORDS[error.status]
    return _answer(error.status, title, str(error) or sentence)


def _answer(status: int, title: str, sentence: str) -> Response:
    if status >= 500:
        # Where the database did not say who is there, the page must not ask it again.
        g.setdefault("_login_user", AnonymousUserMixin())
    if request.path.startswith("/api/"):
        code = HTTPStatus(status).name.lower()
        return api_error(status, [{"code": code, "message": f"{title}. {sentence}"}])
    if request_ctx.url_adapter is None:
        # The Host header is nonsense, and without a host no page can have links.
        return Response(f"{title}. {sentence}", status, mimetype="text/plain")
    if status == 429 and pages.wants_partial():
        return _beside_the_form(sentence)
    response = pages.render(
        "errors/_error.html",
        title=title,
        sentence=sentence,
        status=status,
        again=_sent() if status == 429 else None,
    )
    if pages.wants_partial():
        # Wherever the answer was meant to go, an error takes the place of the page.
        response.headers["HX-Retarget"] = "#content"
        response.headers["HX-Reswap"] = "innerHTML show:window:top"
        response.headers["HX-Reselect"] = "#error"
    return response


def _beside_the_form(sentence: str) -> Response:
    """Say in HTMX that it has to wait; the form and a chosen file stay as they are."""
    text = render_template("errors/_wait.html", sentence=sentence)
    response = make_response(text, 429)
    response.vary.add("HX-Request")
    response.headers["HX-Retarget"] = "dialog[open] .spv-wait, #wait"
    response.headers["HX-Reswap"] = "innerHTML show:top"
    response.headers["HX-Reselect"] = "#too-many"
    return response


def _sent() -> list[tuple[str, str, str]]:
    """What a form has sent, to be sent again: kind of field, name and value.

    Passwords are typed again and files chosen again, as no page may hold them.
    """
    fields = [
        ("password", name, "") if "password" in name else ("hidden", name, value)
        for name, value in request.form.items(multi=True)
    ]
    fields += [("file", name, "") for name in request.files]
    is_short = sum(len(value) for _, _, value in fields) < LONGEST_KEPT
    return fields if is_short and len(fields) < LONGEST_KEPT // 10 else []


def api_error(status: int, errors: Sequence[dict[str, Any]]) -> Response:
    """The one body of every error of the APIs."""
    response = jsonify({"result": "Unsuccessful", "errors": errors})
    response.status_code = status
    return response
