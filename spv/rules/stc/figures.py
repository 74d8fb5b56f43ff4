"""The figures of the law, dated, with unit and source; and what they mean for a day."""

import csv
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from spv.rules.text import format_date

# Each function of a day caches this many results: some years of days.
KEPT = 4096
CHECKED_FOR = timedelta(
    days=120
)  # after that, results warn about the age of the figures
DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the law and each value that it has had, newest first.

    `checked` is the day on which its source was last read, or the copy of it that
    `copy` names.
    """

    name: str
    title: str
    unit: str
    source: str
    link: str
    values: tuple[tuple[date, Any], ...]
    checked: date
    copy: str

    @property
    def latest(self) -> Any:
        """The newest value, for when no day is known yet."""
        return self.values[0][1]

    def on(self, day: date) -> Any:
        """Return the value in force on a day, in `unit`.

        Days before the first day of certificates use the value of that day: such
        systems were saved before the calculator refused them. Raises LookupError if
        there was no value yet.
        """
        used = max(day, FIRST_DAY)
        for first_day, value in self.values:
            if first_day <= used:
                return value
        raise LookupError(f"{self.name} has no value on {day}")

    def since(self, day: date) -> date:
        """Return the day from which the value used on a day is known to apply.

        The first value is also used for earlier days, with a warning.
        """
        known = (first_day for first_day, _ in self.values if first_day <= day)
        return next(known, self.values[-1][0])


class Announcement(NamedTuple):
    """A change that the agency has announced, and that may not be in force.

    It affects some system types installed from `first_day` on, with a rated power from
    `above_kw` to `up_to_kw`.
    """

    on: date
    first_day: date
    system_types: list[str]
    above_kw: int
    up_to_kw: int
    change: str
    subject_to: str
    title: str
    link: str

    @property
    def sentence(self) -> str:
        """The change in words, with the advice to ask about it."""
        return (
            f"On {format_date(self.on)} the agency announced that {self.change}, "
            f"subject to {self.subject_to}. Ask the agency whether it is in force."
        )


def _exact(value: Any) -> Any:
    """Turn whole numbers into Decimal too, so that every sum is exact."""
    if isinstance(value, list):
        return tuple(map(_exact, value))
    return Decimal(value) if isinstance(value, int) else value


def _figure(name: str, entry: dict[str, Any], source: dict[str, str]) -> Figure:
    said = {key: entry[key] for key in ("title", "unit", "checked", "copy")}
    clauses = filter(None, [source["title"], entry.get("clause")])
    dated = reversed(entry["values"])
    values = tuple((each["from"], _exact(each["value"])) for each in dated)
    return Figure(
        name, source=", ".join(clauses), link=source["link"], values=values, **said
    )


def read_data(name: str) -> dict[str, Any]:
    """Return the content of a TOML file of the data, with its numbers exact."""
    return tomllib.loads((DATA / name).read_text("utf-8"), parse_float=Decimal)


_DOCUMENT = read_data("stc.toml")
RULES_VERSION: str = _DOCUMENT["version"]
FIGURES = {
    name: _figure(name, entry, _DOCUMENT["sources"][entry["source"]])
    for name, entry in _DOCUMENT["figures"].items()
}
ANNOUNCED = [Announcement(**each) for each in _DOCUMENT["announced"]]
FIRST_DAY: date = FIGURES["scheme_first_day"].latest
# The oldest day on which any figure was last checked.
LAST_CHECKED = min(figure.checked for figure in FIGURES.values())
_TABLE = (DATA / FIGURES["postcode_zones"].latest).read_text(encoding="utf-8")
# The first postcode of each range with its zone, in order.
_ZONES = [
    (row["from_postcode"], int(row["zone"]))
    for row in csv.DictReader(_TABLE.splitlines())
]


def value_on(name: str, day: date) -> Any:
    """Return the value of a figure on a day; raises LookupError if there is none."""
    return FIGURES[name].on(day)


def newest_on(day: date) -> date:
    """Return the day from which the newest of all values in force on a day applies."""
    days = (first for figure in FIGURES.values() for first, _ in figure.values)
    return max(first for first in days if first <= day)


def announced_for(
    system_type: str, day: date, power: Decimal | None
) -> Announcement | None:
    """Return the announced change for a system; `power` None means any power."""
    for each in ANNOUNCED:
        is_affected = system_type in each.system_types and day >= each.first_day
        if is_affected and (power is None or each.above_kw <= power <= each.up_to_kw):
            return each
    return None


def zone_of(postcode: str) -> int:
    """Return the zone, 1 to 4, of a postcode: the table covers 0000 to 9999."""
    return _ZONES[bisect_right(_ZONES, postcode, key=itemgetter(0)) - 1][1]


@lru_cache(maxsize=KEPT)
def years_left(day: date) -> int:
    """Return the whole years from the year of installation to the scheme's end."""
    return year_after_scheme(day) - day.year


def year_after_scheme(day: date) -> int:
    """Return the first year without the scheme."""
    return int(value_on("scheme_last_day", day).year) + 1


@lru_cache(maxsize=KEPT)
def deeming_period(day: date) -> int:
    """Return the deeming period of solar, in years, by the year of installation."""
    return min(int(value_on("longest_deeming_period", day)), years_left(day))


@lru_cache(maxsize=KEPT)
def too_late_to_create(day: date, today: date) -> str:
    """Return a sentence if no certificates can be created any more; otherwise ""."""
    months = value_on("creation_window", day)
    is_leap_day = (day.month, day.day) == (2, 29)
    year = day.year + int(months) // 12  # whole years
    last_day = day.replace(year=year, day=28 if is_leap_day else day.day)
    if today <= last_day:
        return ""
    ended = f"the {months} months ended on {format_date(last_day)}."
    return f"No STCs can be created any more: {ended}"


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
    """Return a sentence about the Solar Credits of an installation on a day, or ""."""
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
