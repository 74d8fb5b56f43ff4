"""Worked examples and bad answers: rules, page, API and batch share these tables."""

from typing import NamedTuple


class Example(NamedTuple):
    """Answers as they are typed, and the certificates that were published for them."""

    answers: dict[str, str]
    certificates: int
    source: str

    def __str__(self):
        return f"{'-'.join(self.answers.values())}={self.certificates}"


def solar(power, postcode, day, period="max"):
    return {
        "system_type": "solar_deemed",
        "rated_power_kw": power,
        "postcode": postcode,
        "installation_date": day,
        "calculation_period": period,
    }


def turbine(kind, power, day, period, hours=""):
    answers = {
        "system_type": f"{kind}_deemed",
        "rated_power_kw": power,
        "installation_date": day,
        "calculation_period": period,
    }
    return answers | ({"resource_hours": hours} if hours else {})


def battery(usable, day, nominal=None):
    return {
        "system_type": "battery",
        "nominal_kwh": nominal or usable,
        "usable_kwh": usable,
        "installation_date": day,
    }


SOLAR = "domain facts, section 2: published, recomputed"
TURBINES = "domain facts, section 3: regulation 20"
BATTERIES = "domain facts, section 4: Cheaper Home Batteries"

EXAMPLES = [
    Example(solar("5", "2150", "2019-06-30"), 82, SOLAR),
    Example(solar("6.6", "2150", "2026-06-30"), 45, SOLAR),
    Example(solar("6.6", "2150", "2026-06-30", "10"), 45, SOLAR),
    Example(solar("6.6", "2150", "2026-06-30", "5"), 45, SOLAR),
    Example(solar("6.6", "3000", "2026-06-30"), 39, SOLAR),
    Example(solar("6.6", "3000", "2023-06-30"), 62, SOLAR),
    Example(solar("99.9", "2150", "2026-06-30"), 690, SOLAR),
    Example(solar("6.6", "2150", "2029-06-30"), 18, SOLAR),
    Example(solar("100", "2150", "2026-06-30", "5"), 691, SOLAR + ": floats say 690"),
    Example(turbine("wind", "6", "2026-06-30", "5"), 57, TURBINES),
    Example(turbine("wind", "6", "2027-06-30", "5"), 45, TURBINES),
    Example(turbine("hydro", "6.4", "2026-06-30", "5"), 121, TURBINES),
    Example(turbine("hydro", "6.4", "2026-06-30", "1"), 24, TURBINES),
    Example(battery("13.5", "2025-07-01"), 125, BATTERIES),
    Example(battery("50", "2026-04-30"), 420, BATTERIES),
    Example(battery("10", "2026-06-15"), 68, BATTERIES),
    Example(battery("13.5", "2026-06-15"), 91, BATTERIES),
    Example(battery("30", "2026-06-15"), 154, BATTERIES),
    Example(battery("60", "2026-06-15"), 174, BATTERIES),
]


def example_of(system_type):
    """The first example of a system type: a type without one fails its tests."""
    own = [each for each in EXAMPLES if each.answers["system_type"] == system_type]
    assert own, f"Add an Example of {system_type} to tests/examples.py"
    return own[0]


# The regulation's boundaries, worked by hand with the same formulas.
BOUNDARIES = [
    Example(turbine("wind", "0.3", "2026-06-30", "1"), 1, "0.57 counts as 1"),
    Example(turbine("wind", "0.2", "2026-06-30", "1"), 0, "0.38 counts as nothing"),
    Example(
        turbine("wind", "6", "2026-06-30", "1", "1500"), 11, "2,000 hours if fewer"
    ),
    Example(turbine("wind", "6", "2026-06-30", "1", "2400"), 13, "the greater hours"),
    Example(turbine("wind", "10", "2030-12-31", "5"), 19, "10 kW is in; one year left"),
    Example(solar("0.1", "7000", "2030-06-30"), 0, "0.1185: nothing to round up"),
    Example(solar("6.6", "2150", "2026-06-30", "1"), 9, "one year"),
    # Regulation 20(2) could not be read whole, so 0.5 counts as 1 for turbines alone.
    Example(solar("0.4", "2150", "2026-06-30", "1"), 0, "0.5528 is not rounded up"),
    Example(solar("5", "2150", "2016-06-30"), 103, "15 years, 5 × 1.382 × 15"),
    Example(solar("5", "2150", "2012-06-30", "max"), 103, "15 years before 2016 too"),
    Example(battery("5", "2030-12-31"), 10, "5 × 2.1 is 10.5"),
    Example(battery("14", "2026-05-01"), 95, "the first band whole, 95.2"),
    Example(battery("28", "2026-05-01"), 152, "14 + 8.4 is 22.4, × 6.8 is 152.32"),
]

MODULES = {
    "system_type": "battery", "nominal_kwh": "15", "installation_date": "2026-06-15",
    "modules": "5", "module_usable_kwh": "2.76",
}  # fmt: skip
BOUNDARIES.append(Example(MODULES, 93, "5 × 2.76 is 13.8, × 6.8 is 93.84"))

GOOD_SOLAR = EXAMPLES[1].answers


