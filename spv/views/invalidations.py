"""Marking rows of the ledger invalid: the dialog, the act, its receipt."""

from flask import Blueprint, Response, flash, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.ledger import InvalidateForm, TickedRows
from spv.rules.errors import ValidationError
from spv.rules.formatting import pluralise
from spv.rules.ledger.criteria import read_criteria
from spv.services.ledger import invalidations, selections
from spv.services.ledger.invalidations import SelectionMoved
from spv.services.ledger.selections import Selection

bp = Blueprint("invalidations", __name__, url_prefix="/panels")
EXPIRED = (
    "This list of rows has expired: it is kept for a day. Search again and select the "
    "rows."
)
NOT_SHOWN = "Look at what will be marked, then select the reason."


class SelectionExpired(ValidationError):
    """The list of rows in a form is too old, is another person's, or was changed."""

    http_status = 400


@bp.get("/invalidate")
def new() -> Response:
    """What will be marked: the rows that are ticked, or all that match."""
    form = InvalidateForm(formdata=None)
    try:
        return dialog(form, _selected(request.args))
    except ValidationError as refusal:
        return dialog(form.refused(refusal))


@bp.post("/invalidate")
@limiter.limit("60 per minute")
def create() -> BaseResponse:
    """Mark what the dialog showed."""
    form, actor = InvalidateForm(), current_actor()
    try:
        shown = _shown(form)
    except SelectionExpired as expired:
        return dialog(form.refused(expired))
    try:
        selection = shown or _named(request.form)
        number = invalidations.mark(selection, form.answers, actor)
    except SelectionMoved as moved:
        return dialog(form.refused(moved), moved.rest)
    except ValidationError as refusal:  # rows that were only named may be anybody's
        return dialog(form.refused(refusal), shown)
    flash(f"{pluralise(len(selection.row_ids), 'row')} marked as invalid")
    return pages.done("invalidations.show", invalidation_id=number)


@bp.get("/invalidations/<number:invalidation_id>")
def show(invalidation_id: int) -> Response:
    """The receipt of a marking, and its rows."""
    after = pages.number("after")
    receipt = invalidations.show(invalidation_id, current_actor(), after)
    title = f"Invalidation {invalidation_id}"
    return pages.render("invalidations/_show.html", title=title, receipt=receipt)


@bp.get("/invalidations/<number:invalidation_id>/rows-<number:part>.csv")
def rows(invalidation_id: int, part: int) -> Response:
    """Rows of a marking, to be corrected and uploaded."""
    text = invalidations.rows_to_correct(invalidation_id, part, current_actor())
    return pages.csv_file(text, f"to-correct-{invalidation_id}-{part}.csv")


def dialog(form: InvalidateForm, selection: Selection | None = None) -> Response:
    """The dialog over rows that somebody has selected, or why there are none."""
    rows = selection.row_ids if selection else ()
    return pages.render(
        "invalidations/_new.html",
        title="Mark as invalid",
        form=form,
        selection=selection,
        sample=selections.sample(selection) if selection else (),
        sealed=pages.signed([current_actor().user_id, selection]) if rows else "",
    )


def _selected(sent: MultiDict[str, str]) -> Selection:
    ticks, actor = TickedRows.read(sent), current_actor()
    if not ticks.every:
        return selections.chosen(ticks.rows, actor)
    try:
        return selections.matching(read_criteria(sent), ticks.rows, actor)
    except ValidationError as refusal:  # its fields are those of the search
        raise ValidationError({"selection": str(refusal)}) from None


def _shown(form: InvalidateForm) -> Selection | None:
    """The rows that the dialog showed to this person; None where there was no dialog.

    SelectionExpired.
    """
    if not form.selection.data:
        return None
    actor, selection = current_actor(), None
    match pages.read_signed(form.selection.data):
        case [int(user_id), value] if user_id == actor.user_id:
            selection = selections.read_selection(value, actor)
    if selection is None:
        raise SelectionExpired({"selection": EXPIRED})
    return selection


def _named(sent: MultiDict[str, str]) -> Selection:
    """The rows that a program names, without a dialog. What matches must be shown."""
    if "all_matching" in sent:
        raise SelectionMoved(NOT_SHOWN, _selected(sent))
    return Selection(sorted(TickedRows.read(sent).rows), [("Chosen", "Row by row")])
