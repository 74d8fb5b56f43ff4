"""Applications for accounts and for upgrades: submitted, then approved or declined."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import Account, AccountApplication, User
from spv.rules.account import MOVES, UPLOADING, Status, in_order, read_details
from spv.rules.refusal import Refusal
from spv.rules.text import read_all, read_text
from spv.services import audit
from spv.services.actor import Actor
from spv.services.errors import ConflictError, NotFoundError
from spv.services.transaction import transaction

MOST_SHOWN = 100
LONGEST_REASON = 1000


def apply(answers: Mapping[str, Any], actor: Actor) -> None:
    """Apply for an account; Refusal, ConflictError where one is waiting already."""
    _submit(answers, actor)


def upgrade(answers: Mapping[str, Any], actor: Actor) -> None:
    """Apply for more types for the actor's account; Refusal, ConflictError."""
    if {*(answers["account_types"] or ())}.isdisjoint(open_to(actor)):
        raise Refusal({"account_types": "Select what the account is to become."})
    _submit(answers, actor, actor.account_id)


def mine(actor: Actor) -> Sequence[AccountApplication]:
    """What the actor, or others of the account, applied for; newest first."""
    own = AccountApplication.user_id == actor.user_id
    if actor.account_id:
        own = or_(own, AccountApplication.account_id == actor.account_id)
    return _list(own, AccountApplication.submitted_at.desc())


def open_to(actor: Actor) -> list[str]:
    """The types that the actor's account, or a person without one, can ask for."""
    account = account_of(actor)
    return in_order(UPLOADING - {*(account.account_types if account else ())})


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
    try:
        with transaction():
            application = _assess(application_id, Status.APPROVED, actor)
            if application.is_upgrade:
                account = _upgraded(application)
            else:
                account = _made(application)
            db.session.flush()
            application.account_id = account.id
            _record("application.approved", application, actor)
            return account.legal_name
    except IntegrityError:
        raise ConflictError(
            "Another account has this ABN. Decline the application: an administrator "
            "of that account can add its people as users."
        ) from None


def decline(application_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Decline with a reason, which the applicant reads; Refusal, ConflictError."""
    reason = read_all(answers, {"reason": _reason})["reason"]
    with transaction():
        application = _assess(application_id, Status.DECLINED, actor)
        application.reason = reason
        _record("application.declined", application, actor)


def _submit(
    answers: Mapping[str, Any], actor: Actor, account_id: int | None = None
) -> None:
    details = read_details(answers, answers["account_types"] or ())
    application = AccountApplication(
        **asdict(details),
        user_id=actor.user_id,
        account_id=account_id,
        is_upgrade=account_id is not None,
        status=Status.SUBMITTED,
        submitted_at=clock.now(),
    )
    try:
        with transaction():
            db.session.add(application)
            db.session.flush()
            _record("application.submitted", application, actor)
    except IntegrityError:
        raise ConflictError(
            "An application is waiting to be assessed already. My account says where "
            "it stands."
        ) from None


def _assess(application_id: int, status: Status, actor: Actor) -> AccountApplication:
    """Move an application that nobody else has moved, and that is not one's own."""
    application = db.session.get(
        AccountApplication, application_id, with_for_update=True
    )
    if application is None:
        raise NotFoundError
    if status not in MOVES[Status(application.status)]:
        who = application.assessed_by.name if application.assessed_by else "Somebody"
        raise ConflictError(
            f"{who} has {application.status} this application already. Nothing was "
            "changed."
        )
    if application.user_id == actor.user_id:
        raise ConflictError("This application is your own. Another has to assess it.")
    application.status = status
    application.assessed_by_id, application.assessed_at = actor.user_id, clock.now()
    return application


def _made(application: AccountApplication) -> Account:
    applicant = db.session.get_one(User, application.user_id, with_for_update=True)
    if applicant.removed_at or applicant.account_id or applicant.is_staff:
        raise ConflictError("The applicant is no longer a person without an account.")
    account = Account(created_at=application.assessed_at)
    _take(account, application)
    db.session.add(account)
    db.session.flush()
    applicant.account_id, applicant.is_administrator = account.id, True
    return account


def _upgraded(application: AccountApplication) -> Account:
    account = db.session.get_one(Account, application.account_id, with_for_update=True)
    _take(account, application)
    return account


def _take(account: Account, application: AccountApplication) -> None:
    for name in ("legal_name", "abn", "phone"):
        setattr(account, name, getattr(application, name))
    types = {*(account.account_types or []), *application.account_types}
    account.account_types = in_order(types)


def _record(event: str, application: AccountApplication, actor: Actor) -> None:
    names = ("legal_name", "abn", "phone", "account_types", "reason")
    at = application.assessed_at or application.submitted_at
    audit.act(
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
