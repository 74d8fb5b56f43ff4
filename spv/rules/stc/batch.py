"""Many systems in one CSV file: read it, calculate each row, write it out again."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import NamedTuple

from spv.rules.csv_file import Row, csv_text, read_csv, refusal
from spv.rules.errors import ValidationError
from spv.rules.stc.batch_columns import (
    ADDED,
    COLUMNS,
    Columns,
    field_name,
    find_columns,
    read_answers,
    reason_of,
)
from spv.rules.stc.figures import too_late_to_create
from spv.rules.stc.installation import Calculation, Installation
from spv.rules.stc.system_types import FIELDS, REQUIRED, SystemType
from spv.rules.stc.systems import read_installation
from spv.rules.text import join_words

MAX_ROWS = 5_000
ROWS_NAMED = 10
TEMPLATE = [
    ("your_reference", *COLUMNS),
    ("Job 1", "solar_deemed", "6.6", "2026-11-22", "10", "2150", "", "", "", "", ""),
    ("Job 2", "wind_deemed", "6", "2026-11-22", "5", "", "2400", "", "", "", ""),
    ("Job 3", "hydro_deemed", "6.4", "2026-11-22", "1", "", "", "", "", "", ""),
    ("Job 4", "battery", "", "2026-11-22", "", "", "", "13.5", "13.5", "", ""),
]


class Outcome(NamedTuple):
    """A row as in the file, with its calculation or the reason why there is none."""

    row: Row
    installation: Installation | None = None
    calculation: Calculation | None = None
    reason: str = ""
    is_late: bool = False  # no certificates can be created any more


class Reason(NamedTuple):
    """A reason or a warning, the number of its rows, and the first of them."""

    sentence: str
    row_count: int
    rows: list[int]


class Batch(NamedTuple):
    """A file of systems with the outcome of each row."""

    heading: list[str]
    outcomes: list[Outcome]

    def totals(self) -> dict[str, int]:
        """Return how many rows and certificates there are, of all and of some kinds.

        `late_certificates` are those that cannot be created any more.
        """
        found = [(o.calculation, o.is_late) for o in self.outcomes if o.calculation]
        return {
            "row_count": len(self.outcomes),
            "calculated": len(found),
            "warned": sum(bool(each.warnings) for each, _ in found),
            "certificates": sum(each.certificates for each, _ in found),
            "late_certificates": sum(each.certificates for each, late in found if late),
        }

    def reasons(self) -> list[Reason]:
        """Return each reason with its rows, the most frequent reason first."""
        return _counted((o.reason, o.row.number) for o in self.outcomes if o.reason)

    def warnings(self) -> list[Reason]:
        """Return each warning with its rows, the most frequent warning first."""
        found = [(o.calculation, o.row) for o in self.outcomes if o.calculation]
        return _counted((w, row.number) for each, row in found for w in each.warnings)


def calculate_batch(data: bytes, today: date) -> Batch:
    """Calculate each row of a CSV file.

    The heading names the calculator's columns, in any order; others are kept.
    Raises ValidationError on `file` if the file cannot be read.
    """
    heading_row, *rows = read_csv(data, MAX_ROWS, keep_marks=True)
    heading = [cell.strip() for cell in heading_row.cells]
    columns = find_columns(heading)
    if not rows:
        raise refusal("The file has a heading but no rows. Add a system.")
    outcomes = [_calculate_row(row, columns, len(heading), today) for row in rows]
    return Batch(heading, outcomes)


def write_batch(batch: Batch) -> str:
    """Return the same rows as CSV, with the columns of `ADDED` after them.

    A cell keeps the apostrophe before it, which protects a postcode such as 0800.
    """
    kept = [i for i, name in enumerate(batch.heading) if field_name(name) not in ADDED]
    heading = [batch.heading[i] for i in kept] + list(ADDED)
    lines = (_line(outcome, kept) for outcome in batch.outcomes)
    return csv_text(chain([heading], lines), has_marks=True)


def template_text() -> str:
    """Return a CSV file to start from, with one system of each type."""
    return csv_text(TEMPLATE)


def column_help() -> list[tuple[str, str, str]]:
    """Return each column, what its cells hold, and which systems need it if not all."""
    codes = join_words(SystemType, "or") + ", or the words of the calculator"
    lines = [("system_type", codes, "")]
    for name in sorted(COLUMNS[1:], key=lambda name: name not in REQUIRED):
        cell, types = FIELDS[name].cell, FIELDS[name].types
        systems = join_words(each.name.lower() for each in types).capitalize()
        lines.append((name, cell, "" if len(types) == len(SystemType) else systems))
    return lines


def _calculate_row(row: Row, columns: Columns, width: int, today: date) -> Outcome:
    if any(cell.strip() for cell in row.cells[width:]):
        return Outcome(row, reason="This row has more cells than the heading.")
    answers = read_answers(row.cells, columns)
    try:
        installation = read_installation(answers)
    except ValidationError as error:
        return Outcome(row, reason=reason_of(error, answers, columns))
    is_late = bool(too_late_to_create(installation.installation_date, today))
    return Outcome(row, installation, installation.calculate(today), "", is_late)


def _counted(sentences: Iterable[tuple[str, int]]) -> list[Reason]:
    rows = defaultdict(list)
    for sentence, number in sentences:
        rows[sentence].append(number)
    found = [Reason(each, len(of), of[:ROWS_NAMED]) for each, of in rows.items()]
    return sorted(found, key=lambda each: each.row_count, reverse=True)


def _line(outcome: Outcome, kept: list[int]) -> list[str]:
    cells, calculation = outcome.row.cells, outcome.calculation
    line = [cells[i] if i < len(cells) else "" for i in kept]
    if calculation is None:
        return [*line, "", "", "", outcome.reason, ""]
    numbers = (calculation.certificates, calculation.zone, calculation.years)
    texts = ("" if n is None else str(n) for n in numbers)
    return [*line, *texts, "", " ".join(calculation.warnings)]
