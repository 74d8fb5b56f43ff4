"""The ledger of panel serial numbers: search, one row's history, look up a list."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.ledger import InvalidateForm, SearchForm, SerialListForm, TickedRows
from spv.rules.errors import ValidationError
from spv.rules.ledger.criteria import Criteria, read_criteria
from spv.services.ledger import lookup, search, selections
from spv.views.invalidations import dialog

bp = Blueprint("panels", __name__, url_prefix="/panels")


@bp.get("")
def index() -> Response:
    """The form, and what was found; without criteria that is everything."""
    form, after = SearchForm(request.args), pages.number("after")
    try:
        criteria = read_criteria(form.answers)
    except ValidationError as refusal:
        return _index(form.refused(refusal))
    response = _index(
        form,
        criteria=criteria.answers(),
        found=search.find(criteria, current_actor(), after),
        ticks=TickedRows.read(request.args),
        after=after,
    )
    return _with_address(response, criteria, after)


@bp.get("/found.csv")
def export() -> Response:
    """All that was found as a file that can be uploaded again."""
    criteria = read_criteria(SearchForm(request.args).answers)
    lines = search.export(criteria, current_actor())
    return pages.csv_file(lines, "panel-serial-numbers.csv")


@bp.get("/serials/<row:row_id>")
def show(row_id: int) -> Response:
    """What has become of a serial number."""
    found = lookup.history(row_id, current_actor())
    return pages.render("panels/_show.html", title=found.serial_number, history=found)


def _index(form: SearchForm, **context: Any) -> Response:
    title = "Search panel serial numbers"
    return pages.render("panels/_index.html", title=title, form=form, **context)


def _with_address(response: Response, criteria: Criteria, after: int) -> Response:
    """The address holds the search, also while it is typed; going on is a page more."""
    name = "HX-Push-Url" if after else "HX-Replace-Url"
    values = criteria.answers() | ({"after": str(after)} if after else {})
    query = f"?{urlencode(values)}" if values else ""
    response.headers[name] = url_for("panels.index") + query
    return response


@bp.get("/check")
def new_check() -> Response:
    """The form for a list."""
    return _new_check(SerialListForm())


@bp.post("/check")
@limiter.limit("60 per minute")
def check() -> Response:
    """What the ledger says: as a page, as a file, or as the dialog that marks them."""
    form, actor = SerialListForm(), current_actor()
    try:
        checked = lookup.check(*form.given(), actor)
        if "mark" in request.form:
            marked = selections.listed(checked.markable, actor)
            return dialog(InvalidateForm(formdata=None), marked)
    except ValidationError as refusal:
        return _new_check(form.refused(refusal))
    if "download" in request.form:
        return pages.csv_file(lookup.as_csv(checked), "checked-serials.csv")
    return _new_check(form, checked=checked)


def _new_check(form: SerialListForm, **context: Any) -> Response:
    title = "Check serial numbers"
    return pages.render("panels/_check.html", title=title, form=form, **context)
