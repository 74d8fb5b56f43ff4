"""Dated, sourced figures: each number of the law, with its unit and where it stands."""

import csv
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

# How many results are kept of each function of a day: some years of days.
KEPT = 4096
DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the law and each value that it has had, newest first."""

    name: str
    title: str
    unit: str
    source: str
    link: str
    values: tuple[tuple[date, Any], ...]

    @property
    def latest(self) -> Any:
        """The newest value, for questions that come before any day is known."""
        return self.values[0][1]

    def on(self, day: date) -> Any:
        """The value in force on that day, in `unit`; LookupError where none was yet."""
        for first_day, value in self.values:
            if first_day <= day:
                return value
        raise LookupError(f"{self.name} has no value on {day}")


def _figure(name: str, entry: dict[str, Any], sources: dict[str, Any]) -> Figure:
    source = sources[entry["source"]]
    dated = [(each["from"], each["value"]) for each in entry["values"]]
    return Figure(
        name=name,
        title=entry["title"],
        unit=entry["unit"],
        source=", ".join(filter(None, [source["title"], entry.get("clause")])),
        link=source["link"],
        values=tuple(sorted(dated, key=lambda pair: pair[0], reverse=True)),
    )


def _exact(value: Any) -> Any:
    """Whole numbers too become Decimal, so that no sum can meet a float or an int."""
    if isinstance(value, list):
        return tuple(_exact(each) for each in value)
    return Decimal(value) if isinstance(value, int) else value


def _load() -> tuple[str, dict[str, Figure]]:
    text = (DATA / "stc.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text, parse_float=Decimal)
    for entry in document["figures"].values():
        for dated in entry["values"]:
            dated["value"] = _exact(dated["value"])
    sources = document["sources"]
    return document["version"], {
        name: _figure(name, entry, sources)
        for name, entry in document["figures"].items()
    }


RULES_VERSION, FIGURES = _load()


def value_on(name: str, day: date) -> Any:
    """The value of the named figure on a day; LookupError where there is none."""
    return FIGURES[name].on(day)


TABLE_FROM: date = FIGURES["postcode_zones"].values[0][0]


def _load_zones() -> tuple[list[str], list[int]]:
    name = FIGURES["postcode_zones"].latest
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        ranges = list(csv.DictReader(file))
    return [r["from_postcode"] for r in ranges], [int(r["zone"]) for r in ranges]


_STARTS, _ZONES = _load_zones()


def zone_of(postcode: str) -> int:
    """The zone, 1 to 4, of any four digits: the table covers 0000 to 9999."""
    return _ZONES[bisect_right(_STARTS, postcode) - 1]
