"""The people of an account: its administrators add, change and remove them."""

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms.people import UserForm
from spv.rules.refusal import Refusal
from spv.services.accounts import password_links, users

bp = Blueprint("users", __name__, url_prefix="/account/users")


@bp.get("")
def index() -> Response:
    """Everybody of the account."""
    return pages.render(
        "users/_index.html", title="Users", users=users.index(current_actor())
    )


@bp.get("/new")
def new() -> Response:
    """The form for a new user."""
    return _new(UserForm())


@bp.post("/new")
@limiter.limit("60 per minute")
def add() -> Response:
    """Add a user, and show the link with which they set a password."""
    form = UserForm()
    try:
        link = users.add(form.answers, current_actor())
    except Refusal as refusal:
        return _new(form.refused(refusal))
    return link_page(link, "users.index")


@bp.get("/<number:user_id>")
def edit(user_id: int) -> Response:
    """The form to change or remove a user."""
    user = users.show(user_id, current_actor())
    form = UserForm(obj=user, administrator=user.is_administrator)
    return _edit(form, user_id)


@bp.post("/<number:user_id>")
def change(user_id: int) -> BaseResponse:
    """Change a user. Not in place: it may be oneself."""
    form = UserForm()
    try:
        users.change(user_id, form.answers, current_actor())
    except Refusal as refusal:
        return _edit(form.refused(refusal), user_id)
    flash("The user has been changed.")
    return redirect(url_for(".index"), 303)


@bp.post("/<number:user_id>/remove")
def remove(user_id: int) -> BaseResponse:
    """Remove a user. Not in place: it may be oneself."""
    users.remove(user_id, current_actor())
    flash("The user has been removed.")
    return redirect(url_for(".index"), 303)


@bp.post("/<number:user_id>/password-link")
def make_link(user_id: int) -> Response:
    """Show a link with which a user sets a new password."""
    return link_page(password_links.make_link(user_id, current_actor()), "users.index")


def link_page(link: password_links.Link, back: str) -> Response:
    """A one-time link, shown once, for who hands it over."""
    return pages.render(
        "users/_link.html", title="Password link", link=link, back=url_for(back)
    )


def _new(form: UserForm) -> Response:
    return pages.render("users/_new.html", title="Add a user", form=form)


def _edit(form: UserForm, user_id: int) -> Response:
    user = users.show(user_id, current_actor())
    return pages.render(
        "users/_edit.html",
        title="Change a user",
        form=form,
        user=user,
        is_last=users.is_last(user),
    )
