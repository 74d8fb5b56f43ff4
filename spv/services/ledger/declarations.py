"""The Declaration for API Users: what lets an account's systems upload."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarResult, func, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import Declaration
from spv.rules.accounts import Role
from spv.rules.errors import ForbiddenError
from spv.rules.ledger.declaration import (
    API,
    DeclarationStatus,
    last_day,
    read_declaration,
)
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MADE = "declaration.made"
SHOWN = 20


class NotCurrent(ForbiddenError):
    """The declaration of the account has lapsed, or was never made."""

    def __init__(self, standing: DeclarationStatus) -> None:
        super().__init__(f"The declaration for API users: {standing.status}.")
        self.standing = standing


def make(answers: Mapping[str, Any], actor: Actor) -> DeclarationStatus:
    """Declare for the actor's account, for three calendar months from now.

    ValidationError.

    Who declares again on the same day has declared already: nothing is added.
    """
    sentence = "Make the declaration: read it, and tick the box."
    version = read_declaration(
        answers["declaration"] or "", answers["wording_version"] or "", API,
        sentence=sentence,
    )  # fmt: skip
    with authorised_transaction(actor, Role.UPLOADER):
        at = clock.now()
        until = last_day(clock.day_of(at))
        last = _newest(actor.account_id, 1).first()
        if last and _is_the_same(last, actor, version, at):
            return declaration_status(actor.account_id, at)
        declared = Declaration(
            account_id=actor.account_id,
            user_id=actor.user_id,
            purpose=API,
            wording_version=version,
            made_at=at,
            expires_on=until,
        )
        db.session.add(declared)
        db.session.flush()
        audit_log.act(
            MADE, actor, at, declaration=declared.id, wording_version=version,
            expires_on=until.isoformat(),
        )  # fmt: skip
        return declaration_status(actor.account_id, at)


def declaration_status(
    account_id: int | None, at: datetime | None = None
) -> DeclarationStatus:
    """How the declaration of an account stands at a moment, or now."""
    last = select(func.max(Declaration.expires_on)).where(_of(account_id))
    return DeclarationStatus(db.session.scalar(last), clock.day_of(at or clock.now()))


def current(account_id: int | None, at: datetime) -> Declaration:
    """The declaration under which systems upload at a moment; NotCurrent.

    It is asked inside of the upload's transaction.
    """
    stands = declaration_status(account_id, at)
    last = _newest(account_id, 1).first()
    if not stands.is_current or last is None:
        raise NotCurrent(stands)
    return last


def mine(actor: Actor) -> Sequence[Declaration]:
    """The last declarations of the actor's account, newest first."""
    return _newest(actor.account_id, SHOWN).all()


def _newest(account_id: int | None, most: int) -> ScalarResult[Declaration]:
    query = select(Declaration).where(_of(account_id)).limit(most)
    newest = query.order_by(Declaration.expires_on.desc(), Declaration.id.desc())
    return db.session.scalars(newest.options(joinedload(Declaration.user)))


def _is_the_same(last: Declaration, actor: Actor, version: str, at: datetime) -> bool:
    made = (last.user_id, last.wording_version, clock.day_of(last.made_at))
    return made == (actor.user_id, version, clock.day_of(at))


def _of(account_id: int | None) -> ColumnElement[bool]:
    return (
        (Declaration.account_id == account_id)
        & (Declaration.purpose == API)
        & Declaration.expires_on.is_not(None)
    )
