"""Answering with a page, or with only its part for HTMX: the one place that decides."""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from itsdangerous import BadData, TimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from spv import clock
from spv.extensions import htmx, secret_keys
from spv.rules.accounts import TYPE_WORDS, format_abn
from spv.rules.formatting import format_date, format_decimal, pluralise

SEALED_FOR = 86_400  # seconds


def init_app(app: Flask) -> None:
    """Give templates the ways of writing days, moments and money."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_global(_asset, "asset")
    app.add_template_global(is_demonstration)
    app.jinja_env.globals["type_words"] = TYPE_WORDS
    app.add_template_filter(format_abn, "abn")
    app.add_template_filter(format_date, "day")
    app.add_template_filter(clock.format_moment, "moment")
    app.add_template_filter(clock.format_short_date, "short_day")
    app.add_template_filter(_dollars, "dollars")
    app.add_template_filter(format_decimal, "plain")
    app.add_template_filter(pluralise, "counted")
    app.add_template_filter(_pretty, "pretty")


def wants_partial() -> bool:
    """Whether HTMX asks for the inside of a page it is already on."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def is_demonstration() -> bool:
    """Whether nothing here is real."""
    return bool(current_app.config["SPV_ENVIRONMENT"] == "demo")


def render(
    partial: str, *, title: str, form: Any = None, status: int = 0, **context: Any
) -> Response:
    """The page around a partial, or for HTMX the partial alone, with its title.

    Where no status is given it is that of the form: a refused one is 422.
    """
    status = status or (form.http_status if form else 200)
    context["form"] = form
    shell = "partial.html" if wants_partial() else "base.html"
    context |= {
        "partial": partial,
        "title": title,
        "error": status in (400, 409, 422, 429),
    }
    response = make_response(render_template(shell, **context), status)
    response.vary.add("HX-Request")
    if form and form.retry_after:
        g.retry_after = form.retry_after
    if status in (400, 429) and wants_partial():
        response.headers["HX-Retarget"] = "#content"  # a page of ours, not a proxy's
        response.headers["HX-Reswap"] = "innerHTML show:window:top"
    return response


def done(endpoint: str, **values: Any) -> BaseResponse:
    """After a success: on to the page of what was made (303; HTMX gets it at once)."""
    url = url_for(endpoint, **values)
    if not wants_partial():
        return redirect(url, 303)
    response = make_response(current_app.view_functions[endpoint](**values))
    response.headers["HX-Push-Url"] = url
    response.headers["HX-Retarget"] = "#content"
    response.headers["HX-Reswap"] = "innerHTML show:window:top"
    return response


def number(name: str) -> int:
    """A number of the query, such as where a list goes on; 0 where it is none."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def csv_file(text: str | Iterator[str], filename: str) -> Response:
    """A CSV file to be saved; one in pieces is sent as they come."""
    whole = isinstance(text, str)
    # The byte order mark is what makes a spreadsheet read it as UTF-8.
    content = f"\ufeff{text}" if whole else stream_with_context(chain("\ufeff", text))
    response = Response(content, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def signed(value: Any) -> str:
    """A value that a form carries for a day, and that nobody can change on its way."""
    return str(_seal().dumps(value))


def read_signed(text: str) -> Any:
    """The value that was sealed; None where it was not, was changed, or is too old.

    In a demonstration, whose secret is known, it can be any value: look at its shape.
    """
    try:
        return _seal().loads(text, max_age=SEALED_FOR)
    except BadData:
        return None


def _seal() -> TimedSerializer[str]:
    # Not URLSafeTimedSerializer: that unpacks a megabyte into a gigabyte.
    return TimedSerializer(secret_keys(), "form")


def _asset(name: str) -> str:
    """The address of a static file: it changes with the file, and can be kept."""
    return url_for("static", filename=name, v=_version(name))


@cache
def _version(name: str) -> str:
    """A short digest of a static file."""
    content = (Path(current_app.static_folder or "") / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:8]


def _pretty(value: Any) -> str:
    """JSON for people, in the order that it was written."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _dollars(value: Decimal) -> str:
    """Whole dollars without cents: $1,800, and $38.50."""
    return f"${value:,.2f}".removesuffix(".00")
