"""The home page, and the health checks for monitoring."""

from flask import Blueprint, Response, jsonify

from spv import pages, readiness
from spv.access import current_actor, may, person
from spv.forms.ledger import CheckForm, UploadForm
from spv.services.accounts import applications
from spv.services.ledger import refused_files, uploads

bp = Blueprint("site", __name__)


@bp.get("/")
def index() -> Response:
    """Show a visitor what this is for, and a user the Client Portal."""
    if person() is None:
        title = "STCs and panel serial numbers"
        return pages.render("site/_first.html", title=title, form=CheckForm())
    actor, may_upload = current_actor(), may("uploads.new")
    return pages.render(
        "site/_portal.html",
        title="Client Portal",
        form=UploadForm(),
        applications=applications.mine(actor),
        count=applications.count_waiting() if may("staff.index") else 0,
        account=applications.account_of(actor),
        uploads=uploads.find(actor, most=5)[0] if may("uploads.index") else [],
        refused=refused_files.mine(actor) if may_upload else [],
    )


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
