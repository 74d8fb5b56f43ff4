"""Report the problems of rows: equal ones as a group, and what to do about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from spv.rules.formatting import format_date, pluralise
from spv.rules.ledger.rows import FIELDS, CheckedRows, Fault, Problem

PROBLEMS_SHOWN = 50
ALREADY_VALID = "already_valid"
HEADING_CODES = frozenset(
    {"heading_missing", "heading_repeated", "heading_unknown", "no_heading"}
)


@dataclass(frozen=True, slots=True)
class Group:
    """The problems of one fault in one column: their number, and the first of them."""

    column: str
    fault: Fault
    count: int
    first: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is wrong with a file, in one sentence and in groups.

    `new_rows` is the number of rows that the ledger does not have, if all problems are
    rows that it has. Where the headings are wrong, the rows were not checked.
    """

    sentence: str
    groups: Sequence[Group]
    about_headings: bool
    problem_count: int
    wrong_rows: int
    row_count: int
    new_rows: int = 0

    @property
    def not_shown(self) -> int:
        """The number of problems that are not among the first of a group."""
        return self.problem_count - sum(len(group.first) for group in self.groups)


def already_valid_problem(
    row: int, serial: str, recorded: date, *, own: bool
) -> Problem:
    """Return the problem of a serial number that is valid since a day."""
    whose = "your account" if own else "another account"
    remedy = "Compare it with the label of the panel. If it is right, ask the agency."
    if own:
        remedy = "Leave the row out. To correct what was recorded, "
        remedy += "mark it as invalid first."
    sentence = f"The ledger has it as valid already, recorded by {whose}."
    fault = Fault(ALREADY_VALID, sentence, remedy)
    note = f"recorded on {format_date(recorded)}"
    return Problem(row, "serial_number", fault, serial, note)


def report(checked: CheckedRows, problems: Sequence[Problem]) -> Report:
    """Group problems, the most frequent first, and show at most 50 with their rows."""
    rows = {problem.row for problem in problems}
    codes = {problem.fault.code for problem in problems}
    about_headings = not HEADING_CODES.isdisjoint(codes)
    only_valid = codes == {ALREADY_VALID}
    sentence = "Correct the headings, then choose the file again."
    if not about_headings:
        sentence = _sentence(len(rows), checked.row_count, only_valid=only_valid)
    return Report(
        sentence=sentence,
        groups=_groups(problems),
        about_headings=about_headings,
        problem_count=len(problems),
        wrong_rows=len(rows),
        row_count=checked.row_count,
        new_rows=checked.row_count - len(rows) if only_valid else 0,
    )


def _groups(problems: Sequence[Problem]) -> list[Group]:
    by_fault: dict[tuple[str, Fault], list[Problem]] = {}
    for problem in problems:
        by_fault.setdefault((problem.field, problem.fault), []).append(problem)
    ordered = sorted(by_fault.items(), key=lambda item: -len(item[1]))[:PROBLEMS_SHOWN]
    groups: list[Group] = []
    left = PROBLEMS_SHOWN
    # The smallest group first: what it does not need is left for the larger ones.
    for waiting in range(len(ordered), 0, -1):
        (field, fault), of_group = ordered[waiting - 1]
        first = of_group[: left // waiting]
        left -= len(first)
        groups.append(Group(FIELDS.get(field, ""), fault, len(of_group), first))
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
