"""Applications for accounts and for upgrades: submitted, then approved or declined."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import Account, AccountApplication
from spv.rules.accounts import MOVES, AccountType, Role, Status, in_order, read_details
from spv.rules.errors import ConflictError, NotFoundError, ValidationError
from spv.rules.text import read_all, read_text
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MOST_SHOWN = 100
LONGEST_REASON = 1000


def submit(answers: Mapping[str, Any], actor: Actor) -> None:
    """Apply for an account, or for more types for the account that the actor has.

    ValidationError; ConflictError where an application is waiting already.
    """
    asked = in_order(answers["account_types"] or ())
    if actor.account_id and {*asked} <= {*held_by(actor)}:
        raise ValidationError(
            {"account_types": "Select what the account is to become."}
        )
    details = read_details(answers, asked)
    role = Role.ADMINISTRATOR if actor.account_id else Role.PERSON
    with authorised_transaction(actor, role):
        if is_waiting(actor):
            raise ConflictError(
                "An application is waiting to be assessed already. My account says "
                "where it stands."
            )
        application = AccountApplication(
            **asdict(details),
            user_id=actor.user_id,
            account_id=actor.account_id,
            is_upgrade=actor.account_id is not None,
            status=Status.SUBMITTED,
            submitted_at=clock.now(),
        )
        db.session.add(application)
        db.session.flush()
        _record("application.submitted", application, actor)


def mine(actor: Actor) -> Sequence[AccountApplication]:
    """What the actor, or others of the account, applied for; newest first."""
    own = AccountApplication.user_id == actor.user_id
    if actor.account_id:
        own = or_(own, AccountApplication.account_id == actor.account_id)
    return _list(own, AccountApplication.submitted_at.desc())


def is_waiting(actor: Actor) -> bool:
    """Whether an application of the actor, or of the account, is to be assessed."""
    return any(each.status == Status.SUBMITTED for each in mine(actor))


def held_by(actor: Actor) -> list[str]:
    """The types that the actor's account has, or that every account will have."""
    account = account_of(actor)
    return account.account_types if account else [AccountType.GENERAL]


def account_of(actor: Actor) -> Account | None:
    """The actor's account, if there is one."""
    return db.session.get(Account, actor.account_id) if actor.account_id else None


def waiting() -> Sequence[AccountApplication]:
    """What is to be assessed, oldest first."""
    return _list(_waiting(), AccountApplication.submitted_at)


def count_waiting() -> int:
    """How many applications are to be assessed."""
    counted = select(func.count()).select_from(AccountApplication).where(_waiting())
    return db.session.scalar(counted) or 0


def assessed() -> Sequence[AccountApplication]:
    """What was assessed, newest first."""
    return _list(~_waiting(), AccountApplication.assessed_at.desc())


def show(application_id: int) -> AccountApplication:
    """One application; NotFoundError."""
    found = db.session.get(AccountApplication, application_id)
    if found is None:
        raise NotFoundError
    return found


def approve(application_id: int, actor: Actor) -> str:
    """Make or upgrade the account; its legal name. ConflictError says what is amiss."""
    with authorised_transaction(actor, Role.STAFF):
        application = _assess(application_id, Status.APPROVED, actor)
        account = application.account or _made(application)
        for name in ("legal_name", "abn", "phone"):
            setattr(account, name, getattr(application, name))
        types = {*account.account_types, *application.account_types}
        account.account_types = in_order(types)
        db.session.flush()
        application.account_id = account.id
        _record("application.approved", application, actor)
        return account.legal_name


def decline(application_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Decline with a reason, which the applicant reads.

    ValidationError, ConflictError.
    """
    reason = read_all(answers, {"reason": _reason})["reason"]
    with authorised_transaction(actor, Role.STAFF):
        application = _assess(application_id, Status.DECLINED, actor)
        application.reason = reason
        _record("application.declined", application, actor)


def _assess(application_id: int, status: Status, actor: Actor) -> AccountApplication:
    """Move an application that nobody else has moved, and that is not one's own."""
    application = show(application_id)
    if status not in MOVES[Status(application.status)]:
        mine = application.assessed_by_id == actor.user_id
        who = "You have" if mine else f"{application.assessed_by.name} has"
        raise ConflictError(
            f"{who} {application.status} this application already. Nothing was changed."
        )
    if application.user_id == actor.user_id:
        raise ConflictError("This application is your own. Another has to assess it.")
    if status == Status.APPROVED and _has_another_account(application):
        raise ConflictError(
            "Another account has this ABN. Decline the application: an administrator "
            "of that account can add the applicant, with another email address."
        )
    application.status = status
    application.assessed_by_id, application.assessed_at = actor.user_id, clock.now()
    return application


def _has_another_account(application: AccountApplication) -> bool:
    query = select(Account.id).where(Account.abn == application.abn)
    found = db.session.scalar(query)
    return found is not None and found != application.account_id


def _made(application: AccountApplication) -> Account:
    applicant = application.user
    if applicant.removed_at or applicant.account_id or applicant.is_staff:
        raise ConflictError("The applicant is no longer a person without an account.")
    account = Account(created_at=application.assessed_at, account_types=[])
    applicant.account, applicant.is_administrator = account, True
    return account


def _record(event: str, application: AccountApplication, actor: Actor) -> None:
    names = ("legal_name", "abn", "phone", "account_types", "reason")
    at = application.assessed_at or application.submitted_at
    audit_log.act(
        event,
        actor,
        at,
        application=application.id,
        applicant=application.user_id,
        to_account=application.account_id,
        **{name: getattr(application, name) for name in names},
    )


def _list(which: ColumnElement[bool], order: Any) -> Sequence[AccountApplication]:
    query = select(AccountApplication).where(which).order_by(order).limit(MOST_SHOWN)
    people = AccountApplication.user, AccountApplication.assessed_by
    return db.session.scalars(query.options(*map(joinedload, people))).all()


def _waiting() -> ColumnElement[bool]:
    return AccountApplication.status == Status.SUBMITTED


def _reason(text: str) -> str:
    return read_text(text, "the reason", LONGEST_REASON, lines=True)
