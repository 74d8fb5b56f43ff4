"""Transactions of actors who still have the role that they need."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ScalarSelect, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from spv.extensions import db
from spv.models import Account, ApiRequest, Subscription, Suspension, User
from spv.rules import errors
from spv.rules.accounts import Role, roles_of
from spv.services import audit_log
from spv.services.actor import Actor

T = TypeVar("T")
# What is suspended, in the words for the people whom it concerns.
YOU, YOUR_ACCOUNT, SUBSCRIPTION = "you", "your account", "this subscription"


def roles_of_user(user: User) -> frozenset[Role]:
    """Return the roles of a user."""
    return roles_in(user, user.account.account_types if user.account else None)


def roles_in(user: Any, account_types: Collection[str] | None) -> frozenset[Role]:
    """Return the roles of a user, who may be a row of a query with the columns."""
    return roles_of(
        account_types,
        administrator=user.is_administrator,
        staff_role=user.staff_role if user.is_staff else None,
    )


@contextmanager
def authorised_transaction(actor: Actor, role: Role) -> Iterator[int]:
    """Begin a registry transaction; yield the sequence number that its event will have.

    Raises ForbiddenError or Suspended if the actor has lost the role, or was suspended,
    since the request came in.
    """
    with audit_log.registry_transaction() as event_sequence:
        ids = actor.user_id, actor.account_id, actor.subscription_id
        if error := suspension_of(*ids):
            raise error
        check_role(actor, role)
        yield event_sequence


def check_role(actor: Actor, role: Role) -> None:
    """Raise ForbiddenError if the actor does not have a role in the database now."""
    if role not in _current_roles(actor):
        raise errors.ForbiddenError(
            "You do not have the role that this needs, or no longer have it. Nothing "
            "was done."
        )


def suspension_of(
    user_id: int | None, account_id: int | None, subscription_id: int | None = None
) -> errors.Suspended | None:
    """Return the error to raise if the agency has suspended one of the subjects."""
    ids = {"user": user_id, "account": account_id, "subscription": subscription_id}
    found = db.session.connection().execute(_REASONS, ids).one()
    return suspension(dict(zip((YOU, YOUR_ACCOUNT, SUBSCRIPTION), found, strict=True)))


def suspension(reasons: Mapping[str, str | None]) -> errors.Suspended | None:
    """Return the error to raise for the first subject that has a reason."""
    found = [each for each in reasons.items() if each[1]]
    return errors.Suspended(*found[0]) if found else None  # type: ignore[arg-type]


def reason_of(
    column: InstrumentedAttribute[int | None], subject: Any
) -> ScalarSelect[str]:
    """Return a query for the reason why a subject of a column is suspended, or NULL."""
    is_its = (column == subject) & Suspension.ended_at.is_(None)
    return select(Suspension.reason).where(is_its).scalar_subquery()


# Made once, because to make them takes longer than to execute them. They select columns
# and no objects, so the connection executes them: the session would take twice as long.
_REASONS = select(
    reason_of(Suspension.user_id, bindparam("user")),
    reason_of(Suspension.account_id, bindparam("account")),
    reason_of(Suspension.subscription_id, bindparam("subscription")),
)
_ROLES_OF_USER = (
    select(User.is_staff, User.staff_role, User.is_administrator, Account.account_types)
    .outerjoin(User.account)
    .where(User.id == bindparam("user"), User.removed_at.is_(None))
)


def _current_roles(actor: Actor) -> frozenset[Role]:
    """Return the roles of a user or an API client that the database has now."""
    if actor.subscription_id:
        query = select(Account.account_types).join(Subscription)
        query = query.where(Subscription.id == actor.subscription_id)
        active = query.where(Subscription.cancelled_at.is_(None))
        return roles_of(db.session.scalar(active))
    values = {"user": actor.user_id}
    user = db.session.connection().execute(_ROLES_OF_USER, values).one_or_none()
    return roles_in(user, user.account_types) if user else frozenset()


def require(found: T | None) -> T:
    """Return what was looked up for an actor. Raises NotFoundError if it is None."""
    if found is None:
        raise errors.NotFoundError
    return found


def link_result(actor: Actor, **result: int) -> None:
    """Link the actor's API request to its result, in the transaction that makes it."""
    if actor.request_id is None:
        return
    own = (ApiRequest.id == actor.request_id) & ApiRequest.idempotency_key.is_not(None)
    linked = db.session.execute(update(ApiRequest).where(own).values(result))
    if not linked.rowcount:  # type: ignore[attr-defined]
        # It took so long that a retry has taken over its key.
        raise errors.IdempotencyConflict
