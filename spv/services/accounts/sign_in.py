"""Sign up, sign in and sign out; count failed sign-ins and make them wait."""

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
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.formatting import join_words, pluralise
from spv.rules.text import network_of, read_all
from spv.services import audit_log
from spv.services.accounts import passwords, sessions
from spv.services.accounts.sessions import digest
from spv.services.actor import Actor
from spv.services.authorisation import suspension_of
from spv.services.retention import kept_for

SHARED = (
    "Everybody who looks at this demonstration shares this person, whose password and "
    "role cannot be changed, and who cannot be removed or signed out everywhere. "
    "Nothing was done. Sign up, or add a user, to have a person whom you can change."
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
    password_hash = passwords.hash_of(given["password"])
    with audit_log.registry_transaction():
        at, made = clock.now(), []
        if user_of(email) is None:
            made = [User(name=name, email=email, created_at=at)]
            made[0].password_hash = password_hash
            db.session.add_all(made)
        event = "user.signed_up" if made else "user.sign_up_refused"
        audit_log.act(event, actor, at, changed=made, email=email, name=name)


def sign_in(
    answers: Mapping[str, str], actor: Actor, instead_of: str = "", browser: str = ""
) -> str:
    """Start a session, and return its token.

    `instead_of` is the token of the session that the browser had before, which ends.
    `browser` is the id of the browser, which becomes known. Raises ValidationError with
    one sentence for all that may be wrong, and TooManyFailures. After the right
    password of somebody whom the agency has suspended, the sentence has the reason.
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
            if suspended is None:
                token = sessions.start(user, at, instead_of)
                sessions.remember_browser(user, browser, at)
                audit_log.act("user.signed_in", actor, at)
                return token
            audit_log.act("user.sign_in_refused", actor, at)
        else:
            # Without the address that was typed, which may have been the password.
            user_id = user.id if user else None
            audit_log.act("user.sign_in_failed", actor, at, subject=user_id)
    if suspended:
        raise ValidationError({"email": str(suspended)})
    raise ValidationError({"email": "The email address or the password is wrong."})


def is_shared(user: User) -> bool:
    """Tell whether everybody may use a user: the people of a demonstration.

    In production, a user who was made for a demonstration is shut out instead.
    """
    return user.is_demonstration and current_app.config["SPV_ENVIRONMENT"] == "demo"


def is_shared_account(account_id: int | None) -> bool:
    """Return whether an account is that of a person whom everybody shares."""
    of_account = User.account_id == (account_id or 0)
    people = db.session.scalars(select(User).where(of_account, User.is_demonstration))
    return any(map(is_shared, people))


def check_not_shared(user: User) -> None:
    """Raise ConflictError for a person whom everybody shares."""
    if is_shared(user):
        raise ConflictError(SHARED)


def uses_card(email: str, password: str) -> bool:
    """Tell whether a sign-in is that of a card, which nothing else may hold up."""
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
        check_not_shared(db.session.get_one(User, actor.user_id))
        sessions.revoke(actor.user_id)
        audit_log.act("user.signed_out_everywhere", actor, clock.now())


def user_of(email: str) -> User | None:
    """Return the user who signs in with an email address."""
    try:
        address = read_email(email)
    except ValueError:
        return None
    query = select(User).where(User.email == address, User.removed_at.is_(None))
    return db.session.scalar(query)


def acting_as(user: User, actor: Actor) -> Actor:
    """Return the actor as this user."""
    return replace(actor, name=user.email, user_id=user.id, account_id=user.account_id)


FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=15), timedelta(hours=1)
MOST_FAILURES = 5
MOST_OF_ALL_NETWORKS = 100
# A network of many users fails often. Beyond this number of failures it waits a second
# longer for each ten failures, up to the longest pause.
MOST_OF_A_NETWORK = 100
FAILURES_A_SECOND = 10
LONGEST_PAUSE = 30
NO_WAIT = timedelta()


class TooManyFailures(ValidationError):
    """Too many wrong passwords: the next try, right or wrong, has to wait.

    `retry_after` is the wait in seconds.
    """

    http_status = 429

    def __init__(self, wait: timedelta, field: str = "email") -> None:
        self.retry_after = ceil(wait.total_seconds())
        minutes, seconds = divmod(self.retry_after, 60)
        parts = [(minutes, "minute"), (seconds, "second")]
        words = join_words(pluralise(number, unit) for number, unit in parts if number)
        sentence = f"Too many failed attempts. Try again in {words}"
        if minutes:
            sentence += (
                ", or ask your account’s administrator or the agency for a password "
                "link"
            )
        super().__init__({field: f"{sentence}."})


class Counter(NamedTuple):
    """A counter of failed sign-ins. A success ends it, unless it is shared."""

    subject: str
    network: str = ""
    most: int = MOST_FAILURES
    first_wait: timedelta = FIRST_WAIT
    is_shared: bool = False

    def wait_after(self, failures: int) -> timedelta:
        """Return the wait after a failure: none, later twice the last, up to 1 hour."""
        doublings = failures - self.most
        if doublings < 0:
            return NO_WAIT
        return min(LONGEST_WAIT, self.first_wait * (1 << min(doublings, 2)))


def count_sign_in(email: str, network: str, browser: str) -> list[Counter]:
    """Count a try to sign in as failed, and return its counters.

    It is counted before the password is compared, so that parallel tries cannot slip
    by. A browser that the user has signed in with before has a counter of its own. Any
    other try counts for the address and network together, for the address, and for the
    network. Raises TooManyFailures.
    """
    everywhere = Counter(digest(email), "", MOST_OF_ALL_NETWORKS, LONGEST_WAIT, True)
    of_network = Counter("", network, most=2**31, is_shared=True)
    counters, pause = [Counter(digest(email), network), everywhere, of_network], NO_WAIT
    with audit_log.registry_transaction():
        at = _delete_ended()
        if sessions.knows_browser(browser, email, at):
            counters = [Counter(digest(sessions.failures_of_browser(browser, email)))]
        elif found := _find(of_network):
            beyond = (found.failures - MOST_OF_A_NETWORK) // FAILURES_A_SECOND
            pause = timedelta(seconds=min(max(0, beyond), LONGEST_PAUSE))
        wait = _count(counters, at, pause)
    if wait:
        raise TooManyFailures(wait)
    return counters


def take_back(counters: list[Counter]) -> None:
    """Take back a try that was counted as failed, in the caller's transaction."""
    for counter in counters:
        if (found := _find(counter)) is None:
            continue
        found.failures, found.wait_until = found.failures - 1, clock.now()
        if not counter.is_shared or not found.failures:
            db.session.delete(found)


def is_own_password(user: User, password: str, field: str) -> bool:
    """Return whether a password is that of a user who has signed in.

    Raises TooManyFailures on a field.
    """
    with audit_log.registry_transaction():
        counter = Counter(digest(own_password(user)))
        wait = _count([counter], _delete_ended(), NO_WAIT)
    if wait:
        raise TooManyFailures(wait, field)
    return passwords.matches(user.password_hash, password)


def own_password(user: User) -> str:
    """Return the subject under which the failures of a signed-in user are counted.

    It is not the email address, so that failures of strangers do not make users wait.
    """
    return f"the current password of {user.id}"


def _delete_ended() -> datetime:
    """Delete the counters that have ended; return the current time."""
    at = clock.now()
    db.session.execute(delete(SignInTries).where(SignInTries.ends_at <= at))
    return at


def _count(counters: list[Counter], at: datetime, pause: timedelta) -> timedelta:
    """Count a failure in each counter, or return the wait before the next try."""
    ends_at = at + kept_for("SPV_DAYS_SIGN_IN_COUNTERS")
    new = {"failures": 0, "wait_until": at, "ends_at": ends_at}
    every = [
        _find(each) or SignInTries(subject=each.subject, network=each.network, **new)
        for each in counters
    ]
    wait = max(tries.wait_until - at for tries in every)
    if wait > NO_WAIT:
        return wait
    is_first = every[0] not in db.session
    db.session.add(every[0])
    # In a slowed network, the first try for an address only starts its wait, and all
    # users wait at the same time. A thread that slept would be one of only eight, and
    # whoever guesses would take every place of a queue for the network.
    if pause and is_first:
        every[0].wait_until = at + pause
        return pause
    db.session.add_all(every)
    for counter, tries in zip(counters, every, strict=True):
        tries.failures += 1
        least = pause if counter == counters[0] else NO_WAIT
        tries.wait_until = at + max(least, counter.wait_after(tries.failures))
        tries.ends_at = max(tries.ends_at, tries.wait_until)
    return NO_WAIT


def _find(counter: Counter) -> SignInTries | None:
    return db.session.get(SignInTries, (counter.subject, counter.network))
