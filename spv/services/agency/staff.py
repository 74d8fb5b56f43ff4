"""Agency staff and their roles: added, changed and removed by an administrator.

The person who runs the server does the same with commands, as `OPERATOR`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import Suspension, User
from spv.rules.accounts import Role, StaffRole, read_email, read_name, read_staff_role
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import second_factors, sign_in
from spv.services.accounts.users import Link, log_user, new_link, retire
from spv.services.actor import OPERATOR, Actor
from spv.services.authorisation import authorised_transaction, reason_of, require

LAST = (
    "The agency needs an administrator who can sign in. Make another member of staff "
    "an administrator first."
)
_STAFF = select(User).where(User.is_staff, User.removed_at.is_(None))


def index() -> Sequence[User]:
    """Return the members of agency staff, by name."""
    return db.session.scalars(_STAFF.order_by(User.name, User.id)).all()


def is_last_administrator(user: User) -> bool:
    """Tell whether a user is an administrator of staff, and no other can sign in."""
    others = _STAFF.where(
        User.staff_role == StaffRole.ADMINISTRATOR,
        User.id != user.id,
        User.password_hash.is_not(None),
        reason_of(Suspension.user_id, User.id).is_(None),
    )
    is_administrator = user.staff_role == StaffRole.ADMINISTRATOR
    return is_administrator and db.session.scalar(others.limit(1)) is None


def add(answers: Mapping[str, Any], actor: Actor) -> Link:
    """Make somebody agency staff; return a password link.

    A user who has signed up becomes staff. Their password and second factor are void,
    as nobody has proved that the address is theirs. Raises ValidationError.
    """
    readers = {"name": read_name, "email": read_email, "role": read_staff_role}
    given = read_all(answers, readers)
    with _transaction(actor):
        user = sign_in.user_of(given["email"])
        if user and user.is_staff:
            raise ValidationError({"email": f"{user.email} is agency staff already."})
        return _make(given, user, actor)


def create(email: str, name: str = "", role: str = "") -> Link:
    """Make somebody agency staff by command, or a new link for a member of staff.

    Without a role, they become administrator if there is none, else assessor. Raises
    ValidationError, and ConflictError for a member of staff with another role.
    """
    given = {"email": email, "name": name or email.partition("@")[0]}
    given = read_all(given, {"email": read_email, "name": read_name})
    with _transaction(OPERATOR):
        user = sign_in.user_of(given["email"])
        if user is None or not user.is_staff:
            is_there = any(a.staff_role == StaffRole.ADMINISTRATOR for a in index())
            usual = StaffRole.ASSESSOR if is_there else StaffRole.ADMINISTRATOR
            return _make(given | {"role": role or usual.value}, user, OPERATOR)
        if role not in ("", user.staff_role):
            raise ConflictError(
                f"{user.email} is agency staff with the role {user.staff_role}. "
                "Change it with change-staff."
            )
        at = clock.now()
        link = new_link(user, at)
        log_user("user.password_link_made", user, OPERATOR, at)
        return link


def change_role(user_id: int, answers: Mapping[str, Any], actor: Actor) -> str:
    """Give a member of staff another role, and return their name.

    Raises ValidationError on `role`, NotFoundError, and ConflictError.
    """
    role = read_all(answers, {"role": read_staff_role})["role"]
    with _transaction(actor):
        user = _find(user_id)
        sign_in.check_not_shared(user)
        if role == user.staff_role:
            raise ValidationError({"role": f"{user.name} has this role already."})
        if is_last_administrator(user):
            raise ValidationError({"role": LAST})
        user.staff_role = role
        log_user("staff.role_changed", user, actor, clock.now())
        return user.name


def remove(user_id: int, actor: Actor) -> str:
    """Remove a member of staff, end their sessions, and return their name.

    Raises NotFoundError, and ConflictError for the last administrator.
    """
    with _transaction(actor):
        user, at = _find(user_id), clock.now()
        sign_in.check_not_shared(user)
        if is_last_administrator(user):
            raise ConflictError(LAST)
        log_user("staff.removed", user, actor, at, *retire(user, at))
        return user.name


def id_of(email: str) -> int:
    """Return the id of a member of staff, for commands; raises ConflictError."""
    user = sign_in.user_of(email)
    if user is None or not user.is_staff:
        raise ConflictError(f"{email} is not agency staff.")
    return user.id


def _make(given: Mapping[str, str], user: User | None, actor: Actor) -> Link:
    if user and user.account_id:
        sentence = f"{user.email} is a user of an account already."
        raise ValidationError({"email": sentence})
    at = clock.now()
    user = user or User(name=given["name"], email=given["email"], created_at=at)
    link = new_link(user, at)
    user.is_staff, user.staff_role, user.password_hash = True, given["role"], None
    db.session.add(user)
    db.session.flush()
    log_user("staff.created", user, actor, at, *second_factors.forget(user))
    return link


def _find(user_id: int) -> User:
    return require(db.session.scalar(_STAFF.where(User.id == user_id)))


def _transaction(actor: Actor) -> AbstractContextManager[int]:
    """Begin a transaction of an administrator of staff, or of the operator."""
    if actor is OPERATOR:
        return audit_log.registry_transaction()
    return authorised_transaction(actor, Role.STAFF_ADMINISTRATOR)
