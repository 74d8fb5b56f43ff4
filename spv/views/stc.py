"""The STC calculator for one system or for a file of many, without a sign-in."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.stc import StcBatchForm, StcForm
from spv.rules.stc.batch import template_text
from spv.rules.stc.system_types import SystemType
from spv.services import receipts
from spv.services.stc import batches, calculations

bp = Blueprint("stc", __name__, url_prefix="/stc")


def first_form() -> StcForm:
    """Return the form of the first page: solar panels that are installed today."""
    answers = {"system_type": SystemType.SOLAR.value}
    return StcForm(MultiDict(answers | calculations.suggested_answers()))


@bp.get("")
def new(form: StcForm | None = None) -> Response:
    """Show the form with the answers in the address, and the fields that follow."""
    suggested = calculations.suggested_answers()
    if form is None:
        form = StcForm(MultiDict(suggested | request.args.to_dict()))
        form.is_suggested = "installation_date" not in request.args
    if form.solar_reference and not calculations.is_solar(form.solar_reference):
        form.added_to.data = ""
    today, title = suggested["installation_date"], "STC calculator"
    return pages.render("stc/_form.html", title=title, form=form, sydney_today=today)


@bp.post("")
@limiter.limit("300 per minute")
@pages.submits(StcForm, new)
def calculate(form: StcForm) -> BaseResponse:
    """Calculate, save and show the result; or only reveal the fields, on Continue."""
    if "continue" in request.form:
        return redirect(f"{url_for('.new')}?{urlencode(form.short_answers())}", 303)
    actor = current_actor()
    reference = calculations.save(form.answers, actor, form.solar_reference)
    return pages.done("stc.show", reference=reference)


@bp.get("/<reference:reference>")
def show(reference: str) -> Response:
    """Show a saved result, at another price if the address names one."""
    result = calculations.show(reference, request.args.get("stc_price", ""))
    return pages.render(
        "stc/_result.html",
        title=result.headline,
        status=422 if result.estimate.problem else 200,
        result=result,
        event=receipts.of_calculation(reference, result.saved.calculated_at),
    )


@bp.get("/batch")
def new_batch(form: StcBatchForm | None = None, **context: Any) -> Response:
    """Show the form for a file."""
    title, form = "Calculate STCs for many systems", form or StcBatchForm()
    return pages.render("stc/_batch_form.html", title=title, form=form, **context)


@bp.post("/batch")
@limiter.limit("30 per minute")
@pages.submits(StcBatchForm, new_batch)
def calculate_batch(form: StcBatchForm) -> BaseResponse:
    """Calculate every row of a file, save the batch and show it."""
    reference = batches.save(form.data_of_file(), current_actor("batch"))
    return pages.done("stc.show_batch", reference=reference)


@bp.get("/batch/template.csv")
def batch_template() -> Response:
    """Download a CSV file to start from."""
    return pages.csv_file(template_text(), "stc-batch-template.csv")


@bp.get("/batch/<reference:reference>")
def show_batch(reference: str) -> Response:
    """Show a saved batch."""
    batch = batches.show(reference)
    return pages.render(
        "stc/_batch.html",
        title="Batch calculated",
        batch=batch,
        event=receipts.of_calculation(reference, batch.saved.calculated_at),
    )


@bp.get("/batch/<reference:reference>.csv")
def batch_document(reference: str) -> Response:
    """Download the file of a batch with its certificates."""
    return pages.csv_file(batches.document(reference), "stc-batch-certificates.csv")
