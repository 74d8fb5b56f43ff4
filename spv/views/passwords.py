"""New passwords: by oneself, or through a link that another has handed over."""

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, browsers, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.people import ChangePasswordForm, NewPasswordForm
from spv.rules.refusal import Refusal
from spv.services.accounts import password_links

bp = Blueprint("passwords", __name__)


@bp.get("/account/password")
def edit() -> Response:
    """The form for a new password."""
    return _edit(ChangePasswordForm())


@bp.post("/account/password")
@limiter.limit("60 per minute")
def change() -> BaseResponse:
    """Change the password, which ends all other sessions."""
    form = ChangePasswordForm()
    someone = access.person()
    try:
        token = someone.token if someone else ""
        password_links.change(form.answers, token, current_actor(), browsers.current())
    except Refusal as refusal:
        return _edit(form.refused(refusal))
    flash("Your password has changed. Any other device has been signed out.")
    return pages.done("home.index")


@bp.get("/password/<token:token>")
def open_link(token: str) -> Response:
    """The form behind a link."""
    return _link(NewPasswordForm(), token)


@bp.post("/password/<token:token>")
@limiter.limit("60 per minute")
def use_link(token: str) -> BaseResponse:
    """Set the password and use up the link."""
    form, browser = NewPasswordForm(), browsers.current()
    try:
        password_links.use_link(token, form.answers, current_actor(), browser)
    except Refusal as refusal:
        return _link(form.refused(refusal), token)
    access.leave()
    browsers.keep(browser)
    flash("Your password is set. Sign in with it.")
    return redirect(url_for("sign_in.new"), 303)


def _edit(form: ChangePasswordForm) -> Response:
    return pages.render("passwords/_edit.html", title="Change password", form=form)


def _link(form: NewPasswordForm, token: str) -> Response:
    return pages.render(
        "passwords/_set.html",
        title="Set a password",
        form=form,
        token=token,
        holder=password_links.holder(token),
    )
