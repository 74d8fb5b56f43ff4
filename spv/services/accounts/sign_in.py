"""Sign up, sign in and sign out."""

from collections.abc import Mapping
from dataclasses import replace

from flask import current_app
from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import SecondFactor, User
from spv.rules.accounts import read_email, read_name
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.text import network_of, read_all
from spv.services import audit_log
from spv.services.accounts import passwords, sessions
from spv.services.accounts.tries import count_sign_in, take_back
from spv.services.actor import Actor
from spv.services.authorisation import suspension_of

# The id in the log of an address without a user. Such an address takes the same work
# as one with a user, so that nobody can tell them apart.
NOBODY = 0
SUSPENDED = (
    "The agency has suspended this person, who can neither use a password link nor be "
    "removed until the agency ends the suspension. Nothing was done."
)
SHARED = (
    "Everybody shares this demonstration user. The password and role cannot be "
    "changed, and the user cannot be removed or signed out everywhere. Shared agency "
    "staff cannot be suspended. Nothing was done. Sign up, or add a user, to have one "
    "that you can change."
)


def sign_up(answers: Mapping[str, str], actor: Actor) -> None:
    """Make a user who can sign in from now on; raises ValidationError.

    If another user has the email address, nothing changes but the log, and no error is
    raised: the answer must not reveal who has signed up.
    """
    about = (answers.get("name") or "", answers.get("email") or "")
    readers = {"name": read_name, "email": read_email}
    given = read_all(answers, readers | passwords.readers(answers, *about))
    name, email = given["name"], given["email"]
    hashed = passwords.hash_of(given["password"])
    with audit_log.registry_transaction():
        at, made = clock.now(), []
        if user_of(email) is None:
            made = [User(name=name, email=email, password_hash=hashed, created_at=at)]
            db.session.add_all(made)
        event = "user.signed_up" if made else "user.sign_up_refused"
        audit_log.act(event, actor, at, changed=made, email=email, name=name)


def sign_in(
    answers: Mapping[str, str], actor: Actor, instead_of: str = "", browser: str = ""
) -> str | User:
    """Start a session, and return its token.

    `instead_of` is the token of the session that the browser had before, which ends.
    `browser` is the id of the browser, which becomes known. A user with a second factor
    gets no session yet, and is returned. Raises TooManyFailures, and ValidationError
    with the reason of a suspension, or with one sentence for all that may be wrong.
    """
    email = (answers.get("email") or "").strip().lower()
    password = answers.get("password") or ""
    is_card = uses_card(email, password)
    counters = [] if is_card else count_sign_in(email, network_of(actor.ip), browser)
    user = user_of(email)
    # The password of demonstration users is public.
    is_shut_out = user and user.is_demonstration and not is_shared(user)
    password_hash = user.password_hash if user and not is_shut_out else None
    is_right = is_card or passwords.matches(password_hash, password)
    with audit_log.registry_transaction():
        at, user, suspended = clock.now(), user_of(email), None
        # The password may have changed while it was compared.
        if is_right and user and user.password_hash == password_hash:
            take_back(counters)
            actor = acting_as(user, actor)
            suspended = suspension_of(user.id, user.account_id)
            if suspended:
                audit_log.act("user.sign_in_refused", actor, at)
            elif not is_card and has_second_factor(user):
                audit_log.act("second_factor.asked", actor, at)
                return user
            else:
                audit_log.act("user.signed_in", actor, at)
                return sessions.start(user, at, instead_of, browser)
        else:
            # Without the address that was typed, which may have been the password.
            user_id = user.id if user else NOBODY
            audit_log.act("user.sign_in_failed", actor, at, subject=user_id)
    sentence = "The email address or the password is wrong."
    raise ValidationError({"email": str(suspended) if suspended else sentence})


def has_second_factor(user: User) -> bool:
    """Tell whether a user has to give a code as well as the password."""
    query = select(SecondFactor.id).filter_by(user_id=user.id)
    return db.session.scalar(query) is not None


def is_shared(user: User) -> bool:
    """Tell whether a user is one that everybody shares in a demonstration.

    In production, a user who was made for a demonstration is shut out instead.
    """
    return user.is_demonstration and current_app.config["SPV_ENVIRONMENT"] == "demo"


def is_shared_account(account_id: int | None) -> bool:
    """Tell whether an account is that of a shared demonstration user."""
    if account_id is None or current_app.config["SPV_ENVIRONMENT"] != "demo":
        return False
    people = select(User.id).filter_by(account_id=account_id, is_demonstration=True)
    return db.session.scalar(people.limit(1)) is not None


def check_not_suspended(user: User) -> None:
    """Raise ConflictError if the agency has suspended a person."""
    if user.id and suspension_of(user.id, None):
        raise ConflictError(SUSPENDED)


def check_not_shared(user: User) -> None:
    """Raise ConflictError for a shared demonstration user."""
    if is_shared(user):
        raise ConflictError(SHARED)


def check_may_change(user: User) -> None:
    """Raise Suspended, or ConflictError for a shared demonstration user."""
    if suspended := suspension_of(user.id, user.account_id):
        raise suspended
    check_not_shared(user)


def uses_card(email: str, password: str) -> bool:
    """Tell whether a sign-in is by a card, which failures elsewhere must not delay."""
    user = user_of(email) if password == passwords.DEMONSTRATION else None
    return user is not None and is_shared(user)


def sign_out(token: str, actor: Actor) -> None:
    """End the session with a token."""
    with audit_log.registry_transaction():
        sessions.end(token)
        audit_log.act("user.signed_out", actor, clock.now())


def sign_out_everywhere(actor: Actor) -> None:
    """End all sessions of the actor, and forget their known browsers."""
    with audit_log.registry_transaction():
        user = db.session.get_one(User, actor.user_id)
        check_may_change(user)
        sessions.revoke(user.id)
        audit_log.act("user.signed_out_everywhere", actor, clock.now())


def user_of(email: str) -> User | None:
    """Return the user who signs in with an email address."""
    try:
        address = read_email(email)
    except ValueError:
        return None
    return db.session.scalar(select(User).filter_by(email=address, removed_at=None))


def acting_as(user: User, actor: Actor) -> Actor:
    """Return the actor as this user."""
    return replace(actor, name=user.email, user_id=user.id, account_id=user.account_id)
