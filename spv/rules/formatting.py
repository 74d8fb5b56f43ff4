"""Numbers, days and lists in words."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache


def format_decimal(number: Decimal) -> str:
    """Write a number without exponent or trailing zeros, with commas from 1,000."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache
def format_date(day: date) -> str:
    """Write a day in words, such as 1 May 2026."""
    return f"{day.day} {day:%B %Y}"


def pluralise(number: int, one: str) -> str:
    """Write a number of things: 1 year, 5 years, 1,234 STCs."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def join_words(words: Iterable[str], conjunction: str = "and") -> str:
    """Join words as in a sentence: a, b and c."""
    *before, last = words
    return f"{', '.join(before)} {conjunction} {last}" if before else last


def format_age(age: timedelta) -> str:
    """Write how long ago something was: just now, 18 hours ago, 3 days ago."""
    minutes = max(0, int(age.total_seconds() // 60))
    for length, unit in ((2880, "day"), (120, "hour")):
        if minutes >= length:
            return f"{pluralise(minutes // (length // 2), unit)} ago"
    return f"{pluralise(minutes, 'minute')} ago" if minutes else "just now"
