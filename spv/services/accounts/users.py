"""The users of an account, and agency staff."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager

from spv import clock
from spv.extensions import db
from spv.models import Account, User
from spv.rules.accounts import Role, read_email, read_name
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import sessions
from spv.services.accounts.password_links import Link, new_link
from spv.services.accounts.sign_in import check_not_shared, user_of
from spv.services.actor import Actor, operator
from spv.services.authorisation import authorised_transaction, require

LAST = "An account needs an administrator. Make another user an administrator first."
IN_USE = (
    "Another user signs in with this email address already. Enter another address of "
    "this person, or ask the agency."
)
MOST_FOUND = 50
LONGEST_SEARCH = 100


def index(who: Actor | User) -> Sequence[User]:
    """Return the users of somebody's account, by name."""
    return db.session.scalars(_own(who).order_by(User.name, User.id)).all()


def administrators(who: Actor | User) -> list[User]:
    """Return the administrators of somebody's account; none without an account."""
    return [user for user in index(who) if user.is_administrator]


def show(user_id: int, actor: Actor) -> User:
    """Return a user of the actor's account; raises NotFoundError."""
    return require(db.session.scalar(_own(actor).where(User.id == user_id)))


def find(text: str) -> Sequence[User]:
    """Return users whose name, email or account contains a text, for agency staff."""
    columns = User.name, User.email, Account.legal_name
    query = select(User).outerjoin(User.account).options(contains_eager(User.account))
    query = query.where(
        User.removed_at.is_(None), contains(search_text(text), *columns)
    )
    return db.session.scalars(query.order_by(User.email).limit(MOST_FOUND)).all()


def search_text(text: str) -> str:
    """Return the text of a search box as a database can look for it."""
    return text.replace("\0", "").strip()[:LONGEST_SEARCH]


def contains(text: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that one of the columns contains a text, in any case."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def add(answers: Mapping[str, Any], actor: Actor) -> Link:
    """Add a user to the actor's account; return the link to set a password with.

    Raises ValidationError.
    """
    given = read_all(answers, {"name": read_name, "email": read_email})
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        if user_of(given["email"]):
            raise ValidationError({"email": IN_USE})
        at = clock.now()
        user = User(**given, account_id=actor.account_id, created_at=at)
        user.is_administrator = bool(answers.get("administrator"))
        link = new_link(user, at)
        db.session.add(user)
        db.session.flush()
        audit_log.act("user.added", actor, at, **_log_details(user))
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
            check_not_shared(user)
        if is_last(user) and not administrator:
            raise ValidationError({"administrator": LAST})
        user.name, user.is_administrator = name, administrator
        audit_log.act("user.changed", actor, clock.now(), **_log_details(user))


def remove(user_id: int, actor: Actor) -> None:
    """Remove a user, and end their sessions.

    Raises NotFoundError, and ConflictError for the last administrator.
    """
    at = clock.now()
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        user = show(user_id, actor)
        check_not_shared(user)
        if is_last(user):
            raise ConflictError(LAST)
        user.removed_at = at
        user.link_hash = user.link_until = None
        sessions.revoke(user.id)
        audit_log.act("user.removed", actor, at, **_log_details(user))


def is_last(user: User) -> bool:
    """Return whether a user is the only administrator of their account."""
    return administrators(user) == [user]


def create_staff(email: str, name: str = "") -> Link:
    """Make agency staff of an email address; return the link to set a password with.

    A user who has signed up becomes staff. Their password is void, as nobody has proved
    that the address is theirs. A user who is staff already gets a new link. Raises
    ValidationError, and ConflictError for users of an account.
    """
    given = {"email": email, "name": name or email.partition("@")[0]}
    given = read_all(given, {"email": read_email, "name": read_name})
    at = clock.now()
    with audit_log.registry_transaction():
        user = user_of(given["email"]) or User(**given, created_at=at)
        if user.account_id:
            raise ConflictError(f"{user.email} is a user of an account already.")
        link = new_link(user, at)
        event = "user.password_link_made" if user.is_staff else "staff.created"
        if not user.is_staff:
            user.is_staff, user.password_hash = True, None
            db.session.add(user)
            db.session.flush()
            sessions.revoke(user.id)
        audit_log.act(event, operator(), at, subject=user.id, email=user.email)
    return link


def _own(who: Actor | User) -> Select[User]:
    is_user = User.removed_at.is_(None)
    return select(User).where(User.account_id == who.account_id, is_user)


def _log_details(user: User) -> dict[str, Any]:
    return {
        "subject": user.id,
        "email": user.email,
        "name": user.name,
        "administrator": user.is_administrator,
    }
