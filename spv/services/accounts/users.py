"""The users of an account, and agency staff."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import contains_eager

from spv import clock
from spv.extensions import db
from spv.models import Account, User
from spv.rules.accounts import Role, read_email, read_name
from spv.rules.errors import ConflictError, NotFoundError, ValidationError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import sessions
from spv.services.accounts.password_links import Link, new_link
from spv.services.accounts.sign_in import user_of
from spv.services.actor import Actor, operator
from spv.services.authorisation import authorised_transaction

LAST = "An account needs an administrator. Make another user an administrator first."
IN_USE = (
    "Somebody signs in with this address already. Enter another address of this "
    "person, or ask the agency."
)
MOST_FOUND = 50
LONGEST_SEARCH = 100


def index(actor: Actor) -> list[User]:
    """The people of the actor's account, by name."""
    return list(db.session.scalars(_own(actor).order_by(User.name, User.id)))


def show(user_id: int, actor: Actor) -> User:
    """One of them; NotFoundError."""
    user = db.session.scalar(_own(actor).where(User.id == user_id))
    if user is None:
        raise NotFoundError
    return user


def find(text: str) -> list[User]:
    """People whose name, address or account contains a text, for agency staff."""
    words = text.replace("\0", "").strip()[:LONGEST_SEARCH]
    found = [
        column.icontains(words, autoescape=True)
        for column in (User.name, User.email, Account.legal_name)
    ]
    query = select(User).outerjoin(User.account).where(User.removed_at.is_(None))
    query = query.options(contains_eager(User.account))
    if words:
        query = query.where(found[0] | found[1] | found[2])
    return list(db.session.scalars(query.order_by(User.email).limit(MOST_FOUND)))


def add(answers: Mapping[str, Any], actor: Actor) -> Link:
    """Add a person to the actor's account; the link with which they set a password."""
    person = read_all(answers, {"name": read_name, "email": read_email})
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        if user_of(person["email"]):
            raise ValidationError({"email": IN_USE})
        at = clock.now()
        user = User(**person, account_id=actor.account_id, created_at=at)
        user.is_administrator = bool(answers.get("administrator"))
        link = new_link(user, at)
        db.session.add(user)
        db.session.flush()
        audit_log.act("user.added", actor, at, **_told(user))
    return link


def change(user_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Change a person's name and whether they are an administrator."""
    name = read_all(answers, {"name": read_name})["name"]
    administrator = bool(answers.get("administrator"))
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        user = show(user_id, actor)
        if user.is_administrator and not administrator and is_last(user):
            raise ValidationError({"administrator": LAST})
        user.name, user.is_administrator = name, administrator
        audit_log.act("user.changed", actor, clock.now(), **_told(user))


def remove(user_id: int, actor: Actor) -> None:
    """Remove a person, whose sessions end; ConflictError for the last administrator."""
    at = clock.now()
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        user = show(user_id, actor)
        if is_last(user):
            raise ConflictError(LAST)
        user.removed_at = at
        user.link_hash = user.link_until = None
        sessions.end(user.id)
        sessions.forget_browsers(user.id)
        audit_log.act("user.removed", actor, at, **_told(user))


def is_last(user: User) -> bool:
    """Whether the account has no other administrator."""
    others = exists().where(
        User.account_id == user.account_id,
        User.id != user.id,
        User.is_administrator,
        User.removed_at.is_(None),
    )
    return user.is_administrator and not db.session.scalar(select(others))


def _own(actor: Actor) -> Select[User]:
    return select(User).where(
        User.account_id == actor.account_id, User.removed_at.is_(None)
    )


def _told(user: User) -> dict[str, Any]:
    return {
        "subject": user.id,
        "email": user.email,
        "name": user.name,
        "administrator": user.is_administrator,
    }


def create_staff(email: str, name: str = "") -> Link:
    """Make somebody agency staff; the link with which they set a password.

    A person who has signed up becomes staff; whatever password they chose is void, as
    nobody knows whether the address is theirs. Somebody who is staff gets a new link.
    ConflictError for people of an account.
    """
    given = {"email": email, "name": name or email.partition("@")[0]}
    person = read_all(given, {"email": read_email, "name": read_name})
    at = clock.now()
    with audit_log.registry_transaction():
        user = user_of(person["email"]) or User(**person, created_at=at)
        if user.account_id:
            raise ConflictError(f"{user.email} is a user of an account already.")
        link = new_link(user, at)
        event = "user.password_link_made" if user.is_staff else "staff.created"
        if not user.is_staff:
            user.is_staff, user.password_hash = True, None
            db.session.add(user)
            db.session.flush()
            sessions.end(user.id)
            sessions.forget_browsers(user.id)
        audit_log.act(event, operator(), at, subject=user.id, email=user.email)
    return link
