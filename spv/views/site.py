"""The home page, and the pages for the machine that watches this one."""

from flask import Blueprint, Response, jsonify, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages, readiness
from spv.access import current_actor, may, person
from spv.services.accounts import applications

bp = Blueprint("site", __name__)


@bp.get("/")
def index() -> BaseResponse | Response:
    """The next steps; for visitors, the calculator."""
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


@bp.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify({"status": "alive"})


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer whether everything can be read and saved; 503 with the reason if not."""
    if problem := readiness.problem():
        return jsonify({"status": "not ready", "reason": problem}), 503
    return jsonify({"status": "ready"}), 200
