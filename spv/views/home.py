"""The way in: what somebody who has signed in can do next."""

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor, may, person
from spv.services.accounts import applications

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> BaseResponse | Response:
    """The next steps; for visitors, the calculator."""
    if person() is None:
        return redirect(url_for("stc.new"))
    if may("staff.applications"):
        waiting = applications.count_waiting()
        return pages.render("home/_staff.html", title="Agency staff", waiting=waiting)
    return pages.render(
        "home/_next.html",
        title="What you can do next",
        applications=applications.mine(current_actor()),
        account=applications.account_of(current_actor()),
    )
