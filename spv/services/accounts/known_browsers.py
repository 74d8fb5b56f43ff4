"""Browsers with which a user has signed in, so that strangers cannot make them wait.

The cookie holds a random id, and the database says whose browser it is. So an id can be
revoked, and a copy of an old cookie has the same counter of failures.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from spv.extensions import db
from spv.models import KnownBrowser, SignInTries, User
from spv.services.accounts.sessions import digest

LASTS = timedelta(days=365)  # since the last sign-in
MOST = 20  # of one user


def knows(browser: str, email: str, at: datetime) -> bool:
    """Return whether a user with this email address has signed in with a browser."""
    # The database is not asked about the address: the work is the same for any.
    users = (
        select(User.email)
        .join(KnownBrowser, KnownBrowser.user_id == User.id)
        .where(
            KnownBrowser.browser_hash == digest(browser),
            KnownBrowser.signed_in_at > at - LASTS,
            User.removed_at.is_(None),
        )
    )
    return bool(browser) and email in db.session.scalars(users).all()


def failures_of(browser: str, email: str) -> str:
    """Return the subject under which failures of a known browser are counted."""
    return digest(f"browser {digest(browser)} of {email}")


def remember(user: User, browser: str, at: datetime) -> None:
    """Make a browser known, in the caller's transaction; the oldest one is dropped."""
    if not browser:
        return
    of_user = KnownBrowser.user_id == user.id
    this = KnownBrowser.browser_hash == digest(browser)
    db.session.execute(delete(KnownBrowser).where(of_user, this))
    seen = {"user_id": user.id, "browser_hash": digest(browser), "signed_in_at": at}
    db.session.add(KnownBrowser(**seen))
    newest = KnownBrowser.signed_in_at.desc(), KnownBrowser.id.desc()
    kept = select(KnownBrowser.id).where(of_user).order_by(*newest).limit(MOST)
    dropped = delete(KnownBrowser).where(of_user, KnownBrowser.id.not_in(kept))
    db.session.execute(dropped)
    counted = SignInTries.subject == failures_of(browser, user.email)
    db.session.execute(delete(SignInTries).where(counted))


def forget(user_id: int | None, *, but: str = "") -> None:
    """Revoke the browsers of a user, all or all but one, in the caller's transaction.

    A thief who had the password, or the device, may have made one of them known.
    """
    revoked = delete(KnownBrowser).where(KnownBrowser.user_id == user_id)
    if but:
        revoked = revoked.where(KnownBrowser.browser_hash != digest(but))
    db.session.execute(revoked)
