"""Every system type is whole: a half-added one fails here, and not before a user."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from spv.rules.errors import ValidationError
from spv.rules.stc.figures import FIGURES
from spv.rules.stc.system_types import FIELDS_OF, SYSTEM_TYPES, SystemType
from spv.rules.stc.systems import SYSTEMS, capacity_of, hints
from tests.examples import example_of

# Class variables that hold the name of a figure.
NAMES = ("first_day", "periods", "power_limit", "output_limit", "standard_hours")
FIRST = FIGURES["scheme_first_day"].latest
LAST = FIGURES["scheme_last_day"].latest


def days_of(system):
    """The days on which anything about a system type may change, and those beside."""
    changes = {FIRST, LAST, FIGURES[system.first_day].latest}
    changes |= {day for figure in FIGURES.values() for day, _ in figure.values}
    beside = {day + timedelta(days=step) for day in changes for step in (-1, 0, 1)}
    return sorted(day for day in beside if date(2000, 1, 1) <= day)


def test_every_type_has_words_and_a_class():
    assert set(SYSTEM_TYPES) == set(SYSTEMS) == set(SystemType)
    assert all(system.system_type is type for type, system in SYSTEMS.items())


@pytest.mark.parametrize("system_type", SystemType)
def test_every_type_names_figures_that_exist(system_type):
    system = SYSTEMS[system_type]
    for name in NAMES:
        figure = getattr(system, name, "")
        assert not figure or figure in FIGURES, f"{name} of {system.__name__}"
    if "calculation_period" in FIELDS_OF[system_type]:
        assert system.period_choices()


@pytest.mark.parametrize("system_type", SystemType)
def test_every_type_is_calculated_or_refused_on_every_day(system_type):
    system, answers = SYSTEMS[system_type], example_of(system_type).answers
    refused, calculated = [], 0
    for day in days_of(system):
        given = answers | {"installation_date": day.isoformat()}
        hints(given)  # for the page, while the answers are typed
        try:
            installation = system.read(given)
        except ValidationError:
            refused.append(day)
            continue
        assert installation.calculate(day).certificates >= 0
        assert installation.working()
        assert installation.stages(day)
        calculated += 1
    first = FIGURES[system.first_day].latest
    assert refused == [day for day in days_of(system) if not first <= day <= LAST]
    assert calculated > 2


@pytest.mark.parametrize("system_type", SystemType)
def test_more_power_or_capacity_never_earns_fewer(system_type):
    system, answers = SYSTEMS[system_type], example_of(system_type).answers
    name = "rated_power_kw" if "rated_power_kw" in answers else "usable_kwh"
    found = []
    for tenths in range(1, 11):
        part = Decimal(answers[name]) * tenths / 10
        given = answers | {name: f"{part:f}"}
        found.append(system.read(given).calculate(LAST).certificates)
    assert found == sorted(found)
    assert found[0] < found[-1]


@pytest.mark.parametrize("missing", ["modules", "module_usable_kwh"])
def test_the_capacity_of_modules_needs_both_answers(missing):
    answers = {"modules": 3, "module_usable_kwh": Decimal("2.5")}
    assert capacity_of(answers) == Decimal("7.5")
    assert capacity_of(answers | {missing: None}) == 0
