"""Checking a file without signing in: nothing is kept, and the ledger is not asked."""

from typing import Any

from flask import Blueprint, Response, abort

from spv import pages
from spv.extensions import limiter
from spv.forms.uploads import CheckForm
from spv.rules.ledger.samples import SAMPLES
from spv.rules.refusal import Refusal
from spv.services.ledger import uploads

bp = Blueprint("file_check", __name__, url_prefix="/check-a-file")


@bp.get("")
def new() -> Response:
    """The form for a file."""
    return _new(CheckForm())


@bp.post("")
@limiter.limit("20 per minute")
def check() -> Response:
    """Say what is wrong with a file."""
    form = CheckForm()
    try:
        checked = uploads.check_alone(form.data_of_file())
    except Refusal as refusal:
        return _new(form.refused(refusal), refusal=refusal)
    return _new(form, checked=checked)


@bp.get("/<name>.csv")
def sample(name: str) -> Response:
    """A template, a good sample and a bad one."""
    if name not in SAMPLES:
        abort(404)
    return pages.csv_file(SAMPLES[name], f"panel-serial-numbers-{name}.csv")


def _new(form: CheckForm, **context: Any) -> Response:
    return pages.render(
        "file_check/_new.html",
        title="Check a file of panel serial numbers",
        form=form,
        **context,
    )
