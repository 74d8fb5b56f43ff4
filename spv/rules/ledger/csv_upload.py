"""Files of panel serial numbers: four columns, read strictly, all rows or none."""

from collections.abc import Sequence
from itertools import groupby, zip_longest
from operator import attrgetter, itemgetter

from spv.rules.csv_file import Row, csv_text, heading_name, read_csv
from spv.rules.errors import ValidationError
from spv.rules.formatting import join_words
from spv.rules.ledger.rows import (
    FIELDS,
    MOST_ROWS,
    CheckedRows,
    Fault,
    Problem,
    check_rows,
    escape_invisible,
)

ADDED = ("Problem", "How to fix")
# The columns that a file of search results has beside the four.
LEDGER_COLUMNS = ("Ledger status", "Ledger reason", "Ledger recorded", "Ledger upload",
                  "Ledger account")  # fmt: skip
_FIELD_OF = {heading_name(words): field for field, words in FIELDS.items()}
_OURS = {*map(heading_name, (*ADDED, *LEDGER_COLUMNS))}
_NO_HEADING = Fault(
    "no_heading",
    "The first row is not the row of headings.",
    f"Put these headings into the first row: {join_words(FIELDS.values())}.",
)
_EXTRA = Fault(
    "extra_cell",
    "There is a cell without a column heading.",
    "If a comma belongs to a name, put the name in double quotes. Else empty the cell.",
)


def check_csv(data: bytes) -> CheckedRows:
    """Check the rows of a file. Row numbers are those of a spreadsheet.

    Raises ValidationError on `file` if the file cannot be read as rows or has none.
    Where the headings are wrong, their problems are the only ones.
    """
    heading, *rows = read_csv(data, MOST_ROWS)
    names = [heading_name(cell) for cell in heading.cells]
    if problems := _heading_problems(heading, names):
        return CheckedRows({}, {}, problems, len(rows))
    if not rows:
        sentence = "The file has no rows under its headings. Add a panel."
        raise ValidationError({"file": sentence})
    columns = itemgetter(*map(names.index, _FIELD_OF))
    lines, problems = [], []
    for number, cells in rows:
        if len(cells) != len(names) or "" in names:
            problems += _extra_cells(number, cells, names)
            cells.extend([""] * (len(names) - len(cells)))
        lines.append((number, columns(cells)))
    checked = check_rows(lines)
    if problems:
        checked.problems.extend(problems)
        checked.problems.sort(key=attrgetter("row"))
    return checked


def write_problems(data: bytes, problems: Sequence[Problem]) -> str:
    """Return a file with two more columns that tell each row's problems.

    Rows keep their numbers. The two columns are ignored when the file is read again.
    """
    by_row = {n: list(of) for n, of in groupby(problems, attrgetter("row"))}
    lines: list[list[str]] = []
    heading, *rows = read_csv(data, MOST_ROWS)
    own_columns = _own_columns([heading, *rows])
    for number, cells in (heading, *rows):
        lines += [[] for _ in range(number - len(lines) - 1)]  # rows that are empty
        found = by_row.get(number, [])
        added = map(_sentence, found), (problem.fault.remedy for problem in found)
        lines.append(
            [cells[at] if at < len(cells) else "" for at in own_columns]
            + [" ".join(dict.fromkeys(words)) for words in added]
        )
    lines[heading.number - 1][-2:] = ADDED
    return csv_text(lines, as_text=True)


def write_rows(data: bytes, numbers: set[int]) -> str:
    """Return a file with only the rows that have one of the numbers."""
    heading, *rows = read_csv(data, MOST_ROWS)
    kept = [row for row in rows if row.number in numbers]
    return csv_text((row.cells for row in (heading, *kept)), as_text=True)


def _heading_problems(heading: Row, names: list[str]) -> list[Problem]:
    if not any(name in _FIELD_OF for name in names):
        found = escape_invisible(", ".join(heading.cells))
        return [Problem(heading.number, "", _NO_HEADING, found)]
    problems = []

    def add(field: str, found: str, *fault: str) -> None:
        problems.append(Problem(heading.number, field, Fault(*fault), found))

    for name, field in _FIELD_OF.items():
        words, count = FIELDS[field], names.count(name)
        if count == 0:
            sentence = f"The column “{words}” is missing."
            add(field, "", "heading_missing", sentence, f"Add a column named {words}.")
        elif count > 1:
            times = "twice" if count == 2 else f"{count} times"
            sentence = f"The column “{words}” is there {times}."
            add(field, words, "heading_repeated", sentence, "Keep one of them.")
    for cell, name in zip(heading.cells, names, strict=True):
        if name and name not in _FIELD_OF and name not in _OURS:
            words = escape_invisible(cell.strip())
            sentence = f"The column “{words}” is not one of the four."
            remedy = "Remove it, or correct its heading."
            add("", words, "heading_unknown", sentence, remedy)
    return problems


def _extra_cells(number: int, cells: list[str], names: list[str]) -> list[Problem]:
    """Find a cell beyond the headings, or under a heading without a name."""
    extra = [cell for cell, name in zip_longest(cells, names) if cell and not name]
    found = next((cell.strip() for cell in extra if cell.strip()), "")
    return [Problem(number, "", _EXTRA, escape_invisible(found))] if found else []


def _own_columns(rows: list[Row]) -> list[int]:
    """Return the positions of all columns but those that our own files add."""
    names = [heading_name(cell) for cell in rows[0].cells]
    width = max(len(row.cells) for row in rows)
    return [at for at in range(width) if at >= len(names) or names[at] not in _OURS]


def _sentence(problem: Problem) -> str:
    column, sentence = FIELDS.get(problem.field), problem.fault.sentence
    said = f"{column}: {sentence}" if column else sentence
    return f"{said} ({problem.note})" if problem.note else said


_NAMES = "Example Solar Imports Pty Ltd", "Example Solar Technology Co., Ltd"
_MODEL = "EST-440M-108"
_GOOD_SERIALS = [f"EST44020260{number:05}" for number in range(1, 11)]
_BAD_PANELS = [
    (_MODEL, "EST4402026000011"),
    (_MODEL, "1.60719E+15"),
    (_MODEL, "1.60719E+15"),
    (_MODEL, "EST4402026000011"),
    ("", "EST4402026000012"),
    (_MODEL, "EST4402026 000013"),
    (_MODEL, "EST44О2026000014"),
    (_MODEL, "N/A"),
]


def _sample(panels: Sequence[tuple[str, str]]) -> str:
    return csv_text([FIELDS.values(), *((*_NAMES, *panel) for panel in panels)])


SAMPLES = {
    "template": _sample([]),
    "good-sample": _sample([(_MODEL, serial) for serial in _GOOD_SERIALS]),
    "bad-sample": _sample(_BAD_PANELS),
}
