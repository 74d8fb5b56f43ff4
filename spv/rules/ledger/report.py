"""The report of an uploaded file: equal problems are one group."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from spv.rules import csv_file
from spv.rules.csv_file import Row, heading_name, read_csv
from spv.rules.faults import Fault
from spv.rules.ledger import rows as ledger_rows
from spv.rules.ledger.csv_upload import ADDED, FIELD_OF, HEADING_CODES, OURS
from spv.rules.ledger.rows import FIELDS, CheckedRows, Problem, escape_invisible
from spv.rules.text import pluralise

PROBLEMS_SHOWN = 50
WRONG_ROWS_SHOWN = 20
LONGEST = 300  # characters of a sentence that is stored for the agency


@dataclass(frozen=True, slots=True)
class Group:
    """The problems of one fault in one column: their number, and the first of them."""

    column: str
    fault: Fault
    count: int
    first: Sequence[Problem]


class WrongRow(NamedTuple):
    """A row with problems: the heading, text and problems of each of its cells."""

    number: int
    cells: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is wrong with a file, in one sentence and in groups.

    `new_rows` is the number of rows that the ledger does not have, if all problems are
    about rows that it has. If the headings are wrong, the rows were not checked. If
    there is no problem, the rows can be recorded once the user has confirmed the
    warnings.
    """

    sentence: str
    groups: Sequence[Group]
    about_headings: bool
    problem_count: int
    wrong_rows: int
    row_count: int
    new_rows: int
    warnings: Sequence[Group]
    warning_count: int
    first_rows: Sequence[WrongRow]

    @property
    def not_shown(self) -> int:
        """The number of problems that are not among the first of a group."""
        return self.problem_count - sum(len(group.first) for group in self.groups)


def write_problems(data: bytes, problems: Sequence[Problem]) -> str:
    """Return a file with two more columns that describe each row's problems.

    Rows keep their numbers. The two columns are ignored when the file is read again.
    """
    by_row = {n: list(of) for n, of in groupby(problems, attrgetter("row"))}
    lines: list[list[str]] = []
    heading, *rows = read_csv(data, ledger_rows.MOST_ROWS, [])
    own_columns = _own_columns([heading, *rows])
    for number, cells in (heading, *rows):
        lines += [[] for _ in range(number - len(lines) - 1)]  # rows that are empty
        found = by_row.get(number, [])
        added = map(_in_words, found), (problem.fault.remedy for problem in found)
        lines.append(
            [cells[at] if at < len(cells) else "" for at in own_columns]
            + [" ".join(dict.fromkeys(words)) for words in added]
        )
    lines[heading.number - 1][-2:] = ADDED
    return csv_file.csv_text(lines, as_text=True)


def write_rows(data: bytes, numbers: set[int]) -> str:
    """Return a file with only the rows that have one of the numbers."""
    heading, *rows = read_csv(data, ledger_rows.MOST_ROWS, [])
    kept = [row for row in rows if row.number in numbers]
    return csv_file.csv_text((row.cells for row in (heading, *kept)), as_text=True)


def wrong_rows(data: bytes, problems: Sequence[Problem]) -> list[WrongRow]:
    """Return the first rows that have problems, with the problems of each cell."""
    first, *rows = read_csv(data, ledger_rows.MOST_ROWS, [])
    names = [heading_name(cell) for cell in first.cells]
    said: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for problem in problems:
        said[problem.row, problem.field].append(_sentence_of(problem))
    numbers = {problem.row for problem in problems}
    wrong = [row for row in rows if row.number in numbers]
    found = []
    for number, cells in wrong[:WRONG_ROWS_SHOWN]:
        texts = dict(zip(names, map(escape_invisible, cells), strict=False))
        shown = [
            (FIELDS[field], texts.get(name, ""), " ".join(said[number, field]))
            for name, field in FIELD_OF.items()
        ]
        found.append(WrongRow(number, shown))
    return found


