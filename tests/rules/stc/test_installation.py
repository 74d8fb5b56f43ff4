"""Reading answers: those that are understood, and the sentences for the others."""

import dataclasses
import re
from decimal import Decimal

import pytest

from spv.rules.errors import ValidationError
from spv.rules.stc.system_types import FIELDS_OF, SystemType
from spv.rules.stc.systems import SYSTEMS, hints, read_installation
from spv.rules.text import format_decimal
from tests.examples import BAD, BATTERY, EXAMPLES, GOOD_SOLAR, WIND


def problems(answers):
    with pytest.raises(ValidationError) as refused:
        read_installation(answers)
    return refused.value.problems


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_answers_are_refused(bad):
    found = problems(bad.answers)
    assert list(found) == [bad.field]
    assert bad.words in found[bad.field]
    assert len(found[bad.field]) < 200


@pytest.mark.parametrize("system_type", SystemType)
def test_a_class_has_the_fields_that_the_table_has_for_its_type(system_type):
    names = {field.name for field in dataclasses.fields(SYSTEMS[system_type])}
    assert names == {*FIELDS_OF[system_type]}


def test_every_problem_at_once_in_the_order_of_the_form():
    answers = {"system_type": "solar_deemed", "rated_power_kw": "101"}
    assert list(problems(answers)) == [
        "rated_power_kw", "installation_date", "calculation_period", "postcode",
    ]  # fmt: skip


def test_every_problem_of_a_battery_without_a_nominal_capacity():
    answers = BATTERY | {"nominal_kwh": "", "usable_kwh": "500", "stc_price": "41"}
    assert list(problems(answers)) == ["nominal_kwh", "stc_price"]


@pytest.mark.parametrize("nominal", ["5", "100"])
def test_the_smallest_and_the_largest_battery(nominal):
    answers = BATTERY | {"nominal_kwh": nominal, "usable_kwh": "5"}
    assert read_installation(answers).answers() == answers


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_answers_come_back_as_they_were(example):
    installation = read_installation(example.answers)
    assert installation.answers() == example.answers
    assert read_installation(installation.answers()) == installation


@pytest.mark.parametrize(
    ("field", "typed", "meant"),
    [
        ("system_type", "SGU – Solar (deemed)", "solar_deemed"),
        ("system_type", " sgu - solar (DEEMED) ", "solar_deemed"),
        ("calculation_period", "Five Years", "5"),
        ("calculation_period", "maximum deeming period", "max"),
        ("installation_date", "30/06/2026", "2026-06-30"),
        ("installation_date", "1/7/2026", "2026-07-01"),
        ("rated_power_kw", " 6.6 ", "6.6"),
        ("rated_power_kw", ".5", "0.5"),
        ("rated_power_kw", "006.60", "6.60"),
        ("rated_power_kw", "100", "100"),
        ("rated_power_kw", "6.6kW", "6.6"),
        ("rated_power_kw", "6.6 kw", "6.6"),
        ("rated_power_kw", "6.6 kWp", "6.6"),
        ("rated_power_kw", "6.6\u00a0 kW", "6.6"),
        ("stc_price", "$38.50", "38.50"),
        ("stc_price", "$ 38", "38"),
        ("postcode", "2150 Parramatta", "2150"),
        ("postcode", "2150, Parramatta NSW", "2150"),
        ("postcode", "Parramatta NSW 2150", "2150"),
    ],
)
def test_answers_in_other_words_are_understood(field, typed, meant):
    installation = read_installation(GOOD_SOLAR | {field: typed})
    assert installation.answers()[field] == meant


def test_answers_to_other_questions_are_ignored():
    installation = read_installation(WIND | {"postcode": "nonsense"})
    assert installation.answers() == WIND
    assert read_installation(BATTERY | {"rated_power_kw": "x"}).answers() == BATTERY


def test_price():
    installation = read_installation(GOOD_SOLAR)
    assert installation.read_price(" 38.50 ") == Decimal("38.50")
    assert installation.read_price("40.00") == 40  # the clearing house price itself
    for text, words in (("41", "$40 is the"), ("", "Enter the price"), ("x", "38.50")):
        with pytest.raises(ValueError, match=re.escape(words)):
            installation.read_price(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [("1000", "1,000"), ("5.000", "5"), ("0.10", "0.1"), ("1234.5", "1,234.5"),
     ("100", "100"), ("0", "0")],
)  # fmt: skip
def test_format_decimal(number, text):
    assert format_decimal(Decimal(number)) == text


HINTS = [
    ({}, {}),
    ({"postcode": "215"}, {}),
    ({"postcode": "２１５０"}, {}),
    ({"postcode": "2150"}, {"postcode": "Zone 3: rating 1.382 MWh a year per kW"}),
    ({"installation_date": "2026-06-30"}, {}),
    (
        {"system_type": "solar_deemed", "installation_date": "2026-06-30"},
        {"installation_date": "Deeming period for 2026: 5 years"},
    ),
    (
        {"system_type": "solar_deemed", "installation_date": "2030-06-30"},
        {"installation_date": "Deeming period for 2030: 1 year"},
    ),
    ({"system_type": "solar_deemed", "installation_date": "2031-01-01"}, {}),
    ({"system_type": "solar_deemed", "installation_date": "2000-01-01"}, {}),
    ({"system_type": "solar_deemed", "installation_date": "2026-02-31"}, {}),
    (
        {"system_type": "wind_deemed", "installation_date": "2027-06-30"},
        {"installation_date": "Years left in the scheme from 2027: 4 years"},
    ),
    (
        {"system_type": "battery", "installation_date": "2026-05-01"},
        {"installation_date": "STC factor on 1 May 2026: 6.8 STCs per kWh"},
    ),
    (
        {"system_type": "battery", "installation_date": "2025-07-01"},
        {"installation_date": "STC factor on 1 July 2025: 9.3 STCs per kWh"},
    ),
    ({"system_type": "battery", "installation_date": "2025-06-30"}, {}),
]


@pytest.mark.parametrize(("answers", "expected"), HINTS)
def test_hints(answers, expected):
    assert hints(answers) == expected
