"""Acting with a right that is still there when the act is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import joinedload

from spv.extensions import db
from spv.models import User
from spv.rules.roles import Role, roles_of
from spv.services import audit
from spv.services.actor import Actor
from spv.services.errors import ForbiddenError


def roles_of_user(user: User) -> frozenset[Role]:
    """The roles of somebody who has signed in, or could."""
    return roles_of(
        staff=user.is_staff,
        administrator=user.is_administrator,
        account_types=user.account.account_types if user.account else None,
    )


_WITH_ACCOUNT = [joinedload(User.account)]


@contextmanager
def acting(actor: Actor, role: Role) -> Iterator[int]:
    """A turn in which the actor still has a role; ForbiddenError.

    The guard looked when the request came in; somebody may be removed since then.
    Yields the number that its event will have in the log.
    """
    with audit.turn() as place:
        user = db.session.get(User, actor.user_id, options=_WITH_ACCOUNT)
        if user is None or user.removed_at or role not in roles_of_user(user):
            raise ForbiddenError(
                "Your rights have changed meanwhile. Nothing was done."
            )
        yield place
