"""Many systems in one CSV file: read it, calculate each row, write it out again.

Cells are read as spreadsheet programs write them; the page and the API accept only the
calculator's own forms.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from spv.rules.csv_file import Row, csv_text, read_csv, refusal
from spv.rules.errors import ValidationError
from spv.rules.stc.figures import too_late_to_create
from spv.rules.stc.installation import Calculation, Installation
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    FIELDS,
    REQUIRED,
    SYSTEM_TYPE_LABEL,
    SystemType,
)
from spv.rules.stc.systems import read_installation
from spv.rules.text import is_unseen, join_words

# A batch has no estimate in dollars, so a price column is not read.
NOT_READ = "stc_price"
COLUMNS = tuple(name for name in ALL_FIELDS if name != NOT_READ)
ADDED = ("certificates", "zone", "years", "reason", "warnings")
MOST_NAMED = 5  # headings in a sentence
LONGEST_NAMED = 40  # characters of a heading in a sentence
LONGEST_READ = 100  # characters of a heading that can mean a column
MAX_ROWS = 5_000
ROWS_NAMED = 10
TEMPLATE = [
    ("your_reference", *COLUMNS),
    ("Job 1", "solar_deemed", "6.6", "2026-11-22", "10", "2150", "", "", "", "", ""),
    ("Job 2", "wind_deemed", "6", "2026-11-22", "5", "", "2400", "", "", "", ""),
    ("Job 3", "hydro_deemed", "6.4", "2026-11-22", "1", "", "", "", "", "", ""),
    ("Job 4", "battery", "", "2026-11-22", "", "", "", "13.5", "13.5", "", ""),
]
_SYSTEM_TYPE = ("system_type", SYSTEM_TYPE_LABEL, "type", "system", "type of system")
_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})[T ]"
_MIDNIGHT = re.compile(
    rf"{_DAY}(?:00?:00(?::00(?:\.0{{1,9}})?)?|12:00(?::00)? ?am)", re.IGNORECASE
)
_WITH_TIME = re.compile(
    rf"{_DAY}[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?(?: ?[ap]m)?",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"([0-9]{1,4})\.0{1,9}")
# What a spreadsheet program adds to a value, and the value itself.
_ADDITIONS = {"installation_date": _MIDNIGHT} | dict.fromkeys(
    ("calculation_period", "modules"), _WHOLE_NUMBER
)
# What a spreadsheet program makes of a value, and a sentence that says what to do.
_CHANGES = {
    "installation_date": (
        _WITH_TIME,
        "The installation date has a time of day that is not 00:00. Enter only "
        "the day, as 2026-07-31 or 31/07/2026.",
    ),
    "postcode": (
        _WHOLE_NUMBER,
        "A spreadsheet program has turned the postcode into a number. Format the "
        "column as text and enter four digits, such as 0800.",
    ),
}


class Columns(NamedTuple):
    """The position of each column in a row, and a sentence on unknown headings."""

    positions: dict[str, int]
    unknown: str


def field_name(heading: str) -> str:
    """Return a heading as the name of a field: in lower case, with underscores."""
    return "_".join(heading.casefold().replace("_", " ").split())


def find_columns(heading: list[str]) -> Columns:
    """Find the columns; raises ValidationError if one is missing, or appears twice."""
    positions: dict[str, int] = {}
    others = []
    for position, text in enumerate(heading):
        name = _COLUMN_OF.get(_key(text))
        if name is None:
            others.append(text)
        elif name in positions:
            is_same = (first := heading[positions[name]]) == text
            how = "" if is_same else f", as {_quoted(first)} and {_quoted(text)}"
            do = "Remove" if is_same else "Rename or remove"
            raise refusal(f"The column {name} appears twice{how}. {do} one.")
        else:
            positions[name] = position
    unknown = _unknown(others)
    for name in REQUIRED:
        if name not in positions:
            known = f"The columns are {join_words(COLUMNS)}. The template has them all."
            missing = f"The column {name} is missing."
            raise refusal(" ".join(filter(None, (missing, unknown, known))))
    return Columns(positions, unknown)


def read_answers(cells: list[str], columns: Columns) -> dict[str, str]:
    """Return the answers of a row, without the additions of spreadsheet programs.

    These are an apostrophe that protects a cell, the time 00:00 after a day, and zeros
    after the point of a whole number.
    """
    answers = {
        name: cells[position].strip().removeprefix("'").strip()
        for name, position in columns.positions.items()
        if position < len(cells) and cells[position]
    }
    for name, addition in _ADDITIONS.items():
        text = answers.get(name, "")
        # Every addition has a colon or a point; most cells have neither.
        if (":" in text or "." in text) and (match := addition.fullmatch(text)):
            answers[name] = match[1]
    return answers


def reason_of(
    error: ValidationError, answers: Mapping[str, str], columns: Columns
) -> str:
    """Return why a row cannot be calculated, and what a spreadsheet did to it."""
    problems = dict(error.problems)
    for name, (change, advice) in _CHANGES.items():
        if name in problems and change.fullmatch(answers.get(name, "")):
            problems[name] = advice
    sentences = [*problems.values()]
    if missing := [name for name in problems if name not in columns.positions]:
        word = "column" if len(missing) == 1 else "columns"
        sentences += [f"The file has no {word} {join_words(missing)}.", columns.unknown]
    return " ".join(filter(None, sentences))


def _key(heading: str) -> str:
    """Return the letters and digits of a heading; "" if it is over 100 characters."""
    if len(heading) > LONGEST_READ:
        return ""
    letters = "".join(filter(str.isalnum, heading.casefold()))
    return letters.removesuffix("optional")


def _unknown(headings: list[str]) -> str:
    """Return a sentence that names the headings that mean no column, or ""."""
    ours = ("", NOT_READ, *ADDED)
    unknown = [text for text in headings if field_name(text) not in ours]
    named = [*map(_quoted, unknown[:MOST_NAMED])]
    if len(unknown) > MOST_NAMED:
        named.append(f"{len(unknown) - MOST_NAMED} more")
    are_none = "is not a column" if len(unknown) == 1 else "are not columns"
    return f"{join_words(named)} {are_none} of the calculator." if named else ""


def _quoted(heading: str) -> str:
    """Return a heading in quotation marks, shortened, without invisible characters."""
    cut = heading[:LONGEST_NAMED] + ("…" if len(heading) > LONGEST_NAMED else "")
    return f"“{''.join(c for c in cut if not is_unseen(c))}”"


class Outcome(NamedTuple):
    """A row as in the file, with its calculation or the reason why there is none."""

    row: Row
    installation: Installation | None = None
    calculation: Calculation | None = None
    reason: str = ""
    is_late: bool = False  # True if no certificates can be created any more


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
        """Return the counts of rows and certificates that are saved."""
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
    """Calculate each row of a CSV file; raises ValidationError if it cannot be read.

    The heading names the calculator's columns, in any order; others are kept.
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
    lines = [[*(batch.heading[i] for i in kept), *ADDED]]
    for outcome in batch.outcomes:
        cells, found = outcome.row.cells, outcome.calculation
        added = ["", "", "", outcome.reason, ""]
        if found:
            numbers = (found.certificates, found.zone, found.years)
            texts = ("" if n is None else str(n) for n in numbers)
            added = [*texts, "", " ".join(found.warnings)]
        padded = cells + [""] * (len(batch.heading) - len(cells))
        lines.append([*[padded[i] for i in kept], *added])
    return csv_text(lines, has_marks=True)


def template_text() -> str:
    """Return a CSV file to start from, with one system of each type."""
    return csv_text(TEMPLATE)


def column_help() -> list[tuple[str, str, str]]:
    """Return each column, the content of its cells, and the systems that use it."""
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


# The key of each known heading, and the column that it means.
_COLUMN_OF = {_key(text): "system_type" for text in _SYSTEM_TYPE} | {
    _key(text): name
    for name, field in FIELDS.items()
    for text in (name, field.label, *field.synonyms)
    if name != NOT_READ
}
