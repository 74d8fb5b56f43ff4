"""The clock of a demonstration: trainers move the business date, and nothing else.

Only the log records the moves: each is an event, so verification knows the business
date of every event.
"""

import json
import time
from bisect import bisect_right
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from spv import clock
from spv.database import is_sqlite
from spv.extensions import db
from spv.models import AuditEvent
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.ledger.statements import last_day
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MOVED = "training.clock_moved"
LAST, MOST = date(2035, 12, 31), 10_000  # days
WAIT = 500  # milliseconds for a lock of PostgreSQL
KNOWN_FOR = 1  # second, until the other processes of a server see a move
# For this long after a move, verification also accepts the day before the move.
ALLOWED = timedelta(seconds=5)
# The moves of the clock, in words.
STEPS = {
    "day": "One day on",
    "week": "One week on",
    "three-months": "Three months on",
    "new-year": "To the next 1 January",
    "back": "Back to the real day",
}
_MOVES = select(AuditEvent.at, AuditEvent.details).filter_by(event=MOVED)
_MOVES = _MOVES.order_by(AuditEvent.id)


class Moves:
    """Moves of the clock, from the moments and the details of their events."""

    def __init__(self, events: Iterable[Any] = ()) -> None:
        found = [(at, _days(details)) for at, details in events]
        self._at = [at for at, _ in found]
        self._days = [0, *(days for _, days in found)]

    def days(self, at: datetime) -> int:
        """Return by how many days the business date was moved at a moment."""
        return self._days[bisect_right(self._at, at)]

    def earliest_day(self, at: datetime) -> date:
        """Return the earliest business date that a process may have used."""
        first, last = (bisect_right(self._at, each) for each in (at - ALLOWED, at))
        return clock.day_of(at) + timedelta(days=min(self._days[first : last + 1]))


class Days:
    """The days by which the business date is moved, as far as this process knows."""

    def __init__(self, read_at: float = float("-inf")) -> None:
        self._moves, self._read_at = Moves(), read_at

    def __call__(self, at: datetime) -> int:
        """Return the days at a moment; the moves are read again after a second."""
        if time.monotonic() - self._read_at > KNOWN_FOR:
            self.read()
        return self._moves.days(at)

    def read(self) -> None:
        """Read the moves again; keep them while there is no database, for error pages.

        They are read on a separate connection, because the session may be about to
        begin a transaction. A locked log must not delay the page more than once.
        """
        self._read_at = time.monotonic()  # at first: other threads need not read, too
        with suppress(DBAPIError, PoolTimeout), db.engine.connect() as connection:
            if not is_sqlite():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAIT}")
            self._moves = Moves(connection.execute(_MOVES))
        self._read_at = time.monotonic()


def init_app(app: Flask) -> None:
    """Let the clock of a demonstration be moved."""
    app.extensions[clock.DAYS_MOVED] = Days()


def read_again() -> None:
    """Read the moves of other processes, too."""
    current_app.extensions[clock.DAYS_MOVED].read()


def move(answers: dict[str, str], actor: Actor) -> date:
    """Move the business date; return the new one. Raises ValidationError."""
    step = answers.get("move") or ""
    if step not in STEPS:
        raise ValidationError({"move": "Choose how far the clock moves."})
    with authorised_transaction(actor, Role.ASSESSOR):
        read_again()
        at = clock.now()
        real, today = clock.day_of(at), clock.today(at)
        day = {
            "day": today + timedelta(days=1),
            "week": today + timedelta(days=7),
            "three-months": last_day(today) + timedelta(days=1),
            "new-year": date(today.year + 1, 1, 1),
            "back": real,
        }[step]
        if day > LAST:
            raise ValidationError({"move": f"The clock goes to {LAST.year} at most."})
        audit_log.act(
            MOVED, actor, at, days=(day - real).days, day_before=today.isoformat(),
            day=day.isoformat(),
        )  # fmt: skip
    read_again()
    return day


def _days(details: str) -> int:
    """Return the days that an event has; 0 if somebody has tampered with it."""
    with suppress(ValueError, KeyError, TypeError):
        days = json.loads(details)["days"]
        return days if days in range(MOST) else 0
    return 0


def moves() -> Moves:
    """Read every move of the clock from the log, in the caller's transaction."""
    return Moves(db.session.execute(_MOVES))
