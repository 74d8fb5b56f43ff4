"""How many small-scale technology certificates a system earns, and the working."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from spv.rules.formatting import format_date, format_decimal
from spv.rules.stc import figures
from spv.rules.stc.advice import warnings_of
from spv.rules.stc.figures import FIGURES, KEPT, RULES_VERSION, Figure, value_on
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import PERIODS, SystemType


class Step(NamedTuple):
    """One line of the working: what, the sum with its numbers, what it comes to."""

    label: str
    operation: str
    result: str
    unit: str
    figure: Figure | None = None


class Calculation(NamedTuple):
    """The certificates of one system, and how they were come by.

    `rating` in MWh a year per kW, `deeming_years` (of solar) and `years` in years; None
    where the system type has none. `warnings` are sentences. `working` writes the steps
    down only when they are asked for: of the rows of a batch nobody does.
    """

    system_type: SystemType
    certificates: int
    working: Callable[[], tuple[Step, ...]]
    warnings: tuple[str, ...]
    zone: int | None = None
    rating: Decimal | None = None
    deeming_years: int | None = None
    years: int | None = None
    rules_version: str = RULES_VERSION

    @property
    def steps(self) -> tuple[Step, ...]:
        """The working, step by step."""
        return self.working()


def calculate(installation: Installation, today: date) -> Calculation:
    """The certificates of an installation that was checked by `read_installation`.

    `today` only decides the warnings. Exact in Decimal, rounded down once, at the end.
    """
    if installation.system_type is SystemType.SOLAR:
        return _solar(installation, today)
    if installation.system_type is SystemType.BATTERY:
        return _battery(installation, today)
    return _turbine(installation, today)


def years_left(day: date) -> int:
    """Whole years from the year of installation to the end of the scheme."""
    last_day: date = value_on("scheme_last_day", day)
    return last_day.year - day.year + 1


def deeming_period(day: date) -> int:
    """The deeming period of solar, in years, by the year of installation."""
    return min(int(value_on("longest_deeming_period", day)), years_left(day))


def what_waiting_costs(installation: Installation, today: date) -> dict[int, int]:
    """Certificates of the same system by year of installation, to the scheme's end.

    The installation's own year, then each year that can still be chosen.
    """
    own = installation.installation_date
    last = value_on("scheme_last_day", own).year
    years = [own.year, *range(max(own.year + 1, today.year), last + 1)]
    return {year: _in_year(installation, year, today) for year in years}


def _in_year(installation: Installation, year: int, today: date) -> int:
    own = installation.installation_date
    leap_day = (own.month, own.day) == (2, 29)
    moved = own.replace(year=year, day=28 if leap_day else own.day)
    return calculate(installation._replace(installation_date=moved), today).certificates


def _solar(installation: Installation, today: date) -> Calculation:
    day, power = installation.installation_date, installation.rated_power_kw
    assert power is not None
    zone = figures.zone_of(installation.postcode)
    rating, rating_step = _rating(zone, day)
    deeming, deeming_step = _deeming(day)
    years, years_step = _years(
        installation.calculation_period, deeming, "deeming period"
    )
    annual = power * rating
    output = annual * years

    def working() -> tuple[Step, ...]:
        total = format_decimal(output)
        sum_in_year = f"{format_decimal(power)} kW × {rating}"
        return (
            Step("Zone", f"Postcode {installation.postcode}", f"Zone {zone}", "",
                 FIGURES["postcode_zones"]),
            rating_step,
            deeming_step,
            years_step,
            Step("Output in a year", sum_in_year, format_decimal(annual), "MWh"),
            _limit_step(annual, installation),
            Step("Output over the years used", f"{sum_in_year} × {years}", total,
                 "MWh"),
            _rounded_down(output, total),
        )  # fmt: skip

    return Calculation(
        installation.system_type,
        int(output),
        working,
        warnings_of(installation, years, today),
        zone=zone,
        rating=rating,
        deeming_years=deeming,
        years=years,
    )


def _turbine(installation: Installation, today: date) -> Calculation:
    day, power = installation.installation_date, installation.rated_power_kw
    assert power is not None
    hours, hours_step = _hours(installation)
    factor = value_on("turbine_output_factor", day)
    annual = factor * power * hours
    left = years_left(day)
    years, years_step = _years(installation.calculation_period, left, "years left")
    output = annual * years
    rounded_up = value_on("smallest_certificate", day) <= output < 1

    def working() -> tuple[Step, ...]:
        total = format_decimal(output)
        return (
            hours_step,
            Step("Output in a year",
                 f"{factor} × {format_decimal(power)} kW × {format_decimal(hours)} "
                 "hours",
                 format_decimal(annual), "MWh", FIGURES["turbine_output_factor"]),
            _limit_step(annual, installation),
            _years_step("Years left in the scheme", f"{_end(day)} − {day.year}", left,
                        "scheme_last_day"),
            years_step,
            Step("Output over the years used",
                 f"{format_decimal(annual)} MWh × {years}", total, "MWh"),
            _rounded_up(day, total) if rounded_up else _rounded_down(output, total),
        )  # fmt: skip

    return Calculation(
        installation.system_type,
        1 if rounded_up else int(output),
        working,
        warnings_of(installation, years, today),
        years=years,
    )


def _battery(installation: Installation, today: date) -> Calculation:
    day, usable = installation.installation_date, installation.usable_kwh
    assert usable is not None
    bands, factor = value_on("battery_bands", day), value_on("battery_factor", day)
    most = bands[-1][0]
    counted = min(usable, most)
    parts: list[tuple[Decimal, Decimal]] = []
    weighted, below = Decimal(0), Decimal(0)
    for top, share in bands:
        if (part := min(counted, top) - below) > 0:
            parts.append((part, share))
            weighted += part * share
        below = top
    output = weighted * factor

    def working() -> tuple[Step, ...]:
        total, capacity = format_decimal(output), format_decimal(weighted)
        return (
            Step("Usable capacity that counts",
                 f"Lower of {format_decimal(usable)} and {format_decimal(most)}",
                 format_decimal(counted), "kWh", FIGURES["battery_bands"]),
            Step("Weighted capacity", _sum(parts), capacity, "kWh",
                 FIGURES["battery_bands"]),
            Step("STC factor", f"Installed on {format_date(day)}", str(factor),
                 "STCs per kWh", FIGURES["battery_factor"]),
            Step("Capacity × factor", f"{capacity} kWh × {factor}", total,
                 "STCs before rounding"),
            _rounded_down(output, total),
        )  # fmt: skip

    return Calculation(
        installation.system_type,
        int(output),
        working,
        warnings_of(installation, None, today),
    )


def _sum(parts: list[tuple[Decimal, Decimal]]) -> str:
    return " + ".join(
        f"{format_decimal(part)} × {format_decimal(share * 100)} %"
        for part, share in parts
    )


def _rounded_up(day: date, total: str) -> Step:
    least = value_on("smallest_certificate", day)
    operation = f"{total}, at least {least}, rounded up"
    return Step("Certificates", operation, "1", "STC", FIGURES["smallest_certificate"])


def _rounded_down(output: Decimal, total: str) -> Step:
    """The one place where anything is rounded: int() drops what is after the point."""
    number = int(output)
    unit = "STC" if number == 1 else "STCs"
    return Step("Certificates", f"{total} rounded down", f"{number:,}", unit)


def _limit_step(annual: Decimal, installation: Installation) -> Step:
    figure = FIGURES[f"{installation.system_type.name.lower()}_output_limit"]
    limit = figure.on(installation.installation_date)
    operation = f"{format_decimal(annual)} MWh, at most {limit} MWh"
    return Step("Limit of a year", operation, "within", "", figure)


def _end(day: date) -> int:
    """The first year without the scheme."""
    return day.year + years_left(day)


# What follows from a day, a zone or a period alone is worked out once and kept.


@lru_cache(maxsize=KEPT)
def _rating(zone: int, day: date) -> tuple[Decimal, Step]:
    rating: Decimal = value_on("zone_rating", day)[zone - 1]
    figure = FIGURES["zone_rating"]
    return rating, Step(
        "Zone rating", f"Zone {zone}", str(rating), "MWh a year per kW", figure
    )


@lru_cache(maxsize=KEPT)
def _deeming(day: date) -> tuple[int, Step]:
    deeming, longest = deeming_period(day), value_on("longest_deeming_period", day)
    operation = f"Lower of {longest} and {_end(day)} − {day.year}"
    figure = "longest_deeming_period"
    return deeming, _years_step("Deeming period", operation, deeming, figure)


@lru_cache(maxsize=KEPT)
def _years(period: str, most: int, what: str) -> tuple[int, Step]:
    """The years that certificates are calculated for, and that step of the working."""
    chosen = most if period == "max" else int(period)
    years = min(most, chosen)
    operation = f"Lower of {most} ({what}) and {chosen} ({PERIODS[period]})"
    return years, _years_step("Years used", operation, years, "scheme_last_day")


def _years_step(label: str, operation: str, years: int, figure: str) -> Step:
    unit = "year" if years == 1 else "years"
    return Step(label, operation, str(years), unit, FIGURES[figure])


def _hours(installation: Installation) -> tuple[Decimal, Step]:
    name = f"{installation.system_type.name.lower()}_hours"
    hours = value_on(name, installation.installation_date)
    operation = "No site assessment"
    if (assessed := installation.resource_hours) is not None:
        higher = f"Higher of {format_decimal(hours)} and {format_decimal(assessed)}"
        operation = f"{higher} (site assessment)"
        hours = max(hours, assessed)
    label = "Hours of resource availability"
    return hours, Step(
        label, operation, format_decimal(hours), "hours a year", FIGURES[name]
    )
