"""Sign up, sign in, sign out."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, browsers, demo, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.accounts import SignInForm, SignUpForm
from spv.rules.errors import ValidationError
from spv.services.accounts import sign_in

bp = Blueprint("sign_in", __name__)


@bp.get("/sign-in")
def new() -> Response:
    """The form, and in a demonstration its sign-ins."""
    return _sign_in(SignInForm())


@bp.post("/sign-in")
@limiter.limit("60 per 30 seconds", key_func=browsers.current_or_network)
def create() -> BaseResponse:
    """Sign in, and go on to where somebody was going."""
    form, browser = SignInForm(), browsers.current()
    try:
        someone = access.person()
        before = someone.token if someone else ""
        token = sign_in.sign_in(form.answers, current_actor(), before, browser)
    except ValidationError as refusal:
        return _sign_in(form.refused(refusal))
    access.sign_in(token)
    browsers.keep(browser)
    return redirect(access.local(request.args.get("next", "")), 303)


@bp.get("/sign-up")
def sign_up() -> Response:
    """The form for somebody who is new."""
    return _sign_up(SignUpForm())


@bp.post("/sign-up")
@limiter.limit("60 per minute")
def register() -> BaseResponse:
    """Let somebody sign in from now on; the answer does not tell whether they could."""
    form = SignUpForm()
    try:
        sign_in.sign_up(form.answers, current_actor())
    except ValidationError as refusal:
        return _sign_up(form.refused(refusal))
    flash(
        "Now sign in with your email address and password. If you had signed up "
        "before, nothing has changed: your earlier password is the one that counts."
    )
    return pages.done("sign_in.new")


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this session."""
    if someone := access.person():
        sign_in.sign_out(someone.token, current_actor())
    return _out("You have signed out.")


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this person."""
    sign_in.sign_out_everywhere(current_actor())
    return _out("You have signed out on every device.")


def _out(message: str) -> BaseResponse:
    access.sign_out()
    flash(message)
    return redirect(url_for(".new"), 303)


def _sign_in(form: SignInForm) -> Response:
    return pages.render(
        "sign_in/_sign_in.html",
        title="Sign in",
        form=form,
        demonstration=demo.sign_ins() if pages.is_demonstration() else {},
        demonstration_password=demo.PASSWORD,
    )


def _sign_up(form: SignUpForm) -> Response:
    return pages.render("sign_in/_sign_up.html", title="Sign up", form=form)
