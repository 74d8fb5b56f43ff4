"""The certificates of a system, the steps that lead to them, and years."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from spv.rules.formatting import format_date, format_decimal
from spv.rules.stc.figures import FIGURES, KEPT, LAST_CHECKED, Figure, value_on

CHECKED_FOR = timedelta(days=120)  # after that a result warns of the figures' age


class Step(NamedTuple):
    """A line of the working: the operation with its numbers, its result, its source."""

    label: str
    operation: str
    result: str
    unit: str
    figure: Figure


class Stage(NamedTuple):
    """The certificates of a system that is installed between two days."""

    first_day: date
    last_day: date
    certificates: int


class Calculation(NamedTuple):
    """The certificates of one system.

    `rating` is in MWh a year per kW, `deeming_years` (of solar) and `years` in years;
    they are None where the system type has none. `working` makes the steps, and `warn`
    the warnings, only when they are asked for.
    """

    certificates: int
    working: Callable[[], tuple[Step, ...]]
    warn: Callable[[], Iterable[str]]
    zone: int | None = None
    rating: Decimal | None = None
    deeming_years: int | None = None
    years: int | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, each a sentence."""
        return tuple(self.warn())

    @property
    def steps(self) -> tuple[Step, ...]:
        """The working, step by step."""
        return self.working()


@lru_cache(maxsize=KEPT)
def years_left(day: date) -> int:
    """Return the whole years from the year of installation to the scheme's end."""
    return year_after_scheme(day) - day.year


def year_after_scheme(day: date) -> int:
    """Return the first year without the scheme."""
    last_day: date = value_on("scheme_last_day", day)
    return last_day.year + 1


@lru_cache(maxsize=KEPT)
def deeming_period(day: date) -> int:
    """Return the deeming period of solar, in years, by the year of installation."""
    return min(int(value_on("longest_deeming_period", day)), years_left(day))


@lru_cache(maxsize=KEPT)
def last_day_to_create(day: date) -> date:
    """Return the last day on which certificates can be created for an installation."""
    year = day.year + int(value_on("creation_window", day)) // 12  # whole years
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28 if is_leap_day else day.day)


@lru_cache(maxsize=KEPT)
def too_late_to_create(day: date, today: date) -> str:
    """Return a sentence if no certificates can be created any more; otherwise ""."""
    last_day = last_day_to_create(day)
    if today <= last_day:
        return ""
    months = value_on("creation_window", day)
    ended = f"the {months} months ended on {format_date(last_day)}."
    return f"No STCs can be created any more: {ended}"


@lru_cache(maxsize=KEPT)
def age_of_figures(today: date) -> str:
    """Return a sentence if the figures were last checked long ago; otherwise ""."""
    if today - LAST_CHECKED <= CHECKED_FOR:
        return ""
    return (
        f"The figures were last checked on {format_date(LAST_CHECKED)}, more than "
        f"{CHECKED_FOR.days} days before this calculation. They may have changed: ask "
        "the agency."
    )


@lru_cache(maxsize=KEPT)
def solar_credits(day: date) -> str:
    """Return a sentence about the Solar Credits of an installation of a day, or ""."""
    multiplier = value_on("solar_credits_multiplier", day)
    contracts, last_day = FIGURES["solar_credits_contracts"].latest
    if multiplier > 1:
        return (
            f"An installation of that day also had the Solar Credits multiplier of "
            f"{multiplier} on its first 1.5 kW (off the grid: 20 kW). It is not "
            "applied here."
        )
    if day <= last_day:
        return (
            f"If the contract was made before {format_date(contracts)}, the Solar "
            f"Credits multiplier still applied until {format_date(last_day)}. It is "
            "not applied here."
        )
    return ""


def years_step(label: str, operation: str, years: int, figure: str) -> Step:
    """Return a step whose result is a number of years."""
    unit = "year" if years == 1 else "years"
    return Step(label, operation, str(years), unit, FIGURES[figure])


def round_down(output: Decimal) -> int:
    """Return the whole certificates: the one place where anything is rounded."""
    return int(output)


def last_step(output: Decimal) -> Step:
    """Return the step that rounds down."""
    number = round_down(output)
    unit = "STC" if number == 1 else "STCs"
    operation = f"{format_decimal(output)} rounded down"
    figure = FIGURES["certificate_output"]
    return Step("Certificates", operation, f"{number:,}", unit, figure)
