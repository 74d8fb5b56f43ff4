"""Suspensions of accounts, people and subscriptions by agency staff.

Whoever is suspended is refused from the next request on, and a request that came in
before cannot write any more. What they did before stays: their rows remain valid.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import Model, db
from spv.models import Account, Subscription, Suspension, User
from spv.rules.accounts import Role, read_optional_reason, read_reason
from spv.rules.errors import ConflictError, NotFoundError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import sessions
from spv.services.actor import Actor
from spv.services.agency.staff import LAST, is_last_administrator
from spv.services.authorisation import authorised_transaction, check_role, require


class Subject(StrEnum):
    """The kinds of things that can be suspended, as they stand in addresses."""

    ACCOUNT = "accounts"
    PERSON = "people"
    SUBSCRIPTION = "subscriptions"


class _Kind(NamedTuple):
    """The table of a kind of thing, and the column of suspensions that names it.

    `event` begins the names of its events, and `detail` is the name of its id in them.
    """

    model: type[Model]
    column: str
    event: str
    detail: str


_KINDS = {
    Subject.ACCOUNT: _Kind(Account, "account_id", "account", "account"),
    Subject.PERSON: _Kind(User, "user_id", "user", "subject"),
    Subject.SUBSCRIPTION: _Kind(
        Subscription, "subscription_id", "subscription", "subscription"
    ),
}
_LASTS = Suspension.ended_at.is_(None)


def find(subject: Subject, number: int) -> Any:
    """Return the account, the person or the subscription with an id.

    Raises NotFoundError, also for a person who was removed.
    """
    found = require(db.session.get(_KINDS[subject].model, number))
    if isinstance(found, User) and found.removed_at:
        raise NotFoundError
    return found


def history(subject: Subject, number: int) -> Sequence[Suspension]:
    """Return the suspensions of one thing, newest first. The first may last."""
    query = select(Suspension).where(_column(subject) == number)
    people = joinedload(Suspension.made_by), joinedload(Suspension.ended_by)
    query = query.options(*people).order_by(Suspension.id.desc())
    return db.session.scalars(query).all()


def reasons(subject: Subject, ids: Iterable[int]) -> dict[int, str]:
    """Return the reasons why some things of a kind are suspended now, by their ids."""
    column = _column(subject)
    query = select(column, Suspension.reason).where(column.in_([*ids]), _LASTS)
    return dict(db.session.execute(query).all())


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
        if isinstance(found, User) and is_last_administrator(found):
            raise ConflictError(LAST)
        if lasting := _lasting(subject, number):
            raise ConflictError(
                f"{lasting.made_by.name} has suspended this already. Nothing was done."
            )
        made = Suspension(reason=reason, made_at=at, made_by_id=actor.user_id)
        setattr(made, _KINDS[subject].column, number)
        db.session.add(made)
        _record("suspended", subject, number, made, actor)


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
        lasting = _lasting(subject, number)
        if lasting is None:
            raise ConflictError("This is not suspended. Nothing was done.")
        lasting.end_reason, lasting.ended_at = reason, at
        lasting.ended_by_id = actor.user_id
        for user_id in _people(found):
            sessions.revoke(user_id)
        _record("reinstated", subject, number, lasting, actor)


def _check_staff(found: Model, actor: Actor) -> None:
    """Raise ForbiddenError for members of staff, unless their administrator acts."""
    if isinstance(found, User) and found.is_staff:
        check_role(actor, Role.STAFF_ADMINISTRATOR)


def _lasting(subject: Subject, number: int) -> Suspension | None:
    query = select(Suspension).where(_column(subject) == number, _LASTS)
    return db.session.scalar(query)


def _column(subject: Subject) -> ColumnElement[int]:
    return Suspension.__table__.c[_KINDS[subject].column]


def _people(found: Account | User | Subscription) -> Sequence[int]:
    """Return the ids of the people whom a suspension has shut out."""
    match found:
        case User(id=number):
            return [number]
        case Account(id=number):
            query = select(User.id).where(User.account_id == number)
            return db.session.scalars(query).all()
    return []


def _record(
    done: str, subject: Subject, number: int, changed: Suspension, actor: Actor
) -> None:
    kind = _KINDS[subject]
    at = changed.ended_at or changed.made_at
    audit_log.act(
        f"{kind.event}.{done}", actor, at, changed=[changed], **{kind.detail: number}
    )
