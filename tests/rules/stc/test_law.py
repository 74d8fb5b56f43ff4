"""Calculations compared with a second reading of the law, written with fractions.

It shares no code with `spv.rules`, and its figures were typed anew. The postcode table
is one file for both: its hash is that of the file in which three independent
transcriptions of the agency's table agree.
"""

import csv
import hashlib
import itertools
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spv.rules.stc.systems import read_installation
from tests.endurance import repeated

pytestmark = pytest.mark.no_cover

RATINGS = {
    1: Fraction(1622, 1000),
    2: Fraction(1536, 1000),
    3: Fraction(1382, 1000),
    4: Fraction(1185, 1000),
}
HALF_YEARS = {
    (2025, 2): "9.3", (2027, 1): "5.7", (2027, 2): "5.2", (2028, 1): "4.6",
    (2028, 2): "4.1", (2029, 1): "3.6", (2029, 2): "3.1", (2030, 1): "2.6",
    (2030, 2): "2.1",
}  # fmt: skip
PERIODS = ["1", "5", "10", "max"]
TABLE = Path(__file__).parents[3] / "spv/rules/stc/data/postcode_zones.csv"
TABLE_SHA256 = "e623913c443a0991df42c9fbd6bb2f131995d3c41bd270f53a738d9401ee179c"
with TABLE.open(encoding="utf-8") as file:
    RANGES = list(csv.DictReader(file))
ZONES = {
    f"{postcode:04}": int(row["zone"])
    for row in RANGES
    for postcode in range(int(row["from_postcode"]), int(row["to_postcode"]) + 1)
}


def law_solar(power, zone, day, period):
    deemed = 15 if day.year <= 2016 else 15 - (day.year - 2016)
    years = deemed if period == "max" else min(deemed, int(period))
    return int(Fraction(power) * RATINGS[zone] * years // 1)


def law_turbine(kind, power, hours, day, period):
    usual = 2000 if kind == "wind" else 4000
    hours = Fraction(hours) if hours and Fraction(hours) > usual else Fraction(usual)
    years = min(int(period), {2027: 4, 2028: 3, 2029: 2, 2030: 1}.get(day.year, 5))
    output = Fraction(95, 100000) * Fraction(power) * hours * years
    return 1 if Fraction(1, 2) <= output < 1 else int(output // 1)


def law_battery(usable, day):
    capacity = Fraction(usable) if Fraction(usable) < 50 else Fraction(50)
    if day.year == 2026:
        factor = Fraction("8.4") if day.month <= 4 else Fraction("6.8")
    else:
        factor = Fraction(HALF_YEARS[day.year, 1 if day.month <= 6 else 2])
    if day >= date(2026, 5, 1):
        first = min(capacity, Fraction(14))
        second = min(max(capacity - 14, Fraction(0)), Fraction(14))
        third = max(capacity - 28, Fraction(0))
        capacity = first + second * Fraction(60, 100) + third * Fraction(15, 100)
    return int(capacity * factor // 1)


def ours(**answers):
    answers["installation_date"] = answers["installation_date"].isoformat()
    installation = read_installation(answers)
    return installation.calculate(date(2026, 11, 22)).certificates


def numbers(least, most, places=3):
    scale = 10**places
    whole = st.integers(
        int(Fraction(str(least)) * scale), int(Fraction(str(most)) * scale)
    )
    return whole.map(lambda n: f"{n // scale}.{n % scale:0{places}}")


days = st.dates(date(2011, 1, 1), date(2030, 12, 31))
postcodes = st.integers(0, 9999).map(lambda n: f"{n:04}")


@repeated(300, 5000)
def test_solar(times):
    @settings(max_examples=times)
    @given(numbers("0.001", 100), postcodes, days, st.sampled_from(PERIODS))
    def agree(power, postcode, day, period):
        expected = law_solar(power, ZONES[postcode], day, period)
        assert expected == ours(
            system_type="solar_deemed", rated_power_kw=power, postcode=postcode,
            installation_date=day, calculation_period=period,
        )  # fmt: skip

    agree()


def test_solar_in_every_postcode():
    day = date(2019, 7, 1)
    by_zone = {zone: law_solar("6.6", zone, day, "max") for zone in RATINGS}
    for postcode, zone in ZONES.items():
        assert by_zone[zone] == ours(
            system_type="solar_deemed", rated_power_kw="6.6", postcode=postcode,
            installation_date=day, calculation_period="max",
        )  # fmt: skip


@pytest.mark.parametrize("year", range(2011, 2031))
def test_solar_in_every_year(year):
    """On the first and the last day, in each zone, for each period."""
    postcodes = {zone: postcode for postcode, zone in ZONES.items()}
    for (zone, postcode), period in itertools.product(postcodes.items(), PERIODS):
        for day in (date(year, 1, 1), date(year, 12, 31)):
            assert law_solar("6.6", zone, day, period) == ours(
                system_type="solar_deemed", rated_power_kw="6.6", postcode=postcode,
                installation_date=day, calculation_period=period,
            )  # fmt: skip


def test_the_table_is_the_one_that_was_transcribed_and_covers_every_postcode():
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == TABLE_SHA256
    assert len(ZONES) == 10_000
    assert set(ZONES.values()) == {1, 2, 3, 4}


@repeated(300, 5000)
def test_wind_and_hydro(times):
    @settings(max_examples=times)
    @given(
        st.sampled_from([("wind", "10"), ("hydro", "6.4")]), st.data(), days,
        st.sampled_from(["1", "5"]),
    )  # fmt: skip
    def agree(kind, data, day, period):
        name, most = kind
        power = data.draw(numbers("0.001", most))
        # The annual limit of 25 MWh bounds the hours; 8,760 is the year.
        output = Fraction(95, 100000) * Fraction(power)
        bound = min(Fraction(8760), Fraction(25) / output)
        hours = data.draw(st.one_of(st.none(), numbers("0.001", float(int(bound)))))
        answers = {"resource_hours": hours} if hours else {}
        assert law_turbine(name, power, hours, day, period) == ours(
            system_type=f"{name}_deemed", rated_power_kw=power, installation_date=day,
            calculation_period=period, **answers,
        )  # fmt: skip

    agree()


@repeated(300, 5000)
def test_battery(times):
    @settings(max_examples=times)
    @given(numbers(5, 100), numbers("0.001", 100), st.data())
    def agree(one, other, data):
        nominal, usable = max(one, other, key=Fraction), min(one, other, key=Fraction)
        if Fraction(nominal) < 5:
            nominal = "5.000"
        day = data.draw(st.dates(date(2025, 7, 1), date(2030, 12, 31)))
        assert law_battery(usable, day) == ours(
            system_type="battery", nominal_kwh=nominal, usable_kwh=usable,
            installation_date=day,
        )  # fmt: skip

    agree()


def test_battery_on_every_day():
    day = date(2025, 7, 1)
    while day <= date(2030, 12, 31):
        assert law_battery("41.7", day) == ours(
            system_type="battery", nominal_kwh="50", usable_kwh="41.7",
            installation_date=day,
        )  # fmt: skip
        day += timedelta(days=1)
