"""Declarations: with each upload by a user, and for the API for three months."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ScalarResult, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import Declaration
from spv.rules.accounts import Role
from spv.rules.errors import ForbiddenError
from spv.rules.ledger import statements as rules
from spv.rules.ledger.statements import API, UPLOAD, DeclarationStatus
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction
from spv.services.ledger.rows import insert

MADE = "declaration.made"
SHOWN = 20


class NotCurrent(ForbiddenError):
    """The account's declaration for API users has lapsed, or was never made."""

    def __init__(self, status: DeclarationStatus) -> None:
        lapsed_or_not_made = status.status[0].lower() + status.status[1:]
        verb = "" if status.until else "is "
        super().__init__(f"The declaration for API users {verb}{lapsed_or_not_made}.")
        self.declaration_status = status


def make(answers: Mapping[str, Any], actor: Actor) -> DeclarationStatus:
    """Declare for the actor's account, for three calendar months from now.

    The same declaration by the same user on the same day is made only once. Raises
    ValidationError if the box is not ticked or the wording has changed.
    """
    version = rules.read_declaration(
        answers["declaration"] or "", answers["wording_version"] or "", API,
        sentence="Make the declaration: read it, and tick the box.",
    )  # fmt: skip
    with authorised_transaction(actor, Role.UPLOADER):
        at = clock.now()
        today, last = clock.today(at), _newest(actor.account_id, at).first()
        made = last and (last.user_id, last.wording_version, clock.today(last.made_at))
        if made != (actor.user_id, version, today):
            until = rules.last_day(today)
            columns = _columns(API, version, actor, at) | {"expires_on": until}
            audit_log.act(
                MADE, actor, at, declaration=insert(Declaration, columns),
                wording_version=version, expires_on=until.isoformat(),
            )  # fmt: skip
        return declaration_status(actor.account_id, at)


class Declared(NamedTuple):
    """The id of a declaration, and the version of its wording."""

    id: int
    wording_version: str


def of_upload(version: str, actor: Actor, at: datetime) -> Declared:
    """Record that a user has agreed to a version of the wording with an upload.

    This runs in the transaction of the upload.
    """
    made = insert(Declaration, _columns(UPLOAD, version, actor, at))
    return Declared(made, version)


def declaration_status(
    account_id: int | None, at: datetime | None = None
) -> DeclarationStatus:
    """Return the status of an account's declaration at a moment, or now."""
    last, today = _newest(account_id, at).first(), clock.today(at)
    if last is None:
        return DeclarationStatus(None, today)
    return DeclarationStatus(last.expires_on, today, clock.today(last.made_at))


def current(account_id: int | None, at: datetime) -> Declared:
    """Return the declaration under which an account's systems upload at a moment.

    Raises NotCurrent if there is none.
    """
    last = _newest(account_id, at).first()
    status = DeclarationStatus(last.expires_on if last else None, clock.today(at))
    if last is None or not status.is_current:
        raise NotCurrent(status)
    return Declared(last.id, last.wording_version)


def mine(actor: Actor) -> Sequence[Declaration]:
    """Return the last declarations of the actor's account, newest first."""
    return _newest(actor.account_id, most=SHOWN).all()


def _columns(purpose: str, version: str, actor: Actor, at: datetime) -> dict[str, Any]:
    return {
        "account_id": actor.account_id, "user_id": actor.user_id, "purpose": purpose,
        "wording_version": version, "made_at": at,
    }  # fmt: skip


def _newest(
    account_id: int | None, at: datetime | None = None, most: int = 1
) -> ScalarResult[Declaration]:
    query = (
        select(Declaration)
        .filter_by(account_id=account_id, purpose=API)
        # None from a later day, to which a trainer had moved the clock.
        .where(Declaration.expires_on <= rules.last_day(clock.today(at)))
        .order_by(Declaration.expires_on.desc(), Declaration.id.desc())
        .options(joinedload(Declaration.user))
    )
    return db.session.scalars(query.limit(most))
