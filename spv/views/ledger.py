"""The ledger of panel serial numbers: search it, mark rows as invalid, upload."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms import ledger as forms
from spv.rules.errors import ValidationError
from spv.rules.ledger.search import read_criteria, read_list
from spv.rules.text import pluralise
from spv.services.accounts import applications
from spv.services.agency import audit_search, refusals
from spv.services.ledger import (
    invalidations,
    lookup,
    refused_files,
    search,
    selections,
    uploads,
)
from spv.services.ledger.invalidations import RowsNoLongerValid
from spv.services.ledger.refused_files import File
from spv.services.ledger.rows import with_ids
from spv.services.ledger.selections import ROW_BY_ROW, Selection

bp = Blueprint("panels", __name__, url_prefix="/panels")
invalidations_bp = Blueprint("invalidations", __name__, url_prefix="/panels")
uploads_bp = Blueprint("uploads", __name__)
SAMPLE = 5
MOST_PAGES = 50  # an address keeps the last row of at most this many pages
EXPIRED = (
    "This list of rows has expired: it is kept for a day. Search again and select the "
    "rows."
)
NOT_SHOWN = "Look at what will be marked, then select the reason."


def _index(form: forms.SearchForm, **context: Any) -> Response:
    title = "Search panel serial numbers"
    return pages.render("panels/_index.html", title, form, **context)


@bp.get("")
@pages.logs_a_view
@pages.submits(lambda: forms.SearchForm(request.args), _index)
def index(form: forms.SearchForm) -> Response:
    """Show the search form and the rows found: all rows if there are no criteria."""
    criteria, trail = read_criteria(form.answers), _trail()
    words = dict(criteria.in_words())
    audit_search.note_search("ledger.searched", current_actor(), words)
    response = _index(
        form,
        criteria=criteria.answers(),
        found=search.find(criteria, current_actor(), trail[-1] if trail else 0),
        ticks=forms.TickedRows.read(request.args),
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
    """Read the last row of each page before this one, so that users can go back."""
    texts = request.args.get("after", "").split(".")[-MOST_PAGES:]
    return [int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < 19]


@bp.get("/found.csv")
@pages.logs_a_view
def export() -> Response:
    """Download all rows found as a CSV file that can be uploaded again."""
    criteria = read_criteria(forms.SearchForm(request.args).answers)
    actor, words = current_actor(), dict(criteria.in_words())
    audit_search.note("ledger.exported", actor, criteria=words)
    return pages.csv_file(search.export(criteria, actor), "panel-serial-numbers.csv")


@bp.get("/serials/<row:row_id>")
@pages.logs_a_view
def show(row_id: int) -> Response:
    """Show the history of a serial number; to staff also the refused accounts."""
    actor = current_actor()
    refused = refusals.refused_with_row(row_id, actor)
    rows = lookup.history(row_id, actor)
    return pages.render(
        "panels/_show.html", rows[0].PanelSerial.serial_number,
        rows=rows, refused_with_row=refused,
    )  # fmt: skip


@bp.get("/check")
def new_check(form: forms.SerialListForm | None = None, **context: Any) -> Response:
    """Show the form for a list of serial numbers, and the list that was checked."""
    title, form = "Look up a list", form or forms.SerialListForm()
    return pages.render("panels/_check.html", title, form, **context)


@bp.post("/check")
@limiter.limit("60 per minute")
@pages.submits(forms.SerialListForm, new_check)
def check(form: forms.SerialListForm) -> Response:
    """Look up a list: answer a page, a CSV file, or the dialog that marks the rows."""
    actor = current_actor()
    listed = read_list(*form.given())
    audit_search.note("ledger.searched", actor, serial_numbers=len(listed.entries))
    checked = lookup.check_list(listed, actor)
    if "mark" in request.form:
        selection = selections.listed(checked.markable, actor)
        return dialog(forms.InvalidateForm(formdata=None), selection)
    if "download" in request.form:
        return pages.csv_file(lookup.as_csv(checked), "checked-serials.csv")
    return new_check(forms.SerialListForm(formdata=None), checked=checked)


def dialog(form: forms.InvalidateForm, selection: Selection | None = None) -> Response:
    """Show the dialog over a selection, or say why there is none."""
    rows = selection.row_ids if selection else ()
    return pages.render(
        "invalidations/_new.html", "Mark as invalid", form,
        selection=selection, sample=with_ids(rows[:SAMPLE]) if rows else (),
        signed_selection=(
            pages.signed([current_actor().user_id, selection]) if rows else ""
        ),
    )  # fmt: skip


@invalidations_bp.get("/invalidate", endpoint="new")
@pages.submits(forms.InvalidateForm, dialog)
def new_invalidation(form: forms.InvalidateForm) -> Response:
    """Show the dialog over the rows that are ticked, or over all rows found."""
    return dialog(form, _ticked(request.args))


@invalidations_bp.post("/invalidate", endpoint="create")
@limiter.limit("60 per minute")
def invalidate() -> BaseResponse:
    """Mark the rows that the dialog showed, or that a program names without it."""
    form, actor, shown = forms.InvalidateForm(), current_actor(), None
    try:
        shown = _shown(form)
        selection = shown or _named(request.form)
        number, _ = invalidations.mark(selection, form.answers, actor)
    except RowsNoLongerValid as error:
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
        "invalidations/_index.html", "Marked as invalid",
        invalidations=found, has_more=has_more, before=before, only=account,
    )  # fmt: skip


@invalidations_bp.get("/invalidations/<number:invalidation_id>", endpoint="show")
def show_invalidation(invalidation_id: int) -> Response:
    """Show the receipt of an invalidation, and its rows."""
    after = pages.number("after")
    receipt = invalidations.show(invalidation_id, current_actor(), after)
    title = f"Invalidation {invalidation_id}"
    return pages.render("invalidations/_show.html", title, receipt=receipt)


@invalidations_bp.get("/invalidations/<number:invalidation_id>/rows-<number:part>.csv")
def rows(invalidation_id: int, part: int) -> Response:
    """Download rows of an invalidation, to correct them and upload them again."""
    text = invalidations.rows_to_correct(invalidation_id, part, current_actor())
    return pages.csv_file(text, f"to-correct-{invalidation_id}-{part}.csv")


def _ticked(sent: MultiDict[str, str]) -> Selection:
    """Select the valid ones of the rows that are ticked on the page of a search."""
    ticks, actor = forms.TickedRows.read(sent), current_actor()
    if not ticks.every:
        return selections.chosen(ticks.rows, actor)
    try:
        return selections.matching(read_criteria(sent), ticks.rows, actor)
    except ValidationError as error:  # Its fields are not in the dialog's form.
        raise ValidationError({"selection": str(error)}) from None


def _shown(form: forms.InvalidateForm) -> Selection | None:
    """Return the rows that the dialog showed, if any.

    Raises ValidationError if they are too old, another user's, or were changed.
    """
    if not form.selection.data:
        return None
    sent = pages.read_signed(form.selection.data)
    if selection := selections.read_selection(sent, current_actor()):
        return selection
    expired = ValidationError({"selection": EXPIRED})
    expired.http_status = 400
    raise expired


def _named(sent: MultiDict[str, str]) -> Selection:
    """Return the rows that a program names. All rows found must be shown first."""
    if "all_matching" in sent:
        raise RowsNoLongerValid(NOT_SHOWN, _ticked(sent))
    return Selection(sorted(forms.TickedRows.read(sent).rows), ROW_BY_ROW)


@uploads_bp.get("/panels/upload", endpoint="new")
def new_upload(form: forms.UploadForm | None = None, **context: Any) -> Response:
    """Show the declaration and the form for a file, and the file that was checked."""
    return pages.render(
        "uploads/_new.html", "Upload panel serial numbers", form or forms.UploadForm(),
        account=applications.account_of(current_actor()), **context,
    )  # fmt: skip


@uploads_bp.post("/panels/upload", endpoint="create")
@limiter.limit("60 per minute")
@pages.submits(forms.UploadForm, new_upload)
def upload(form: forms.UploadForm) -> BaseResponse:
    """Record the rows of a file; with `check_only`, only show the result."""
    actor, content = current_actor(), form.data_of_file()
    reference, file = form.kept_file.data or "", File(content, form.filename)
    if form.is_kept:
        file = refused_files.kept(reference, actor)
    elif reference and not refused_files.is_kept(file, reference, actor):
        # The boxes were ticked for the file that was kept, and this is another one.
        form.accept_headings.data = form.confirm_warnings.data = ""
    if form.check_only.data:
        headings = bool(form.accept_headings.data)
        found, earlier = uploads.check(file.content, actor, headings=headings)
        kept = "" if earlier else refused_files.keep_good(file, found, actor)
        return new_upload(form, checked=found, earlier=earlier, kept=kept)
    recorded = uploads.save(file, form.answers, actor)
    return pages.done("uploads.show", recorded.already, upload_id=recorded.upload_id)


@uploads_bp.get("/panels/uploads", endpoint="index")
def list_uploads() -> Response:
    """List the uploads of the account, newest first. Agency staff see all."""
    actor = current_actor()
    before, account = map(pages.number, ("before", "account"))
    found, has_more = uploads.find(actor, before, account)
    return pages.render(
        "uploads/_index.html", "Uploads",
        uploads=found, has_more=has_more,
        refused=[] if before else refused_files.mine(actor), before=before,
        only=account,
    )  # fmt: skip


@uploads_bp.get("/panels/uploads/<number:upload_id>", endpoint="show")
def show_upload(upload_id: int) -> Response:
    """Show the receipt of an upload, and its rows."""
    return pages.render(
        "uploads/_show.html",
        f"Upload {upload_id}",
        receipt=uploads.show(upload_id, current_actor(), pages.number("after")),
    )


@uploads_bp.get("/panels/refused/<reference:reference>/problems.csv")
def problems(reference: str) -> Response:
    """Download a refused file with its problems beside its rows."""
    text = refused_files.with_problems(reference, current_actor())
    return pages.csv_file(text, "with-problems.csv")


@uploads_bp.get("/panels/refused/<reference:reference>/new-rows.csv")
def new_rows(reference: str) -> Response:
    """Download the rows of a refused file that the ledger does not have."""
    text = refused_files.new_rows(reference, current_actor())
    return pages.csv_file(text, "new-rows.csv")
