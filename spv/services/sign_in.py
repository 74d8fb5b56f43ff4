"""Sign up, sign in, sign out. Known and unknown addresses get the same answers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select

from spv import clock
from spv.extensions import db
from spv.models import SignInFailures, User
from spv.rules.people import read_email, read_name
from spv.rules.refusal import Refusal
from spv.rules.text import read_all
from spv.services import audit, passwords, sessions
from spv.services.actor import Actor

MOST_FAILURES = 5
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)


class TooManyFailures(Refusal):
    """The address waits, whoever tries it and whatever the password."""

    http_status = 429


def sign_up(answers: Mapping[str, str], actor: Actor) -> None:
    """Let a person sign in from now on; Refusal.

    Where the address is in use nothing changes but the log, and nothing is said: the
    answer must not tell who has signed up.
    """
    about = (answers.get("name") or "", answers.get("email") or "")
    readers = {"name": read_name, "email": read_email}
    person = read_all(answers, readers | passwords.readers(answers, *about))
    email, password_hash = person["email"], passwords.hash_of(person["password"])
    with audit.turn():
        at = clock.now()
        event = "user.sign_up_refused"
        if user_of(email) is None:
            event = "user.signed_up"
            user = User(name=person["name"], email=email, created_at=at)
            user.password_hash = password_hash
            db.session.add(user)
        audit.act(event, actor, at, email=email, name=person["name"])


def sign_in(answers: Mapping[str, str], actor: Actor, instead_of: str = "") -> str:
    """The token of a new session; Refusal with one sentence for all that is wrong.

    `instead_of` is the token of the session that the browser had before.
    """
    email = (answers.get("email") or "").strip().lower()
    password = answers.get("password") or ""
    claim_try(email)
    known = user_of(email)
    password_hash = known.password_hash if known and _may(known) else None
    good = passwords.matches(password_hash, password)
    with audit.turn():
        at, user = clock.now(), user_of(email)
        # Once more: the password may have changed while it was compared.
        if good and user and user.password_hash == password_hash:
            token = sessions.start(user, at, instead_of)
            forget_failures(email)
            audit.act("user.signed_in", acting_as(user, actor), at)
            return token
        # Not what was typed as the address: it may have been the password.
        audit.act("user.sign_in_failed", actor, at, subject=user.id if user else None)
    raise Refusal({"email": "The email address or the password is wrong."})


def sign_out(token: str, actor: Actor) -> None:
    """End one session."""
    with audit.turn():
        sessions.end(actor.user_id, only=token)
        audit.act("user.signed_out", actor, clock.now())


def sign_out_everywhere(actor: Actor) -> None:
    """End every session of a person, this one too."""
    with audit.turn():
        sessions.end(actor.user_id)
        audit.act("user.signed_out_everywhere", actor, clock.now())


def user_of(email: str) -> User | None:
    """Who signs in with an address."""
    try:
        address = read_email(email)
    except ValueError:
        return None
    query = select(User).where(User.email == address, User.removed_at.is_(None))
    return db.session.scalar(query)


def claim_try(of: str) -> None:
    """Count a try before it is made, so that none slips by; TooManyFailures.

    `of` is what is tried: an email address, known or not.
    """
    with audit.turn():
        at = clock.now()
        old = SignInFailures.wait_until < at - LONGEST_WAIT
        db.session.execute(delete(SignInFailures).where(old))
        tries = db.session.get(SignInFailures, sessions.digest(of))
        if tries is None:
            tries = SignInFailures(
                email_hash=sessions.digest(of), failures=0, wait_until=at
            )
            db.session.add(tries)
        if at < tries.wait_until:
            raise _wait(tries.wait_until)
        tries.failures += 1
        tries.wait_until = at + _wait_after(tries.failures)


def is_own_password(user: User, password: str, field: str) -> bool:
    """Whether somebody who has signed in knows their password; TooManyFailures."""
    try:
        claim_try(own_password(user))
    except TooManyFailures as wait:
        raise TooManyFailures({field: str(wait)}) from None
    return passwords.matches(user.password_hash, password)


def own_password(user: User) -> str:
    """What is tried by who has signed in; strangers cannot make that wait."""
    return f"the current password of {user.id}"


def forget_failures(of: str) -> None:
    """Begin to count anew, in the caller's transaction."""
    counted = SignInFailures.email_hash == sessions.digest(of)
    db.session.execute(delete(SignInFailures).where(counted))


def _may(user: User) -> bool:
    """Everybody knows the password of demonstration users: production has none."""
    production = current_app.config["SPV_ENVIRONMENT"] == "production"
    return not (production and user.is_demonstration)


def _wait_after(failures: int) -> timedelta:
    if failures < MOST_FAILURES:
        return timedelta(0)
    doublings = min(failures - MOST_FAILURES, 10)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


def _wait(until: datetime) -> TooManyFailures:
    sentence = (
        f"After {MOST_FAILURES} failures or more this waits until "
        f"{clock.written_moment(until)}. Then try again, or ask your account’s "
        "administrator or the agency for a password link."
    )
    return TooManyFailures({"email": sentence})


def acting_as(user: User, actor: Actor) -> Actor:
    """The actor who turns out to be a user."""
    return replace(actor, name=user.email, user_id=user.id, account_id=user.account_id)
