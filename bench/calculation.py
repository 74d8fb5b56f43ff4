"""One calculation with its working, against openfisca-core."""

from collections.abc import Iterator
from datetime import date

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench.measure import Row, compare, in_turns, seconds
from spv.rules.stc.systems import read_installation

TODAY = date(2026, 11, 22)
POSTCODES = {1: "0872", 2: "4428", 3: "2150", 4: "3000"}
SYSTEMS = [
    (str(power / 10), zone, year, f"{year}-{power % 12 + 1:02}-{power % 28 + 1:02}")
    for power in range(1, 1001, 37)
    for zone in POSTCODES
    for year in (2016, 2020, 2026, 2030)
]

System = build_entity(key="system", plural="systems", label="A system", is_person=True)


class rated_power(Variable):  # noqa: N801
    """Rated power output in kW."""

    value_type = float
    entity = System
    definition_period = DateUnit.YEAR


class zone(Variable):  # noqa: N801
    """Zone of the postcode."""

    value_type = int
    entity = System
    definition_period = DateUnit.YEAR


class certificates(Variable):  # noqa: N801
    """Rated power × rating × years, rounded down: the same formula as ours."""

    value_type = float
    entity = System
    definition_period = DateUnit.YEAR

    def formula(systems, period):  # noqa: N805
        ratings = numpy.array([1.622, 1.536, 1.382, 1.185], dtype=numpy.float32)
        years = min(15, 2031 - period.start.year)
        rating = ratings[systems("zone", period) - 1]
        return numpy.floor(systems("rated_power", period) * rating * years)


PEER = TaxBenefitSystem([System])
PEER.add_variables(rated_power, zone, certificates)


def openfisca(power: str, zone: int, year: int, _day: str = "") -> int:
    """Return the certificates of a system by openfisca-core, as one situation."""
    situation = {
        "rated_power": {str(year): float(power)},
        "zone": {str(year): zone},
        "certificates": {str(year): None},
    }
    simulation = SimulationBuilder().build_from_entities(
        PEER, {"systems": {"one": situation}}
    )
    return int(simulation.calculate("certificates", str(year))[0])


def ours(power: str, zone: int, year: int, day: str = "") -> int:
    """Return the same by spv: it reads and checks text, and writes the working."""
    answers = {
        "system_type": "solar_deemed",
        "rated_power_kw": power,
        "installation_date": day or f"{year}-07-01",
        "calculation_period": "max",
        "postcode": POSTCODES[zone],
    }
    return read_installation(answers).calculate(TODAY).certificates


def _each(function) -> float:
    return seconds(lambda: [function(*s) for s in SYSTEMS]) / len(SYSTEMS)


def _formula_alone() -> float:
    """Return the time of openfisca's formula for situations that are built already."""
    simulations = []
    for power, zone, year, _day in SYSTEMS:
        builder = SimulationBuilder()
        values = {"rated_power": {str(year): float(power)}, "zone": {str(year): zone}}
        built = builder.build_from_entities(PEER, {"systems": {"one": values}})
        simulations.append((built, str(year)))
    took = seconds(lambda: [s.calculate("certificates", y) for s, y in simulations])
    return took / len(SYSTEMS)


def run(_panels: int) -> Iterator[Row]:
    """Measure one situation at a time."""
    taken = in_turns(
        {
            "ours": lambda: _each(ours),
            "openfisca": lambda: _each(openfisca),
            "formula": _formula_alone,
        },
        5,
    )
    what = "calculation with working / openfisca-core, one situation"
    yield compare(what, taken["ours"], taken["openfisca"], at_most=0.1, unit="µs")
    what = "… / its formula alone, situation already built"
    yield compare(what, taken["ours"], taken["formula"], unit="µs")
    off = [each for each in EXACT if ours(*each) != openfisca(*each)]
    what = "… systems for which openfisca-core is off by one (float32) / all"
    yield Row(what, str(len(off)), str(len(EXACT)), len(off) / len(EXACT))


EXACT = [
    (str(power), zone, year)
    for power in range(1, 101)
    for zone in POSTCODES
    for year in range(2016, 2031)
]
