"""The one clock. Moments are in UTC; days are those of Australian eastern time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Australia/Sydney")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def day_of(moment: datetime) -> date:
    """The calendar day of a moment in Australian eastern time."""
    return moment.astimezone(ZONE).date()


def today() -> date:
    """Today in Australian eastern time."""
    return day_of(now())
