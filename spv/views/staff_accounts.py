"""Pages of agency staff about people, their roles, accounts and suspensions."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from spv import pages
from spv.access import current_actor
from spv.forms.accounts import RoleForm, StaffForm, SuspensionForm
from spv.services.accounts import sign_in, users
from spv.services.agency import overview, staff, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.api import subscriptions
from spv.views.account import link_page

bp = Blueprint("staff_accounts", __name__, url_prefix="/staff")
ANY = f"/<any({','.join(Subject)}):subject>/<number:number>"


@bp.get("/people")
def people(form: StaffForm | None = None) -> Response:
    """Show agency staff, and users by a part of their name, address or account."""
    text = request.args.get("text", "")
    colleagues, found = staff.index(), users.find(text)
    ids = [user.id for user in (*colleagues, *found)]
    return pages.render(
        "staff/_people.html", "People", form or StaffForm(formdata=None),
        staff=colleagues, people=found[: users.MOST_FOUND],
        has_more=len(found) > users.MOST_FOUND,
        suspended=suspensions.reasons(Subject.PERSON, ids), text=text,
    )  # fmt: skip


@bp.post("/people")
@pages.submits(StaffForm, people)
def add_staff(form: StaffForm) -> Response:
    """Add a member of staff, and show the link to set a password with."""
    return link_page(staff.add(form.answers, current_actor()), "staff_accounts.people")


@bp.get("/people/<number:user_id>")
def person(
    user_id: int, form: SuspensionForm | None = None, role_form: RoleForm | None = None
) -> Response:
    """Show a person: their account or role, and whether they are suspended."""
    user = suspensions.find(Subject.PERSON, user_id)
    return pages.render(
        "staff/_person.html", user.name,
        user=user, role_form=role_form or RoleForm(formdata=None),
        status=role_form.http_status if role_form else 0,
        is_last=staff.is_last_administrator(user),
        is_shared_staff=user.is_staff and sign_in.is_shared(user),
        **_suspension(Subject.PERSON, user_id, form),
    )  # fmt: skip


@bp.post("/people/<number:user_id>/role")
@pages.submits(RoleForm, lambda form, user_id: person(user_id, role_form=form))
def change_role(form: RoleForm, user_id: int) -> BaseResponse:
    """Give a member of staff another role."""
    name = staff.change_role(user_id, form.answers, current_actor())
    return pages.go_to("staff_accounts.people", f"The role of {name} has changed.")


@bp.post("/people/<number:user_id>/remove")
def remove_staff(user_id: int) -> BaseResponse:
    """Remove a member of staff."""
    name = staff.remove(user_id, current_actor())
    return pages.go_to("staff_accounts.people", f"{name} has been removed.")


@bp.post("/people/<number:user_id>/password-link")
def make_link(user_id: int) -> Response:
    """Show a link with which a user sets a new password."""
    return link_page(users.make_link(user_id, current_actor()), "staff_accounts.people")


@bp.get("/accounts")
def index() -> Response:
    """Show the accounts that are found by a part of their name or ABN."""
    text, lapsing = request.args.get("text", "")[:100], "lapsing" in request.args
    found, most = overview.find(text, lapsing=lapsing), overview.MOST_FOUND
    ids = (row.Account.id for row in found)
    return pages.render(
        "staff/_accounts.html", "Accounts", accounts=found[:most],
        suspended=suspensions.reasons(Subject.ACCOUNT, ids), most=most,
        has_more=len(found) > most, text=text, lapsing=lapsing,
    )  # fmt: skip


@bp.get("/accounts/<number:account_id>")
@pages.logs_a_view
def account(account_id: int, form: SuspensionForm | None = None) -> Response:
    """Show an account: its details, its latest activity, and suspensions."""
    found = suspensions.find(Subject.ACCOUNT, account_id)
    # Call it first: its transaction makes the session read everything again.
    shown = overview.show(account_id, current_actor())
    people = users.of_account(account_id)
    subscribed = subscriptions.of_account(account_id)
    return pages.render(
        "staff/_account.html", found.legal_name,
        account=found, shown=shown, people=people, subscriptions=subscribed,
        suspended=suspensions.reasons(Subject.PERSON, (each.id for each in people)),
        suspended_subscriptions=suspensions.reasons(
            Subject.SUBSCRIPTION, (each.id for each in subscribed)
        ),
        **_suspension(Subject.ACCOUNT, account_id, form),
    )  # fmt: skip


@bp.get("/subscriptions/<number:subscription_id>")
def subscription(subscription_id: int, form: SuspensionForm | None = None) -> Response:
    """Show a subscription and its suspensions; its keys are shown to nobody here."""
    found = suspensions.find(Subject.SUBSCRIPTION, subscription_id)
    return pages.render(
        "staff/_subscription.html", found.name,
        subscription=found, **_suspension(Subject.SUBSCRIPTION, subscription_id, form),
    )  # fmt: skip


PAGES: dict[Subject, tuple[str, str, Callable[..., BaseResponse]]] = {
    Subject.ACCOUNT: ("account", "account_id", account),
    Subject.PERSON: ("person", "user_id", person),
    Subject.SUBSCRIPTION: ("subscription", "subscription_id", subscription),
}


def page_of(subject: str, number: int, form: SuspensionForm) -> BaseResponse:
    """Show the page of the subject that was to be suspended or reinstated."""
    _, name, page = PAGES[Subject(subject)]
    return page(**{name: number}, form=form)


@bp.post(f"{ANY}/suspend")
@pages.submits(SuspensionForm, page_of)
def suspend(form: SuspensionForm, subject: str, number: int) -> BaseResponse:
    """Suspend an account, a person or a subscription."""
    suspensions.suspend(Subject(subject), number, form.answers, current_actor())
    return _done(subject, number, "Suspended. This takes effect at once.")


@bp.post(f"{ANY}/reinstate")
@pages.submits(SuspensionForm, page_of)
def reinstate(form: SuspensionForm, subject: str, number: int) -> BaseResponse:
    """End a suspension."""
    suspensions.reinstate(Subject(subject), number, form.answers, current_actor())
    return _done(subject, number, "Reinstated.")


def _done(subject: str, number: int, message: str) -> BaseResponse:
    page, name, _ = PAGES[Subject(subject)]
    return pages.done(f"staff_accounts.{page}", message, **{name: number})


def _suspension(
    subject: Subject, number: int, form: SuspensionForm | None
) -> dict[str, Any]:
    """Return the values for the part of a page about suspensions."""
    return {
        "subject": subject,
        "number": number,
        "form": form or SuspensionForm(formdata=None),
        "history": suspensions.history(subject, number),
    }
