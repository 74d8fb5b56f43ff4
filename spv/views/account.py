"""My account: applications, its users, and their passwords."""

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, browsers, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.accounts import (
    ApplicationForm,
    ChangePasswordForm,
    NewPasswordForm,
    UserForm,
)
from spv.rules.errors import ValidationError
from spv.services.accounts import applications, password_links, users

bp = Blueprint("account", __name__)

# The titles of the guidance, and its buttons.
APPLY = "Apply for an account", "Submit"
UPGRADE = "Upgrade account", "Next"


@bp.get("/account")
def show() -> Response:
    """Details, types, users and applications."""
    actor = current_actor()
    return pages.render(
        "account/_show.html",
        title="My account",
        account=applications.account_of(actor),
        applications=applications.mine(actor),
    )


@bp.get("/account/apply")
def new() -> Response:
    """The form to apply for an account."""
    return _form(*APPLY, ApplicationForm())


@bp.post("/account/apply")
def apply() -> BaseResponse:
    """Apply for an account."""
    return _submit(*APPLY)


@bp.get("/account/upgrade")
def edit() -> Response:
    """The form to apply for more account types, with what is known."""
    return _form(
        *UPGRADE, ApplicationForm(obj=applications.account_of(current_actor()))
    )


@bp.post("/account/upgrade")
def upgrade() -> BaseResponse:
    """Apply for more account types."""
    return _submit(*UPGRADE)


def _submit(title: str, button: str) -> BaseResponse:
    form = ApplicationForm()
    try:
        applications.submit(form.answers, current_actor())
    except ValidationError as refusal:
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


@bp.get("/account/users")
def list_users() -> Response:
    """Everybody of the account."""
    return pages.render(
        "account/_users.html", title="Users", users=users.index(current_actor())
    )


@bp.get("/account/users/new")
def new_user() -> Response:
    """The form for a new user."""
    return _new_user(UserForm())


@bp.post("/account/users/new")
@limiter.limit("60 per minute")
def add_user() -> Response:
    """Add a user, and show the link with which they set a password."""
    form = UserForm()
    try:
        link = users.add(form.answers, current_actor())
    except ValidationError as refusal:
        return _new_user(form.refused(refusal))
    return link_page(link, "account.list_users")


@bp.get("/account/users/<number:user_id>")
def edit_user(user_id: int) -> Response:
    """The form to change or remove a user."""
    user = users.show(user_id, current_actor())
    form = UserForm(obj=user, administrator=user.is_administrator)
    return _edit_user(form, user_id)


@bp.post("/account/users/<number:user_id>")
def change_user(user_id: int) -> BaseResponse:
    """Change a user. Not in place: it may be oneself."""
    form = UserForm()
    try:
        users.change(user_id, form.answers, current_actor())
    except ValidationError as refusal:
        return _edit_user(form.refused(refusal), user_id)
    flash("The user has been changed.")
    return redirect(url_for(".list_users"), 303)


@bp.post("/account/users/<number:user_id>/remove")
def remove_user(user_id: int) -> BaseResponse:
    """Remove a user. Not in place: it may be oneself."""
    users.remove(user_id, current_actor())
    flash("The user has been removed.")
    return redirect(url_for(".list_users"), 303)


@bp.post("/account/users/<number:user_id>/password-link")
def make_user_link(user_id: int) -> Response:
    """Show a link with which a user sets a new password."""
    return link_page(
        password_links.make_link(user_id, current_actor()), "account.list_users"
    )


def link_page(link: password_links.Link, back: str) -> Response:
    """A one-time link, shown once, for who hands it over."""
    return pages.render(
        "account/_link.html", title="Password link", link=link, back=url_for(back)
    )


def _new_user(form: UserForm) -> Response:
    return pages.render("account/_new_user.html", title="Add a user", form=form)


def _edit_user(form: UserForm, user_id: int) -> Response:
    user = users.show(user_id, current_actor())
    return pages.render(
        "account/_edit_user.html",
        title="Change a user",
        form=form,
        user=user,
        is_last=users.is_last(user),
    )


@bp.get("/account/password")
def edit_password() -> Response:
    """The form for a new password."""
    return _edit_password(ChangePasswordForm())


@bp.post("/account/password")
@limiter.limit("60 per minute")
def change_password() -> BaseResponse:
    """Change the password, which ends all other sessions."""
    form = ChangePasswordForm()
    someone = access.person()
    try:
        token = someone.token if someone else ""
        password_links.change(form.answers, token, current_actor(), browsers.current())
    except ValidationError as refusal:
        return _edit_password(form.refused(refusal))
    flash("Your password has changed. Any other device has been signed out.")
    return pages.done("site.index")


@bp.get("/password/<token:token>")
def open_link(token: str) -> Response:
    """The form behind a link."""
    return _set_password(NewPasswordForm(), token)


@bp.post("/password/<token:token>")
@limiter.limit("60 per minute")
def use_link(token: str) -> BaseResponse:
    """Set the password and use up the link."""
    form, browser = NewPasswordForm(), browsers.current()
    try:
        password_links.use_link(token, form.answers, current_actor(), browser)
    except ValidationError as refusal:
        return _set_password(form.refused(refusal), token)
    access.sign_out()
    browsers.keep(browser)
    flash("Your password is set. Sign in with it.")
    return redirect(url_for("sign_in.new"), 303)


def _edit_password(form: ChangePasswordForm) -> Response:
    return pages.render(
        "account/_edit_password.html", title="Change password", form=form
    )


def _set_password(form: NewPasswordForm, token: str) -> Response:
    return pages.render(
        "account/_set_password.html",
        title="Set a password",
        form=form,
        token=token,
        holder=password_links.holder(token),
    )
