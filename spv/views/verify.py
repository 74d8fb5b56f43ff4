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
        contradiction=receipts.contradiction(checkpoint) if checkpoint else None,
    )


@bp.get("/key")
def keys() -> Response:
    """Answer the public keys, one on a line."""
    lines = [f"{key}\n" for key in checkpoints.verifier_keys()]
    return Response("".join(lines), mimetype="text/plain")


@bp.get("/<code>")
def show(code: str) -> Response:
    """Show what a printed receipt proves."""
    event, proof, _ = receipts.files(code)
    return new(code=code, checked=receipts.check(event, proof))


@bp.get("/<code>/<any(event, proof):file>")
def download(code: str, file: str) -> Response:
    """Download the event or the proof of a receipt."""
    is_proof = file == "proof"
    event, proof, name = receipts.files(code, with_proof=is_proof)
    if is_proof:
        return pages.saved_file(proof, f"{name}.tlog-proof")
    return pages.saved_file(event, f"{name}.json", "application/json")
