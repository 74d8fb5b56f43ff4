"""Uploading panel serial numbers, and what has been uploaded."""

from typing import Any

from flask import Blueprint, Response, flash
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.uploads import UploadForm
from spv.rules.refusal import Refusal
from spv.services.accounts import applications
from spv.services.ledger import refused_files, uploads

bp = Blueprint("uploads", __name__, url_prefix="/panels")


@bp.get("/upload")
def new() -> Response:
    """The declaration and the form for a file."""
    return _new(UploadForm())


@bp.post("/upload")
@limiter.limit("60 per minute")
def create() -> BaseResponse:
    """Record the rows of a file, or with `check_only` say what would come of it."""
    form, actor = UploadForm(), current_actor()
    try:
        content = form.data_of_file()
        if form.check_only.data:
            return _new(form, checked=uploads.check(content, actor))
        file = uploads.File(content, form.filename)
        recorded = uploads.save(file, form.answers, actor)
    except Refusal as refusal:
        return _new(form.refused(refusal), refusal=refusal)
    flash(recorded.already or "File upload successful")
    return pages.done("uploads.show", upload_id=recorded.upload_id)


@bp.get("/uploads")
def index() -> Response:
    """The uploads of the account, newest first; agency staff see all."""
    actor = current_actor()
    before = pages.number("before")
    found, has_more = uploads.find(actor, before)
    return pages.render(
        "uploads/_index.html",
        title="Uploads",
        uploads=found,
        has_more=has_more,
        refused=[] if before else refused_files.mine(actor),
        before=before,
    )


@bp.get("/uploads/<number:upload_id>")
def show(upload_id: int) -> Response:
    """The receipt of an upload, and its rows."""
    return pages.render(
        "uploads/_show.html",
        title=f"Upload {upload_id}",
        receipt=uploads.show(upload_id, current_actor(), pages.number("after")),
    )


@bp.get("/refused/<reference:reference>/problems.csv")
def problems(reference: str) -> Response:
    """A refused file with its problems beside its rows."""
    text = refused_files.with_problems(reference, current_actor())
    return pages.csv_file(text, "with-problems.csv")


@bp.get("/refused/<reference:reference>/new-rows.csv")
def new_rows(reference: str) -> Response:
    """The rows of a refused file that the ledger does not have."""
    text = refused_files.new_rows(reference, current_actor())
    return pages.csv_file(text, "new-rows.csv")


def _new(form: UploadForm, **context: Any) -> Response:
    return pages.render(
        "uploads/_new.html",
        title="Upload panel serial numbers",
        form=form,
        account=applications.account_of(current_actor()),
        **context,
    )
