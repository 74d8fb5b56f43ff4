"""The STC calculator, for everyone."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.stc import StcForm
from spv.rules.refusal import Refusal
from spv.services.stc import calculations

bp = Blueprint("stc", __name__, url_prefix="/stc")


@bp.get("")
def new() -> Response:
    """The form, with the answers of the address and the fields that follow."""
    answers = calculations.suggested_answers() | request.args.to_dict()
    return _form(StcForm(MultiDict(answers)))


@bp.post("")
@limiter.limit("300 per minute")
def calculate() -> BaseResponse:
    """Calculate, save and show the result; or only reveal the fields, on Continue."""
    form = StcForm()
    if "continue" in request.form:
        return redirect(f"{url_for('.new')}?{urlencode(form.kept_answers())}", 303)
    if not form.validate_on_submit():
        return _form(form)
    try:
        reference = calculations.save(form.answers, current_actor())
    except Refusal as refusal:
        return _form(form.refused(refusal))
    return pages.done("stc.show", reference=reference)


@bp.get("/<reference:reference>")
def show(reference: str) -> Response:
    """A saved result, at another price if the address names one."""
    result = calculations.show(reference, request.args.get("stc_price", ""))
    return pages.render(
        "stc/_result.html",
        title=result.headline,
        status=422 if result.estimate.problem else 200,
        result=result,
    )


def _form(form: StcForm) -> Response:
    return pages.render(
        "stc/_form.html",
        title="STC calculator",
        form=form,
    )
