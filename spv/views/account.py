"""My account: what it is, and applying for one or for its upgrade."""

from flask import Blueprint, Response, flash
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.account import ApplicationForm
from spv.rules.refusal import Refusal
from spv.services.accounts import applications

bp = Blueprint("account", __name__, url_prefix="/account")

# The titles of the guidance, and its buttons.
APPLY = "Apply for an account", "Submit"
UPGRADE = "Upgrade account", "Next"


@bp.get("")
def show() -> Response:
    """Details, types, users and applications."""
    actor = current_actor()
    return pages.render(
        "account/_show.html",
        title="My account",
        account=applications.account_of(actor),
        applications=applications.mine(actor),
    )


@bp.get("/apply")
def new() -> Response:
    """The form to apply for an account."""
    return _form(*APPLY, ApplicationForm())


@bp.post("/apply")
def apply() -> BaseResponse:
    """Apply for an account."""
    return _submit(*APPLY)


@bp.get("/upgrade")
def edit() -> Response:
    """The form to apply for more account types, with what is known."""
    return _form(
        *UPGRADE, ApplicationForm(obj=applications.account_of(current_actor()))
    )


@bp.post("/upgrade")
def upgrade() -> BaseResponse:
    """Apply for more account types."""
    return _submit(*UPGRADE)


def _submit(title: str, button: str) -> BaseResponse:
    form = ApplicationForm()
    try:
        applications.submit(form.answers, current_actor())
    except Refusal as refusal:
        return _form(title, button, form.refused(refusal))
    flash("Your application has been submitted. The agency will assess it.")
    return pages.done("account.show")


def _form(title: str, button: str, form: ApplicationForm) -> Response:
    return pages.render(
        "account/_application.html",
        title=title,
        form=form,
        held=applications.held_by(current_actor()),
        waiting=applications.is_waiting(current_actor()),
        button=button,
    )
