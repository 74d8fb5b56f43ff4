"""Sessions of users, and the browsers they have signed in with."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import (
    Account,
    Declaration,
    KnownBrowser,
    SignInTries,
    User,
    UserSession,
)
from spv.rules.accounts import Role, roles_of
from spv.rules.ledger.declaration import API, DeclarationStatus

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
    declaration: DeclarationStatus


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
        declaration=DeclarationStatus(found.declared_until, clock.day_of(at)),
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


BROWSER_LASTS = timedelta(days=365)  # since the last sign-in
MOST_BROWSERS = 20  # of one user


def knows_browser(browser: str, email: str, at: datetime) -> bool:
    """Return whether a user with this email address has signed in with a browser."""
    # The database is not asked about the address: the work is the same for any.
    users = (
        select(User.email)
        .join(KnownBrowser, KnownBrowser.user_id == User.id)
        .where(
            KnownBrowser.browser_hash == digest(browser),
            KnownBrowser.signed_in_at > at - BROWSER_LASTS,
            User.removed_at.is_(None),
        )
    )
    return bool(browser) and email in db.session.scalars(users).all()


def failures_of_browser(browser: str, email: str) -> str:
    """Return the subject under which failures of a known browser are counted."""
    return digest(f"browser {digest(browser)} of {email}")


def remember_browser(user: User, browser: str, at: datetime) -> None:
    """Make a browser known, in the caller's transaction; the oldest one is dropped."""
    if not browser:
        return
    of_user = KnownBrowser.user_id == user.id
    this = KnownBrowser.browser_hash == digest(browser)
    db.session.execute(delete(KnownBrowser).where(of_user, this))
    seen = {"user_id": user.id, "browser_hash": digest(browser), "signed_in_at": at}
    db.session.add(KnownBrowser(**seen))
    newest = KnownBrowser.signed_in_at.desc(), KnownBrowser.id.desc()
    kept = select(KnownBrowser.id).where(of_user).order_by(*newest).limit(MOST_BROWSERS)
    dropped = delete(KnownBrowser).where(of_user, KnownBrowser.id.not_in(kept))
    db.session.execute(dropped)
    counted = SignInTries.subject == failures_of_browser(browser, user.email)
    db.session.execute(delete(SignInTries).where(counted))


def forget_browsers(user_id: int | None, *, but: str = "") -> None:
    """Revoke the browsers of a user, all or all but one, in the caller's transaction.

    A thief who had the password, or the device, may have made one of them known.
    """
    revoked = delete(KnownBrowser).where(KnownBrowser.user_id == user_id)
    if but:
        revoked = revoked.where(KnownBrowser.browser_hash != digest(but))
    db.session.execute(revoked)
