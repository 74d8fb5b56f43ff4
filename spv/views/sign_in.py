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
def new(form: SignInForm | None = None) -> Response:
    """Show the form, and in a demonstration its sign-ins."""
    return pages.render(
        "sign_in/_sign_in.html",
        title="Sign in",
        form=form or SignInForm(),
        demonstration=demo.sign_ins() if pages.is_demonstration() else {},
        demonstration_password=demo.PASSWORD,
    )


@bp.post("/sign-in")
@limiter.limit("60 per 30 seconds", key_func=browsers.current_or_network)
def create() -> BaseResponse:
    """Sign in, and go on to the page that the user wanted."""
    form, browser, user = SignInForm(), browsers.current(), access.person()
    before = user.token if user else ""
    try:
        token = sign_in.sign_in(form.answers, current_actor(), before, browser)
    except ValidationError as error:
        return new(form.refused(error))
    access.sign_in(token)
    browsers.keep(browser)
    return redirect(access.local(request.args.get("next", "")), 303)


@bp.get("/sign-up")
def sign_up(form: SignUpForm | None = None) -> Response:
    """Show the form for a new user."""
    form = form or SignUpForm()
    return pages.render("sign_in/_sign_up.html", title="Sign up", form=form)


@bp.post("/sign-up")
@limiter.limit("60 per minute")
def register() -> BaseResponse:
    """Sign up; the answer does not reveal whether the user had signed up before."""
    form = SignUpForm()
    try:
        sign_in.sign_up(form.answers, current_actor())
    except ValidationError as error:
        return sign_up(form.refused(error))
    flash(
        "Now sign in with your email address and password. If you had signed up "
        "before, nothing has changed: your earlier password is the one that counts."
    )
    return pages.done("sign_in.new")


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this session."""
    if user := access.person():
        sign_in.sign_out(user.token, current_actor())
    return _to_sign_in("You have signed out.")


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this user."""
    sign_in.sign_out_everywhere(current_actor())
    return _to_sign_in("You have signed out on every device.")


def _to_sign_in(message: str) -> BaseResponse:
    access.sign_out()
    flash(message)
    return redirect(url_for(".new"), 303)
