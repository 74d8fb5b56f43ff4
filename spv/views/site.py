"""Pages for everybody: home, search box, checks of panels and files, receipts, help."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import guide, pages, readiness
from spv.access import current_actor, may, person
from spv.extensions import limiter
from spv.forms.ledger import CheckForm, PanelCheckForm, UploadForm, VerifyForm
from spv.rules.ledger.csv_upload import SAMPLES
from spv.rules.ledger.panel_check import read_body, read_question
from spv.services import checkpoints, receipts, search_box
from spv.services.accounts import applications
from spv.services.agency import audit_search
from spv.services.api import subscriptions
from spv.services.ledger import lookup, refused_files, uploads
from spv.services.search_box import Kind
from spv.views.api_ledger import check_parameters, json_body
from spv.views.ledger import uploads_bp
from spv.views.stc import first_form

bp = Blueprint("site", __name__)
check_bp = Blueprint("panel_check", __name__)
verify_bp = Blueprint("verify", __name__, url_prefix="/verify")
LAST = 5  # uploads on the home page
# The page of each kind of thing that the search box finds, and the name of its key.
PAGES = {
    Kind.SERIAL: ("panels.show", "row_id"),
    Kind.UPLOAD: ("uploads.show", "upload_id"),
    Kind.INVALIDATION: ("invalidations.show", "invalidation_id"),
    Kind.CALCULATION: ("stc.show", "reference"),
    Kind.BATCH: ("stc.show_batch", "reference"),
    Kind.ACCOUNT: ("staff_accounts.account", "account_id"),
    Kind.PERSON: ("staff_accounts.account", "account_id"),
    Kind.ALONE: ("staff_accounts.person", "user_id"),
    Kind.REFUSED: ("staff.refused", "refused_id"),
}


@bp.get("/")
def index() -> BaseResponse | Response:
    """Show visitors an introduction, users the Client Portal, and staff the desk."""
    if person() is None:
        return pages.render(
            "site/_first.html", "STCs and panel serial numbers", CheckForm(),
            stc_form=first_form(),
        )  # fmt: skip
    if may("staff.index"):
        return redirect(url_for("staff.index"))
    actor = current_actor()
    return pages.render(
        "site/_portal.html", "Client Portal", UploadForm(),
        applications=applications.mine(actor), account=applications.account_of(actor),
        uploads=uploads.find(actor)[0][:LAST] if may("uploads.index") else [],
        refused=refused_files.mine(actor) if may("uploads.new") else [],
        subscriptions=subscriptions.in_short(actor) if may("uploads.new") else None,
    )  # fmt: skip


@bp.get("/find")
@pages.logs_a_view
def find() -> BaseResponse | Response:
    """Go to the one thing that the search box finds, or list what it finds."""
    actor, text = current_actor(), request.args.get("q", "")
    found = search_box.find(text, actor)
    words = found.sought.words
    audit_search.note_search("ledger.searched", actor, {"Text": words} if words else {})
    if found.only:
        kind, hit = found.only
        endpoint, key = PAGES[kind]
        return redirect(url_for(endpoint, **{key: hit.key}), 303)
    return pages.render("site/_find.html", "Find", found=found, addresses=PAGES)


@bp.get("/help")
@bp.get("/help/<any(api):page>")
def help(page: str = "guide") -> Response:
    """Show the guide, or the page for programmers of the APIs."""
    document = guide.document(page)
    title = f"Help: {document.title}"
    return pages.render("site/_help.html", title, document=document, page=page)


@bp.get("/healthz")
def alive() -> Response:
    """Answer that the process is alive."""
    return jsonify({"status": "alive"})


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer whether the app can read and save; 503 with the reason if not."""
    if problem := readiness.problem():
        return jsonify({"status": "not ready", "reason": problem}), 503
    return jsonify({"status": "ready"}), 200


