"""Files of panel serial numbers: four columns, read strictly, all or nothing."""

from collections.abc import Sequence
from itertools import groupby, zip_longest
from operator import itemgetter

from spv.rules.csv_file import Row, csv_text, read_csv
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
# What a file of search results says beside the four columns.
LEDGER_COLUMNS = ("Ledger status", "Ledger reason", "Ledger recorded", "Ledger upload",
                  "Ledger account")  # fmt: skip


def check_csv(data: bytes) -> CheckedRows:
    """The rows of a file and all that is wrong with them.

    ValidationError on `file`, where it cannot be read as rows or has none. Where the
    headings are wrong, those are the only problems. Row numbers are those of a
    spreadsheet.
    """
    heading, *rows = read_csv(data, MOST_ROWS)
    names = [_name(cell) for cell in heading.cells]
    if problems := _heading_problems(heading, names):
        return CheckedRows({}, {}, problems, len(rows))
    if not rows:
        raise ValidationError(
            {"file": "The file has no rows under its headings. Add a panel."}
        )
    columns = itemgetter(*(names.index(_name(words)) for words in FIELDS.values()))
    lines, problems = [], []
    for number, cells in rows:
        if len(cells) != len(names) or "" in names:
            problems += _extra_cells(number, cells, names)
            cells.extend([""] * (len(names) - len(cells)))
        lines.append((number, columns(cells)))
    checked = check_rows(lines)
    if problems:
        checked.problems.extend(problems)
        checked.problems.sort(key=lambda problem: problem.row)
    return checked


def write_problems(data: bytes, problems: Sequence[Problem]) -> str:
    """A file that was read, with two more columns that tell each row's problems.

    Rows keep their numbers. The two columns are ignored when the file is read again.
    """
    by_row = {n: list(of) for n, of in groupby(problems, lambda p: p.row)}
    lines: list[list[str]] = []
    heading, *rows = read_csv(data, MOST_ROWS)
    kept = _own_columns([heading, *rows])
    for row in (heading, *rows):
        lines += [[] for _ in range(row.number - len(lines) - 1)]  # rows that are empty
        cells = [row.cells[at] if at < len(row.cells) else "" for at in kept]
        found = by_row.get(row.number, [])
        added = [_sentence(p) for p in found], [p.fault.remedy for p in found]
        lines.append(cells + [" ".join(dict.fromkeys(words)) for words in added])
    lines[heading.number - 1][-2:] = ADDED
    return csv_text(lines, as_text=True)


def write_rows(data: bytes, numbers: set[int]) -> str:
    """A file that was read, with only those of its rows."""
    heading, *rows = read_csv(data, MOST_ROWS)
    kept = [row for row in rows if row.number in numbers]
    return csv_text((row.cells for row in (heading, *kept)), as_text=True)


def _name(cell: str) -> str:
    """A heading as headings are compared: no case, blanks made single."""
    return " ".join(cell.casefold().split())


_FIELD_OF = {_name(words): field for field, words in FIELDS.items()}
_OURS = {*map(_name, (*ADDED, *LEDGER_COLUMNS))}
_NO_HEADING = Fault(
    "no_heading",
    "The first row is not the row of headings.",
    f"Put these headings into the first row: {join_words(FIELDS.values())}.",
)


def _heading_problems(heading: Row, names: list[str]) -> list[Problem]:
    known = [_FIELD_OF[name] for name in names if name in _FIELD_OF]
    if not known:
        found = escape_invisible(", ".join(heading.cells))
        return [Problem(heading.number, "", _NO_HEADING, found)]
    problems = []
    for field, words in FIELDS.items():
        count = known.count(field)
        if count == 0:
            sentence = f"The column “{words}” is missing."
            fault = Fault("heading_missing", sentence, f"Add a column named {words}.")
            problems.append(Problem(heading.number, field, fault, ""))
        elif count > 1:
            sentence = f"The column “{words}” is there {_times(count)}."
            fault = Fault("heading_repeated", sentence, "Keep one of them.")
            problems.append(Problem(heading.number, field, fault, words))
    for cell, name in zip(heading.cells, names, strict=True):
        if name and name not in _FIELD_OF and name not in _OURS:
            sentence = (
                f"The column “{escape_invisible(cell.strip())}” is not one of the four."
            )
            remedy = "Remove it, or correct its heading."
            fault = Fault("heading_unknown", sentence, remedy)
            problems.append(
                Problem(heading.number, "", fault, escape_invisible(cell.strip()))
            )
    return problems


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


_EXTRA = Fault(
    "extra_cell",
    "There is a cell without a column heading.",
    "If a comma belongs to a name, put the name in double quotes. Else empty the cell.",
)


def _extra_cells(number: int, cells: list[str], names: list[str]) -> list[Problem]:
    """A cell beyond the headings, or under a heading without a name."""
    extra = [cell for cell, name in zip_longest(cells, names) if cell and not name]
    found = next((cell.strip() for cell in extra if cell.strip()), "")
    return [Problem(number, "", _EXTRA, escape_invisible(found))] if found else []


def _own_columns(rows: list[Row]) -> list[int]:
    """Where the columns stand that are not ones that our own files add."""
    names = [_name(cell) for cell in rows[0].cells]
    width = max(len(row.cells) for row in rows)
    return [at for at in range(width) if at >= len(names) or names[at] not in _OURS]


def _sentence(problem: Problem) -> str:
    column, sentence = FIELDS.get(problem.field), problem.fault.sentence
    said = f"{column}: {sentence}" if column else sentence
    return f"{said} ({problem.note})" if problem.note else said


_HEADING = list(FIELDS.values())
_MAKER = ["Example Solar Imports Pty Ltd", "Example Solar Technology Co., Ltd"]
_GOOD = [
    [*_MAKER, "EST-440M-108", f"EST44020260{number:05}"] for number in range(1, 11)
]
_BAD = [
    [*_MAKER, "EST-440M-108", "EST4402026000011"],
    [*_MAKER, "EST-440M-108", "1.60719E+15"],
    [*_MAKER, "EST-440M-108", "1.60719E+15"],
    [*_MAKER, "EST-440M-108", "EST4402026000011"],
    [*_MAKER, "", "EST4402026000012"],
    [*_MAKER, "EST-440M-108", "EST4402026 000013"],
    [*_MAKER, "EST-440M-108", "EST44О2026000014"],
    [*_MAKER, "EST-440M-108", "N/A"],
]
SAMPLES = {
    "template": csv_text([_HEADING]),
    "good-sample": csv_text([_HEADING, *_GOOD]),
    "bad-sample": csv_text([_HEADING, *_BAD]),
}