def report(
    checked: CheckedRows, problems: Sequence[Problem], data: bytes = b""
) -> Report:
    """Group problems, the most frequent first, and show at most 50 with their rows.

    With the bytes of the file, the report also has its first wrong rows.
    """
    rows = {problem.row for problem in problems}
    codes = {problem.fault.code for problem in problems}
    about_headings = not HEADING_CODES.isdisjoint(codes)
    only_valid = codes == {ledger_rows.ALREADY_VALID}
    sentence = "Correct the headings, then choose the file again."
    if not problems:
        warnings = pluralise(len(checked.warnings), "warning")
        sentence = (
            f"Look at {warnings}, then record the rows as they are, or correct them."
        )
    elif not about_headings:
        sentence = _sentence(len(rows), checked.row_count, only_valid=only_valid)
    return Report(
        sentence=sentence,
        groups=groups_of(problems),
        about_headings=about_headings,
        problem_count=len(problems),
        wrong_rows=len(rows),
        row_count=checked.row_count,
        new_rows=checked.row_count - len(rows) if only_valid else 0,
        warnings=groups_of(checked.warnings),
        warning_count=len(checked.warnings),
        first_rows=wrong_rows(data, problems) if data and not about_headings else (),
    )


def to_json(found: Report, *, for_programs: bool = False) -> dict[str, Any]:
    """Return a report as its account saw it, on the page or in an answer of the API.

    It is kept for the agency, so its size is limited: each sentence is cut.
    """
    return {
        "about_headings": found.about_headings,
        "wrong_rows": found.wrong_rows,
        "groups": [_group_to_json(each, for_programs) for each in found.groups],
        "warning_count": found.warning_count,
        "warnings": [_group_to_json(each, for_programs) for each in found.warnings],
    }


def _group_to_json(group: Group, for_programs: bool) -> dict[str, Any]:
    sentence, remedy = group.fault.sentence, group.fault.remedy
    if for_programs and group.fault.for_programs:
        sentence, remedy = group.fault.for_programs, ""
    return {
        "column": group.column,
        "fault": {"sentence": _cut(sentence), "remedy": _cut(remedy)},
        "count": group.count,
        "first": [
            {"row": each.row, "found": each.found, "note": each.note}
            for each in group.first
        ],
    }


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _own_columns(rows: list[Row]) -> list[int]:
    """Return the positions of all columns but those that our own files add."""
    names = dict(enumerate(map(heading_name, rows[0].cells)))
    width = max(len(row.cells) for row in rows)
    return [at for at in range(width) if names.get(at) not in OURS]


def _in_words(problem: Problem) -> str:
    column, sentence = FIELDS.get(problem.field), _sentence_of(problem)
    return f"{column}: {sentence}" if column else sentence


def _sentence_of(problem: Problem) -> str:
    sentence, note = problem.fault.sentence, problem.note
    return f"{sentence} ({note})" if note else sentence


def groups_of(problems: Sequence[Problem]) -> list[Group]:
    """Group problems or warnings by column and fault, the most frequent first."""
    by_fault: dict[tuple[str, Fault], list[Problem]] = {}
    for problem in problems:
        by_fault.setdefault((problem.field, problem.fault), []).append(problem)
    ordered = sorted(by_fault.items(), key=lambda item: -len(item[1]))[:PROBLEMS_SHOWN]
    groups: list[Group] = []
    left = PROBLEMS_SHOWN
    # The smallest group first: it leaves more room for the larger ones.
    for waiting in range(len(ordered), 0, -1):
        (field, common), of_group = ordered[waiting - 1]
        first = of_group[: left // waiting]
        left -= len(first)
        groups.append(Group(FIELDS.get(field, ""), common, len(of_group), first))
    return groups[::-1]


def _sentence(wrong: int, count: int, *, only_valid: bool) -> str:
    if not only_valid:
        rows = f"{wrong:,} of {pluralise(count, 'row')}"
        return f"Correct {rows}, then choose the file again."
    if wrong == count:
        return "The ledger has every row already. There is nothing to upload."
    return (
        f"The ledger has {wrong:,} of the {count:,} rows already. Leave them out, "
        "then choose the file again."
    )
