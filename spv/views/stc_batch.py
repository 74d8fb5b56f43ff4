"""Many systems at once, for everyone."""

from typing import Any

from flask import Blueprint, Response
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.stc import StcBatchForm
from spv.rules.refusal import Refusal
from spv.services.stc import batches

bp = Blueprint("stc_batch", __name__, url_prefix="/stc/batch")


@bp.get("")
def new() -> Response:
    """The form for a file."""
    return _form(StcBatchForm())


@bp.post("")
@limiter.limit("30 per minute")
def calculate() -> BaseResponse:
    """Calculate every row of a file, save and show what came of it."""
    form = StcBatchForm()
    try:
        reference = batches.save(form.data_of_file(), current_actor("batch"))
    except Refusal as refusal:
        reasons = getattr(refusal, "reasons", [])
        return _form(form.refused(refusal), reasons=reasons)
    return pages.done("stc_batch.show", reference=reference)


@bp.get("/template.csv")
def template() -> Response:
    """A CSV file to start from."""
    return pages.csv_file(batches.template(), "stc-batch-template.csv")


@bp.get("/<reference:reference>")
def show(reference: str) -> Response:
    """What came of a file."""
    return pages.render(
        "stc_batch/_summary.html",
        title="Batch calculated",
        batch=batches.show(reference),
    )


@bp.get("/<reference:reference>.csv")
def document(reference: str) -> Response:
    """The same file with its certificates."""
    return pages.csv_file(batches.document(reference), "stc-batch-certificates.csv")


def _form(form: StcBatchForm, **context: Any) -> Response:
    return pages.render(
        "stc_batch/_form.html",
        title="Calculate STCs for many systems",
        form=form,
        **context,
    )
