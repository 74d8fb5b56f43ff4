"""The users of an account, and the passwords that they and agency staff set.

A password is set by a user who knows the current one, or has a one-time link. If staff
make a link, a notice on every page says so until it is closed.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from spv import clock
from spv.database import contains
from spv.extensions import db
from spv.models import Account, AuditEvent, SecondFactor, User
from spv.rules.accounts import Role, read_email, read_name
from spv.rules.errors import ConflictError, NotFoundError, ValidationError
from spv.rules.text import read_all, search_text
from spv.services import audit_log
from spv.services.accounts import passwords, second_factors, sessions, sign_in, tries
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require, suspension_of

LAST = (
    "An account needs an administrator who can sign in. Make another user an "
    "administrator first."
)
IN_USE = (
    "Another user signs in with this email address already. Enter another address of "
    "this person, or ask the agency."
)
MOST_FOUND = 50
LINK_LASTS = timedelta(days=1)
_NOT_REMOVED = select(User).where(User.removed_at.is_(None))


class Link(NamedTuple):
    """A one-time link for a user. Only the hash of its token is stored."""

    token: str
    name: str
    email: str
    until: datetime


def index(who: Actor | User) -> Sequence[User]:
    """Return the users of the account of an actor or a user, by name."""
    return of_account(who.account_id)


def of_account(account_id: int | None) -> Sequence[User]:
    """Return the users of an account, by name."""
    query = _NOT_REMOVED.where(User.account_id == account_id)
    return db.session.scalars(query.order_by(User.name, User.id)).all()


def administrators(who: Actor | User) -> list[User]:
    """Return the administrators of an account, by name; none without an account."""
    return [user for user in index(who) if user.is_administrator]


def show(user_id: int, actor: Actor) -> User:
    """Return a user of the actor's account; raises NotFoundError."""
    of_account = _NOT_REMOVED.where(User.account_id == actor.account_id)
    return require(db.session.scalar(of_account.where(User.id == user_id)))


def find(text: str) -> Sequence[User]:
    """Find users by part of name, email or account; one extra row if there are more."""
    columns = User.name, User.email, Account.legal_name
    query = _NOT_REMOVED.where(contains(search_text(text), *columns))
    query = query.outerjoin(User.account).options(contains_eager(User.account))
    return db.session.scalars(query.order_by(User.email).limit(MOST_FOUND + 1)).all()


def add(answers: Mapping[str, Any], actor: Actor) -> Link:
    """Add a user to the actor's account; return a link. Raises ValidationError."""
    given = read_all(answers, {"name": read_name, "email": read_email})
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        if sign_in.user_of(given["email"]):
            raise ValidationError({"email": IN_USE})
        at = clock.now()
        user = User(**given, account_id=actor.account_id, created_at=at)
        user.is_administrator = bool(answers.get("administrator"))
        link = new_link(user, at)
        db.session.add(user)
        log_user("user.added", user, actor, at)
    return link


