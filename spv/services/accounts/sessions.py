"""Sessions of users, and the browsers that users have signed in with."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import (
    Account,
    Declaration,
    KnownBrowser,
    SecondFactor,
    SignInTries,
    Suspension,
    User,
    UserSession,
)
from spv.rules.accounts import Role
from spv.rules.ledger.statements import API, DeclarationStatus, last_day
from spv.services.authorisation import (
    YOU,
    YOUR_ACCOUNT,
    reason_of,
    roles_in,
    suspension,
)
from spv.services.retention import kept_for

IDLE = timedelta(minutes=30)
STAFF_IDLE = "SPV_MINUTES_STAFF_IDLE"
LONGEST = timedelta(hours=12)
# `seen_at` may be this old, so that reading a page is not always a write.
SEEN_EVERY = timedelta(minutes=1)
BROWSER_LASTS = "SPV_DAYS_BROWSERS"  # since the last sign-in
MOST_BROWSERS = 20  # of one user


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A signed-in user, as of this request.

    `declaration` is the status of the account's declaration for API users. A code of
    the second factor, if the user has one, was last given at `second_factor_at`. With
    `has_link_notice`, staff made password links that the user has not been shown yet.
    """

    token: str
    user_id: int
    name: str
    email: str
    account_id: int | None
    roles: frozenset[Role]
    declaration: DeclarationStatus
    has_second_factor: bool
    second_factor_at: datetime | None
    has_link_notice: bool


def digest(text: str) -> str:
    """Return the hash that is stored in place of a secret text, such as a token."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def resume(token: str, *, is_used: bool = True) -> SignedIn | None:
    """Return the user whose open session has a token; raises Suspended.

    With `is_used=False`, as when an open page polls, the session is not kept alive.
    """
    at = clock.now()
    values = {
        "token_hash": digest(token), "idle": at - IDLE, "old": at - LONGEST,
        "staff_idle": at - timedelta(minutes=current_app.config[STAFF_IDLE]),
        "last_day": last_day(clock.today(at)),
    }  # fmt: skip
    found = db.session.connection().execute(_SIGNED_IN, values).one_or_none()
    if found is None:
        return None
    reasons = {YOU: found.user_suspended, YOUR_ACCOUNT: found.account_suspended}
    if error := suspension(reasons):
        raise error
    if is_used and at - found.seen_at > SEEN_EVERY:
        this = update(UserSession).where(UserSession.id == found.id)
        # A page can be read even while the database cannot be written.
        with suppress(DBAPIError), transaction():
            db.session.execute(this.values(seen_at=at))
    return SignedIn(
        token=token,
        user_id=found.user_id,
        name=found.name,
        email=found.email,
        account_id=found.account_id,
        roles=_roles(found),
        declaration=DeclarationStatus(
            found.declared_until,
            clock.today(at),
            clock.today(found.declared_at) if found.declared_at else None,
        ),
        has_second_factor=found.factor_id is not None,
        second_factor_at=found.second_factor_at,
        has_link_notice=found.closed_link_event
        < max(found.staff_link_event, found.colleague_link_event or 0),
    )


def _roles(found: Any) -> frozenset[Role]:
    """Return a user's roles; in production, staff without a factor get UNPROVEN."""
    roles = roles_in(found, found.account_types)
    is_demonstration = current_app.config["SPV_ENVIRONMENT"] == "demo"
    if Role.STAFF in roles and not found.factor_id and not is_demonstration:
        return frozenset({Role.UNPROVEN})
    return roles


