"""Sign up, sign in, sign out. Known and unknown addresses get the same answers."""

from collections.abc import Mapping
from dataclasses import replace

from flask import current_app
from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import User
from spv.rules.network import network_of
from spv.rules.people import read_email, read_name
from spv.rules.refusal import Refusal
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import known_browsers, passwords, sessions, sign_in_tries
from spv.services.actor import Actor


def sign_up(answers: Mapping[str, str], actor: Actor) -> None:
    """Let a person sign in from now on; Refusal.

    Where the address is in use nothing changes but the log, and nothing is said: the
    answer must not tell who has signed up.
    """
    about = (answers.get("name") or "", answers.get("email") or "")
    readers = {"name": read_name, "email": read_email}
    person = read_all(answers, readers | passwords.readers(answers, *about))
    email, password_hash = person["email"], passwords.hash_of(person["password"])
    with audit_log.turn():
        at = clock.now()
        event = "user.sign_up_refused"
        if user_of(email) is None:
            event = "user.signed_up"
            user = User(name=person["name"], email=email, created_at=at)
            user.password_hash = password_hash
            db.session.add(user)
        audit_log.act(event, actor, at, email=email, name=person["name"])


def sign_in(
    answers: Mapping[str, str], actor: Actor, instead_of: str = "", browser: str = ""
) -> str:
    """The token of a new session; Refusal with one sentence for all that is wrong.

    `instead_of` is the token of the session that the browser had before, and `browser`
    the id of the browser, which is known from then on.
    """
    email = (answers.get("email") or "").strip().lower()
    password = answers.get("password") or ""
    counters = sign_in_tries.claim_sign_in(email, network_of(actor.ip), browser)
    known = user_of(email)
    password_hash = known.password_hash if known and _may(known) else None
    good = passwords.matches(password_hash, password)
    with audit_log.turn():
        at, user = clock.now(), user_of(email)
        # Once more: the password may have changed while it was compared.
        if good and user and user.password_hash == password_hash:
            token = sessions.start(user, at, instead_of)
            sign_in_tries.succeeded(counters)
            known_browsers.remember(user, browser, at)
            audit_log.act("user.signed_in", acting_as(user, actor), at)
            return token
        # Not what was typed as the address: it may have been the password.
        audit_log.act(
            "user.sign_in_failed", actor, at, subject=user.id if user else None
        )
    raise Refusal({"email": "The email address or the password is wrong."})


def sign_out(token: str, actor: Actor) -> None:
    """End one session."""
    with audit_log.turn():
        sessions.end(actor.user_id, only=token)
        audit_log.act("user.signed_out", actor, clock.now())


def sign_out_everywhere(actor: Actor) -> None:
    """End every session of a person, this one too, and make every browser unknown."""
    with audit_log.turn():
        sessions.end(actor.user_id)
        known_browsers.forget(actor.user_id)
        audit_log.act("user.signed_out_everywhere", actor, clock.now())


def user_of(email: str) -> User | None:
    """Who signs in with an address."""
    try:
        address = read_email(email)
    except ValueError:
        return None
    query = select(User).where(User.email == address, User.removed_at.is_(None))
    return db.session.scalar(query)


def _may(user: User) -> bool:
    """Everybody knows the password of demonstration users: production has none."""
    production = current_app.config["SPV_ENVIRONMENT"] == "production"
    return not (production and user.is_demonstration)


def acting_as(user: User, actor: Actor) -> Actor:
    """The actor who turns out to be a user."""
    return replace(actor, name=user.email, user_id=user.id, account_id=user.account_id)
