"""New passwords, set by users who know the current one or have a one-time link."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import User
from spv.rules.accounts import Role
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import passwords, sessions
from spv.services.accounts.sign_in import (
    acting_as,
    check_not_shared,
    is_own_password,
    own_password,
)
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require

LINK_LASTS = timedelta(days=1)


class Link(NamedTuple):
    """A one-time link for a user. Only the hash of its token is stored."""

    token: str
    name: str
    email: str
    until: datetime


def change(
    answers: Mapping[str, str], token: str, actor: Actor, browser: str = ""
) -> None:
    """Set a new password for the actor, who has to enter the current one.

    All sessions and known browsers are revoked, but for the session with `token` and
    the browser with the id `browser`. Raises ValidationError, which is TooManyFailures
    after too many wrong passwords.
    """
    user = db.session.get_one(User, actor.user_id)
    password, known_hash = _read_password(answers, user), user.password_hash
    current_password = answers.get("current_password") or ""
    is_right = is_own_password(user, current_password, "current_password")
    password_hash = passwords.hash_of(password)  # slow, so before the transaction
    with audit_log.registry_transaction():
        user = db.session.get_one(User, actor.user_id)
        # Meanwhile a password link may have been used, or the session ended.
        is_same = user.password_hash == known_hash and sessions.has_session(token)
        if is_right and is_same:
            _set_password(user, password_hash, token, browser)
            audit_log.act("user.password_changed", actor, clock.now(), changed=[user])
            return
        audit_log.act("user.password_change_failed", actor, clock.now())
    raise ValidationError({"current_password": "This is not your current password."})


def make_link(user_id: int, actor: Actor) -> Link:
    """Return a link with which a user sets a password.

    Staff make links for all users but staff, administrators for users of their account.
    Raises NotFoundError for other users.
    """
    staff = Role.STAFF in actor.roles
    with authorised_transaction(actor, Role.STAFF if staff else Role.ADMINISTRATOR):
        at = clock.now()
        query = select(User).where(User.id == user_id, User.removed_at.is_(None))
        own = User.account_id == actor.account_id
        whom = ~User.is_staff if staff else own
        user = require(db.session.scalar(query.where(whom)))
        link = new_link(user, at)
        audit_log.act(
            "user.password_link_made", actor, at, changed=[user], email=user.email
        )
    return link


def new_link(user: User, at: datetime) -> Link:
    """Return a link in place of the user's earlier one, in the caller's transaction."""
    check_not_shared(user)
    token = secrets.token_urlsafe(32)
    user.link_hash, user.link_until = sessions.digest(token), at + LINK_LASTS
    return Link(token, user.name, user.email, user.link_until)


def holder(token: str) -> User:
    """Return the user of a link; raises NotFoundError if the link no longer works."""
    query = select(User).where(
        User.link_hash == sessions.digest(token),
        User.link_until > clock.now(),
        User.removed_at.is_(None),
    )
    user = db.session.scalar(query)
    if user is None:
        raise NotFoundError(
            "This password link is no longer good. It has been used, replaced by "
            "another, or is older than a day. Ask for a new one."
        )
    return user


def use_link(
    token: str, answers: Mapping[str, str], actor: Actor, browser: str = ""
) -> None:
    """Set the password of a link's user. The link, and all sessions, end.

    Raises ValidationError and NotFoundError. The browser with the id `browser` becomes
    known, so that the user can sign in while somebody guesses at the address.
    """
    password = _read_password(answers, holder(token))
    password_hash = passwords.hash_of(password)
    with audit_log.registry_transaction():
        user, at = holder(token), clock.now()
        user.link_hash = user.link_until = None
        _set_password(user, password_hash)
        sessions.remember_browser(user, browser, at)
        audit_log.act("user.password_set", acting_as(user, actor), at, changed=[user])


def _read_password(answers: Mapping[str, str], user: User) -> str:
    readers = passwords.readers(answers, user.name, user.email)
    password: str = read_all(answers, readers)["password"]
    return password


def _set_password(
    user: User, password_hash: str, token: str = "", browser: str = ""
) -> None:
    check_not_shared(user)
    user.password_hash = password_hash
    sessions.revoke(user.id, but_token=token, but_browser=browser)
    sessions.forget_failures(user.email, own_password(user))
