"""The certificates of a system, the steps that lead to them, and years."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from spv.rules.formatting import format_decimal
from spv.rules.stc.figures import FIGURES, KEPT, Figure, value_on


class Step(NamedTuple):
    """A line of the working: the operation with its numbers, and its result."""

    label: str
    operation: str
    result: str
    unit: str
    figure: Figure | None = None


class Calculation(NamedTuple):
    """The certificates of one system.

    `rating` is in MWh a year per kW, `deeming_years` (of solar) and `years` in years;
    they are None where the system type has none. `working` makes the steps, and `warn`
    the warnings, only when they are asked for, as they never are in a batch.
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
    return same_day_in(year, day)


@lru_cache(maxsize=KEPT)
def had_solar_credits(day: date) -> bool:
    """Tell whether installations of a day had the Solar Credits multiplier."""
    first, last = value_on("solar_credits_period", day)
    return bool(first <= day <= last)


def same_day_in(year: int, day: date) -> date:
    """Return a day in another year: for 29 February, 28 February."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28 if is_leap_day else day.day)


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
    return Step("Certificates", operation, f"{number:,}", unit)
