"""The calculation: worked examples, the working, the warnings."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from spv.rules.errors import ValidationError
from spv.rules.stc.figures import LAST_CHECKED, deeming_period
from spv.rules.stc.systems import read_installation
from spv.rules.text import format_date
from tests.examples import BOUNDARIES, EXAMPLES, MODULES, battery, solar, turbine

TODAY = date(2026, 11, 22)


def work_out(answers, today=TODAY):
    return read_installation(answers).calculate(today)


@pytest.mark.parametrize("example", [*EXAMPLES, *BOUNDARIES], ids=str)
def test_certificates(example):
    assert work_out(example.answers).certificates == example.certificates


def test_published_mistakes_are_not_repeated():
    """63 and 74 for 6.6 kW multiply by the rating twice."""
    assert work_out(solar("6.6", "2150", "2026-06-30")).certificates not in (63, 74)


@pytest.mark.parametrize(
    ("year", "years"),
    [(2001, 15), (2015, 15), (2016, 15), (2017, 14), (2025, 6), (2026, 5), (2027, 4),
     (2028, 3), (2029, 2), (2030, 1)],
)  # fmt: skip
def test_deeming_period(year, years):
    assert deeming_period(date(year, 6, 1)) == years


def lines(answers):
    steps = read_installation(answers).working()
    return [f"{s.label}: {s.operation} = {s.result} {s.unit}" for s in steps]


def test_working_of_solar():
    assert lines(solar("6.6", "2150", "2026-06-30", "10")) == [
        "Zone: Postcode 2150 = Zone 3 ",
        "Zone rating: Zone 3 = 1.382 MWh a year per kW",
        "Deeming period: Lower of 15 and 2031 − 2026 = 5 years",
        "Years used: Lower of 5 (deeming period) and 10 (10 years) = 5 years",
        "Output in a year: 6.6 kW × 1.382 = 9.1212 MWh",
        "Limit of a year: 9.1212 MWh, at most 250 MWh = within ",
        "Output over the years used: 6.6 kW × 1.382 × 5 = 45.606 MWh",
        "Certificates: 45.606 rounded down = 45 STCs",
    ]


def test_working_of_wind():
    assert lines(turbine("wind", "6", "2027-06-30", "5", "2400")) == [
        "Hours of resource availability: Higher of 2,000 and 2,400 (site assessment)"
        " = 2,400 hours a year",
        "Output in a year: 0.00095 × 6 kW × 2,400 hours = 13.68 MWh",
        "Limit of a year: 13.68 MWh, at most 25 MWh = within ",
        "Years left in the scheme: 2031 − 2027 = 4 years",
        "Years used: Lower of 4 (years left) and 5 (Five Years) = 4 years",
        "Output over the years used: 13.68 MWh × 4 = 54.72 MWh",
        "Certificates: 54.72 rounded down = 54 STCs",
    ]


def test_working_of_a_small_turbine():
    assert lines(turbine("wind", "0.3", "2026-06-30", "1"))[-1] == (
        "Certificates: 0.57, at least 0.5, rounded up = 1 STC"
    )


def test_working_of_the_last_year():
    working = lines(solar("1", "2150", "2030-06-30", "1"))
    assert working[2:4] == [
        "Deeming period: Lower of 15 and 2031 − 2030 = 1 year",
        "Years used: Lower of 1 (deeming period) and 1 (One Year) = 1 year",
    ]
    assert working[-1] == "Certificates: 1.382 rounded down = 1 STC"


def test_working_of_a_battery():
    assert lines(battery("60", "2026-06-15")) == [
        "Usable capacity that counts: Lower of 60 and 50 = 50 kWh",
        "Weighted capacity: 14 × 100 % + 14 × 60 % + 22 × 15 % = 25.7 kWh",
        "STC factor: Installed on 15 June 2026 = 6.8 STCs per kWh",
        "Capacity × factor: 25.7 kWh × 6.8 = 174.76 STCs before rounding",
        "Certificates: 174.76 rounded down = 174 STCs",
    ]


def test_working_of_a_battery_of_modules():
    assert lines(MODULES)[:2] == [
        "Usable capacity: 5 modules × 2.76 kWh = 13.8 kWh",
        "Usable capacity that counts: Lower of 13.8 and 50 = 13.8 kWh",
    ]


LATE, TABLE = "No STCs can be created any more: the 12 months ended", "1 January 2020"
WARNINGS = [
    (solar("6.6", "2150", "2026-06-30"), []),
    (solar("6.6", "2150", "2025-11-22"), []),
    (solar("6.6", "2150", "2025-11-21"), [f"{LATE} on 21 November 2026."]),
    (solar("6.6", "2150", "2024-02-29"), [f"{LATE} on 28 February 2025."]),
    (solar("6.6", "2150", "2028-06-30", "5"), ["You chose Five Years. For an "
     "installation in 2028 the limit is lower: only 3 years can be used"]),
    (solar("6.6", "2150", "2030-06-30", "10"), ["lower: only 1 year can be used"]),
    (solar("6.6", "2150", "2020-01-01"), [LATE]),
    (solar("6.6", "2150", "2019-12-31"), [LATE, TABLE]),
    (solar("6.6", "2150", "2011-06-30"), [LATE, TABLE, "multiplier of 5 on its first"]),
    (solar("6.6", "2150", "2011-07-01"), [LATE, TABLE, "multiplier of 3 on its first"]),
    (solar("6.6", "2150", "2012-07-01"), [LATE, TABLE, "multiplier of 2 on its first"]),
    (solar("6.6", "2150", "2012-12-31"), [LATE, TABLE, "multiplier of 2 on its first"]),
    (solar("6.6", "2150", "2013-01-01"), [LATE, TABLE, "made before 16 November 2012, "
     "the Solar Credits multiplier still applied until 30 June 2013"]),
    (solar("6.6", "2150", "2013-07-01"), [LATE, TABLE]),
    (turbine("wind", "6", "2011-06-30", "5"), [LATE, "Solar Credits"]),
    (solar("100", "2150", "2026-09-30"), ["have. With more it earns no STCs"]),
    (solar("100", "2150", "2026-10-01"), ["Ask the agency whether it is in force"]),
    (turbine("wind", "10", "2026-10-01", "1"), ["10 kW is the most that a wind"]),
    (turbine("hydro", "6.4", "2026-06-30", "1"), ["6.4 kW is the most that a"]),
    (solar("6.6", "1001", "2026-06-30"), ["Postcode 1001 is for post office boxes"]),
    (solar("6.6", "8001", "2026-06-30"), ["Postcode 8001 is for post office boxes"]),
    (solar("6.6", "0000", "2026-06-30"), ["or not in use"]),
    (solar("6.6", "9999", "2026-06-30"), ["nobody can install a system there"]),
    (solar("6.6", "0800", "2026-06-30"), []),
    (battery("50", "2026-06-15"), []),
    (battery("50.1", "2026-06-15"), ["Only the first 50 kWh of usable capacity"]),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "expected"), WARNINGS)
def test_warnings(answers, expected):
    warnings = work_out(answers).warnings
    assert len(warnings) == len(expected), warnings
    for warning, words in zip(warnings, expected, strict=True):
        assert words in warning


@pytest.mark.parametrize(("days", "is_warned"), [(0, False), (120, False), (121, True)])
def test_figures_that_were_checked_long_ago(days, is_warned):
    installation = read_installation(solar("6.6", "2150", "2027-06-30"))
    today = LAST_CHECKED + timedelta(days=days)
    warnings = installation.calculate(today).warnings
    words = f"last checked on {format_date(LAST_CHECKED)}, more than 120 days before"
    assert [words in warning for warning in warnings] == [True] * is_warned


def test_the_announced_change():
    """150 kW, on the last day before it and on its first day."""
    for day, words in (
        ("2026-09-30", "Enter a smaller rated power output."),
        ("2026-10-01", "Ask the agency whether it is in force."),
    ):
        for power, expected in (("150", words), ("1001", "Enter a smaller")):
            with pytest.raises(ValidationError, match=expected) as refused:
                read_installation(solar(power, "2150", day))
            assert "at most 100 kW to earn STCs" in str(refused.value)


def stages(answers, today=TODAY):
    found = read_installation(answers).stages(today)
    assert all(one.last_day < other.first_day for one, other in pairwise(found))
    return [(each.first_day.isoformat(), each.certificates) for each in found]


def test_what_waiting_costs_by_year():
    assert stages(solar("6.6", "2150", "2026-06-30")) == [
        ("2026-06-30", 45), ("2027-01-01", 36), ("2028-01-01", 27),
        ("2029-01-01", 18), ("2030-01-01", 9),
    ]  # fmt: skip


def test_what_waiting_costs_without_years_that_are_over():
    assert stages(solar("6.6", "2150", "2024-02-29"))[:2] == [
        ("2024-02-29", 63), ("2026-01-01", 45),
    ]  # fmt: skip
    on_its_last_day = stages(solar("6.6", "2150", "2024-02-29"), date(2025, 12, 31))
    assert on_its_last_day[:2] == [("2024-02-29", 63), ("2025-01-01", 54)]


def test_what_waiting_costs_by_the_steps_of_a_battery():
    assert stages(battery("13.5", "2026-11-25")) == [
        ("2026-11-25", 91), ("2027-01-01", 76), ("2027-07-01", 70),
        ("2028-01-01", 62), ("2028-07-01", 55), ("2029-01-01", 48),
        ("2029-07-01", 41), ("2030-01-01", 35), ("2030-07-01", 28),
    ]  # fmt: skip
    last = read_installation(battery("13.5", "2026-11-25")).stages(TODAY)[0].last_day
    assert last == date(2026, 12, 31)


def test_what_waiting_costs_is_one_line_for_each_number():
    assert stages(solar("6.6", "2150", "2026-06-30", "1")) == [("2026-06-30", 9)]
