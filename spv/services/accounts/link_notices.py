"""Notices of password links that agency staff have made.

The user of the link and the administrators of the account are told on every page, until
they close the notice.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent, User
from spv.rules.accounts import Role
from spv.services import audit_log
from spv.services.actor import Actor


def mine(actor: Actor) -> Sequence[Any]:
    """Return the password links by staff of which the actor is still to be told.

    These are links for the actor and, if the actor is an administrator, for users of
    the account. Each has the user's name and email, the moment and the event's number.
    """
    own = User.id == actor.user_id
    if Role.ADMINISTRATOR in actor.roles:
        own |= User.account_id == actor.account_id
    closed = select(User.closed_link_event).where(User.id == actor.user_id)
    is_made = (AuditEvent.chain == audit_log.REGISTRY) & (
        AuditEvent.sequence == User.staff_link_event
    )
    query = select(User.name, User.email, AuditEvent.at, AuditEvent.sequence)
    query = query.join(AuditEvent, is_made).order_by(AuditEvent.sequence)
    is_open = User.staff_link_event > closed.scalar_subquery()
    return db.session.execute(query.where(own, is_open)).all()


def close(last: int, actor: Actor) -> None:
    """Stop telling the actor of password links up to the event with this number."""
    with audit_log.registry_transaction():
        shown = [each.sequence for each in mine(actor) if each.sequence <= last]
        if shown:
            user = db.session.get_one(User, actor.user_id)
            user.closed_link_event = shown[-1]
            audit_log.act("user.link_notice_closed", actor, clock.now(), changed=[user])
