"""Telling people what is wrong with their rows: the same together, and what to do."""

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
    """The same fault in the same column: how often, and the first of them."""

    column: str
    fault: Fault
    count: int
    first: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is wrong with a file, in one sentence and in groups.

    `new_rows` is how many rows the ledger does not have, where that is all it takes.
    Where the headings are wrong, the rows were not looked at.
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
        """How many problems are in no group, or beyond the first of theirs."""
        return self.problem_count - sum(len(group.first) for group in self.groups)


def already_valid_problem(
    row: int, serial: str, recorded: date, *, own: bool
) -> Problem:
    """A serial number that the ledger holds as valid, recorded on a day."""
    whose = "your account" if own else "another account"
    fault = Fault(
        ALREADY_VALID,
        f"The ledger has it as valid already, recorded by {whose}.",
        "Leave the row out. To correct what was recorded, mark it as invalid first."
        if own
        else "Compare it with the label of the panel. If it is right, ask the agency.",
    )
    note = f"recorded on {format_date(recorded)}"
    return Problem(row, "serial_number", fault, serial, note)


def report(checked: CheckedRows, problems: Sequence[Problem]) -> Report:
    """Group problems, the most frequent first; at most 50 are shown with their rows."""
    together: dict[tuple[str, Fault], list[Problem]] = {}
    for problem in problems:
        together.setdefault((problem.field, problem.fault), []).append(problem)
    ordered = sorted(together.items(), key=lambda item: -len(item[1]))[:PROBLEMS_SHOWN]
    groups: list[Group] = []
    left = PROBLEMS_SHOWN
    # From the smallest on: what one does not need is for the larger ones.
    for waiting, ((field, fault), of) in zip(
        range(len(ordered), 0, -1), reversed(ordered), strict=True
    ):
        first = of[: left // waiting]
        left -= len(first)
        groups.insert(0, Group(FIELDS.get(field, ""), fault, len(of), first))
    rows = {problem.row for problem in problems}
    codes = {problem.fault.code for problem in problems}
    count = checked.row_count
    return Report(
        sentence=_sentence(codes, len(rows), count),
        groups=groups,
        about_headings=not HEADING_CODES.isdisjoint(codes),
        problem_count=len(problems),
        wrong_rows=len(rows),
        row_count=count,
        new_rows=count - len(rows) if codes == {ALREADY_VALID} else 0,
    )


def _sentence(codes: set[str], wrong: int, count: int) -> str:
    if not HEADING_CODES.isdisjoint(codes):
        return "Correct the headings, then choose the file again."
    if codes == {ALREADY_VALID}:
        if wrong == count:
            return "The ledger has every row already. There is nothing to upload."
        return (
            f"The ledger has {wrong:,} of the {count:,} rows already. Leave them out, "
            "then choose the file again."
        )
    return (
        f"Correct {wrong:,} of {pluralise(count, 'row')}, then choose the file again."
    )
