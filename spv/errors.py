"""Answers to errors: a page, an HTMX partial, or JSON for programs."""

import tomllib
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask
from flask import Flask, Response, current_app, g, request
from flask.globals import request_ctx
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError

from spv import database, pages, security
from spv.rules.errors import UseCaseError

Words = list[str]  # a title, and a sentence that says what to do
BESIDE_FORM = {
    "HX-Retarget": "dialog[open] .spv-wait, #wait", "HX-Reselect": "#too-many",
    "HX-Reswap": "innerHTML show:top", "Vary": "HX-Request",
}  # fmt: skip
_TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
SPECIAL: dict[str, Words] = _TEXTS["special"]
WORDS: dict[int, Words] = {int(status): w for status, w in _TEXTS["status"].items()}


def init_app(app: Flask) -> None:
    """Register the handlers of HTTP errors, use case errors and database errors."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(UseCaseError, _use_case_error)
    app.register_error_handler(DBAPIError, _no_database)
    app.register_error_handler(PoolTimeout, _no_database)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    response = _answer(status, *_words(error, status))
    # Keep the headers of the framework, such as Allow and Retry-After.
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def _words(error: HTTPException, status: int) -> Words:
    if isinstance(error, SecurityError):
        return SPECIAL["unknown_host"]
    if not isinstance(error, CSRFError):
        return WORDS.get(status, WORDS[500] if status > 499 else WORDS[400])
    if security.is_without_cookies():
        return SPECIAL["plain_http"]
    has_referrer = "referrer" not in str(error.description)
    return SPECIAL["form_expired" if has_referrer else "no_referrer"]


def _no_database(error: DBAPIError | PoolTimeout) -> Response:
    """Answer 503 if the database is down, locked or read-only; else raise again."""
    sentence = database.trouble(error)
    if not sentence:
        raise error
    current_app.logger.error("%s %s", sentence, getattr(error, "orig", error))
    title, again = WORDS[503]
    return _answer(503, title, f"{sentence} {again}")


def _use_case_error(error: UseCaseError) -> Response:
    g.retry_after = error.retry_after
    if error.errors and _is_api():
        return api_error(error.http_status, error.errors)
    title, sentence = WORDS[error.http_status]
    return _answer(error.http_status, title, str(error) or sentence, **error.details)


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _answer(status: int, title: str, sentence: str, **details: Any) -> Response:
    if status >= 500:
        # If the database could not say who is signed in, the page must not ask again.
        g.setdefault("_login_user", AnonymousUserMixin())
    if _is_api():
        code = HTTPStatus(status).name.lower()
        return api_error(status, [{"code": code, "message": f"{title}. {sentence}"}])
    if request_ctx.url_adapter is None:
        # The Host header is not valid, and no link can be made without a host.
        return Response(f"{title}. {sentence}", status, mimetype="text/plain")
    if status == 429 and pages.wants_partial():
        # Leave the form and a chosen file as they are.
        html = flask.render_template("errors/_wait.html", sentence=sentence)
        return flask.make_response(html, 429, BESIDE_FORM)
    again = pages.fields_to_resend() if status == 429 else None
    response = pages.render(
        "errors/_error.html", title=title, sentence=sentence, status=status,
        again=again, failed=status >= 500, **details,
    )  # fmt: skip
    if pages.wants_partial():
        # An error replaces the whole page, whatever part of it HTMX asked for.
        pages.replace_content(response)
        response.headers["HX-Reselect"] = "#error"
    return response


def api_error(status: int, errors: Sequence[dict[str, Any]]) -> Response:
    """Answer a program with errors: every error of the APIs has this one body."""
    return flask.make_response({"result": "Unsuccessful", "errors": errors}, status)
