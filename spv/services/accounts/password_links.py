"""New passwords: changed by oneself, or set through a link that another hands over."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    forget_failures,
    is_own_password,
    own_password,
)
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

LINK_LASTS = timedelta(days=1)
USED = (
    "It has been used, replaced by another, or is older than a day. Ask for a new one."
)


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link for a person; the token is known only now."""

    token: str
    name: str
    email: str
    until: datetime


def change(
    answers: Mapping[str, str], token: str, actor: Actor, browser: str = ""
) -> None:
    """Take a new password instead of `current_password`; ends all other sessions.

    `token` and `browser` are of the session and the browser that stay.
    """
    user = db.session.get_one(User, actor.user_id)
    readers = passwords.readers(answers, user.name, user.email)
    password = read_all(answers, readers)["password"]
    known = user.password_hash
    given = answers.get("current_password") or ""
    good = is_own_password(user, given, "current_password")
    password_hash = passwords.hash_of(password)  # slow, so before our turn
    with audit_log.registry_transaction():
        user = db.session.get_one(User, actor.user_id)
        # Once more: a password link may have been used, or the session ended.
        if good and user.password_hash == known and sessions.is_open(token):
            _set(user, password_hash, token, browser)
            audit_log.act("user.password_changed", actor, clock.now())
            return
        audit_log.act("user.password_change_failed", actor, clock.now())
    raise ValidationError({"current_password": "This is not your current password."})


def make_link(user_id: int, actor: Actor) -> Link:
    """A link with which a person sets a password; NotFoundError for another's people.

    Staff make them for anybody but staff, administrators for people of their account.
    """
    staff = Role.STAFF in actor.roles
    with authorised_transaction(actor, Role.STAFF if staff else Role.ADMINISTRATOR):
        at = clock.now()
        query = select(User).where(User.id == user_id, User.removed_at.is_(None))
        own = User.account_id == actor.account_id
        user = db.session.scalar(query.where(~User.is_staff if staff else own))
        if user is None:
            raise NotFoundError
        link = new_link(user, at)
        audit_log.act("user.password_link_made", actor, at, email=user.email)
    return link


def new_link(user: User, at: datetime) -> Link:
    """Make a link in the caller's transaction; an earlier one is dead."""
    token = secrets.token_urlsafe(32)
    user.link_hash, user.link_until = sessions.digest(token), at + LINK_LASTS
    return Link(token, user.name, user.email, user.link_until)


def holder(token: str) -> User:
    """For whom a link is; NotFoundError where it is no longer good."""
    query = select(User).where(
        User.link_hash == sessions.digest(token),
        User.link_until > clock.now(),
        User.removed_at.is_(None),
    )
    user = db.session.scalar(query)
    if user is None:
        raise NotFoundError(f"This password link is no longer good. {USED}")
    return user


def use_link(
    token: str, answers: Mapping[str, str], actor: Actor, browser: str = ""
) -> None:
    """Set the password of the link's holder, end all sessions, use up the link.

    The holder's browser becomes a known one: whoever guesses at the address meanwhile
    must not keep the holder from signing in.
    """
    user = holder(token)
    readers = passwords.readers(answers, user.name, user.email)
    password = read_all(answers, readers)["password"]
    password_hash = passwords.hash_of(password)
    with audit_log.registry_transaction():
        user = holder(token)
        user.link_hash = user.link_until = None
        _set(user, password_hash)
        sessions.remember_browser(user, browser, clock.now())
        audit_log.act("user.password_set", acting_as(user, actor), clock.now())


def _set(user: User, password_hash: str, token: str = "", browser: str = "") -> None:
    user.password_hash = password_hash
    sessions.end(user.id, but=token)
    sessions.forget_browsers(user.id, but=browser)
    forget_failures(user.email)
    forget_failures(own_password(user))