class Bad(NamedTuple):
    """Answers that are refused: which field, and a part of the sentence."""

    answers: dict[str, str]
    field: str
    words: str

    def __str__(self):
        return (
            f"{self.answers['system_type']}-{self.field}-{self.answers[self.field]:.12}"
        )


def _bad(field, text, words, answers=GOOD_SOLAR):
    return Bad(answers | {field: text}, field, words)


WIND = turbine("wind", "6", "2026-06-30", "5")
BATTERY = battery("13.5", "2026-06-15")
BAD = [
    _bad("system_type", "", "Select the type"),
    _bad("system_type", "coal", "hydro_deemed and battery"),
    _bad("rated_power_kw", "", "Enter the rated power"),
    _bad("rated_power_kw", "six", "plain number such as 6.6"),
    _bad("rated_power_kw", "0", "above 0"),
    _bad("rated_power_kw", "0.000000", "above 0"),
    _bad("rated_power_kw", "-5", "plain number"),
    _bad("rated_power_kw", "+5", "plain number"),
    _bad("rated_power_kw", "100.001", "at most 100 kW"),
    _bad("rated_power_kw", "1e3", "plain number"),
    _bad("rated_power_kw", "６", "plain number"),
    _bad("rated_power_kw", "6,6", "with a point: 6.6, not 6,6."),
    _bad("rated_power_kw", "6,600", "plain number"),
    _bad("rated_power_kw", "6.6 kWh", "plain number"),
    _bad("rated_power_kw", "6600 W", "plain number"),
    _bad("rated_power_kw", "6.6.6", "plain number"),
    _bad("rated_power_kw", "6.1234567", "plain number"),
    _bad("rated_power_kw", "NaN", "plain number"),
    _bad("rated_power_kw", "Infinity", "plain number"),
    _bad("rated_power_kw", "9" * 400, "plain number"),
    _bad("rated_power_kw", "9" * 1_000_000, "plain number"),
    _bad("postcode", "", "Enter the postcode"),
    _bad("postcode", "21500", "four digits"),
    _bad("postcode", "2150 or 2151", "four digits"),
    _bad("postcode", "Parramatta", "four digits"),
    _bad("postcode", "2150 kW", "four digits"),
    _bad("postcode", "6600 W", "four digits"),
    _bad("postcode", "215", "Perhaps a first 0 was dropped"),
    _bad("postcode", "２１５０", "four digits"),
    _bad("postcode", "215O", "four digits"),
    _bad("postcode", "x" * 1_000_000, "four digits"),
    _bad("installation_date", "", "Enter the installation date"),
    _bad("installation_date", "2026-02-31", "not a real date"),
    _bad("installation_date", "31/02/2026", "not a real date"),
    _bad("installation_date", "0000-01-01", "not a real date"),
    _bad("installation_date", "yesterday", "2026-07-31 or 31/07/2026"),
    _bad("installation_date", "2026-6-1", "2026-07-31 or 31/07/2026"),
    _bad("installation_date", "2005-06-01", "STCs have existed since 1 January 2011"),
    _bad("installation_date", "2010-03-01", "STCs have existed since 1 January 2011"),
    _bad("installation_date", "2010-12-31", "Before that there were renewable"),
    _bad("installation_date", "2031-01-01", "ends on 31 December 2030"),
    _bad("calculation_period", "", "Select the calculation period"),
    _bad("calculation_period", "7", "Select the calculation period"),
    _bad("stc_price", "40.01", "$40 is the ceiling"),
    _bad("stc_price", "38.505", "in dollars and cents, such as 38.50"),
    _bad("stc_price", "free", "in dollars and cents, such as 38.50"),
    _bad("calculation_period", "10", "One Year or Five Years", WIND),
    _bad("rated_power_kw", "10.000001", "at most 10 kW", WIND),
    _bad("resource_hours", "8761", "8,760 hours", WIND),
    _bad("resource_hours", "8760", "generate 49.932 MWh a year", WIND),
    _bad(
        "rated_power_kw",
        "6.5",
        "at most 6.4 kW",
        WIND | {"system_type": "hydro_deemed"},
    ),
    _bad("nominal_kwh", "4.9", "5 to 100 kWh", BATTERY | {"usable_kwh": "4"}),
    _bad("nominal_kwh", "100.1", "5 to 100 kWh", BATTERY),
    _bad("usable_kwh", "13.6", "more than the nominal capacity of 13.5", BATTERY),
    _bad("installation_date", "2025-06-30", "from 1 July 2025", BATTERY),
    _bad("usable_kwh", "", "or the number of modules", BATTERY),
    _bad("modules", "5", "not both", BATTERY),
    _bad("module_usable_kwh", "2.76", "not both", BATTERY),
    _bad("modules", "", "Enter the number of modules", MODULES),
    _bad("modules", "2.5", "a whole number such as 5", MODULES),
    _bad("modules", "0", "above 0", MODULES),
    _bad("module_usable_kwh", "", "one module in kWh, such as 2.76", MODULES),
    _bad("module_usable_kwh", "3.1", "cannot be more than the nominal", MODULES),
]
