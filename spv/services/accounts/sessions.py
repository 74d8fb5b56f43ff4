"""Sign-ins that are under way: rows, so that each can be ended at once."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError

from spv import clock
from spv.extensions import db
from spv.models import Account, Declaration, User, UserSession
from spv.rules.ledger.declaration import API, Standing
from spv.rules.roles import Role, roles_of
from spv.services.transaction import transaction

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# How exactly `seen_at` is kept: a page that is read is not a write each time.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, as of this request.

    `declaration` is how the account's declaration for API users stands.
    """

    token: str
    user_id: int
    name: str
    email: str
    account_id: int | None
    roles: frozenset[Role]
    declaration: Standing


def digest(token: str) -> str:
    """What is kept of a token that somebody else holds."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def start(user: User, at: datetime, instead_of: str = "") -> str:
    """Begin a session in the caller's transaction; the token for the cookie.

    `instead_of` is the token that the browser had before, which ends.
    """
    before = UserSession.token_hash == digest(instead_of)
    db.session.execute(delete(UserSession).where(_over(at) | before))
    token = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            user_id=user.id, token_hash=digest(token), started_at=at, seen_at=at
        )
    )
    return token


def end(user_id: int | None, *, but: str = "", only: str = "") -> None:
    """End the sessions of a user in the caller's transaction: all, all but, or one."""
    query = delete(UserSession).where(UserSession.user_id == user_id)
    if but:
        query = query.where(UserSession.token_hash != digest(but))
    if only:
        query = query.where(UserSession.token_hash == digest(only))
    db.session.execute(query)


def started_at(token: str) -> datetime:
    """When somebody signed in; long ago where the session has ended."""
    query = select(UserSession.started_at)
    found = db.session.scalar(query.where(UserSession.token_hash == digest(token)))
    return found or datetime.min.replace(tzinfo=UTC)


def is_open(token: str) -> bool:
    """Whether a session has not ended, in the caller's transaction."""
    query = select(UserSession.id).where(UserSession.token_hash == digest(token))
    return db.session.scalar(query) is not None


def resume(token: str) -> SignedIn | None:
    """Whose session a token is, unless it has ended."""
    at = clock.now()
    marks = {"token_hash": digest(token), "idle": at - IDLE, "begun": at - LONGEST}
    found = db.session.execute(_OPEN, marks).one_or_none()
    if found is None:
        return None
    signed_in = SignedIn(
        token=token,
        user_id=found.user_id,
        name=found.name,
        email=found.email,
        account_id=found.account_id,
        roles=roles_of(
            staff=found.is_staff,
            administrator=found.is_administrator,
            account_types=found.account_types,
        ),
        declaration=Standing(found.declared_until, clock.day_of(at)),
    )
    if at - found.seen_at > SEEN_EVERY:
        _seen(found.id, at)
    return signed_in


# Made once, and of columns instead of objects, as every request asks.
_OPEN = (
    select(
        UserSession.id,
        UserSession.seen_at,
        UserSession.user_id,
        User.name,
        User.email,
        User.account_id,
        User.is_staff,
        User.is_administrator,
        Account.account_types,
        select(func.max(Declaration.expires_on))
        .where(
            Declaration.account_id == User.account_id,
            Declaration.purpose == API,
            Declaration.expires_on.is_not(None),
        )
        .scalar_subquery()
        .label("declared_until"),
    )
    .join(UserSession.user)
    .outerjoin(User.account)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.seen_at > bindparam("idle"),
        UserSession.started_at > bindparam("begun"),
        User.removed_at.is_(None),
    )
)


def _seen(session_id: int, at: datetime) -> None:
    # Pages can be read while nothing can be written.
    with suppress(DBAPIError), transaction():
        changed = update(UserSession).where(UserSession.id == session_id)
        db.session.execute(changed.values(seen_at=at))


def _over(at: datetime) -> ColumnElement[bool]:
    return or_(UserSession.seen_at <= at - IDLE, UserSession.started_at <= at - LONGEST)
