"""The home page, the search box, and the health checks for monitoring."""

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import guide, pages, readiness
from spv.access import current_actor, may, person
from spv.forms.ledger import CheckForm, UploadForm
from spv.services import search_box
from spv.services.accounts import applications
from spv.services.api import subscriptions
from spv.services.ledger import refused_files, uploads
from spv.services.search_box import Kind
from spv.views.stc import first_form

bp = Blueprint("site", __name__)
LAST = 5  # uploads on the home page
# The page of each kind of thing that the search box finds, and the name of its key.
PAGES = {
    Kind.SERIAL: ("panels.show", "row_id"),
    Kind.UPLOAD: ("uploads.show", "upload_id"),
    Kind.INVALIDATION: ("invalidations.show", "invalidation_id"),
    Kind.CALCULATION: ("stc.show", "reference"),
    Kind.ACCOUNT: ("panels.index", "account"),
    Kind.PERSON: ("staff_accounts.people", "text"),
}


@bp.get("/")
def index() -> Response:
    """Show a visitor what this is for, and a user the Client Portal."""
    if person() is None:
        return pages.render(
            "site/_first.html",
            title="STCs and panel serial numbers",
            form=CheckForm(),
            stc_form=first_form(),
        )
    actor = current_actor()
    return pages.render(
        "site/_portal.html",
        title="Client Portal",
        form=UploadForm(),
        applications=applications.mine(actor),
        count=applications.count_waiting() if may("staff.index") else 0,
        account=applications.account_of(actor),
        uploads=uploads.find(actor)[0][:LAST] if may("uploads.index") else [],
        refused=refused_files.mine(actor) if may("uploads.new") else [],
        subscriptions=subscriptions.in_short(actor) if may("uploads.new") else None,
    )


@bp.get("/find")
def find() -> BaseResponse | Response:
    """Go to the one thing that the search box finds, or list what it finds."""
    found = search_box.find(request.args.get("q", ""), current_actor())
    if found.only:
        kind, hit = found.only
        endpoint, key = PAGES[kind]
        return redirect(url_for(endpoint, **{key: hit.key}), 303)
    return pages.render("site/_find.html", title="Find", found=found, addresses=PAGES)


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
