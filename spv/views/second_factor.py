"""The second factor: the second step of a sign-in, and setting it up or removing it."""

from flask import Blueprint, Response, request, session
from werkzeug.wrappers import Response as BaseResponse

from spv import access, known_browsers, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.accounts import CodeForm
from spv.services.accounts import second_factors
from spv.views.account import go_on

bp = Blueprint("second_factor", __name__)
TOO_LATE = "Enter your email address and password again: the sign-in was not finished."


@bp.get("/sign-in/code")
def ask(form: CodeForm | None = None) -> BaseResponse:
    """Show the form for the code, after the right password."""
    if second_factors.holder(session.get("half_sign_in", "")) is None:
        return _begin_again()
    return pages.render(
        "second_factor/_ask.html", title="Enter a code", form=form or CodeForm()
    )


@bp.post("/sign-in/code")
@limiter.limit("60 per minute")
@pages.submits(CodeForm, ask)
def answer(form: CodeForm) -> BaseResponse:
    """Finish the sign-in, and go on to the page that the user wanted."""
    ticket, browser = session.get("half_sign_in", ""), known_browsers.browser()
    token = second_factors.finish_sign_in(
        ticket, form.code.data or "", current_actor(), access.token(), browser
    )
    return go_on(token, browser) if token else _begin_again()


def _begin_again() -> BaseResponse:
    session.pop("half_sign_in", None)
    return pages.go_to("sign_in.new", TOO_LATE, next=request.args.get("next"))


@bp.get("/account/second-factor")
def show() -> Response:
    """Show the user's second factor, or how to set one up."""
    person = access.person()
    if person is None or not person.has_second_factor:
        return new()
    return pages.render(
        "second_factor/_show.html",
        title="Second factor",
        factor=second_factors.of_user(person.user_id),
    )


@bp.get("/account/second-factor/new")
def new(form: CodeForm | None = None) -> Response:
    """Show a secret to put into an app, and the form that confirms it with a code."""
    set_up = second_factors.set_up(session.get("set_up", ""), current_actor())
    session["set_up"] = set_up.sealed
    return pages.render(
        "second_factor/_new.html",
        title="Set up your second factor",
        form=form or CodeForm(),
        set_up=set_up,
    )


@bp.post("/account/second-factor/new")
def renew() -> BaseResponse:
    """Go on to a new secret, after a code of the present one."""
    return pages.go_to("second_factor.new")


@bp.post("/account/second-factor")
@limiter.limit("60 per minute")
@pages.submits(CodeForm, new)
def add(form: CodeForm) -> Response:
    """Add the second factor, and show its recovery codes, once."""
    codes = second_factors.add(
        session.get("set_up", ""), form.code.data or "", access.token(),
        current_actor(), known_browsers.browser(),
    )  # fmt: skip
    session.pop("set_up", None)
    return pages.render(
        "second_factor/_codes.html", title="Your recovery codes", codes=codes
    )


@bp.post("/account/second-factor/remove")
def remove() -> BaseResponse:
    """Remove the second factor."""
    second_factors.remove(access.token(), current_actor())
    return pages.go_to(
        "account.edit_password", "You sign in with your password alone now."
    )
