"""Many systems in one CSV file: read it, calculate each row, write it out again."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from spv.rules.csv_file import Row, csv_text, read_csv
from spv.rules.errors import ValidationError
from spv.rules.stc.calculation import Calculation, calculate
from spv.rules.stc.installation import Installation, read_installation
from spv.rules.stc.system_types import ALL_FIELDS

MAX_ROWS = 5_000
# No dollars come out of a batch, so a price column is one of the person's own.
FIELDS = tuple(name for name in ALL_FIELDS if name != "stc_price")
REQUIRED = ("system_type", "installation_date")
ADDED = ("certificates", "zone", "years", "reason")
TEMPLATE = [
    ("your_reference", *FIELDS),
    ("Job 1", "solar_deemed", "6.6", "2026-11-22", "10", "2150", "", "", ""),
    ("Job 2", "wind_deemed", "6", "2026-11-22", "5", "", "2400", "", ""),
    ("Job 3", "hydro_deemed", "6.4", "2026-11-22", "1", "", "", "", ""),
    ("Job 4", "battery", "", "2026-11-22", "", "", "", "13.5", "13.5"),
]


class Outcome(NamedTuple):
    """One row: its calculation, or the reason why there is none."""

    row: Row
    installation: Installation | None
    calculation: Calculation | None
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A file of systems with what became of each row."""

    heading: list[str]
    outcomes: list[Outcome]

    @property
    def certificates(self) -> int:
        """The certificates of all rows that could be calculated."""
        return sum(o.calculation.certificates for o in self.outcomes if o.calculation)

    @property
    def calculated(self) -> int:
        """How many rows could be calculated."""
        return sum(1 for o in self.outcomes if o.calculation)

    def reasons(self) -> list[tuple[str, list[int]]]:
        """Each reason with the rows that it holds for, the most frequent first."""
        counts = Counter(o.reason for o in self.outcomes if o.reason)
        rows: dict[str, list[int]] = {reason: [] for reason, _ in counts.most_common()}
        for outcome in self.outcomes:
            if outcome.reason:
                rows[outcome.reason].append(outcome.row.number)
        return list(rows.items())


def calculate_batch(data: bytes, today: date) -> Batch:
    """Calculate each row of a CSV file; ValidationError on `file` if it cannot be read.

    The heading names the calculator's fields, in any order; other columns are kept.
    """
    heading_row, *rows = read_csv(data, MAX_ROWS)
    heading = [cell.strip() for cell in heading_row.cells]
    columns = _columns(heading)
    if not rows:
        raise ValidationError(
            {"file": "The file has a heading but no rows. Add a system."}
        )
    outcomes = [_outcome(row, columns, len(heading), today) for row in rows]
    return Batch(heading, outcomes)


def write_batch(batch: Batch) -> str:
    """The same rows as CSV, with certificates, zone, years and reason at the end."""
    kept = [i for i, name in enumerate(batch.heading) if _field(name) not in ADDED]
    heading = [batch.heading[i] for i in kept] + list(ADDED)
    return csv_text(chain([heading], (_line(o, kept) for o in batch.outcomes)))


def _line(outcome: Outcome, kept: list[int]) -> list[str]:
    cells = outcome.row.cells
    width = len(cells)
    return [cells[i] if i < width else "" for i in kept] + _added(outcome)


def template_text() -> str:
    """A CSV file to start from, with one system of each type."""
    return csv_text(TEMPLATE)


def _field(name: str) -> str:
    return "_".join(name.casefold().replace("_", " ").split())


def _columns(heading: list[str]) -> dict[str, int]:
    """Where each of the calculator's fields stands in a row."""
    columns: dict[str, int] = {}
    for at, name in enumerate(map(_field, heading)):
        if name not in FIELDS:
            continue
        if name in columns:
            raise ValidationError(
                {"file": f"The column {name} is there twice. Remove one."}
            )
        columns[name] = at
    for name in REQUIRED:
        if name not in columns:
            raise ValidationError(
                {"file": f"The column {name} is missing. The template has them all."}
            )
    return columns


def _outcome(row: Row, columns: dict[str, int], width: int, today: date) -> Outcome:
    cells = row.cells
    if any(cell.strip() for cell in cells[width:]):
        return Outcome(row, None, None, "This row has more cells than the heading.")
    answers = {name: cells[at] for name, at in columns.items() if at < len(cells)}
    try:
        installation = read_installation(answers)
    except ValidationError as refusal:
        return Outcome(row, None, None, str(refusal))
    # Nobody asks for the working of a row: 5,000 of them would only be carried along.
    calculation = calculate(installation, today)._replace(working=tuple)
    return Outcome(row, installation, calculation, "")


def _added(outcome: Outcome) -> list[str]:
    calculation = outcome.calculation
    if calculation is None:
        return ["", "", "", outcome.reason]
    numbers = (calculation.certificates, calculation.zone, calculation.years)
    return ["" if number is None else str(number) for number in numbers] + [""]
