"""Ask for a code of the second factor before some requests, then let them through."""

from flask import Flask, Response, request

from spv import access, pages
from spv.forms.accounts import FreshCodeForm
from spv.policy import FRESH_FACTOR
from spv.rules.errors import ValidationError
from spv.services.accounts import second_factors

FIELD = "second_factor_code"


def init_app(app: Flask) -> None:
    """Guard the routes that need a recent code."""
    app.before_request(_ask_for_code)


def _ask_for_code() -> Response | None:
    """Let a request through, or answer with a page that sends it again with a code."""
    person = access.person() if request.endpoint in FRESH_FACTOR else None
    if person is None or not second_factors.is_stale(person):
        return None
    form = FreshCodeForm()
    if FIELD not in request.form:
        return _page(form, 403)
    code = form.second_factor_code.data or ""
    try:
        second_factors.confirm(code, person.token, access.current_actor())
    except ValidationError as error:
        sentences = ValidationError({FIELD: error.problems["code"]})
        form.refused(sentences).http_status = error.http_status
        form.retry_after = error.retry_after
        return _page(form)
    return None


def _page(form: FreshCodeForm, status: int = 0) -> Response:
    left_out = (FIELD, "csrf_token")
    fields = [each for each in pages.fields_to_resend() if each[1] not in left_out]
    response = pages.render(
        "second_factor/_fresh.html", title="Enter a code to go on",
        form=form, status=status, fields=fields,
    )  # fmt: skip
    if pages.wants_partial():
        pages.replace_content(response)
    return response
