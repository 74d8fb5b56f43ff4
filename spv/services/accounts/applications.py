"""Applications for accounts, and for upgrades of accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import Model, db
from spv.models import Account, AccountApplication
from spv.rules import accounts as rules
from spv.rules.accounts import AccountType, Role, Status, read_reason
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts.sign_in import is_shared_account
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require

SHARED = (
    "Everybody who looks at this demonstration shares this account, so it stays as it "
    "is. Nothing was done. Sign up as somebody new to see an upgrade through."
)
MOST_SHOWN = 100
_IS_WAITING = AccountApplication.status == Status.SUBMITTED


def review(answers: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Return the details of an application as they would be submitted.

    Raises ValidationError, and ConflictError if an application is waiting already.
    """
    types = rules.in_order(answers["account_types"] or ())
    if actor.account_id and {*types} <= {*current_types(actor)}:
        raise ValidationError({"account_types": "Select at least one new type."})
    details = rules.read_details(answers, types)
    _refuse_second(actor)
    return details


def submit(answers: Mapping[str, Any], actor: Actor) -> None:
    """Apply for an account, or for more types for the actor's account.

    Raises ValidationError, and ConflictError if an application is waiting already.
    """
    details = review(answers, actor)
    role = Role.ADMINISTRATOR if actor.account_id else Role.PERSON
    with authorised_transaction(actor, role):
        _refuse_second(actor)
        # Make way for the next visitor of a demonstration.
        is_shared = is_shared_account(actor.account_id)
        for earlier in mine(actor) if is_shared else ():
            if earlier.status == Status.SUBMITTED:
                _assessed(earlier, Status.DECLINED, actor)
                earlier.reason = "Withdrawn: somebody else has applied since."
                _record("application.declined", earlier, actor)
        application = AccountApplication(
            **details,
            user_id=actor.user_id,
            account_id=actor.account_id,
            is_upgrade=actor.account_id is not None,
            status=Status.SUBMITTED,
            submitted_at=clock.now(),
        )
        db.session.add(application)
        db.session.flush()
        _record("application.submitted", application, actor)


def _refuse_second(actor: Actor) -> None:
    if is_waiting(mine(actor), actor):
        raise ConflictError(
            "An application is already waiting to be assessed. Account applications "
            "shows its status."
        )


def mine(actor: Actor) -> Sequence[AccountApplication]:
    """Return the applications of the actor or of the actor's account, newest first."""
    own = AccountApplication.user_id == actor.user_id
    if actor.account_id:
        own = or_(own, AccountApplication.account_id == actor.account_id)
    return _list(own, AccountApplication.submitted_at.desc())


def is_waiting(own: Sequence[AccountApplication], actor: Actor) -> bool:
    """Return whether one of the actor's own applications is to be assessed.

    An application of a shared account does not count: the next one replaces it.
    """
    is_there = any(each.status == Status.SUBMITTED for each in own)
    return is_there and not is_shared_account(actor.account_id)


def account_of(actor: Actor) -> Account | None:
    """Return the actor's account, if there is one."""
    return db.session.get(Account, actor.account_id) if actor.account_id else None


def current_types(actor: Actor) -> list[str]:
    """Return the types of the actor's account; without one, the types of a new one."""
    account = account_of(actor)
    return account.account_types if account else [AccountType.GENERAL]


def waiting() -> Sequence[AccountApplication]:
    """Return the applications to be assessed, oldest first."""
    return _list(_IS_WAITING, AccountApplication.submitted_at)


def count_waiting() -> int:
    """Return the number of applications to be assessed."""
    query = select(func.count()).select_from(AccountApplication).where(_IS_WAITING)
    return db.session.scalar(query) or 0


def of_users(user_ids: Sequence[int]) -> Sequence[AccountApplication]:
    """Return the applications of users, oldest first."""
    query = select(AccountApplication).where(AccountApplication.user_id.in_(user_ids))
    return db.session.scalars(query.order_by(AccountApplication.id)).all()


