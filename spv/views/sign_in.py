"""Sign up, sign in, sign out."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from spv import access, demo, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.accounts import SignInForm, SignUpForm
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
@limiter.limit("60 per 30 seconds", key_func=access.browser_or_network)
@pages.submits(SignInForm, new)
def create(form: SignInForm) -> BaseResponse:
    """Sign in, and go on to the page that the user wanted."""
    browser, before = access.browser(), access.token()
    token = sign_in.sign_in(form.answers, current_actor(), before, browser)
    access.sign_in(token)
    access.keep_browser(browser)
    return redirect(access.local(request.args.get("next", "")), 303)


@bp.get("/sign-up")
def sign_up(form: SignUpForm | None = None) -> Response:
    """Show the form for a new user."""
    form = form or SignUpForm()
    return pages.render("sign_in/_sign_up.html", title="Sign up", form=form)


@bp.post("/sign-up")
@limiter.limit("60 per minute")
@pages.submits(SignUpForm, sign_up)
def register(form: SignUpForm) -> BaseResponse:
    """Sign up; the answer does not reveal whether the user had signed up before."""
    sign_in.sign_up(form.answers, current_actor())
    return pages.done(
        "sign_in.new",
        "Now sign in with your email address and password. If you had signed up "
        "before, nothing has changed: your earlier password is the one that counts.",
    )


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this session."""
    if token := access.token():
        sign_in.sign_out(token, current_actor())
    access.sign_out()
    return pages.go_to(".new", "You have signed out.")


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this user."""
    sign_in.sign_out_everywhere(current_actor())
    access.sign_out()
    return pages.go_to(".new", "You have signed out on every device.")
