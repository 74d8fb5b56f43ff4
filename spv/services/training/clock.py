"""The clock of a demonstration: trainers move the day of business, and nothing else.

The log is the only place that has it: each move is an event, so verification knows
which day of business an event was on.
"""

import json
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import StrEnum

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.ledger.statements import last_day
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MOVED = "training.clock_moved"
FIRST, LAST = date(2011, 1, 1), date(2035, 12, 31)
# The other processes of a server see a move after so many seconds.
KNOWN_FOR = 10


class Step(StrEnum):
    """The moves of the clock."""

    DAY = "day"
    WEEK = "week"
    THREE_MONTHS = "three-months"
    NEW_YEAR = "new-year"
    BACK = "back"


STEPS = {
    Step.DAY: "One day on",
    Step.WEEK: "One week on",
    Step.THREE_MONTHS: "Three months on",
    Step.NEW_YEAR: "To the next 1 January",
    Step.BACK: "Back to the real day",
}


class Days:
    """By how many days this process takes the day of business to be moved."""

    def __init__(self) -> None:
        self.days, self.read_at = 0, 0.0

    def __call__(self) -> int:
        """Return the days, which are read again after a few seconds."""
        if not self.read_at or time.monotonic() - self.read_at > KNOWN_FOR:
            # On a connection of its own: the session may be about to begin.
            newest = select(AuditEvent.details).where(AuditEvent.event == MOVED)
            newest = newest.order_by(AuditEvent.id.desc()).limit(1)
            # The page that says that the database does not answer asks, too.
            with suppress(SQLAlchemyError), db.engine.connect() as connection:
                found = connection.scalar(newest)
                self.keep(json.loads(found)["days"] if found else 0)
        return self.days

    def keep(self, days: int) -> None:
        """Keep what was read, or moved by this process."""
        self.days, self.read_at = days, time.monotonic()


def init_app(app: Flask) -> None:
    """Let the clock of a demonstration be moved."""
    app.extensions[clock.DAYS_MOVED] = Days()


def move(answers: dict[str, str], actor: Actor) -> date:
    """Move the day of business; return the new one. Raises ValidationError."""
    step = answers.get("move") or ""
    if step not in STEPS:
        raise ValidationError({"move": "Choose how far the clock moves."})
    with authorised_transaction(actor, Role.ASSESSOR):
        at = clock.now()
        real, today = clock.day_of(at), clock.today(at)
        day = _moved(Step(step), real, today)
        if not FIRST <= day <= LAST:
            raise ValidationError({"move": f"The clock goes to {LAST.year} at most."})
        days = (day - real).days
        audit_log.act(
            MOVED, actor, at, days=days, day_before=today.isoformat(),
            day=day.isoformat(),
        )  # fmt: skip
    current_app.extensions[clock.DAYS_MOVED].keep(days)
    return day


def _moved(step: Step, real: date, today: date) -> date:
    match step:
        case Step.DAY:
            return today + timedelta(days=1)
        case Step.WEEK:
            return today + timedelta(days=7)
        case Step.THREE_MONTHS:
            return last_day(today) + timedelta(days=1)
        case Step.NEW_YEAR:
            return date(today.year + 1, 1, 1)
    return real


class Moves:
    """Every move of the clock that the log has."""

    def __init__(self, events: Sequence[tuple[datetime, str]]) -> None:
        self._at = [at for at, _ in events]
        self._days = [0, *(json.loads(details)["days"] for _, details in events)]

    def day_of(self, at: datetime) -> date:
        """Return the day of business at a moment."""
        days: int = self._days[bisect_right(self._at, at)]
        return clock.day_of(at) + timedelta(days=days)


def moves() -> Moves:
    """Read every move of the clock from the log."""
    query = select(AuditEvent.at, AuditEvent.details).where(AuditEvent.event == MOVED)
    return Moves([*db.session.execute(query.order_by(AuditEvent.id))])
