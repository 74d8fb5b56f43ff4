"""Each figure of the law is dated, and has its unit and its source."""

import ast
import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from spv.rules.stc import figures
from spv.rules.stc.figures import FIGURES, RULES_VERSION, value_on

RULES = Path(figures.__file__).parent
DOCUMENT = tomllib.loads((RULES / "data/stc.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", DOCUMENT["figures"])
def test_a_figure_has_title_unit_source_and_dates(name):
    entry = DOCUMENT["figures"][name]
    source = DOCUMENT["sources"][entry["source"]]
    assert source["title"]
    assert re.fullmatch(r"https://\S+", source["link"])
    assert entry["title"]
    assert entry["unit"]
    assert date(2026, 11, 22) <= entry["checked"] <= date.today()
    assert entry["copy"]
    days = [dated["from"] for dated in entry["values"]]
    assert days == sorted(set(days))
    assert all(type(day) is date for day in days)


def test_every_source_is_used():
    used = {entry["source"] for entry in DOCUMENT["figures"].values()}
    assert used == set(DOCUMENT["sources"])


def test_every_figure_is_used():
    """Find each figure in the code by its full name."""
    code = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.py"))
    assert not [name for name in FIGURES if f'"{name}"' not in code]


@pytest.mark.parametrize("path", sorted(RULES.glob("*.py")), ids=lambda p: p.name)
def test_no_figure_is_typed_in_code(path):
    """Allow only small whole numbers, of counting and of the calendar."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    numbers = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }
    # 100 turns a share into per cent; the others are limits of our own.
    allowed = {
        "batch.py": {5, 10, 40, 100, 5_000},
        "figures.py": {120, 4096},
        "systems.py": {100},
    }
    assert numbers <= {0, 1, 2, 12, 28, 29} | allowed.get(path.name, set())


def test_the_version_is_a_day():
    assert date.fromisoformat(RULES_VERSION) >= date(2026, 11, 22)


def test_a_value_is_exact_and_the_one_in_force():
    assert value_on("zone_rating", date(2026, 1, 1))[2] == Decimal("1.382")
    assert value_on("battery_factor", date(2026, 4, 30)) == Decimal("8.4")
    assert value_on("battery_factor", date(2026, 5, 1)) == Decimal("6.8")


def test_since_when_a_value_applies():
    assert FIGURES["battery_factor"].since(date(2026, 4, 30)) == date(2026, 1, 1)
    assert FIGURES["solar_power_limit"].since(date(2026, 4, 30)) == date(2005, 11, 14)
    # The table of 2020 is also used for earlier days, of which a warning tells.
    assert FIGURES["postcode_zones"].since(date(2019, 1, 1)) == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("day", "newest"),
    [("2026-04-30", "2026-01-01"), ("2026-05-01", "2026-05-01"),
     ("2026-12-31", "2026-05-01"), ("2027-01-01", "2027-01-01")],
)  # fmt: skip
def test_the_newest_figure_of_a_day(day, newest):
    assert figures.newest_on(date.fromisoformat(day)) == date.fromisoformat(newest)


def test_announced_for_a_type_and_a_day():
    day, before = date(2026, 10, 1), date(2026, 9, 30)
    assert figures.announced_for("solar_deemed", day, None) is figures.ANNOUNCED[0]
    for system_type, on, power in (
        ("solar_deemed", before, None), ("battery", day, None),
        ("solar_deemed", day, Decimal("99.9")), ("solar_deemed", day, Decimal(1001)),
    ):  # fmt: skip
        assert figures.announced_for(system_type, on, power) is None


def test_no_value_before_the_first_day():
    with pytest.raises(LookupError, match="battery_factor has no value on 2025-06-30"):
        value_on("battery_factor", date(2025, 6, 30))


@pytest.mark.parametrize(
    ("postcode", "zone"),
    [("0000", 3), ("0800", 2), ("0854", 3), ("2150", 3), ("3000", 4), ("4474", 1),
     ("7000", 4), ("9999", 3)],
)  # fmt: skip
def test_zone_of(postcode, zone):
    assert figures.zone_of(postcode) == zone
