"""How many small-scale technology certificates a system earns, and the working."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from spv.rules import zones
from spv.rules.installation import Installation, plain, written
from spv.rules.parameters import FIGURES, RULES_VERSION, Figure, value_on
from spv.rules.questions import PERIODS, SystemType
from spv.rules.warnings import warnings_of


class Step(NamedTuple):
    """One line of the working: what, the sum with its numbers, what it comes to."""

    label: str
    operation: str
    result: str
    unit: str
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Calculation:
    """The certificates of one system, and how they were come by.

    `rating` in MWh a year per kW, `deeming_years` and `years` in years; None where the
    system type has none. `warnings` are sentences.
    """

    system_type: SystemType
    certificates: int
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    zone: int | None = None
    rating: Decimal | None = None
    deeming_years: int | None = None
    years: int | None = None
    rules_version: str = RULES_VERSION


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
    return calculate(replace(installation, installation_date=moved), today).certificates


def _solar(installation: Installation, today: date) -> Calculation:
    day, power = installation.installation_date, installation.rated_power_kw
    assert power is not None
    zone = zones.zone_of(installation.postcode)
    rating = value_on("zone_rating", day)[zone - 1]
    deeming = deeming_period(day)
    years, years_step = _years(installation, deeming, "deeming period")
    annual = power * rating
    output = annual * years
    longest, end = plain(value_on("longest_deeming_period", day)), _end(day)
    sum_in_year = f"{plain(power)} kW × {rating}"
    steps = (
        Step("Zone", f"Postcode {installation.postcode}", f"Zone {zone}", "",
             FIGURES["postcode_zones"]),
        _step("Zone rating", f"Zone {zone}", rating, "MWh a year per kW",
              "zone_rating"),
        _step("Deeming period", f"Lower of {longest} and {end} − {day.year}", deeming,
              "years", "longest_deeming_period"),
        years_step,
        _annual_step(sum_in_year, annual, installation),
        _step("Output over the years used", f"{sum_in_year} × {years}", output, "MWh"),
        _rounded_down(output),
    )  # fmt: skip
    return Calculation(
        installation.system_type,
        int(_floor(output)),
        steps,
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
    years, years_step = _years(installation, left, "years left")
    output = annual * years
    certificates, last_step = int(_floor(output)), _rounded_down(output)
    least = value_on("smallest_certificate", day)
    if least <= output < 1:
        certificates, counts = 1, f"{plain(output)} is at least {least} and counts as 1"
        last_step = _step("Certificates", counts, 1, "STCs", "smallest_certificate")
    steps = (
        hours_step,
        _annual_step(
            f"{factor} × {plain(power)} kW × {plain(hours)} hours", annual, installation
        ),
        _step("Years left in the scheme", f"{_end(day)} − {day.year}", left, "years",
              "scheme_last_day"),
        years_step,
        _step("Output over the years used", f"{plain(annual)} MWh × {years}", output,
              "MWh", "turbine_output_factor"),
        last_step,
    )  # fmt: skip
    return Calculation(
        installation.system_type,
        certificates,
        steps,
        warnings_of(installation, years, today),
        deeming_years=left,
        years=years,
    )


def _battery(installation: Installation, today: date) -> Calculation:
    day, usable = installation.installation_date, installation.usable_kwh
    assert usable is not None
    bands, factor = value_on("battery_bands", day), value_on("battery_factor", day)
    most = bands[-1][0]
    counted = min(usable, most)
    parts, weighted, below = [], Decimal(0), Decimal(0)
    for top, share in bands:
        if (part := min(counted, top) - below) > 0:
            parts.append(f"{plain(part)} × {plain(share * 100)} %")
            weighted += part * share
        below = top
    output = weighted * factor
    steps = (
        _step("Usable capacity that counts",
              f"Lower of {plain(usable)} and {plain(most)}", counted, "kWh",
              "battery_bands"),
        _step("Weighted capacity", " + ".join(parts), weighted, "kWh", "battery_bands"),
        _step("STC factor", f"Installed on {written(day)}", factor, "STCs per kWh",
              "battery_factor"),
        _step("Capacity × factor", f"{plain(weighted)} kWh × {factor}", output,
              "STCs before rounding"),
        _rounded_down(output),
    )  # fmt: skip
    return Calculation(
        installation.system_type,
        int(_floor(output)),
        steps,
        warnings_of(installation, None, today),
    )


def _step(
    label: str, operation: str, result: Decimal | int, unit: str, figure: str = ""
) -> Step:
    number = plain(result) if isinstance(result, Decimal) else str(result)
    return Step(label, operation, number, unit, FIGURES[figure] if figure else None)


def _rounded_down(output: Decimal) -> Step:
    operation = f"{plain(output)} rounded down"
    return _step("Certificates", operation, _floor(output), "STCs")


def _annual_step(operation: str, annual: Decimal, installation: Installation) -> Step:
    name = f"{installation.system_type.name.lower()}_output_limit"
    limit = plain(value_on(name, installation.installation_date))
    return _step(
        "Output in a year", f"{operation} (limit {limit})", annual, "MWh", name
    )


def _floor(number: Decimal) -> Decimal:
    return number.to_integral_value(ROUND_FLOOR)


def _end(day: date) -> int:
    """The first year without the scheme."""
    return day.year + years_left(day)


def _years(installation: Installation, most: int, what: str) -> tuple[int, Step]:
    """The years that certificates are calculated for, and that step of the working."""
    period = installation.calculation_period
    chosen = most if period == "max" else int(period)
    years = min(most, chosen)
    operation = f"Lower of {most} ({what}) and {chosen} ({PERIODS[period]})"
    return years, _step("Years used", operation, years, "years", "scheme_last_day")


def _hours(installation: Installation) -> tuple[Decimal, Step]:
    name = f"{installation.system_type.name.lower()}_hours"
    hours = value_on(name, installation.installation_date)
    operation = "No site assessment"
    if (assessed := installation.resource_hours) is not None:
        operation = f"Higher of {plain(hours)} and {plain(assessed)} (site assessment)"
        hours = max(hours, assessed)
    label = "Hours of resource availability"
    return hours, _step(label, operation, hours, "hours a year", name)
