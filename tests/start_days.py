"""Days on which declarations for API users are made, and when they end.

Reckoned from the words of the rule and not by the program: three calendar months in
Australian eastern time, to the same day of the month, or to the last where it has no
such day. Nor by a table of time zones: Sydney's clocks go forward on the first Sunday
of October and back on the first Sunday of April, both after midnight.
"""

from datetime import UTC, date, datetime, timedelta

# Each after the end of the one before, so that one account can make them all.
_DAYS = """
    2027-01-31 2027-05-31 2027-10-03 2028-02-29 2028-07-04 2028-11-29 2029-03-31
    2029-07-31 2029-11-30 2030-04-07 2030-10-06 2031-01-31 2031-05-30 2031-08-31
    2031-12-31 2032-04-04 2032-08-29 2032-11-30 2033-03-01 2033-07-30 2033-11-29
    2034-03-01 2034-06-30 2034-10-01 2035-01-08 2035-05-01 2035-08-29 2035-11-30
    2036-03-31 2036-07-05 2036-10-06 2037-04-05 2037-08-31 2037-12-01 2038-03-31
    2038-07-03 2038-10-31 2039-02-01 2039-08-27 2039-11-28 2040-02-29 2040-05-31
    2040-09-30 2040-12-31 2044-02-28 2099-11-30
    """
STARTS = [*map(date.fromisoformat, _DAYS.split())]
# The ends of some, as a calendar on the wall has them.
ON_THE_WALL = {
    "2027-01-31": "2027-04-30",
    "2027-05-31": "2027-08-31",
    "2027-10-03": "2028-01-03",
    "2028-02-29": "2028-05-29",
    "2028-11-29": "2029-02-28",
    "2029-03-31": "2029-06-30",
    "2029-11-30": "2030-02-28",
    "2031-12-31": "2032-03-31",
    "2033-11-29": "2034-02-28",
    "2035-11-30": "2036-02-29",
    "2038-10-31": "2039-01-31",
    "2039-11-28": "2040-02-28",
    "2040-02-29": "2040-05-29",
    "2040-09-30": "2040-12-30",
    "2099-11-30": "2100-02-28",
}


def month_after(first):
    """The first day of the next month, from the first day of one."""
    return (first + timedelta(days=32)).replace(day=1)


def last_day_of(made):
    """The last day of a declaration, counted forward month by month."""
    first = month_after(month_after(month_after(made.replace(day=1))))
    same = first + timedelta(days=made.day - 1)
    return min(same, month_after(first) - timedelta(days=1))


def first_sunday(year, month):
    """The first Sunday of a month."""
    days = (date(year, month, day) for day in range(1, 8))
    return next(day for day in days if day.isoweekday() == 7)


def begin_of(day):
    """The moment at which a day begins in Sydney."""
    is_winter = first_sunday(day.year, 4) < day <= first_sunday(day.year, 10)
    offset = timedelta(hours=10 if is_winter else 11)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - offset


def end_of(day):
    """The first moment after a day in Sydney."""
    return begin_of(day + timedelta(days=1))
