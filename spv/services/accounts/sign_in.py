"""Sign up, sign in, sign out; count failed tries and make them wait."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from flask import current_app
from sqlalchemy import delete, select

from spv import clock
from spv.extensions import db
from spv.models import SignInTries, User
from spv.rules.accounts import read_email, read_name
from spv.rules.errors import ValidationError
from spv.rules.formatting import join_words, pluralise
from spv.rules.text import network_of, read_all
from spv.services import audit_log
from spv.services.accounts import passwords, sessions
from spv.services.accounts.sessions import digest
from spv.services.actor import Actor


def sign_up(answers: Mapping[str, str], actor: Actor) -> None:
    """Let a person sign in from now on; ValidationError.

    Where the address is in use nothing changes but the log, and nothing is said: the
    answer must not tell who has signed up.
    """
    about = (answers.get("name") or "", answers.get("email") or "")
    readers = {"name": read_name, "email": read_email}
    person = read_all(answers, readers | passwords.readers(answers, *about))
    email, password_hash = person["email"], passwords.hash_of(person["password"])
    with audit_log.registry_transaction():
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
    """The token of a new session.

    ValidationError with one sentence for all that is wrong.

    `instead_of` is the token of the session that the browser had before, and `browser`
    the id of the browser, which is known from then on.
    """
    email = (answers.get("email") or "").strip().lower()
    password = answers.get("password") or ""
    counters = claim_sign_in(email, network_of(actor.ip), browser)
    known = user_of(email)
    password_hash = known.password_hash if known and _may(known) else None
    good = passwords.matches(password_hash, password)
    with audit_log.registry_transaction():
        at, user = clock.now(), user_of(email)
        # Once more: the password may have changed while it was compared.
        if good and user and user.password_hash == password_hash:
            token = sessions.start(user, at, instead_of)
            succeeded(counters)
            sessions.remember_browser(user, browser, at)
            audit_log.act("user.signed_in", acting_as(user, actor), at)
            return token
        # Not what was typed as the address: it may have been the password.
        audit_log.act(
            "user.sign_in_failed", actor, at, subject=user.id if user else None
        )
    raise ValidationError({"email": "The email address or the password is wrong."})


def sign_out(token: str, actor: Actor) -> None:
    """End one session."""
    with audit_log.registry_transaction():
        sessions.end(actor.user_id, only=token)
        audit_log.act("user.signed_out", actor, clock.now())


def sign_out_everywhere(actor: Actor) -> None:
    """End every session of a person, this one too, and make every browser unknown."""
    with audit_log.registry_transaction():
        sessions.end(actor.user_id)
        sessions.forget_browsers(actor.user_id)
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


COUNTED_FOR = timedelta(days=1)  # from the first failure
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=15), timedelta(hours=1)
MOST_FAILURES = 5
MOST_OF_ALL_NETWORKS = 100
# A network of many people fails often. Beyond this it waits a second longer for each
# ten failures, up to the longest pause.
MOST_OF_A_NETWORK = 100
FAILURES_A_SECOND = 10
LONGEST_PAUSE = 30
NO_WAIT = timedelta()


class TooManyFailures(ValidationError):
    """The wait before the next try, whatever the password; `retry_after` in seconds."""

    http_status = 429

    def __init__(self, wait: timedelta, field: str = "email") -> None:
        self.wait, self.retry_after = wait, ceil(wait.total_seconds())
        minutes, seconds = divmod(self.retry_after, 60)
        parts = [(minutes, "minute"), (seconds, "second")]
        words = join_words(pluralise(number, unit) for number, unit in parts if number)
        sentence = f"Too many tries have failed. Try again in {words}."
        if minutes:
            sentence = (
                f"{sentence[:-1]}, or ask your account’s administrator or the agency "
                "for a password link."
            )
        super().__init__({field: sentence})


class Counter(NamedTuple):
    """Tries that are counted together. A success ends a counter unless it is shared."""

    subject: str
    network: str = ""
    most: int = MOST_FAILURES
    first_wait: timedelta = FIRST_WAIT
    is_shared: bool = False

    def wait_after(self, failures: int) -> timedelta:
        """Return the wait that follows a failure: none, then twice as long, to 1 h."""
        doublings = failures - self.most
        if doublings < 0:
            return NO_WAIT
        return min(LONGEST_WAIT, self.first_wait * (1 << min(doublings, 2)))


def claim_sign_in(email: str, network: str, browser: str) -> list[Counter]:
    """Count a try to sign in; return its counters. TooManyFailures.

    A browser that the user has signed in with before has a counter of its own. Every
    other try counts for the address and network together, for the address, and for the
    network.
    """
    everywhere = Counter(digest(email), "", MOST_OF_ALL_NETWORKS, LONGEST_WAIT, True)
    of_network = Counter("", network, most=2**31, is_shared=True)
    counters, pause = [Counter(digest(email), network), everywhere, of_network], NO_WAIT
    with audit_log.registry_transaction():
        at = _begin()
        if sessions.knows_browser(browser, email, at):
            counters = [Counter(sessions.failures_of_browser(browser, email))]
        elif found := _find(of_network):
            beyond = (found.failures - MOST_OF_A_NETWORK) // FAILURES_A_SECOND
            pause = timedelta(seconds=min(max(0, beyond), LONGEST_PAUSE))
        wait = _claim(counters, at, pause)
    if wait:
        raise TooManyFailures(wait)
    return counters


def succeeded(counters: list[Counter]) -> None:
    """Take back a try that was counted, in the caller's transaction."""
    for counter in counters:
        if (found := _find(counter)) is None:
            continue
        found.failures, found.wait_until = found.failures - 1, clock.now()
        if not counter.is_shared or not found.failures:
            db.session.delete(found)


