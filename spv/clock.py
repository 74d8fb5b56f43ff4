"""The one clock. Moments are in UTC; days are those of Australian eastern time.

The business date is the day by which declarations lapse and figures apply. The trainers
of a demonstration can move it. Moments stay real, except inside `clock.at`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from flask import current_app

from spv.rules.text import format_date

ZONE = ZoneInfo("Australia/Sydney")
DAYS_MOVED = "days_moved"  # an extension that only a demonstration has
_OTHER: ContextVar[Iterator[datetime] | None] = ContextVar("other time", default=None)


def now() -> datetime:
    """Return this moment in UTC."""
    other = _OTHER.get()
    return next(other) if other else datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run a block of a demonstration at another moment; `now()` moves on by seconds."""
    if current_app.config["SPV_ENVIRONMENT"] != "demo":
        raise RuntimeError("Only a demonstration can have another time.")
    before = _OTHER.set(moment + timedelta(seconds=second) for second in count())
    try:
        yield
    finally:
        _OTHER.reset(before)


def day_of(moment: datetime) -> date:
    """Return the calendar day of a moment in Australian eastern time."""
    return moment.astimezone(ZONE).date()


def first_moment_of(day: date) -> datetime:
    """Return the beginning of a day in Australian eastern time."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def format_moment(moment: datetime, time: str = "%H:%M") -> str:
    """Write a moment in words, such as 1 May 2026, 14:05 AEST."""
    local = moment.astimezone(ZONE)
    return f"{format_date(local)}, {local:{time} %Z}"


@lru_cache
def format_short_date(moment: datetime) -> str:
    """Write the day of a moment in short, such as 1 Nov 2026."""
    day = day_of(moment)
    return f"{day.day} {day:%b %Y}"


def today(at: datetime | None = None) -> date:
    """Return the business date, now or at a moment, in Australian eastern time."""
    at = at or now()
    return day_of(at) + timedelta(days=days_moved(at))


def real_day() -> date:
    """Return the day of this moment, which no trainer moves."""
    return day_of(now())


def days_moved(at: datetime | None = None) -> int:
    """Return by how many days trainers had moved the business date at a moment."""
    days = current_app.extensions.get(DAYS_MOVED)
    return days(at or now()) if days else 0
