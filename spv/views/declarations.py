"""The Declaration for API Users."""

from flask import Blueprint, Response, flash
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.accounts import DeclarationForm
from spv.rules.errors import ValidationError
from spv.services.accounts import applications
from spv.services.ledger import declarations

bp = Blueprint("declarations", __name__, url_prefix="/panels/declaration")


@bp.get("")
def new() -> Response:
    """Show the status, the wording, and the declarations that were made."""
    return _new(DeclarationForm())


@bp.post("")
@limiter.limit("60 per minute")
def make() -> BaseResponse:
    """Make the declaration, for three months."""
    form = DeclarationForm()
    try:
        made = declarations.make(form.answers, current_actor())
    except ValidationError as error:
        return _new(form.refused(error))
    flash(f"Your declaration has been made. {made.status}.")
    return pages.done("declarations.new")


def _new(form: DeclarationForm) -> Response:
    actor = current_actor()
    return pages.render(
        "declarations/_new.html",
        title="Declaration for API Users",
        form=form,
        account=applications.account_of(actor),
        standing=declarations.declaration_status(actor.account_id),
        declarations=declarations.mine(actor),
    )
