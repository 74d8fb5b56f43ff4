"""The check of an installation's panels for everybody: a page, and an API."""

from typing import Any

from flask import Blueprint, Response

from spv import pages
from spv.extensions import limiter
from spv.forms.ledger import PanelCheckForm
from spv.rules.ledger.panel_check import read_body, read_question
from spv.services.ledger import lookup
from spv.views.api_ledger import check_parameters, json_body

bp = Blueprint("panel_check", __name__)


@bp.get("/check-panels")
def new(form: PanelCheckForm | None = None, **context: Any) -> Response:
    """Show the form, and the panels that were checked."""
    title, form = "Check panels", form or PanelCheckForm()
    return pages.render("panel_check/_check.html", title=title, form=form, **context)


@bp.post("/check-panels")
@limiter.limit("30 per minute")
@pages.submits(PanelCheckForm, new)
def check(form: PanelCheckForm) -> Response:
    """Show the result of each panel."""
    return new(form, checked=lookup.check_panels(read_question, form.answers))


@bp.post("/api/panel-check/v1/serial-numbers")
@limiter.limit("300 per minute")
def check_by_api() -> dict[str, Any]:
    """Answer the status of up to 100 panels, and never whose they are."""
    check_parameters()
    checked = lookup.check_panels(read_body, json_body())
    return {
        "result": "Successful",
        "serialNumbers": [
            {
                "serialNumber": each.listed.entry,
                "status": each.result.name.lower(),
                "hints": each.hints,
            }
            for each in checked.entries
        ],
    }