@check_bp.get("/check-panels", endpoint="new")
def check_panels(form: PanelCheckForm | None = None, **context: Any) -> Response:
    """Show the form, and the panels that were checked."""
    form = form or PanelCheckForm()
    return pages.render("panel_check/_check.html", "Check panels", form, **context)


@check_bp.post("/check-panels")
@limiter.limit("30 per minute")
@pages.submits(PanelCheckForm, check_panels)
def check(form: PanelCheckForm) -> Response:
    """Show the result of each panel."""
    return check_panels(form, checked=lookup.check_panels(read_question, form.answers))


@check_bp.post("/api/panel-check/v1/serial-numbers")
@limiter.limit("300 per minute")
def check_by_api() -> dict[str, Any]:
    """Answer the status of up to 100 panels, and never whose they are."""
    check_parameters()
    checked = lookup.check_panels(read_body, json_body())
    answer: dict[str, Any] = {"result": "Successful"}
    if checked.warning:
        warning = {"field": "modelNumber", "code": "not_approved"}
        answer["warnings"] = [warning | {"message": checked.warning}]
    return answer | {
        "serialNumbers": [
            {
                "serialNumber": each.listed.entry,
                "status": each.result.name.lower(),
                "hints": each.hints,
            }
            for each in checked.entries
        ]
    }


@uploads_bp.get("/check-a-file", endpoint="new_check")
def new_file_check(form: CheckForm | None = None, **context: Any) -> Response:
    """Show the form for a file to check, and the file that was checked."""
    title, form = "Check a file of panel serial numbers", form or CheckForm()
    return pages.render("uploads/_check.html", title, form, **context)


@uploads_bp.post("/check-a-file")
@limiter.limit("20 per minute")
@pages.submits(CheckForm, new_file_check)
def check_file(form: CheckForm) -> Response:
    """Show the problems of a file."""
    found, _ = uploads.check(form.data_of_file())
    return new_file_check(form, checked=found)


@uploads_bp.get("/check-a-file/<name>.csv")
def sample(name: str) -> Response:
    """Download the template, the good sample or the bad one."""
    if name not in SAMPLES:
        abort(404)
    return pages.csv_file(SAMPLES[name], f"panel-serial-numbers-{name}.csv")


@verify_bp.get("", endpoint="new")
def verify(form: VerifyForm | None = None, **context: Any) -> Response:
    """Show the form, the result of a check, and the public keys."""
    form, context["keys"] = form or VerifyForm(), checkpoints.verifier_keys()
    return pages.render("verify/_verify.html", "Verify a receipt", form, **context)


@verify_bp.post("", endpoint="check")
@limiter.limit("30 per minute")
@pages.submits(VerifyForm, verify)
def verify_receipt(form: VerifyForm) -> Response:
    """Say whether a proof holds, and whether the log continues an older checkpoint."""
    event, proof, checkpoint = form.given()
    if "download" in request.form:
        return pages.saved_file(receipts.continuation(checkpoint), "consistency.txt")
    return verify(
        form,
        checked=receipts.check(event, proof) if event else None,
        contradiction=receipts.contradiction(checkpoint) if checkpoint else None,
    )


@verify_bp.get("/key")
def keys() -> Response:
    """Answer the public keys, one on a line."""
    lines = [f"{key}\n" for key in checkpoints.verifier_keys()]
    return Response("".join(lines), mimetype="text/plain")


@verify_bp.get("/<code>")
def show(code: str) -> Response:
    """Show what a printed receipt proves."""
    event, proof, _ = receipts.files(code)
    return verify(code=code, checked=receipts.check(event, proof))


@verify_bp.get("/<code>/<any(event, proof):file>")
def download(code: str, file: str) -> Response:
    """Download the event or the proof of a receipt."""
    event, proof, name = receipts.files(code, with_proof=file == "proof")
    if file == "proof":
        return pages.saved_file(proof, f"{name}.tlog-proof")
    return pages.saved_file(event, f"{name}.json", "application/json")
