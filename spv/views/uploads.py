"""Upload panel serial numbers, or check a file without signing in."""

from typing import Any

from flask import Blueprint, Response, abort
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.ledger import CheckForm, UploadForm
from spv.rules.ledger.csv_upload import SAMPLES
from spv.services.accounts import applications
from spv.services.ledger import refused_files, uploads
from spv.services.ledger.refused_files import File

bp = Blueprint("uploads", __name__)


@bp.get("/panels/upload")
def new(form: UploadForm | None = None, **context: Any) -> Response:
    """Show the declaration and the form for a file, and the file that was checked."""
    return pages.render(
        "uploads/_new.html",
        "Upload panel serial numbers",
        form or UploadForm(),
        account=applications.account_of(current_actor()),
        **context,
    )


@bp.post("/panels/upload")
@limiter.limit("60 per minute")
@pages.submits(UploadForm, new)
def create(form: UploadForm) -> BaseResponse:
    """Record the rows of a file, or with `check_only` show the result without."""
    actor, content = current_actor(), form.data_of_file()
    if form.is_kept:
        file = refused_files.kept(form.kept_file.data, actor)
    else:
        file = File(content, form.filename)
    if form.check_only.data:
        headings = bool(form.accept_headings.data)
        found, earlier = uploads.check(file.content, actor, headings=headings)
        kept = "" if earlier else refused_files.keep_good(file, found, actor)
        return new(form, checked=found, earlier=earlier, kept=kept)
    recorded = uploads.save(file, form.answers, actor)
    return pages.done("uploads.show", recorded.already, upload_id=recorded.upload_id)


@bp.get("/panels/uploads")
def index() -> Response:
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


@bp.get("/panels/uploads/<number:upload_id>")
def show(upload_id: int) -> Response:
    """Show the receipt of an upload, and its rows."""
    return pages.render(
        "uploads/_show.html",
        f"Upload {upload_id}",
        receipt=uploads.show(upload_id, current_actor(), pages.number("after")),
    )


@bp.get("/panels/refused/<reference:reference>/problems.csv")
def problems(reference: str) -> Response:
    """Download a refused file with its problems beside its rows."""
    text = refused_files.with_problems(reference, current_actor())
    return pages.csv_file(text, "with-problems.csv")


@bp.get("/panels/refused/<reference:reference>/new-rows.csv")
def new_rows(reference: str) -> Response:
    """Download the rows of a refused file that the ledger does not have."""
    text = refused_files.new_rows(reference, current_actor())
    return pages.csv_file(text, "new-rows.csv")


@bp.get("/check-a-file")
def new_check(form: CheckForm | None = None, **context: Any) -> Response:
    """Show the form for a file to check, and the file that was checked."""
    title, form = "Check a file of panel serial numbers", form or CheckForm()
    return pages.render("uploads/_check.html", title, form, **context)


@bp.post("/check-a-file")
@limiter.limit("20 per minute")
@pages.submits(CheckForm, new_check)
def check_file(form: CheckForm) -> Response:
    """Show the problems of a file."""
    found, _ = uploads.check(form.data_of_file())
    return new_check(form, checked=found)


@bp.get("/check-a-file/<name>.csv")
def sample(name: str) -> Response:
    """Download the template, the good sample or the bad one."""
    if name not in SAMPLES:
        abort(404)
    return pages.csv_file(SAMPLES[name], f"panel-serial-numbers-{name}.csv")
