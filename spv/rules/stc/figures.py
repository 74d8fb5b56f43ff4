"""The figures of the law: each number dated, with its unit and its source."""

import csv
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

# Each function of a day caches this many results: some years of days.
KEPT = 4096
DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the law and each value that it has had, newest first."""

    name: str
    title: str
    unit: str
    source: str
    link: str
    values: tuple[tuple[date, Any], ...]

    @property
    def latest(self) -> Any:
        """The newest value, for when no day is known yet."""
        return self.values[0][1]

    def on(self, day: date) -> Any:
        """Return the value in force on a day, in `unit`.

        Raises LookupError if there was none yet.
        """
        for first_day, value in self.values:
            if first_day <= day:
                return value
        raise LookupError(f"{self.name} has no value on {day}")


def _exact(value: Any) -> Any:
    """Turn whole numbers into Decimal too, so that every sum is exact."""
    if isinstance(value, list):
        return tuple(_exact(each) for each in value)
    return Decimal(value) if isinstance(value, int) else value


def _figure(name: str, entry: dict[str, Any], source: dict[str, str]) -> Figure:
    dated = sorted(entry["values"], key=itemgetter("from"), reverse=True)
    return Figure(
        name=name,
        title=entry["title"],
        unit=entry["unit"],
        source=", ".join(filter(None, [source["title"], entry.get("clause")])),
        link=source["link"],
        values=tuple((each["from"], _exact(each["value"])) for each in dated),
    )


def _load() -> tuple[str, dict[str, Figure]]:
    text = (DATA / "stc.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text, parse_float=Decimal)
    sources = document["sources"]
    return document["version"], {
        name: _figure(name, entry, sources[entry["source"]])
        for name, entry in document["figures"].items()
    }


RULES_VERSION, FIGURES = _load()


def value_on(name: str, day: date) -> Any:
    """Return the value of a figure on a day; raises LookupError if there is none."""
    return FIGURES[name].on(day)


TABLE_FROM: date = FIGURES["postcode_zones"].values[0][0]


def _load_zones() -> tuple[list[str], list[int]]:
    name = FIGURES["postcode_zones"].latest
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        ranges = list(csv.DictReader(file))
    return [r["from_postcode"] for r in ranges], [int(r["zone"]) for r in ranges]


_STARTS, _ZONES = _load_zones()


def zone_of(postcode: str) -> int:
    """Return the zone, 1 to 4, of a postcode: the table covers 0000 to 9999."""
    return _ZONES[bisect_right(_STARTS, postcode) - 1]
