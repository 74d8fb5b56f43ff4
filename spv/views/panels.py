"""The ledger of panel serial numbers: search, the history of one, check a list."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.ledger import InvalidateForm, SearchForm, SerialListForm, TickedRows
from spv.rules.errors import ValidationError
from spv.rules.ledger.criteria import read_criteria
from spv.rules.ledger.serial_list import read_list
from spv.services.ledger import lookup, search, selections
from spv.views.invalidations import dialog

bp = Blueprint("panels", __name__, url_prefix="/panels")


@bp.get("")
def index() -> Response:
    """Show the search form and the rows found: all of them if nothing is asked."""
    form, after = SearchForm(request.args), pages.number("after")
    try:
        criteria = read_criteria(form.answers)
    except ValidationError as error:
        return _index(form.refused(error))
    response = _index(
        form,
        criteria=criteria.answers(),
        found=search.find(criteria, current_actor(), after),
        ticks=TickedRows.read(request.args),
        after=after,
    )
    # The address follows the search while it is typed. A next page is a new address.
    header = "HX-Push-Url" if after else "HX-Replace-Url"
    values = criteria.answers() | ({"after": str(after)} if after else {})
    query = f"?{urlencode(values)}" if values else ""
    response.headers[header] = url_for("panels.index") + query
    return response


def _index(form: SearchForm, **context: Any) -> Response:
    title = "Search panel serial numbers"
    return pages.render("panels/_index.html", title=title, form=form, **context)


@bp.get("/found.csv")
def export() -> Response:
    """Download all rows found as a CSV file that can be uploaded again."""
    criteria = read_criteria(SearchForm(request.args).answers)
    lines = search.export(criteria, current_actor())
    return pages.csv_file(lines, "panel-serial-numbers.csv")


@bp.get("/serials/<row:row_id>")
def show(row_id: int) -> Response:
    """Show the history of a serial number."""
    found = lookup.history(row_id, current_actor())
    return pages.render("panels/_show.html", title=found.serial_number, history=found)


@bp.get("/check")
def new_check(form: SerialListForm | None = None, **context: Any) -> Response:
    """Show the form for a list of serial numbers, and the list that was checked."""
    title, form = "Check serial numbers", form or SerialListForm()
    return pages.render("panels/_check.html", title=title, form=form, **context)


@bp.post("/check")
@limiter.limit("60 per minute")
@pages.submits(SerialListForm, new_check)
def check(form: SerialListForm) -> Response:
    """Look up a list: answer a page, a CSV file, or the dialog that marks the rows."""
    actor = current_actor()
    checked = lookup.check_list(read_list(*form.given()), actor)
    if "mark" in request.form:
        selection = selections.listed(checked.markable, actor)
        return dialog(InvalidateForm(formdata=None), selection)
    if "download" in request.form:
        return pages.csv_file(lookup.as_csv(checked), "checked-serials.csv")
    return new_check(form, checked=checked)
