"""Columns are read at once where all is well, and say the same as cells one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spv.rules.ledger.rows import Panel, check_rows, read_name
from spv.rules.ledger.serial_number import read_plain, read_serial
from spv.rules.ledger.warnings import warnings_of

SIGNS = "A1-./0JANSXYZ2Eb \n(ſ"
PRODUCT = ("Example Supplier", "Example Holder", "EX-1")
GOOD = ["ab12", "01AB", "HE44-0000001", "BS/415/0000012", "A1.2301", "93123456789070"]
DAYS = ["JAN-24", "SEPT/24"]
NOT_PLAIN = [*DAYS, "AB", "ABC", "A" * 60 + "1", "12-3456", "A--1", "AB-CD1", "ſN123",
             "0109312345678907211234", " AB12", "AB12\nAB13", ""]  # fmt: skip


def numbered(serials):
    """Rows of one product with these serial numbers."""
    return [(n, (*PRODUCT, serial)) for n, serial in enumerate(serials, 2)]


def test_serial_numbers_as_most_are():
    assert read_plain(GOOD) == [serial.upper() for serial in GOOD]
    assert read_plain(["A" * 59 + "1"])
    assert read_plain([f"A{'1' * 57}-1"])
    for serial in NOT_PLAIN:
        assert read_plain([serial]) is None
        assert read_plain([*GOOD, serial]) is None
    assert read_plain([]) is None


@given(st.lists(st.text(SIGNS, min_size=1, max_size=24), min_size=1, max_size=3))
def test_a_column_says_the_same_as_its_cells(cells):
    # A cell with a blank before it is looked at closely.
    closely = [read_serial(f" {cell}") for cell in cells]
    assert read_plain(cells) in (None, closely)


def test_rows_are_the_same_with_and_without_a_row_that_is_wrong():
    rows = numbered(GOOD)
    alone, beside = check_rows(rows), check_rows([*rows, (99, (*PRODUCT, "JAN-24"))])
    assert alone.panels == beside.panels
    assert alone.serials == beside.serials
    assert [p.row for p in beside.problems] == [99]
    assert alone.problems == []


def test_names_are_read_in_columns():
    rows = [(2, (" S ", "L", "M", "A1B")), (3, ("S", "", "M", "A1C"))]
    assert check_rows(rows[:1]).panels == {2: Panel("S", "L", "M", "A1B")}
    checked = check_rows(rows)
    assert [(p.row, p.field) for p in checked.problems] == [(3, "licensee")]
    twice = check_rows(numbered(["A1B", "a1b"]))
    assert [p.fault.code for p in twice.problems] == ["duplicate"]
    assert check_rows([]).panels == {}


@given(st.text("AB1", min_size=4, max_size=12))
def test_letters_and_digits_never_warn(text):
    serial = f"{text}A1"
    assert not serial.startswith("ABC")
    assert warnings_of({2: Panel(*PRODUCT, serial)}) == []


@pytest.mark.parametrize(
    ("character", "words"),
    [("\u200b", "zero width space"), ("\x1d", "a scanner’s separator, U+001D"),
     ("\x07", "control character")],
)  # fmt: skip
def test_what_cannot_be_seen_is_named(character, words):
    found = read_name(f"AB{character}1")
    assert found.code == "hidden_character"
    assert words in found.sentence


@pytest.mark.parametrize(
    ("character", "remedy"),
    [("О", "Type it again with the plain letters"), ("€", "Letters A to Z, digits")],
)
def test_letters_of_others_are_typed_again_and_signs_compared(character, remedy):
    found = read_serial(f"AB{character}123")
    assert found.code == "character"
    assert found.remedy.startswith(remedy)


@pytest.mark.parametrize("sign", "‐…")  # the first and the last that are typed for us
def test_signs_that_were_read_in_another_encoding(sign):
    wrong = "".join(bytes([each]).decode("cp1252", "replace") for each in sign.encode())
    wrong = wrong.replace("\ufffd", "\x90")
    assert read_name(f"Solar {wrong} Co").code == "lost_characters"
    assert read_name(f"Solar {sign} Co") == f"Solar {sign} Co"


def test_a_range_goes_from_one_number_to_a_later_one():
    assert read_serial("AB1234-AB1235").sentence.startswith("This is a range")
    assert read_serial("AB1234-AB1234") == "AB1234-AB1234"
