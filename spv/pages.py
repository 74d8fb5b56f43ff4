"""Answer with a whole page or, for HTMX, a part of it: only this module decides."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache, wraps
from itertools import chain
from typing import Any

import flask
import segno
from flask import Flask, Response, current_app, request, url_for
from itsdangerous import BadData, TimedSerializer
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from spv import clock, guide
from spv.extensions import htmx, request_id, secret_keys
from spv.rules.accounts import STAFF_ROLES, TYPE_WORDS, format_abn
from spv.rules.errors import ValidationError
from spv.rules.text import format_age, format_date, format_decimal, pluralise

View = Callable[..., BaseResponse]
SIGNED_FOR = 86_400  # seconds
MOST_PARTS = 1_000  # of pages, rendered once
LONGEST_QR = 200  # characters
LONGEST_RESENT = 200_000  # characters of a form that can be sent again


def init_app(app: Flask) -> None:
    """Give templates the functions that write numbers, days and addresses."""
    environment = app.jinja_env
    # Jinja looks through a chain of mappings for each template and import, although
    # templates have no globals of their own: that takes a tenth of a page's time.
    environment.make_globals = lambda _: environment.globals  # type: ignore[assignment, method-assign]
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals |= {
        "agency_contact": _agency_contact(app),
        "is_demonstration": is_demonstration,
        "render_once": _cached_parts(),
        "request_id": request_id,
        "days_moved": clock.days_moved,
        "real_day": clock.real_day,
        "staff_roles": STAFF_ROLES,
        "terms": guide.TERMS,
        "today": clock.today,
        "type_words": TYPE_WORDS,
        "url_for": _address,
    }
    environment.filters |= {
        "abn": format_abn,
        "age": lambda moment: format_age(clock.now() - moment),
        "counted": pluralise,
        "day": format_date,
        "month": lambda day: f"{day.month}/{day:%y}",
        "dollars": _dollars,
        "moment": clock.format_moment,
        "plain": format_decimal,
        "qr": lru_cache(_qr_code),
        "qr_of_secret": _qr_code,  # not cached: a secret must not stay in memory
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        "short_day": clock.format_short_date,
        "time": lambda moment: f"{moment.astimezone(clock.ZONE):%H:%M}",
    }


def _cached_parts() -> Callable[..., Markup]:
    """Return a function for templates that renders a part of a page once."""
    parts: dict[tuple[Any, ...], Markup] = {}

    def render_once(
        *key: Any, caller: Callable[[], Markup], only_if: bool = True
    ) -> Markup:
        """Return what the caller writes, or what it wrote before for the same key."""
        if not only_if:
            return caller()
        place = (request.script_root, *key)
        if (part := parts.get(place)) is None:
            if len(parts) >= MOST_PARTS:  # a proxy may pass on any prefix
                parts.clear()
            part = parts[place] = caller()
        return part

    return render_once


def _address(endpoint: str, **values: Any) -> str:
    """Return the address of a page; cached if it has no values, as menus have many."""
    if values or endpoint[0] == ".":
        return url_for(endpoint, **values)
    return _plain_address(request.script_root, endpoint)


@lru_cache(500)
def _plain_address(_prefix: str, endpoint: str) -> str:
    return url_for(endpoint)


def wants_partial() -> bool:
    """Tell whether HTMX asks for a part of the page, because it shows the rest."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def is_demonstration() -> bool:
    """Tell whether this is a demonstration, without real data."""
    return bool(current_app.config["SPV_ENVIRONMENT"] == "demo")


def _agency_contact(app: Flask) -> str:
    """Return a sentence that says how to reach the agency, or why nobody can."""
    if contact := app.config["SPV_AGENCY_CONTACT"].strip().rstrip("."):
        return f"Contact the agency: {contact}."
    if app.config["SPV_ENVIRONMENT"] == "demo":
        return "This is a demonstration, so there is no agency to contact."
    return ""


def render(
    partial: str, title: str, form: Any = None, *, status: int = 0, **context: Any
) -> Response:
    """Render a whole page around a partial or, for HTMX, the partial with its title.

    Without a status, the form decides: a form with errors is 422.
    """
    status = status or (form.http_status if form else 200)
    context |= {
        "form": form,
        "partial": partial,
        "title": title,
        "error": status in (400, 409, 422, 429),
    }
    shell = "partial.html" if wants_partial() else "base.html"
    response = flask.make_response(flask.render_template(shell, **context), status)
    response.headers["Vary"] = "HX-Request"
    if form and form.retry_after:
        flask.g.retry_after = form.retry_after
    if status in (400, 429) and wants_partial():
        # spv.js ignores error pages without a target: they may be a proxy's.
        replace_content(response)
    return response


