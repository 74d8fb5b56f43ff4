"""The Declaration for API Users: its last day, and its status on a day."""

from datetime import date, timedelta

import pytest

from spv import clock
from spv.rules.errors import ValidationError
from spv.rules.ledger.statements import (
    API,
    MONTHS,
    TERMS,
    UPLOAD,
    DeclarationStatus,
    current_wording,
    last_day,
    read_declaration,
)
from tests.start_days import ON_THE_WALL, STARTS, begin_of, end_of, last_day_of


def test_start_days_are_many_and_do_not_overlap():
    assert len(STARTS) >= 40
    ends = [last_day_of(day) for day in STARTS]
    assert all(e < s for e, s in zip(ends, STARTS[1:], strict=False))


def test_three_calendar_months():
    for start, end in ON_THE_WALL.items():
        made, until = date.fromisoformat(start), date.fromisoformat(end)
        assert last_day(made) == last_day_of(made) == until, made
    for made in STARTS:
        assert last_day(made) == last_day_of(made), made
    assert MONTHS == 3


def test_three_calendar_months_from_every_day_of_nine_years():
    """With a leap year among them, and the year 2100, which is none."""
    for start in (date(2026, 1, 1), date(2096, 1, 1)):
        days = [start + timedelta(days=n) for n in range(9 * 365)]
        ends = [last_day(day) for day in days]
        assert ends == [last_day_of(day) for day in days]
        assert ends == sorted(ends)
        assert {(e - d).days for e, d in zip(ends, days, strict=True)} == {
            *range(89, 93)
        }


def test_days_begin_as_the_clock_of_the_app_has_it():
    """Both ways of computing moments in these tests agree."""
    for day in [*STARTS, *map(last_day_of, STARTS)]:
        assert clock.first_moment_of(day) == begin_of(day), day
        assert clock.day_of(end_of(day) - timedelta(microseconds=1)) == day
        assert clock.day_of(end_of(day)) == day + timedelta(days=1)


def test_it_is_current_through_its_last_day():
    for made in STARTS:
        until, day = last_day(made), timedelta(days=1)
        for today, is_current in ((made, True), (until, True), (until + day, False)):
            status = DeclarationStatus(until, today)
            assert status.is_current is is_current, (made, today)
    assert not DeclarationStatus(None, date(2026, 11, 22)).is_current


def test_the_status_in_words():
    until, day = date(2027, 2, 28), timedelta(days=1)
    table = [
        (None, 0, "Not made yet", "", 0),
        (until, -15, "Current until 28 February 2027", "15 days left", 0),
        (until, -14, "Current until 28 February 2027", "14 days left", 1),
        (until, -8, "Current until 28 February 2027", "8 days left", 1),
        (until, -7, "Current until 28 February 2027", "7 days left", 2),
        (until, -2, "Current until 28 February 2027", "2 days left", 2),
        (until, -1, "Current until 28 February 2027", "1 day left", 3),
        (until, 0, "Current until 28 February 2027", "Today is its last day", 3),
        (until, 1, "Lapsed on 1 March 2027; it was current until 28 February 2027",
         "Your systems cannot upload until it is made again", 4),
        (until, 400, "Lapsed on 1 March 2027; it was current until 28 February 2027",
         "Your systems cannot upload until it is made again", 4),
    ]  # fmt: skip
    for last, days, status, left, notice in table:
        standing = DeclarationStatus(last, until + days * day)
        found = standing.status, standing.left, standing.notice
        assert found == (status, left, notice), days
        assert standing.lapsed_on == (until + day if notice == 4 else None)


def test_the_days_that_have_passed():
    made, until, day = date(2026, 10, 18), date(2027, 1, 18), timedelta(days=1)
    for days, passed in ((-1, 0), (0, 0), (38, 38), (92, 92), (400, 92)):
        assert DeclarationStatus(until, made + days * day, made).span == (passed, 92)
    assert DeclarationStatus(made, made, made).span == (0, 1)
    assert DeclarationStatus(made, made, until).span == (0, 1)
    assert DeclarationStatus(None, made, made).span is None
    assert DeclarationStatus(until, made).span is None


def test_what_has_to_be_declared():
    for purpose in (UPLOAD, API, TERMS):
        newest, points = current_wording(purpose)
        assert points
        for yes in ("yes", "on", "y", "true", "1"):
            assert read_declaration(yes, newest, purpose) == newest
            assert read_declaration(yes, "", purpose) == newest
        for made, version in (
            ("", newest), ("no", newest), ("off", newest), ("yes", "2020-01-01"),
            ("yes", newest + " "), ("YES\0", newest),
        ):  # fmt: skip
            with pytest.raises(ValidationError) as error:
                read_declaration(made, version, purpose, field="box")
            assert list(error.value.problems) == ["box"], (made, version)
