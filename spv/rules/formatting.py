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
    """Write how long ago something was: 18 hours ago, 3 days ago."""
    hours = int(age.total_seconds() // 3600)
    if hours >= 48:
        return f"{pluralise(hours // 24, 'day')} ago"
    return f"{pluralise(hours, 'hour')} ago" if hours > 0 else "less than an hour ago"
