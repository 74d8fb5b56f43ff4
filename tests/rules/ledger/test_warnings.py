"""Warnings: rows that may be right. A clean file has none."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spv import demo
from spv.rules.faults import FAULTS, Fault
from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.json_api import to_json
from spv.rules.ledger.report import report
from spv.rules.ledger.rows import Panel
from spv.rules.ledger.serial_number import read_serial
from spv.rules.ledger.warnings import of_log, to_log, warnings_of
from tests.serial_files_damage import WARNED_FILES

BRANDS = [*demo.DATA["brands"]]
LOOK_DAMAGED = ("20E2300417", "Q02155E12", "12-3456", "A1/2", "10:AB:30", "AB(2)1234")


def warned(*serials):
    """The codes of the warnings, of serial numbers in rows of their own."""
    panels = {n: Panel("S", "L", "M", serial) for n, serial in enumerate(serials, 2)}
    return [(each.row, each.fault.code) for each in warnings_of(panels)]


@pytest.mark.parametrize("file", WARNED_FILES, ids=lambda file: file.name)
def test_each_file_has_its_warnings(file):
    checked = check_csv(file.data)
    assert checked.problems == []
    assert [tuple(panel) for panel in checked.panels.values()] == file.rows
    found = [(each.row, each.field, each.fault.code) for each in checked.warnings]
    assert found == list(file.warnings)
    made = report(checked, [])
    assert made.warning_count == len(found) == sum(g.count for g in made.warnings)
    assert all(to_json(warning)["message"] for warning in checked.warnings)


def test_codes_of_pallets_are_warned_of_only_where_most_numbers_are_right():
    right = ["9312345678907", "9312345678914", "9312345678921", "9312345678938",
             "9312345678945"]  # fmt: skip
    wrong = [f"{serial[:-1]}{(int(serial[-1]) + 1) % 10}" for serial in right]
    assert warned(*right) == [(n, "perhaps_box_code") for n in range(2, 7)]
    assert warned(*right[:4]) == []
    assert warned(*right, *wrong) == []
    assert warned(*right, *wrong[:4]) == [(n, "perhaps_box_code") for n in range(2, 7)]


@pytest.mark.parametrize("serial", LOOK_DAMAGED)
def test_serial_numbers_that_only_look_damaged(serial):
    assert read_serial(serial) == serial
    assert warned(serial) == []


def plausible(chosen):
    """A serial number as the makers of panels write them."""
    letters, digits = string.ascii_uppercase, string.digits
    day = f"{chosen.randrange(18, 27)}{chosen.randrange(1, 13):02}"
    number = "".join(chosen.choices(digits, k=chosen.choice((5, 6, 7))))
    return chosen.choice((
        f"{chosen.choice(BRANDS)}{chosen.randrange(390, 590, 5)}{number:0>9}",
        f"HE{chosen.choice((44, 60))}-{number:0>7}",
        f"BS/415/{number:0>7}",
        f"{chosen.choice(letters)}{chosen.choice(letters)}{day}{number}",
        f"{day}{chosen.randrange(10, 32)}{number}{chosen.choice(letters)}",
        f"{chosen.randrange(10**13, 10**14)}",
        f"{chosen.randrange(10**17, 10**18)}",
        f"{day}{number}{number}",
        f"{chosen.choice(letters)}{number}.{day}",
        "".join(chosen.choices(letters + digits, k=12)) + "1",
    ))  # fmt: skip


@pytest.mark.no_cover
def test_plausible_serial_numbers_are_not_refused_and_hardly_ever_warned_of():
    chosen = random.Random(15)
    refused = warnings = 0
    for _ in range(10):
        serials = [plausible(chosen) for _ in range(1000)]
        refused += sum(isinstance(read_serial(each), Fault) for each in serials)
        warnings += len(warned(*serials))
    assert (refused, warnings <= 10) == (0, True)


@given(st.lists(st.text("0123456789-/.:ABCMARHEX()", min_size=3, max_size=22)))
def test_every_warning_is_about_a_good_row_once(serials):
    good = {each for each in map(read_serial, serials) if isinstance(each, str)}
    found = warned(*good)
    assert len(found) == len(set(found))
    assert all(2 <= row < 2 + len(good) and code in FAULTS for row, code in found)


def test_warnings_are_logged_and_read_back():
    checked = check_csv(WARNED_FILES[0].data)
    assert of_log(to_log(checked.warnings)) == checked.warnings