_DECLARED = and_(
    Declaration.account_id == User.account_id,
    Declaration.purpose == API,
    # None from a later day, to which a trainer had moved the clock.
    Declaration.expires_on <= bindparam("last_day"),
)
_COLLEAGUE = aliased(User)
# Made once, and of columns instead of objects, as every request executes it.
_SIGNED_IN = (
    select(
        UserSession.id, UserSession.seen_at, UserSession.user_id, User.name, User.email,
        User.account_id, User.is_staff, User.staff_role, User.is_administrator,
        User.staff_link_event, User.closed_link_event, Account.account_types,
        UserSession.second_factor_at, SecondFactor.id.label("factor_id"),
        select(func.max(Declaration.expires_on)).where(_DECLARED).label("declared_until"),
        select(func.max(Declaration.made_at)).where(_DECLARED).label("declared_at"),
        select(func.max(_COLLEAGUE.staff_link_event))
        .where(_COLLEAGUE.account_id == User.account_id, User.is_administrator)
        .label("colleague_link_event"),
        reason_of(Suspension.user_id, UserSession.user_id).label("user_suspended"),
        reason_of(Suspension.account_id, User.account_id).label("account_suspended"),
    )
    .join(UserSession.user)
    .outerjoin(User.account)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        or_(
            and_(~User.is_staff, UserSession.seen_at > bindparam("idle")),
            and_(User.is_staff, UserSession.seen_at > bindparam("staff_idle")),
        ),
        # A session that began without a code is worth nothing to a user with a factor.
        or_(SecondFactor.id.is_(None), UserSession.second_factor_at.is_not(None)),
        UserSession.started_at > bindparam("old"),
        User.removed_at.is_(None),
    )
)  # fmt: skip


# The following functions run in the caller's transaction.


def start(
    user: User,
    at: datetime,
    instead_of: str = "",
    browser: str = "",
    second_factor_at: datetime | None = None,
) -> str:
    """Start a session, and return its token. The browser becomes known.

    The session with the token `instead_of` is deleted. A code of the second factor was
    given at `second_factor_at`, if any was.
    """
    end(instead_of)
    remember_browser(user, browser, at)
    token = secrets.token_urlsafe(32)
    times = {"started_at": at, "seen_at": at, "second_factor_at": second_factor_at}
    db.session.add(UserSession(user_id=user.id, token_hash=digest(token), **times))
    return token


def find(token: str) -> UserSession | None:
    """Return the session with a token."""
    return db.session.scalar(select(UserSession).filter_by(token_hash=digest(token)))


def end(token: str) -> None:
    """End the session with a token."""
    db.session.execute(delete(UserSession).filter_by(token_hash=digest(token)))


def revoke(user_id: int | None, *, but_token: str = "", but_browser: str = "") -> None:
    """End the sessions of a user and forget their browsers; one of each may be kept.

    A thief who had the password, or the device, may have made a browser known.
    """
    for model, column, but in (
        (UserSession, UserSession.token_hash, but_token),
        (KnownBrowser, KnownBrowser.browser_hash, but_browser),
    ):
        others = delete(model).filter_by(user_id=user_id).where(column != digest(but))
        db.session.execute(others)


def knows_browser(browser: str, email: str, at: datetime) -> bool:
    """Return whether a user with this email address has signed in with a browser."""
    # The query does not contain the address, so it takes the same work for any.
    users = (
        select(User.email)
        .join(KnownBrowser, KnownBrowser.user_id == User.id)
        .where(
            KnownBrowser.browser_hash == digest(browser),
            KnownBrowser.signed_in_at > at - kept_for(BROWSER_LASTS),
            User.removed_at.is_(None),
        )
    )
    return bool(browser) and email in db.session.scalars(users).all()


def remember_browser(user: User, browser: str, at: datetime) -> None:
    """Make a browser known for a user, whose oldest browsers are forgotten."""
    if not browser:
        return
    this = {"user_id": user.id, "browser_hash": digest(browser)}
    db.session.execute(delete(KnownBrowser).filter_by(**this))
    db.session.add(KnownBrowser(**this, signed_in_at=at))
    newest = KnownBrowser.signed_in_at.desc(), KnownBrowser.id.desc()
    kept = select(KnownBrowser.id).filter_by(user_id=user.id).order_by(*newest)
    is_old = KnownBrowser.id.not_in(kept.limit(MOST_BROWSERS))
    db.session.execute(delete(KnownBrowser).filter_by(user_id=user.id).where(is_old))
    forget_failures(failures_of_browser(browser, user.email))


def failures_of_browser(browser: str, email: str) -> str:
    """Return the subject under which the failures of a known browser are counted."""
    return f"browser {digest(browser)} of {email}"


def forget_failures(*subjects: str) -> None:
    """Delete the counters of failed sign-ins of some subjects, for all networks."""
    is_subject = SignInTries.subject.in_([*map(digest, subjects)])
    db.session.execute(delete(SignInTries).where(is_subject))
