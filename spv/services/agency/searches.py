"""Searches and exports by agency staff, each of which is an event of the log."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent
from spv.rules.accounts import Role
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

SAME_FOR = timedelta(hours=1)
LOOKED_AT = 20


def note(event: str, actor: Actor, **details: Any) -> None:
    """Log that a member of staff is about to search or export.

    Other users do not see all accounts, and nothing is logged for them.
    """
    if Role.STAFF in actor.roles:
        with authorised_transaction(actor, Role.STAFF):
            audit_log.act(event, actor, clock.now(), **details)


def note_search(event: str, actor: Actor, criteria: Mapping[str, str]) -> None:
    """Log a search, unless it has no criteria or goes on with the search before.

    It goes on if it has the criteria of the last search of this kind by this person, an
    hour ago at most: the next page, a page that is loaded again, ticks.
    """
    if not criteria or Role.STAFF not in actor.roles:
        return
    own = select(AuditEvent).where(AuditEvent.actor == actor.name)
    last = db.session.scalars(own.order_by(AuditEvent.id.desc()).limit(LOOKED_AT))
    since, text = clock.now() - SAME_FOR, f'"criteria":{audit_log.canonical(criteria)}'
    before = next((e for e in last if e.event == event and e.at > since), None)
    if before is None or text not in before.details:
        note(event, actor, criteria=criteria)