def change(user_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Change a user's name, and whether the user is an administrator.

    Raises ValidationError and NotFoundError.
    """
    name = read_all(answers, {"name": read_name})["name"]
    administrator = bool(answers.get("administrator"))
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        user = show(user_id, actor)
        if administrator != user.is_administrator:
            sign_in.check_not_shared(user)
        if is_last(user) and not administrator:
            raise ValidationError({"administrator": LAST})
        if (user.name, user.is_administrator) == (name, administrator):
            return
        user.name, user.is_administrator = name, administrator
        log_user("user.changed", user, actor, clock.now())


def remove(user_id: int, actor: Actor) -> None:
    """Remove a user, and end their sessions.

    Raises NotFoundError, and ConflictError for the last administrator.
    """
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        user, at = show(user_id, actor), clock.now()
        sign_in.check_not_shared(user)
        sign_in.check_not_suspended(user)
        if is_last(user):
            raise ConflictError(LAST)
        log_user("user.removed", user, actor, at, *retire(user, at))


def retire(user: User, at: datetime) -> list[SecondFactor]:
    """Remove a user and their second factor, which is returned; end their sessions."""
    user.removed_at = at
    user.link_hash = user.link_until = None
    return second_factors.forget(user)


def log_user(
    event: str, user: User, actor: Actor, at: datetime, *changed: SecondFactor
) -> None:
    """Log that a user has changed, with the second factors that changed."""
    db.session.flush()
    role_name = "role" if user.is_staff else "administrator"
    role = user.staff_role if user.is_staff else user.is_administrator
    audit_log.act(
        event, actor, at, changed=[user, *changed],
        subject=user.id, email=user.email, name=user.name, **{role_name: role},
    )  # fmt: skip


def is_last(user: User) -> bool:
    """Tell whether no other administrator of a user's account can sign in."""
    others = [
        each for each in administrators(user)
        if each != user and each.password_hash and not suspension_of(each.id, None)
    ]  # fmt: skip
    return user.is_administrator and not others


def change_password(
    answers: Mapping[str, str], token: str, actor: Actor, browser: str = ""
) -> None:
    """Set a new password for the actor, who has to enter the current one.

    All sessions and known browsers are revoked, but for the session with `token` and
    the browser with the id `browser`. Raises Suspended, and ValidationError, which is
    TooManyFailures after too many wrong passwords.
    """
    user = db.session.get_one(User, actor.user_id)
    password, known_hash = _read_password(answers, user), user.password_hash
    current_password = answers.get("current_password") or ""
    is_right = tries.is_own_password(user, current_password, "current_password")
    password_hash = passwords.hash_of(password)  # slow, so before the transaction
    with audit_log.registry_transaction():
        user = db.session.get_one(User, actor.user_id)
        if error := suspension_of(user.id, user.account_id):
            raise error
        # Meanwhile a password link may have been used, or the session ended.
        is_same = user.password_hash == known_hash and sessions.find(token)
        if is_right and is_same:
            _set_password(user, password_hash, token, browser)
            audit_log.act("user.password_changed", actor, clock.now(), changed=[user])
            return
        audit_log.act("user.password_change_failed", actor, clock.now())
    raise ValidationError({"current_password": "This is not your current password."})


def make_link(user_id: int, actor: Actor) -> Link:
    """Return a link with which a user sets a password.

    Staff make links for all users except staff, and a notice tells the users.
    Administrators do so for users of their account. Raises NotFoundError for others.
    """
    staff = Role.STAFF in actor.roles
    role = Role.ASSESSOR if staff else Role.ADMINISTRATOR
    with authorised_transaction(actor, role) as event_sequence:
        at = clock.now()
        if staff:
            query = _NOT_REMOVED.where(~User.is_staff, User.id == user_id)
            user = require(db.session.scalar(query))
            user.staff_link_event = event_sequence
        else:
            user = show(user_id, actor)
        link = new_link(user, at)
        about = {"email": user.email, "account": user.account_id}
        audit_log.act("user.password_link_made", actor, at, changed=[user], **about)
    return link


def link_notices(actor: Actor) -> Sequence[Any]:
    """Return the staff-made password links that the actor has not been shown.

    These are links for the actor and, if the actor is an administrator, for users of
    the account. Each has the user's name and email, the moment and the event's number.
    """
    own = User.id == actor.user_id
    if Role.ADMINISTRATOR in actor.roles:
        own |= User.account_id == actor.account_id
    closed = select(User.closed_link_event).where(User.id == actor.user_id)
    is_open = User.staff_link_event > closed.scalar_subquery()
    query = (
        select(User.name, User.email, AuditEvent.at, AuditEvent.sequence)
        .join(AuditEvent, AuditEvent.sequence == User.staff_link_event)
        .where(AuditEvent.chain == audit_log.REGISTRY, own, is_open)
        .order_by(AuditEvent.sequence)
    )
    return db.session.execute(query).all()


def close_link_notices(last: int, actor: Actor) -> None:
    """Stop showing the actor password links up to the event with this number."""
    with audit_log.registry_transaction():
        shown = [each.sequence for each in link_notices(actor) if each.sequence <= last]
        if shown:
            user = db.session.get_one(User, actor.user_id)
            user.closed_link_event = shown[-1]
            audit_log.act("user.link_notice_closed", actor, clock.now(), changed=[user])


def new_link(user: User, at: datetime) -> Link:
    """Return a link in place of the user's earlier one, in the caller's transaction."""
    sign_in.check_not_shared(user)
    sign_in.check_not_suspended(user)
    token = secrets.token_urlsafe(32)
    user.link_hash, user.link_until = sessions.digest(token), at + LINK_LASTS
    return Link(token, user.name, user.email, user.link_until)


def holder(token: str) -> User:
    """Return the user of a link.

    Raises NotFoundError if the link no longer works, and Suspended.
    """
    query = _NOT_REMOVED.filter_by(link_hash=sessions.digest(token))
    user = db.session.scalar(query.where(User.link_until > clock.now()))
    if user is None:
        raise NotFoundError(
            "This password link no longer works. It has been used, replaced by "
            "another, or is older than a day. Ask for a new one."
        )
    if error := suspension_of(user.id, user.account_id):
        raise error
    return user


def use_link(
    token: str, answers: Mapping[str, str], actor: Actor, browser: str = ""
) -> None:
    """Set the password of a link's user. The link, and all sessions, end.

    The browser with the id `browser` becomes known, so that the user can sign in while
    somebody guesses the password. Raises ValidationError, NotFoundError, Suspended.
    """
    password = _read_password(answers, holder(token))
    password_hash = passwords.hash_of(password)
    with audit_log.registry_transaction():
        user, at = holder(token), clock.now()
        link = sessions.digest(sessions.digest(token))
        user.link_hash = user.link_until = None
        _set_password(user, password_hash)
        sessions.remember_browser(user, browser, at)
        actor = sign_in.acting_as(user, actor)
        audit_log.act("user.password_set", actor, at, changed=[user], link=link)


def _read_password(answers: Mapping[str, str], user: User) -> str:
    readers = passwords.readers(answers, user.name, user.email)
    password: str = read_all(answers, readers)["password"]
    return password


def _set_password(
    user: User, password_hash: str, token: str = "", browser: str = ""
) -> None:
    sign_in.check_not_shared(user)
    user.password_hash = password_hash
    sessions.revoke(user.id, but_token=token, but_browser=browser)
    sessions.forget_failures(user.email, tries.own_password(user))