def submits(form_class: Callable[[], Any], page: View) -> Callable[[View], View]:
    """Give a view the form that was sent; show its page again if the form has errors.

    If the view raises ValidationError, `page` gets the values of the address, the form
    with the sentences of the error beside its fields, and the details of the error.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def submit(**values: Any) -> BaseResponse:
            form = form_class()
            try:
                return view(form, **values)
            except ValidationError as error:
                return page(**values, form=form.refused(error), **error.details)

        return submit

    return decorate


def logs_a_view(view: View) -> View:
    """Run a GET view that logs an event only if somebody will see its page.

    A HEAD request gets an empty answer, and a prefetch a 503: the browser asks again
    when the page is opened.
    """

    @wraps(view)
    def look(**values: Any) -> BaseResponse:
        purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose")
        if "prefetch" in (purpose or ""):
            return Response(status=503)
        return Response() if request.method == "HEAD" else view(**values)

    return look


def fields_to_resend() -> list[tuple[str, str, str]]:
    """Return kind, name and value of the fields of a form, to send it again.

    Passwords are typed again and files chosen again, as no page may contain them.
    """
    fields = [
        ("password", name, "") if "password" in name else ("hidden", name, value)
        for name, value in request.form.items(multi=True)
    ]
    fields += [("file", name, "") for name in request.files]
    is_short = sum(len(value) for _, _, value in fields) < LONGEST_RESENT
    return fields if is_short and len(fields) < LONGEST_RESENT // 10 else []


def done(endpoint: str, message: str = "", **values: Any) -> BaseResponse:
    """Show the next page after a success: a 303, or for HTMX the page itself."""
    redirect = go_to(endpoint, message, **values)
    if not wants_partial():
        return redirect
    response = flask.make_response(current_app.view_functions[endpoint](**values))
    response.headers["HX-Push-Url"] = redirect.headers["Location"]
    replace_content(response)
    return response


def go_to(endpoint: str, message: str = "", **values: Any) -> BaseResponse:
    """Redirect to a page, because the user may have other roles now."""
    if message:
        flask.flash(message)
    return flask.redirect(url_for(endpoint, **values), 303)


def replace_content(response: Response) -> None:
    """Make HTMX replace the content of the whole page, and scroll to its top."""
    response.headers["HX-Retarget"] = "#content"
    response.headers["HX-Reswap"] = "innerHTML show:window:top"


def number(name: str) -> int:
    """Read a number of the query, such as where a list continues; 0 if it has none."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def csv_file(text: str | Iterator[str], filename: str) -> Response:
    """Answer with a CSV file to be saved; the pieces of an iterator are streamed."""
    # The byte order mark makes spreadsheets read the file as UTF-8.
    content = f"\ufeff{text}" if isinstance(text, str) else chain("\ufeff", text)
    return saved_file(content, filename, "text/csv")


def saved_file(
    content: str | Iterator[str], filename: str, mimetype: str = "text/plain"
) -> Response:
    """Answer with a file to be saved; the pieces of an iterator are streamed."""
    if not isinstance(content, str):
        content = flask.stream_with_context(content)
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def signed(value: Any) -> str:
    """Sign a value that a form carries for a day, so that it cannot be changed."""
    return str(_signer().dumps(value))


def read_signed(text: str) -> Any:
    """Return a signed value; None if the signature is missing, wrong or too old.

    The secret of a demonstration is known, so the value can be of any kind: check it.
    """
    try:
        return _signer().loads(text, max_age=SIGNED_FOR)
    except BadData:
        return None


def _signer() -> TimedSerializer[str]:
    # Not URLSafeTimedSerializer, which would unpack a megabyte to a gigabyte.
    return TimedSerializer(secret_keys(), "form")


def _qr_code(text: str, scale: int, longest: int = LONGEST_QR) -> Markup:
    """Draw a QR code, dark on light in dark mode too; nothing for a very long text."""
    if len(text) > longest:
        return Markup()
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=scale, light="#fff"))  # noqa: S704


def _dollars(value: Decimal) -> str:
    """Write dollars, without cents if there are none: $1,800, but $38.50."""
    return f"${value:,.2f}".removesuffix(".00")
