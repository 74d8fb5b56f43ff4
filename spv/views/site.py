"""The home page, and the health checks for monitoring."""

from flask import Blueprint, Response, jsonify, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import guide, pages, readiness
from spv.access import current_actor, may, person
from spv.services.accounts import applications

bp = Blueprint("site", __name__)


@bp.get("/")
def index() -> BaseResponse | Response:
    """Show a user the next steps, and a visitor the calculator."""
    if person() is None:
        return redirect(url_for("stc.new"))
    if may("staff.applications"):
        waiting = applications.count_waiting()
        return pages.render("site/_staff.html", title="Agency staff", waiting=waiting)
    return pages.render(
        "site/_next.html",
        title="What you can do next",
        applications=applications.mine(current_actor()),
        account=applications.account_of(current_actor()),
    )


@bp.get("/help")
@bp.get("/help/<any(api):page>")
def help(page: str = "guide") -> Response:
    """Show the guide, or the page for programmers of the APIs."""
    document = guide.document(page)
    title = f"Help: {document.title}"
    return pages.render("site/_help.html", title=title, document=document, page=page)


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
