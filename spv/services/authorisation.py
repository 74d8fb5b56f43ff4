"""Transactions of actors who still have the right to what they do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from spv.extensions import db
from spv.models import Account, ApiRequest, Subscription, User
from spv.rules.accounts import Role, roles_of
from spv.rules.errors import ForbiddenError, IdempotencyConflict, NotFoundError
from spv.services import audit_log
from spv.services.actor import Actor

T = TypeVar("T")


def roles_of_user(user: User) -> frozenset[Role]:
    """Return the roles of a user."""
    return roles_of(
        staff=user.is_staff,
        administrator=user.is_administrator,
        account_types=user.account.account_types if user.account else None,
    )


@contextmanager
def authorised_transaction(actor: Actor, role: Role) -> Iterator[int]:
    """Begin a registry transaction; raises ForbiddenError if the actor lost a role.

    The role was checked when the request came in, and may have been removed since.
    Yields the sequence number that the transaction's event will have in the log.
    """
    with audit_log.registry_transaction() as event_sequence:
        if role not in _current_roles(actor):
            raise ForbiddenError("Your rights have changed. Nothing was done.")
        yield event_sequence


def _current_roles(actor: Actor) -> frozenset[Role]:
    """Return the roles of a user or an API client that the database has now."""
    if actor.subscription_id:
        query = select(Account.account_types).join(Subscription)
        types = db.session.scalar(
            query.where(
                Subscription.id == actor.subscription_id,
                Subscription.cancelled_at.is_(None),
            )
        )
        return roles_of(staff=False, administrator=False, account_types=types)
    user = db.session.get(User, actor.user_id, options=[joinedload(User.account)])
    return roles_of_user(user) if user and not user.removed_at else frozenset()


def require(found: T | None) -> T:
    """Return what was looked up for an actor. Raises NotFoundError if it is nothing."""
    if found is None:
        raise NotFoundError
    return found


def link_result(actor: Actor, **result: int) -> None:
    """Link the actor's API request to its result, in the transaction that makes it.

    Raises IdempotencyConflict if the request took so long that another with the same
    key has taken over; the result must not be made twice.
    """
    if actor.request_id is None:
        return
    own = (ApiRequest.id == actor.request_id) & ApiRequest.idempotency_key.is_not(None)
    linked = db.session.execute(update(ApiRequest).where(own).values(result))
    if not linked.rowcount:  # type: ignore[attr-defined]
        raise IdempotencyConflict