def assessed() -> Sequence[AccountApplication]:
    """Return the applications that were assessed, newest first."""
    return _list(~_IS_WAITING, AccountApplication.assessed_at.desc())


def show(application_id: int) -> AccountApplication:
    """Return an application; raises NotFoundError."""
    return require(db.session.get(AccountApplication, application_id))


def approve(application_id: int, actor: Actor) -> str:
    """Make or upgrade the account, and return its legal name.

    Raises NotFoundError, and ConflictError if the application cannot be approved.
    """
    with authorised_transaction(actor, Role.ASSESSOR):
        application = _assess(application_id, Status.APPROVED, actor)
        if is_shared_account(application.account_id):
            raise ConflictError(SHARED)
        account = application.account or _new_account(application)
        account.legal_name, account.abn = application.legal_name, application.abn
        account.phone = application.phone
        types = {*account.account_types, *application.account_types}
        account.account_types = rules.in_order(types)
        db.session.flush()
        application.account_id = account.id
        _record("application.approved", application, actor, account, application.user)
        return account.legal_name


def decline(application_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Decline an application with a reason, which the applicant reads.

    Raises ValidationError, NotFoundError, and ConflictError if it was assessed before.
    """
    reason = read_all(answers, {"reason": read_reason})["reason"]
    with authorised_transaction(actor, Role.ASSESSOR):
        application = _assess(application_id, Status.DECLINED, actor)
        application.reason = reason
        _record("application.declined", application, actor)


def _assess(application_id: int, status: Status, actor: Actor) -> AccountApplication:
    """Give an application its status, unless it has one or is the actor's own."""
    application = show(application_id)
    if application.status != Status.SUBMITTED:
        by_actor = application.assessed_by_id == actor.user_id
        who = "You have" if by_actor else f"{application.assessed_by.name} has"
        raise ConflictError(
            f"{who} {application.status} this application already. Nothing was changed."
        )
    if application.user_id == actor.user_id:
        raise ConflictError(
            "This application is your own. Another member of staff has to assess it."
        )
    of_abn = select(Account.id).where(Account.abn == application.abn)
    own = (None, application.account_id)
    if status == Status.APPROVED and db.session.scalar(of_abn) not in own:
        instead = (
            "tell the applicant to apply again with the ABN of their own account."
            if application.account_id
            else "an administrator of that account can add the applicant, with another "
            "email address."
        )
        raise ConflictError(
            f"Another account has this ABN. Decline the application: {instead}"
        )
    _assessed(application, status, actor)
    return application


def _assessed(application: AccountApplication, status: Status, actor: Actor) -> None:
    application.status = status
    application.assessed_by_id, application.assessed_at = actor.user_id, clock.now()


def _new_account(application: AccountApplication) -> Account:
    user = application.user
    if user.removed_at or user.account_id or user.is_staff:
        raise ConflictError(
            "The applicant has been removed, is agency staff, or has an account by "
            "now. Decline the application."
        )
    user.account = Account(created_at=application.assessed_at, account_types=[])
    user.is_administrator = True
    return user.account


def _record(
    event: str, application: AccountApplication, actor: Actor, *changed: Model
) -> None:
    names = ("legal_name", "abn", "phone", "account_types", "reason")
    audit_log.act(
        event, actor, application.assessed_at or application.submitted_at,
        changed=[application, *changed], application=application.id,
        applicant=application.user_id, to_account=application.account_id,
        **{name: getattr(application, name) for name in names},
    )  # fmt: skip


def _list(which: ColumnElement[bool], order: Any) -> Sequence[AccountApplication]:
    query = select(AccountApplication).where(which).order_by(order).limit(MOST_SHOWN)
    users = AccountApplication.user, AccountApplication.assessed_by
    return db.session.scalars(query.options(*map(joinedload, users))).all()
