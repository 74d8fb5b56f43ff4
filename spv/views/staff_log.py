"""Pages of agency staff: the audit log, and the calculations of certificates."""

from typing import Any

from flask import Blueprint, Response, request

from spv import pages
from spv.access import current_actor
from spv.forms.agency import CalculationForm, LogForm
from spv.rules.staff_search import read_calculation_criteria, read_log_criteria
from spv.services.agency import audit_search, calculations
from spv.services.verify.calculations import replay_one

bp = Blueprint("staff_log", __name__, url_prefix="/staff")


def _index(form: LogForm, **context: Any) -> Response:
    return pages.render("staff/_audit.html", title="Audit log", form=form, **context)


@bp.get("/audit")
@pages.recorded
@pages.submits(lambda: LogForm(request.args), _index)
def index(form: LogForm) -> Response:
    """Show the newest events, or those that match."""
    criteria = read_log_criteria(form.answers)
    audit_search.note_search("log.searched", current_actor(), criteria.in_words())
    found = audit_search.find(criteria, pages.number("before"))
    return _index(
        form, found=found, criteria=criteria.answers(), most=audit_search.MOST_EXPORTED
    )


@bp.get("/audit/events.<any(csv, jsonl):form>")
@pages.recorded
def export(form: str) -> Response:
    """Download the events that match, with their hashes."""
    criteria = read_log_criteria(LogForm(request.args).answers)
    texts = audit_search.export(criteria, form, current_actor())
    if form == "csv":
        return pages.csv_file(texts, "audit-log.csv")
    return pages.saved_file(texts, "audit-log.jsonl", "application/jsonl")


@bp.get("/audit/<row:event_id>")
def show(event_id: int) -> Response:
    """Show an event with its details and its place in the log."""
    shown = audit_search.show(event_id)
    event = shown.line.event
    log = "calculations" if event.chain == "stc" else event.chain
    title = f"Event {event.sequence:,} of the {log}"
    return pages.render("staff/_event.html", title=title, shown=shown)


def _calculations(form: CalculationForm, **context: Any) -> Response:
    title = "Calculations"
    return pages.render("staff/_calculations.html", title=title, form=form, **context)


@bp.get("/calculations")
@pages.submits(lambda: CalculationForm(request.args), _calculations)
def list_calculations(form: CalculationForm) -> Response:
    """Show the newest calculations, or those that match, and a chart of some days."""
    criteria, before = read_calculation_criteria(form.answers), pages.number("before")
    return _calculations(
        form,
        criteria=criteria.answers(),
        found=calculations.find(criteria, before),
        counted=None if before else calculations.chart(criteria),
    )


@bp.get("/calculations/counts.csv")
def counts() -> Response:
    """Download the numbers of the chart."""
    criteria = read_calculation_criteria(CalculationForm(request.args).answers)
    text = calculations.as_csv(calculations.chart(criteria))
    return pages.csv_file(text, "calculations-counted.csv")


@bp.get("/calculations/<reference:reference>")
def calculation(reference: str) -> Response:
    """Show a calculation or a batch with its events; replay it if asked to."""
    saved, is_batch = calculations.show(reference)
    return pages.render(
        "staff/_calculation.html",
        title="Batch of calculations" if is_batch else "Calculation",
        saved=saved,
        is_batch=is_batch,
        lines=audit_search.about("reference", reference),
        differences=replay_one(reference) if "replay" in request.args else None,
    )
