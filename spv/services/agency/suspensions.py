"""Suspensions of accounts, people and subscriptions by agency staff.

Whoever is suspended is refused from the next request on, and a request that came in
before cannot write any more. What they did before stays: their rows remain valid.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from spv import clock
from spv.extensions import Model, db
from spv.models import Account, Subscription, Suspension, User
from spv.rules.accounts import Role, read_optional_reason, read_reason
from spv.rules.errors import ConflictError, NotFoundError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import sessions, sign_in
from spv.services.actor import Actor
from spv.services.agency.staff import LAST, is_last_administrator
from spv.services.authorisation import authorised_transaction, check_role, require


class Subject(StrEnum):
    """The kinds of things that can be suspended, as addresses name them."""

    ACCOUNT = "accounts"
    PERSON = "people"
    SUBSCRIPTION = "subscriptions"


# The table of each kind of thing, and the column of suspensions that names it.
_MODELS: dict[Subject, type[Model]] = {
    Subject.ACCOUNT: Account,
    Subject.PERSON: User,
    Subject.SUBSCRIPTION: Subscription,
}
_COLUMNS: dict[Subject, InstrumentedAttribute[Any]] = {
    Subject.ACCOUNT: Suspension.account_id,
    Subject.PERSON: Suspension.user_id,
    Subject.SUBSCRIPTION: Suspension.subscription_id,
}
_IS_OPEN = Suspension.ended_at.is_(None)


def find(subject: Subject, number: int) -> Any:
    """Return the account, the person or the subscription with an id.

    Raises NotFoundError, also for a person who was removed.
    """
    found = require(db.session.get(_MODELS[subject], number))
    if isinstance(found, User) and found.removed_at:
        raise NotFoundError
    return found


def history(subject: Subject, number: int) -> Sequence[Suspension]:
    """Return the suspensions of a thing, newest first; the first may be in force."""
    query = select(Suspension).where(_COLUMNS[subject] == number)
    people = joinedload(Suspension.made_by), joinedload(Suspension.ended_by)
    query = query.options(*people).order_by(Suspension.id.desc())
    return db.session.scalars(query).all()


def reasons(subject: Subject, ids: Iterable[int]) -> dict[int, str]:
    """Return the reasons why some things of a kind are suspended now, by their ids."""
    column, numbers = _COLUMNS[subject], [*ids]
    query = select(column, Suspension.reason).where(column.in_(numbers), _IS_OPEN)
    return dict(db.session.execute(query).all()) if numbers else {}


def suspend(
    subject: Subject, number: int, answers: Mapping[str, Any], actor: Actor
) -> None:
    """Suspend an account, a person or a subscription, with a reason that they read.

    Raises ValidationError, NotFoundError, and ConflictError.
    """
    reason = read_all(answers, {"reason": read_reason})["reason"]
    with authorised_transaction(actor, Role.ASSESSOR):
        found, at = find(subject, number), clock.now()
        _check_staff(found, actor)
        if isinstance(found, User) and found.id == actor.user_id:
            raise ConflictError("You cannot suspend yourself.")
        if isinstance(found, User) and found.is_staff:
            # A visitor could sign in with the card and undo it.
            sign_in.check_not_shared(found)
        if isinstance(found, User) and is_last_administrator(found):
            raise ConflictError(LAST)
        if isinstance(found, Subscription) and found.cancelled_at:
            raise ConflictError(
                "This subscription has been cancelled already. Nothing was done."
            )
        if earlier := _open_suspension(subject, number):
            raise ConflictError(
                f"{earlier.made_by.name} has suspended this already. Nothing was done."
            )
        made = Suspension(reason=reason, made_at=at, made_by_id=actor.user_id)
        setattr(made, _COLUMNS[subject].key, number)
        db.session.add(made)
        _record("suspended", subject, found, made, actor)


def reinstate(
    subject: Subject, number: int, answers: Mapping[str, Any], actor: Actor
) -> None:
    """End a suspension. A reason may be given, which only staff read.

    Sessions from before the suspension stay ended. Raises ValidationError,
    NotFoundError, and ConflictError.
    """
    reason = read_all(answers, {"reason": read_optional_reason})["reason"]
    with authorised_transaction(actor, Role.ASSESSOR):
        found, at = find(subject, number), clock.now()
        _check_staff(found, actor)
        ending = _open_suspension(subject, number)
        if ending is None:
            raise ConflictError("This is not suspended. Nothing was done.")
        ending.end_reason, ending.ended_at = reason, at
        ending.ended_by_id = actor.user_id
        is_its = User.account_id if subject is Subject.ACCOUNT else User.id
        if subject is not Subject.SUBSCRIPTION:
            for user_id in db.session.scalars(select(User.id).where(is_its == number)):
                sessions.revoke(user_id)
        _record("reinstated", subject, found, ending, actor)


def _check_staff(found: Model, actor: Actor) -> None:
    """Raise ForbiddenError for members of staff, unless their administrator acts."""
    if isinstance(found, User) and found.is_staff:
        check_role(actor, Role.STAFF_ADMINISTRATOR)


def _open_suspension(subject: Subject, number: int) -> Suspension | None:
    query = select(Suspension).where(_COLUMNS[subject] == number, _IS_OPEN)
    return db.session.scalar(query)


def _record(
    done: str, subject: Subject, found: Any, changed: Suspension, actor: Actor
) -> None:
    """Append the event. It is also about the account of a person or a subscription."""
    at, kind = changed.ended_at or changed.made_at, _MODELS[subject].__name__.lower()
    # In the log, the id of the actor is `user`.
    about = {"subject" if kind == "user" else kind: found.id}
    if subject is not Subject.ACCOUNT and (account := found.account_id):
        about["account"] = account
    audit_log.act(f"{kind}.{done}", actor, at, changed=[changed], **about)
