"""Signing up, in and out; the second factor, at the sign-in and on its own page."""

from flask import Blueprint, Response, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from spv import access, demo, known_browsers, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms import accounts as forms
from spv.services.accounts import second_factors, sign_in

bp = Blueprint("sign_in", __name__)
factor_bp = Blueprint("second_factor", __name__)
TOO_LATE = "Enter your email address and password again: the sign-in was not finished."


@bp.get("/sign-in", endpoint="new")
def sign_in_page(form: forms.SignInForm | None = None) -> Response:
    """Show the form, and in a demonstration its sign-ins."""
    return pages.render(
        "sign_in/_sign_in.html", "Sign in", form or forms.SignInForm(),
        demonstration=demo.sign_ins() if pages.is_demonstration() else {},
        demonstration_password=demo.PASSWORD,
    )  # fmt: skip


@bp.post("/sign-in", endpoint="create")
@limiter.limit("60 per 30 seconds", key_func=known_browsers.browser_or_network)
@pages.submits(forms.SignInForm, sign_in_page)
def start_session(form: forms.SignInForm) -> BaseResponse:
    """Sign in, and go on to the page that the user wanted."""
    browser, before = known_browsers.browser(), access.token()
    token = sign_in.sign_in(form.answers, current_actor(), before, browser)
    if not isinstance(token, str):
        session["half_sign_in"] = second_factors.ticket(token)
        return pages.go_to("second_factor.ask", next=request.args.get("next"))
    return go_on(token, browser)


def go_on(token: str, browser: str) -> BaseResponse:
    """Go on to the page that the user wanted, in a new session."""
    access.sign_in(token)
    wanted = redirect(access.local_address(request.args.get("next", "")), 303)
    return known_browsers.keep_browser(browser, wanted)


@bp.get("/sign-up", endpoint="sign_up")
def sign_up_page(form: forms.SignUpForm | None = None) -> Response:
    """Show the form for a new user."""
    return pages.render("sign_in/_sign_up.html", "Sign up", form or forms.SignUpForm())


@bp.post("/sign-up")
@limiter.limit("60 per minute")
@pages.submits(forms.SignUpForm, sign_up_page)
def register(form: forms.SignUpForm) -> BaseResponse:
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
    session.clear()
    return pages.go_to("sign_in.new", "You have signed out.")


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this user."""
    sign_in.sign_out_everywhere(current_actor())
    session.clear()
    return pages.go_to("sign_in.new", "You have signed out on every device.")


@factor_bp.get("/sign-in/code")
def ask(form: forms.CodeForm | None = None) -> BaseResponse:
    """Show the form for the code, after the right password."""
    if second_factors.holder(session.get("half_sign_in", "")) is None:
        return _begin_again()
    return pages.render(
        "second_factor/_ask.html", "Enter a code", form or forms.CodeForm()
    )


@factor_bp.post("/sign-in/code")
@limiter.limit("60 per minute")
@pages.submits(forms.CodeForm, ask)
def answer(form: forms.CodeForm) -> BaseResponse:
    """Finish the sign-in, and go on to the page that the user wanted."""
    ticket, browser = session.get("half_sign_in", ""), known_browsers.browser()
    token = second_factors.finish_sign_in(
        ticket, form.code.data or "", current_actor(), access.token(), browser
    )
    return go_on(token, browser) if token else _begin_again()


def _begin_again() -> BaseResponse:
    session.pop("half_sign_in", None)
    return pages.go_to("sign_in.new", TOO_LATE, next=request.args.get("next"))


@factor_bp.get("/account/second-factor")
def show() -> Response:
    """Show the user's second factor, or how to set one up."""
    person = access.person()
    if person is None or not person.has_second_factor:
        return new()
    return pages.render(
        "second_factor/_show.html",
        "Second factor",
        factor=second_factors.of_user(person.user_id),
    )


@factor_bp.get("/account/second-factor/new")
def new(form: forms.CodeForm | None = None) -> Response:
    """Show a secret to put into an app, and the form that confirms it with a code."""
    set_up = second_factors.set_up(session.get("set_up", ""), current_actor())
    session["set_up"] = set_up.sealed
    return pages.render(
        "second_factor/_new.html",
        "Set up your second factor",
        form or forms.CodeForm(),
        set_up=set_up,
    )


@factor_bp.post("/account/second-factor/new")
def renew() -> BaseResponse:
    """Show a new secret; a recent code is required first."""
    return pages.go_to("second_factor.new")


@factor_bp.post("/account/second-factor")
@limiter.limit("60 per minute")
@pages.submits(forms.CodeForm, new)
def add(form: forms.CodeForm) -> Response:
    """Add the second factor, and show its recovery codes, once."""
    codes = second_factors.add(
        session.get("set_up", ""), form.code.data or "", access.token(),
        current_actor(), known_browsers.browser(),
    )  # fmt: skip
    session.pop("set_up", None)
    return pages.render("second_factor/_codes.html", "Your recovery codes", codes=codes)


@factor_bp.post("/account/second-factor/remove")
def remove() -> BaseResponse:
    """Remove the second factor."""
    second_factors.remove(access.token(), current_actor())
    return pages.go_to(
        "account.edit_password", "You now sign in with only your password."
    )
