"""Sign up, sign in, sign out. Known and unknown addresses get the same answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from spv import clock
from spv.database import insert
from spv.extensions import db
from spv.models import SignInFailures, User
from spv.rules.people import read_email, read_name
from spv.rules.refusal import Refusal
from spv.rules.text import read_all
from spv.services import audit, passwords, sessions
from spv.services.actor import Actor
from spv.services.transaction import transaction

MOST_FAILURES = 5
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)


class TooManyFailures(Refusal):
    """The address waits, whoever tries it and whatever the password."""


def sign_up(answers: Mapping[str, str], actor: Actor) -> None:
    """Let a person sign in from now on; Refusal.

    Where the address is in use nothing changes but the log, and nothing is said: the
    answer must not tell who has signed up.
    """
    about = (answers.get("name") or "", answers.get("email") or "")
    readers = {"name": read_name, "email": read_email}
    person = read_all(answers, readers | passwords.readers(answers, *about))
    password_hash = passwords.hash_of(person["password"])
    at = clock.now()
    user = {
        "name": person["name"],
        "email": person["email"],
        "password_hash": password_hash,
        "created_at": at,
    }
    with transaction():
        adding = insert(User).values(user).on_conflict_do_nothing()
        added = db.session.scalar(adding.returning(User.id))
        event = "user.signed_up" if added else "user.sign_up_refused"
        audit.act(event, actor, at, subject=added, email=person["email"])


def sign_in(answers: Mapping[str, str], actor: Actor) -> str:
    """The token of a new session; Refusal with one sentence for all that is wrong."""
    email = (answers.get("email") or "").strip().lower()
    password = answers.get("password") or ""
    claim_try(email)
    known = user_of(email)
    password_hash = known.password_hash if known else None
    good = passwords.matches(password_hash, password)
    at = clock.now()
    with transaction():
        user = user_of(email, lock=True)  # the password may change meanwhile
        if good and user and user.password_hash == password_hash:
            token = sessions.start(user, at)
            forget_failures(email)
            audit.act("user.signed_in", acting(user, actor), at)
            return token
        audit.act("user.sign_in_failed", actor, at, email=email[:254])
    raise Refusal({"email": "The email address or the password is wrong."})


def sign_out(token: str, actor: Actor) -> None:
    """End one session."""
    with transaction():
        sessions.end(actor.user_id, only=token)
        audit.act("user.signed_out", actor, clock.now())


def sign_out_everywhere(actor: Actor) -> None:
    """End every session of a person, this one too."""
    with transaction():
        sessions.end(actor.user_id)
        audit.act("user.signed_out_everywhere", actor, clock.now())


def user_of(email: str, *, lock: bool = False) -> User | None:
    """Who signs in with an address."""
    try:
        address = read_email(email)
    except ValueError:
        return None
    query = select(User).where(User.email == address, User.removed_at.is_(None))
    return db.session.scalar(query.with_for_update() if lock else query)


def claim_try(email: str) -> None:
    """Count a try before it is made, so that none slips by; TooManyFailures."""
    at = clock.now()
    key = _key(email)
    new = {"email_hash": key, "failures": 0, "wait_until": at}
    with transaction():
        old = SignInFailures.wait_until < at - LONGEST_WAIT
        db.session.execute(delete(SignInFailures).where(old))
        counting = insert(SignInFailures).values(new)
        db.session.execute(counting.on_conflict_do_nothing())
        tries = db.session.get_one(SignInFailures, key, with_for_update=True)
        if at < tries.wait_until:
            raise _wait(tries.wait_until)
        tries.failures += 1
        tries.wait_until = at + _wait_after(tries.failures)


def forget_failures(email: str) -> None:
    """Begin to count anew, in the caller's transaction."""
    # Not deleted: another try may be about to lock the row.
    counted = update(SignInFailures).where(SignInFailures.email_hash == _key(email))
    db.session.execute(counted.values(failures=0, wait_until=clock.now()))


def _wait_after(failures: int) -> timedelta:
    if failures < MOST_FAILURES:
        return timedelta(0)
    doublings = min(failures - MOST_FAILURES, 10)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


def _wait(until: datetime) -> TooManyFailures:
    sentence = (
        f"Sign-in with this address waits until {clock.written_moment(until)}, after "
        f"{MOST_FAILURES} failures or more. Then try again, or ask your account’s "
        "administrator or the agency for a password link."
    )
    return TooManyFailures({"email": sentence})


def _key(email: str) -> str:
    return hashlib.sha256(email.encode("utf-8", "replace")).hexdigest()


def acting(user: User, actor: Actor) -> Actor:
    """The actor who turns out to be a user."""
    return replace(actor, name=user.email, user_id=user.id, account_id=user.account_id)
