"""What trainees are given: no two have the same, and files are as they should be."""

import json
from datetime import date
from itertools import chain

import pytest
from stdnum.au import abn

from spv.rules.ledger.csv_upload import check_csv
from spv.rules.stc.systems import read_installation
from spv.rules.training.material import EXERCISES, PROBLEMS, Material

DAY = date(2026, 11, 29)
MATERIALS = [Material(number, DAY) for number in (1, 2, 3, 29, 999, 12_345, 99_999)]


@pytest.mark.parametrize("given", MATERIALS, ids=lambda given: given.user_id)
def test_files_are_accepted_without_a_warning(given):
    for name in ("panels.csv", "corrected.csv"):
        checked = check_csv(given.file(name).encode())
        assert (checked.problems, checked.warnings) == ([], [])


@pytest.mark.parametrize("given", MATERIALS, ids=lambda given: given.user_id)
def test_the_file_to_mend_has_its_problems(given):
    checked = check_csv(given.file("to-mend.csv").encode())
    assert (checked.row_count, len(checked.problems)) == (len(given.mended), PROBLEMS)
    assert {problem.row for problem in checked.problems} == {3, 6, 8}
    assert len(given.damaged) == PROBLEMS


def test_the_rows_for_the_api_are_those_that_are_looked_for():
    given = MATERIALS[0]
    rows = json.loads(given.file("rows.json"))["serialNumbers"]
    assert [tuple(row.values()) for row in rows] == given.sent


def test_no_two_trainees_share_a_number():
    many = [Material(number, DAY) for number in range(1, 2000)]
    serials = [*chain.from_iterable(each.serials for each in many)]
    assert len(serials) == len({*serials})
    abns = {each.abn for each in many}
    assert len(abns) == len(many)
    assert all(map(abn.is_valid, abns))


def test_the_system_can_be_calculated():
    for number in range(1, 50):
        assert read_installation(Material(number, DAY).system).calculate(DAY)


def test_the_missing_serial_number_is_in_no_file():
    for given in MATERIALS:
        assert len({*given.installed}) == len(given.installed) == 5
        assert given.missing_serial == given.installed[2]
        assert given.missing_serial not in given.serials
        assert {*given.installed} - {*given.serials} == {given.missing_serial}


def test_there_is_no_other_file():
    with pytest.raises(KeyError):
        MATERIALS[0].file("other.csv")


def test_there_are_twelve_exercises_with_a_name_each():
    assert len({exercise.name for exercise in EXERCISES}) == 12
