"""The STC calculator: its pages for one system or a file of many, and its API.

Neither needs a sign-in or a key.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import guide, pages
from spv.access import current_actor
from spv.errors import api_error
from spv.extensions import limiter
from spv.forms.stc import StcBatchForm, StcForm, stc_form
from spv.rules.stc import figures
from spv.rules.stc.batch import template_text
from spv.rules.stc.system_types import SystemType
from spv.services import receipts
from spv.services.stc import batches, calculations

bp = Blueprint("stc", __name__, url_prefix="/stc")
api_bp = Blueprint("api_stc", __name__, url_prefix="/api")


def first_form() -> StcForm:
    """Return the form of the first page: solar panels that are installed today."""
    answers = {"system_type": SystemType.SOLAR.value}
    return stc_form(answers | calculations.suggested_answers())


@bp.get("")
def new(form: StcForm | None = None) -> Response:
    """Show the form, filled in from the address, with the fields of its type."""
    suggested = calculations.suggested_answers()
    if form is None:
        form = stc_form(suggested | request.args.to_dict())
        form.is_suggested = "installation_date" not in request.args
    if form.solar_reference and not calculations.is_solar(form.solar_reference):
        form.solar_reference = ""
    today, title = suggested["installation_date"], "STC calculator"
    return pages.render("stc/_form.html", title, form, sydney_today=today)


@bp.post("")
@limiter.limit("300 per minute")
@pages.submits(stc_form, new)
def calculate(form: StcForm) -> BaseResponse:
    """Calculate, save and show the result; or only reveal the fields, on Continue."""
    if "continue" in request.form:
        return redirect(f"{url_for('.new')}?{urlencode(form.short_answers())}", 303)
    reference = calculations.save(form.answers, current_actor(), form.solar_reference)
    return pages.done("stc.show", reference=reference)


@bp.get("/<reference:reference>")
def show(reference: str) -> Response:
    """Show a saved result, at another price if the address names one."""
    result = calculations.show(reference, request.args.get("stc_price", ""))
    return pages.render(
        "stc/_result.html", result.headline,
        status=422 if result.estimate.problem else 200, result=result,
        event=receipts.of_calculation(reference, result.saved.calculated_at),
    )  # fmt: skip


@bp.get("/batch")
def new_batch(form: StcBatchForm | None = None, **context: Any) -> Response:
    """Show the form for a file."""
    title, form = "Calculate STCs for many systems", form or StcBatchForm()
    return pages.render("stc/_batch_form.html", title, form, **context)


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
        "Batch calculated",
        batch=batch,
        event=receipts.of_calculation(reference, batch.saved.calculated_at),
    )


@bp.get("/batch/<reference:reference>.csv")
def batch_document(reference: str) -> Response:
    """Download the file of a batch with its certificates."""
    return pages.csv_file(batches.document(reference), "stc-batch-certificates.csv")


@api_bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document of everything under /api."""
    return jsonify(guide.openapi() | {"servers": [{"url": request.script_root or "/"}]})


@api_bp.get("/stc/v1/calculation")
@limiter.limit("300 per minute")
def calculation() -> Response:
    """Calculate, save and log one system, and answer with the working."""
    if request.method == "HEAD":  # Flask answers it as GET, but it must save nothing
        return Response(mimetype="application/json")
    operation = guide.operations("STC calculator")["calculate"]
    parameters = [parameter["name"] for parameter in operation["parameters"]]
    for name, values in request.args.lists():
        if name not in parameters:
            known = f"The parameters are {', '.join(parameters)}."
            unknown = f"There is no parameter “{name[:40]}”. {known}"
            return api_error(422, [{"field": name[:40], "message": unknown}])
        if len(values) > 1:
            return api_error(422, [{"field": name, "message": f"Give {name} once."}])
    reference = calculations.save(request.args.to_dict(), current_actor("api"))
    return jsonify(_result(calculations.show(reference)))


@api_bp.get("/stc/v1/rules")
@limiter.limit("300 per minute")
def rules() -> Response:
    """Answer every figure of the calculator and the announced changes."""
    content = {
        "result": "Successful",
        "rulesVersion": figures.RULES_VERSION,
        "lastChecked": figures.LAST_CHECKED,
        "figures": [_figure(figure) for figure in figures.FIGURES.values()],
        "announced": [
            {
                "announcedOn": each.on,
                "from": each.first_day,
                "systemTypes": each.system_types,
                "sentence": each.sentence,
                "title": each.title,
                "link": each.link,
            }
            for each in figures.ANNOUNCED
        ],
    }
    answer = jsonify(_plain(content))
    answer.add_etag()
    answer.cache_control.no_cache = True  # ask each time whether it has changed
    answer.make_conditional(request)
    return answer


def _figure(figure: figures.Figure) -> dict[str, Any]:
    names = ("name", "title", "unit", "source", "link", "copy", "checked")
    dated = [{"from": day, "value": value} for day, value in figure.values]
    return {name: getattr(figure, name) for name in names} | {"values": dated}


def _plain(value: Any) -> Any:
    """Return a value in the types of JSON, with each value inside."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_plain, value)]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _result(result: calculations.Result) -> dict[str, Any]:
    saved, estimate = result.saved, result.estimate
    day = result.installation.installation_date
    in_dollars = ("price", "ceiling", "dollars")
    shown = {name: float(getattr(estimate, name)) for name in in_dollars}
    return {
        "result": "Successful",
        "reference": saved.reference,
        "systemType": saved.system_type,
        "certificates": saved.certificates,
        "zone": saved.zone,
        "rating": None if saved.rating is None else float(saved.rating),
        "deemingPeriod": saved.deeming_years,
        "yearsUsed": saved.years,
        "working": [
            {
                "label": step.label,
                "operation": step.operation,
                "result": step.result,
                "unit": step.unit,
                "source": step.figure.source,
                "link": step.figure.link,
                "from": step.figure.since(day).isoformat(),
            }
            for step in result.installation.working()
        ],
        "warnings": result.calculation.warnings,
        "estimate": None if result.none_left else shown,
        "rulesVersion": saved.rules_version,
        "calculatedAt": saved.calculated_at.isoformat(),
        "resultUrl": url_for("stc.show", reference=saved.reference, _external=True),
    }
