"""Uploading panel serial numbers, and what has been uploaded."""

from typing import Any

from flask import Blueprint, Response, flash
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.uploads import UploadForm
from spv.rules.refusal import Refusal
from spv.services import applications, refused_files, uploads

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
        file = uploads.File(form.data_of_file(), form.filename)
        if form.check_only.data:
            return _new(form, checked=uploads.check(file, actor))
        recorded = uploads.save(file, form.answers, actor)
    except Refusal as refusal:
        return _new(form.refused(refusal), refusal=refusal)
    if recorded.already:
        flash(recorded.already)
    return pages.done("uploads.show", upload_id=recorded.upload_id)


@bp.get("/uploads")
def index() -> Response:
    """The uploads of the account, newest first; agency staff see all."""
    actor = current_actor()
    before = pages.number("before")
    return pages.render(
        "uploads/_index.html",
        title="Panel serial numbers",
        uploads=uploads.find(actor, before),
        refused=[] if before else refused_files.mine(actor),
        before=before,
    )


@bp.get("/uploads/<number:upload_id>")
def show(upload_id: int) -> Response:
    """The receipt of an upload, and its rows."""
    upload, event = uploads.show(upload_id, current_actor())
    return pages.render(
        "uploads/_show.html",
        title=f"Upload {upload_id}",
        upload=upload,
        event=event,
        wording=uploads.wording_of(upload),
        rows=uploads.rows(upload_id, pages.number("after")),
        valid=uploads.valid_rows(upload_id),
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
