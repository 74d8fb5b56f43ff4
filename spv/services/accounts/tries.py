"""Count failed sign-ins and codes, and make the next attempts wait."""

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from sqlalchemy import delete

from spv import clock
from spv.extensions import db
from spv.models import SignInTries, User
from spv.rules.errors import ValidationError
from spv.rules.text import join_words, pluralise
from spv.services import audit_log
from spv.services.accounts import passwords, sessions
from spv.services.accounts.sessions import digest
from spv.services.retention import kept_for

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=15), timedelta(hours=1)
MOST_FAILURES = 5
MOST_OF_ALL_NETWORKS = 100
# A network of many users fails often. Beyond this number of failures it waits a second
# longer for each ten failures, up to the longest pause.
MOST_OF_A_NETWORK = 100
FAILURES_A_SECOND = 10
LONGEST_PAUSE = 30
NO_WAIT = timedelta()
LINK_HELPS = ", or ask your account’s administrator or the agency for a password link"


class TooManyFailures(ValidationError):
    """Too many wrong passwords: the next attempt, right or wrong, has to wait.

    `retry_after` is the wait in seconds.
    """

    http_status = 429

    def __init__(
        self, wait: timedelta, field: str = "email", advice: str = LINK_HELPS
    ) -> None:
        self.retry_after = ceil(wait.total_seconds())
        minutes, seconds = divmod(self.retry_after, 60)
        parts = [(minutes, "minute"), (seconds, "second")]
        words = join_words(pluralise(number, unit) for number, unit in parts if number)
        sentence = f"Too many failed attempts. Try again in {words}"
        super().__init__({field: f"{sentence}{advice if minutes else ''}."})


class Counter(NamedTuple):
    """A counter of failed sign-ins. A success ends it, unless it is shared."""

    subject: str
    network: str = ""
    most: int = MOST_FAILURES
    first_wait: timedelta = FIRST_WAIT
    is_shared: bool = False

    def wait_after(self, failures: int) -> timedelta:
        """Return the wait after a failure: none at first, then doubled up to 1 hour."""
        doublings = failures - self.most
        if doublings < 0:
            return NO_WAIT
        return min(LONGEST_WAIT, self.first_wait * (1 << min(doublings, 2)))


def count_sign_in(email: str, network: str, browser: str) -> list[Counter]:
    """Count an attempt to sign in as failed, and return its counters.

    It is counted before the password is compared, so that parallel attempts cannot slip
    by. A browser that the user has signed in with before has a counter of its own. Any
    other attempt counts for the address and network together, for the address, and for
    the network. Raises TooManyFailures.
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
    """Take back an attempt that was counted as failed, in the caller's transaction."""
    for counter in counters:
        if (found := _find(counter)) is None:
            continue
        found.failures, found.wait_until = found.failures - 1, clock.now()
        if not counter.is_shared or not found.failures:
            db.session.delete(found)


def is_own_password(user: User, password: str, field: str) -> bool:
    """Compare the password of a user who has signed in; raises TooManyFailures."""
    with audit_log.registry_transaction():
        count_try(own_password(user), field)
    return passwords.matches(user.password_hash, password)


def count_try(subject: str, field: str, advice: str = LINK_HELPS) -> Counter:
    """Count an attempt as failed, in the caller's transaction; return its counter.

    Raises TooManyFailures on a field.
    """
    counter = Counter(digest(subject))
    if wait := _count([counter], _delete_ended(), NO_WAIT):
        raise TooManyFailures(wait, field, advice)
    return counter


def end_wait(subject: str) -> None:
    """Forget the failures of a subject, in the caller's transaction."""
    take_back([Counter(digest(subject))])


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
    """Count a failure in each counter, or return the wait before the next attempt."""
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
    # In a slowed network, the first attempt for an address only starts its wait, and
    # all users wait at the same time. A thread that slept would be one of only eight,
    # and whoever guesses would take every place of a queue for the network.
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
