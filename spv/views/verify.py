"""Verify a receipt: a page for everybody, and what an outsider needs to do it alone."""

from typing import Any

from flask import Blueprint, Response, request

from spv import pages
from spv.extensions import limiter
from spv.forms.verify import VerifyForm
from spv.services import checkpoints, receipts

bp = Blueprint("verify", __name__, url_prefix="/verify")


@bp.get("")
def new(form: VerifyForm | None = None, **context: Any) -> Response:
    """Show the form, what was checked, and the public keys."""
    return pages.render(
        "verify/_verify.html",
        title="Verify a receipt",
        form=form or VerifyForm(),
        keys=checkpoints.verifier_keys(),
        **context,
    )


@bp.post("")
@limiter.limit("30 per minute")
@pages.submits(VerifyForm, new)
def check(form: VerifyForm) -> Response:
    """Say whether a proof holds, and whether the log continues an older checkpoint."""
    event, proof, checkpoint = form.given()
    if "download" in request.form:
        return pages.saved_file(receipts.continuation(checkpoint), "consistency.txt")
    return new(
        form,
        checked=receipts.check(event, proof) if event else None,
        continued=receipts.compare(checkpoint) if checkpoint else None,
    )


@bp.get("/key")
def keys() -> Response:
    """Answer the public keys, one on a line."""
    lines = [f"{key}\n" for key in checkpoints.verifier_keys()]
    return Response("".join(lines), mimetype="text/plain")


@bp.get("/<code>")
def show(code: str) -> Response:
    """Show what a printed receipt proves."""
    return new(code=code, checked=receipts.check_own(code))


@bp.get("/<code>/event")
def event(code: str) -> Response:
    """Download the event of a receipt."""
    text, name = receipts.entry(code)
    return pages.saved_file(text, f"{name}.json", "application/json")


@bp.get("/<code>/proof")
def proof(code: str) -> Response:
    """Download the proof of a receipt."""
    text, name = receipts.prove(code)
    return pages.saved_file(text, f"{name}.tlog-proof")
