"""The one clock. Moments are in UTC; days are those of Australian eastern time."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from spv.rules.formatting import format_date

ZONE = ZoneInfo("Australia/Sydney")


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


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


def today() -> date:
    """Return today's date in Australian eastern time."""
    return day_of(now())
