"""The ledger of panel serial numbers: search it, check a list, mark rows as invalid."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.ledger import InvalidateForm, SearchForm, SerialListForm, TickedRows
from spv.rules.errors import ValidationError
from spv.rules.ledger.search import read_criteria, read_list
from spv.rules.text import pluralise
from spv.services.agency import audit_search, refusals
from spv.services.ledger import invalidations, lookup, search, selections
from spv.services.ledger.invalidations import SelectionMoved
from spv.services.ledger.rows import with_ids
from spv.services.ledger.selections import ROW_BY_ROW, Selection

bp = Blueprint("panels", __name__, url_prefix="/panels")
invalidations_bp = Blueprint("invalidations", __name__, url_prefix="/panels")
SAMPLE = 5
MOST_PAGES = 50  # of them an address keeps the last rows
EXPIRED = (
    "This list of rows has expired: it is kept for a day. Search again and select the "
    "rows."
)
NOT_SHOWN = "Look at what will be marked, then select the reason."


class SelectionExpired(ValidationError):
    """The form's list of rows is too old, is another user's, or was changed."""

    http_status = 400


def _index(form: SearchForm, **context: Any) -> Response:
    title = "Search panel serial numbers"
    return pages.render("panels/_index.html", title=title, form=form, **context)


@bp.get("")
@pages.recorded
@pages.submits(lambda: SearchForm(request.args), _index)
def index(form: SearchForm) -> Response:
    """Show the search form and the rows found: all of them if nothing is asked."""
    criteria, trail = read_criteria(form.answers), _trail()
    words = dict(criteria.in_words())
    audit_search.note_search("ledger.searched", current_actor(), words)
    response = _index(
        form,
        criteria=criteria.answers(),
        found=search.find(criteria, current_actor(), trail[-1] if trail else 0),
        ticks=TickedRows.read(request.args),
        trail=trail,
        first=search.ROWS_SHOWN * len(trail) + 1 if len(trail) < MOST_PAGES else 0,
    )
    # The address follows the search while it is typed. A next page is a new address.
    header = "HX-Push-Url" if trail else "HX-Replace-Url"
    after = ".".join(map(str, trail)) or None
    values: dict[str, Any] = {**criteria.answers(), "after": after}
    response.headers[header] = url_for("panels.index", **values)
    return response


def _trail() -> list[int]:
    """Read the last row of each page before this one, so that one can go back."""
    texts = request.args.get("after", "").split(".")[-MOST_PAGES:]
    return [int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < 19]


@bp.get("/found.csv")
@pages.recorded
def export() -> Response:
    """Download all rows found as a CSV file that can be uploaded again."""
    criteria = read_criteria(SearchForm(request.args).answers)
    actor, words = current_actor(), dict(criteria.in_words())
    audit_search.note("ledger.exported", actor, criteria=words)
    lines = search.export(criteria, actor)
    return pages.csv_file(lines, "panel-serial-numbers.csv")


@bp.get("/serials/<row:row_id>")
def show(row_id: int) -> Response:
    """Show the history of a serial number; to staff also who was refused."""
    actor = current_actor()
    asked_for = refusals.asked_for(row_id, actor)
    rows = lookup.history(row_id, actor)
    return pages.render(
        "panels/_show.html",
        title=rows[0].PanelSerial.serial_number,
        rows=rows,
        asked_for=asked_for,
    )


@bp.get("/check")
def new_check(form: SerialListForm | None = None, **context: Any) -> Response:
    """Show the form for a list of serial numbers, and the list that was checked."""
    title, form = "Look up a list", form or SerialListForm()
    return pages.render("panels/_check.html", title=title, form=form, **context)


@bp.post("/check")
@limiter.limit("60 per minute")
@pages.submits(SerialListForm, new_check)
def check(form: SerialListForm) -> Response:
    """Look up a list: answer a page, a CSV file, or the dialog that marks the rows."""
    actor = current_actor()
    listed = read_list(*form.given())
    audit_search.note("ledger.searched", actor, serial_numbers=len(listed.entries))
    checked = lookup.check_list(listed, actor)
    if "mark" in request.form:
        selection = selections.listed(checked.markable, actor)
        return dialog(InvalidateForm(formdata=None), selection)
    if "download" in request.form:
        return pages.csv_file(lookup.as_csv(checked), "checked-serials.csv")
    return new_check(form, checked=checked)


def dialog(form: InvalidateForm, selection: Selection | None = None) -> Response:
    """Show the dialog over a selection, or say why there is none."""
    rows = selection.row_ids if selection else ()
    return pages.render(
        "invalidations/_new.html",
        title="Mark as invalid",
        form=form,
        selection=selection,
        sample=with_ids(rows[:SAMPLE]) if rows else (),
        sealed=pages.signed([current_actor().user_id, selection]) if rows else "",
    )


@invalidations_bp.get("/invalidate", endpoint="new")
@pages.submits(InvalidateForm, dialog)
def new_invalidation(form: InvalidateForm) -> Response:
    """Show the dialog over the rows that are ticked, or over all rows found."""
    return dialog(form, _ticked(request.args))


@invalidations_bp.post("/invalidate", endpoint="create")
@limiter.limit("60 per minute")
def invalidate() -> BaseResponse:
    """Mark the rows that the dialog showed, or that a program names without it."""
    form, actor, shown = InvalidateForm(), current_actor(), None
    try:
        shown = _shown(form)
        selection = shown or _named(request.form)
        number, _ = invalidations.mark(selection, form.answers, actor)
    except SelectionMoved as error:
        return dialog(form.refused(error), error.rest)
    except ValidationError as error:
        # Rows that were only named are not shown: they may be another account's.
        return dialog(form.refused(error), shown)
    message = f"{pluralise(len(selection.row_ids), 'row')} marked as invalid"
    return pages.done("invalidations.show", message, invalidation_id=number)


@invalidations_bp.get("/invalidations", endpoint="index")
def list_invalidations() -> Response:
    """List the invalidations of the account, newest first. Agency staff see all."""
    before, account = map(pages.number, ("before", "account"))
    found, has_more = invalidations.find(current_actor(), before, account)
    return pages.render(
        "invalidations/_index.html",
        title="Marked as invalid",
        invalidations=found,
        has_more=has_more,
        before=before,
        only=account,
    )


@invalidations_bp.get("/invalidations/<number:invalidation_id>", endpoint="show")
def show_invalidation(invalidation_id: int) -> Response:
    """Show the receipt of an invalidation, and its rows."""
    after = pages.number("after")
    receipt = invalidations.show(invalidation_id, current_actor(), after)
    title = f"Invalidation {invalidation_id}"
    return pages.render("invalidations/_show.html", title=title, receipt=receipt)


@invalidations_bp.get("/invalidations/<number:invalidation_id>/rows-<number:part>.csv")
def rows(invalidation_id: int, part: int) -> Response:
    """Download rows of an invalidation, to correct them and upload them again."""
    text = invalidations.rows_to_correct(invalidation_id, part, current_actor())
    return pages.csv_file(text, f"to-correct-{invalidation_id}-{part}.csv")


def _ticked(sent: MultiDict[str, str]) -> Selection:
    """Select the valid ones of the rows that are ticked on the page of a search."""
    ticks, actor = TickedRows.read(sent), current_actor()
    if not ticks.every:
        return selections.chosen(ticks.rows, actor)
    try:
        return selections.matching(read_criteria(sent), ticks.rows, actor)
    except ValidationError as error:  # Its fields are not in the dialog's form.
        raise ValidationError({"selection": str(error)}) from None


def _shown(form: InvalidateForm) -> Selection | None:
    """Return the rows that the dialog showed to this user, if there was a dialog.

    Raises SelectionExpired if the form's list of rows is not valid.
    """
    if not form.selection.data:
        return None
    sent = pages.read_signed(form.selection.data)
    if selection := selections.read_selection(sent, current_actor()):
        return selection
    raise SelectionExpired({"selection": EXPIRED})


def _named(sent: MultiDict[str, str]) -> Selection:
    """Return the rows that a program names. All rows found must be shown first."""
    if "all_matching" in sent:
        raise SelectionMoved(NOT_SHOWN, _ticked(sent))
    return Selection(sorted(TickedRows.read(sent).rows), ROW_BY_ROW)
