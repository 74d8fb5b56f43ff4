"""Which of the four solar zones a postcode lies in."""

import csv
from bisect import bisect_right
from datetime import date

from spv.rules.stc.figures import DATA, FIGURES

TABLE_FROM: date = FIGURES["postcode_zones"].values[0][0]


def _load() -> tuple[list[str], list[int]]:
    name = FIGURES["postcode_zones"].latest
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        ranges = list(csv.DictReader(file))
    return [r["from_postcode"] for r in ranges], [int(r["zone"]) for r in ranges]


_STARTS, _ZONES = _load()


def zone_of(postcode: str) -> int:
    """The zone, 1 to 4, of any four digits: the table covers 0000 to 9999."""
    return _ZONES[bisect_right(_STARTS, postcode) - 1]
