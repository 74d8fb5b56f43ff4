"""Checking a list of serial numbers against the ledger, and marking those of it."""

from typing import Any

from flask import Blueprint, Response, request

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.panels import InvalidateForm, SerialListForm
from spv.rules.refusal import Refusal
from spv.services.ledger import lookup, selections
from spv.views.invalidations import dialog

bp = Blueprint("serial_check", __name__, url_prefix="/panels/check")


@bp.get("")
def new() -> Response:
    """The form for a list."""
    return _new(SerialListForm())


@bp.post("")
@limiter.limit("60 per minute")
def check() -> Response:
    """What the ledger says: as a page, as a file, or as the dialog that marks them."""
    form, actor = SerialListForm(), current_actor()
    try:
        checked = lookup.check(*form.given(), actor)
        if "mark" in request.form:
            marked = selections.listed(checked.markable, actor)
            return dialog(InvalidateForm(formdata=None), marked)
    except Refusal as refusal:
        return _new(form.refused(refusal))
    if "download" in request.form:
        return pages.csv_file(lookup.as_csv(checked), "checked-serials.csv")
    return _new(form, checked=checked)


def _new(form: SerialListForm, **context: Any) -> Response:
    title = "Check serial numbers"
    return pages.render("serial_check/_new.html", title=title, form=form, **context)
