"""My account: its applications, its users, and their passwords."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from spv import access, known_browsers, pages
from spv.access import current_actor
from spv.extensions import limiter
from spv.forms import accounts as forms
from spv.services.accounts import applications, sign_in, users
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from spv.services.authorisation import suspension_of

bp = Blueprint("account", __name__)


@bp.app_template_global("link_notices")
def notices_of_links() -> Sequence[Any]:
    """Return staff-made password links whose notice the user has not closed."""
    user = access.person()
    return users.link_notices(current_actor()) if user and user.has_link_notice else []


@bp.get("/account")
def show() -> Response:
    """Show the account's details, and its newest application."""
    actor = current_actor()
    return pages.render(
        "account/_show.html",
        title="My account",
        account=applications.account_of(actor),
        applications=applications.mine(actor),
    )


@bp.get("/account/applications")
def list_applications() -> Response:
    """Show the applications of the user or of the account, and a link to a new one."""
    actor = current_actor()
    own = applications.mine(actor)
    return pages.render(
        "account/_applications.html", "Account applications",
        account=applications.account_of(actor), applications=own,
        waiting=applications.is_waiting(own, actor),
    )  # fmt: skip


@bp.get("/account/apply", endpoint="new")
@bp.get("/account/upgrade", endpoint="edit")
def application_page(form: forms.ApplicationForm | None = None) -> Response:
    """Show the form for an account, or for its upgrade with its present details.

    The back link of the review has the answers in its address.
    """
    actor = current_actor()
    account = applications.account_of(actor)
    return pages.render(
        "account/_application.html",
        "Upgrade account" if account else "Apply for an account",
        form or forms.ApplicationForm(request.args, obj=account),
        current_types=applications.current_types(actor),
        waiting=applications.is_waiting(applications.mine(actor), actor),
        is_upgrade=account is not None,
        is_shared=sign_in.is_shared_account(actor.account_id),
    )


@bp.post("/account/apply", endpoint="apply")
@bp.post("/account/upgrade", endpoint="upgrade")
@pages.submits(forms.ApplicationForm, application_page)
def submit_application(form: forms.ApplicationForm) -> BaseResponse:
    """Submit an application for an account, or review and submit one for an upgrade."""
    actor = current_actor()
    if actor.account_id and form.step.data == "next":
        return pages.render(
            "account/_review.html",
            "Upgrade account: review",
            details=applications.review(form.answers, actor),
        )
    applications.submit(form.answers, actor)
    message = "Your application has been submitted. The agency will assess it."
    return pages.done("account.list_applications", message)


@bp.get("/account/users")
def list_users() -> Response:
    """Show the users of the account."""
    found = users.index(current_actor())
    return pages.render(
        "account/_users.html", "Users", users=found,
        suspended=suspensions.reasons(Subject.PERSON, (each.id for each in found)),
    )  # fmt: skip


@bp.get("/account/users/new")
def new_user(form: forms.UserForm | None = None) -> Response:
    """Show the form for a new user."""
    return pages.render(
        "account/_new_user.html", "Add a user", form or forms.UserForm()
    )


@bp.post("/account/users/new")
@limiter.limit("60 per minute")
@pages.submits(forms.UserForm, new_user)
def add_user(form: forms.UserForm) -> Response:
    """Add a user, and show the link to set a password with."""
    return link_page(users.add(form.answers, current_actor()), "account.list_users")


@bp.get("/account/users/<number:user_id>")
def edit_user(user_id: int, form: forms.UserForm | None = None) -> Response:
    """Show the form to change or remove a user."""
    user = users.show(user_id, current_actor())
    return pages.render(
        "account/_edit_user.html", "Change a user",
        form or forms.UserForm(obj=user, administrator=user.is_administrator),
        user=user, is_last=users.is_last(user), is_shared=sign_in.is_shared(user),
        is_suspended=suspension_of(user_id, None) is not None,
    )  # fmt: skip


@bp.post("/account/users/<number:user_id>")
@pages.submits(forms.UserForm, edit_user)
def change_user(form: forms.UserForm, user_id: int) -> BaseResponse:
    """Change a user."""
    users.change(user_id, form.answers, current_actor())
    return pages.go_to("account.list_users", "The user has been changed.")


@bp.post("/account/users/<number:user_id>/remove")
def remove_user(user_id: int) -> BaseResponse:
    """Remove a user."""
    users.remove(user_id, current_actor())
    return pages.go_to("account.list_users", "The user has been removed.")


@bp.post("/account/users/<number:user_id>/password-link")
def make_user_link(user_id: int) -> Response:
    """Show a link with which a user sets a new password."""
    return link_page(users.make_link(user_id, current_actor()), "account.list_users")


def link_page(link: users.Link, back: str) -> Response:
    """Show a password link, once, to the user who hands it over."""
    return pages.render(
        "account/_link.html", "Password link", link=link, back=url_for(back)
    )


@bp.post("/account/notice")
def close_notice() -> BaseResponse:
    """Close the notice of password links that agency staff have made."""
    users.close_link_notices(pages.number("last"), current_actor())
    return redirect(access.local_address(access.current_page() or ""), 303)


@bp.get("/account/password")
def edit_password(form: forms.ChangePasswordForm | None = None) -> Response:
    """Show the form for a new password."""
    title, form = "Change password", form or forms.ChangePasswordForm()
    return pages.render("account/_edit_password.html", title, form)


@bp.post("/account/password")
@limiter.limit("60 per minute")
@pages.submits(forms.ChangePasswordForm, edit_password)
def change_password(form: forms.ChangePasswordForm) -> BaseResponse:
    """Change the password, which ends all other sessions."""
    users.change_password(
        form.answers, access.token(), current_actor(), known_browsers.browser()
    )
    message = "Your password has changed. Any other device has been signed out."
    return pages.done("site.index", message)


@bp.get("/password/<token:token>")
def open_link(token: str, form: forms.NewPasswordForm | None = None) -> Response:
    """Show the form that a password link leads to."""
    return pages.render(
        "account/_set_password.html", "Set a password", form or forms.NewPasswordForm(),
        token=token, holder=users.holder(token),
    )  # fmt: skip


@bp.post("/password/<token:token>")
@limiter.limit("60 per minute")
@pages.submits(forms.NewPasswordForm, open_link)
def use_link(form: forms.NewPasswordForm, token: str) -> BaseResponse:
    """Set a password with a password link."""
    browser = known_browsers.browser()
    users.use_link(token, form.answers, current_actor(), browser)
    session.clear()
    following = pages.go_to("sign_in.new", "Your password is set. Sign in with it.")
    return known_browsers.keep_browser(browser, following)
