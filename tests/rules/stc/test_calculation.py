"""The calculation: worked examples, the working, the warnings."""

from datetime import date

import pytest

from spv.rules.stc.calculation import deeming_period
from spv.rules.stc.systems import read_installation
from tests.examples import BOUNDARIES, EXAMPLES, battery, solar, turbine

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


def lines(calculation):
    return [
        f"{s.label}: {s.operation} = {s.result} {s.unit}" for s in calculation.steps
    ]


def test_working_of_solar():
    assert lines(work_out(solar("6.6", "2150", "2026-06-30", "10"))) == [
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
    assert lines(work_out(turbine("wind", "6", "2027-06-30", "5", "2400"))) == [
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
    assert lines(work_out(turbine("wind", "0.3", "2026-06-30", "1")))[-1] == (
        "Certificates: 0.57, at least 0.5, rounded up = 1 STC"
    )


def test_working_of_the_last_year():
    working = lines(work_out(solar("1", "2150", "2030-06-30", "1")))
    assert working[2:4] == [
        "Deeming period: Lower of 15 and 2031 − 2030 = 1 year",
        "Years used: Lower of 1 (deeming period) and 1 (One Year) = 1 year",
    ]
    assert working[-1] == "Certificates: 1.382 rounded down = 1 STC"


def test_working_of_a_battery():
    assert lines(work_out(battery("60", "2026-06-15"))) == [
        "Usable capacity that counts: Lower of 60 and 50 = 50 kWh",
        "Weighted capacity: 14 × 100 % + 14 × 60 % + 22 × 15 % = 25.7 kWh",
        "STC factor: Installed on 15 June 2026 = 6.8 STCs per kWh",
        "Capacity × factor: 25.7 kWh × 6.8 = 174.76 STCs before rounding",
        "Certificates: 174.76 rounded down = 174 STCs",
    ]


EARLY = ["12 months", "1 January 2020"]
WARNINGS = [
    (solar("6.6", "2150", "2026-06-30"), []),
    (solar("6.6", "2150", "2025-11-22"), []),
    (solar("6.6", "2150", "2025-11-21"), ["12 months of installation. For "
     "this system that time ended on 21 November 2026"]),
    (solar("6.6", "2150", "2024-02-29"), ["ended on 28 February 2025"]),
    (solar("6.6", "2150", "2028-06-30", "5"), ["You chose Five Years. For an "
     "installation in 2028 the limit is lower: only 3 years can be used"]),
    (solar("6.6", "2150", "2030-06-30", "10"), ["lower: only 1 year can be used"]),
    (solar("6.6", "2150", "2020-01-01"), ["12 months"]),
    (solar("6.6", "2150", "2019-12-31"), ["12 months", "since 1 January 2020"]),
    (solar("6.6", "2150", "2009-06-08"), EARLY),
    (solar("6.6", "2150", "2009-06-09"), [*EARLY, "Solar Credits"]),
    (solar("6.6", "2150", "2012-12-31"), [*EARLY, "Solar Credits"]),
    (solar("6.6", "2150", "2013-01-01"), EARLY),
    (solar("100", "2150", "2026-06-30"), ["100 kW is the most that a solar"]),
    (turbine("wind", "10", "2026-06-30", "1"), ["10 kW is the most that a wind"]),
    (turbine("hydro", "6.4", "2026-06-30", "1"), ["6.4 kW is the most that a"]),
    (turbine("wind", "6", "2010-06-30", "5"), ["12 months", "Solar Credits"]),
    (battery("50", "2026-06-15"), []),
    (battery("50.1", "2026-06-15"), ["Only the first 50 kWh of usable capacity"]),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "expected"), WARNINGS)
def test_warnings(answers, expected):
    warnings = work_out(answers).warnings
    assert len(warnings) == len(expected), warnings
    for warning, words in zip(warnings, expected, strict=True):
        assert words in warning


def test_certificates_by_year_of_installation():
    installation = read_installation(solar("6.6", "2150", "2026-06-30"))
    expected = {2026: 45, 2027: 36, 2028: 27, 2029: 18, 2030: 9}
    assert installation.certificates_by_year(TODAY) == expected


def test_certificates_by_year_since_an_earlier_year():
    installation = read_installation(solar("6.6", "2150", "2024-02-29"))
    by_year = installation.certificates_by_year(TODAY)
    assert list(by_year) == [2024, 2026, 2027, 2028, 2029, 2030]
    assert by_year[2024] == 63  # 6.6 × 1.382 × 7


def test_certificates_of_a_battery_follow_its_half_year():
    installation = read_installation(battery("13.5", "2026-07-01"))
    expected = {2026: 91, 2027: 70, 2028: 55, 2029: 41, 2030: 28}
    assert installation.certificates_by_year(TODAY) == expected