def is_own_password(user: User, password: str, field: str) -> bool:
    """Return whether a user who has signed in knows their password; TooManyFailures."""
    with audit_log.registry_transaction():
        wait = _claim([Counter(digest(own_password(user)))], _begin(), NO_WAIT)
    if wait:
        raise TooManyFailures(wait, field)
    return passwords.matches(user.password_hash, password)


def own_password(user: User) -> str:
    """Name what signed-in users try; strangers cannot make that wait."""
    return f"the current password of {user.id}"


def forget_failures(subject: str) -> None:
    """Count anew from all networks, in the caller's transaction."""
    counted_so_far = SignInTries.subject == digest(subject)
    db.session.execute(delete(SignInTries).where(counted_so_far))


def _begin() -> datetime:
    """Delete the counters that have ended; return this moment."""
    at = clock.now()
    db.session.execute(delete(SignInTries).where(SignInTries.ends_at <= at))
    return at


def _claim(counters: list[Counter], at: datetime, pause: timedelta) -> timedelta:
    """Count a try in each counter, or return the wait before it can be made."""
    found = [_find(counter) for counter in counters]
    wait = max(tries.wait_until - at if tries else NO_WAIT for tries in found)
    if wait > NO_WAIT:
        return wait
    # A slow network's first try for an address only begins its wait. A thread that
    # slept instead would be one of eight, and a place in a line for the whole network
    # would be taken by the one who guesses: so everybody there waits side by side.
    if pause and found[0] is None:
        _new(counters[0], at).wait_until = at + pause
        return pause
    for counter, known in zip(counters, found, strict=True):
        tries = known or _new(counter, at)
        tries.failures += 1
        least = pause if counter == counters[0] else NO_WAIT
        tries.wait_until = at + max(least, counter.wait_after(tries.failures))
        tries.ends_at = max(tries.ends_at, tries.wait_until)
    return NO_WAIT


def _find(counter: Counter) -> SignInTries | None:
    return db.session.get(SignInTries, (counter.subject, counter.network))


def _new(counter: Counter, at: datetime) -> SignInTries:
    tries = SignInTries(subject=counter.subject, network=counter.network, failures=0)
    tries.wait_until, tries.ends_at = at, at + COUNTED_FOR
    db.session.add(tries)
    return tries
