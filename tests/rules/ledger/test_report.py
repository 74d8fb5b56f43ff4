"""Reports: the groups of problems, their order, and what users are told to do."""

from datetime import date

from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.report import report
from spv.rules.ledger.rows import already_valid_problem
from tests.panels import HEADING, panels_csv

DAY = date(2026, 5, 1)


def of_ledger(*rows):
    """The report on a file of five rows, of which the ledger has some."""
    problems = [
        already_valid_problem(row, f"EX{row}", DAY, own=row < 4) for row in rows
    ]
    return report(check_csv(panels_csv(5)), problems)


def test_rows_of_the_ledger_can_be_left_out():
    some, every = of_ledger(2, 3, 4), of_ledger(2, 3, 4, 5, 6)
    assert some.sentence == (
        "The ledger has 3 of the 5 rows already. Leave them out, then choose the file "
        "again."
    )
    assert every.sentence == (
        "The ledger has every row already. There is nothing to upload."
    )
    assert (some.new_rows, every.new_rows) == (2, 0)
    assert [group.count for group in some.groups] == [2, 1]  # own, and another's
    assert (some.about_headings, some.not_shown) == (False, 0)


def test_with_another_problem_nothing_is_said_of_new_rows():
    checked = check_csv(panels_csv(3) + b"A,B,C,1.5E+12\r\n")
    problems = [already_valid_problem(2, "EX1", DAY, own=True), *checked.problems]
    found = report(checked, problems)
    assert found.sentence == "Correct 2 of 4 rows, then choose the file again."
    assert (found.new_rows, found.problem_count, found.wrong_rows) == (0, 2, 2)


def test_a_report_groups_equal_problems_and_shows_fifty():
    rows = [f"A,B,C,{n}.5E+12" for n in range(60)] + [",B,C,SN1", ",B,C,SN2"]
    checked = check_csv("\n".join([HEADING, *rows]).encode())
    found = report(checked, checked.problems)
    assert [(g.column, g.count, len(g.first)) for g in found.groups] == [
        ("Serial number", 60, 48), ("Supplier name", 2, 2),
    ]  # fmt: skip
    assert (found.problem_count, found.wrong_rows, found.row_count) == (62, 62, 62)
    assert found.not_shown == 12
    assert found.sentence == "Correct 62 of 62 rows, then choose the file again."


def test_of_many_kinds_of_problems_fifty_rows_are_shown():
    letters = [chr(0x391 + n) for n in range(17)] + [chr(0x3B1 + n) for n in range(17)]
    rows = [f"A,B,C,1{letter}2" for letter in letters] + ["A,B,C,N/A"] * 40
    checked = check_csv("\n".join([HEADING, *rows]).encode())
    found = report(checked, checked.problems)
    assert sum(len(group.first) for group in found.groups) == 50
    assert (found.groups[0].count, len(found.groups[0].first)) == (40, 16)
    assert found.not_shown == 24
