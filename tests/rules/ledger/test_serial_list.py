"""Lists of serial numbers, and how one that is not found was misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from spv.rules.errors import ValidationError
from spv.rules.faults import Fault
from spv.rules.ledger.search import Listed, look_alikes, read_list
from spv.rules.ledger.serial_number import is_barcode, read_serial


def serials(text="", file=b""):
    return [each.serial_number for each in read_list(text, file).entries]


@pytest.mark.parametrize(
    ("text", "found"),
    [("AB1", ["AB1"]),
     ("ab1\r\ncd2\n\n  ef3 ", ["AB1", "CD2", "EF3"]),
     ("AB1, CD2;EF3\tGH4,,", ["AB1", "CD2", "EF3", "GH4"]),
     ("00391\n391", ["00391", "391"]),
     ("AB1\nab1\nAB1", ["AB1"]),
     ("Serial  number\r\nAB1", ["AB1"]),
     ("AB-1.2_3/4:5+6#7(8)", ["AB-1.2_3/4:5+6#7(8)"])],
)  # fmt: skip
def test_a_list_that_was_pasted(text, found):
    assert serials(text) == found


@pytest.mark.parametrize(
    ("file", "found"),
    [(b"AB1\nCD2\n", ["AB1", "CD2"]),
     (b"Serial number\r\nAB1\r\n'00391\r\n", ["AB1", "00391"]),
     (b"\xef\xbb\xbfModel, SERIAL   number \nM,AB1\nN,CD2\n", ["AB1", "CD2"]),
     ("Model number,Serial number\nM,AB1".encode("utf-16"), ["AB1"]),
     (b"AB1,\nCD2,,\n", ["AB1", "CD2"]),
     (b'Serial number\n"AB1,CD2"\n"EF3\nGH4"', ["AB1", "CD2", "EF3", "GH4"]),
     (b"Model,Serial number\nM,AB1\nN\n", ["AB1"])],
)  # fmt: skip
def test_a_list_in_a_file(file, found):
    assert serials("ignored", file) == found


@pytest.mark.parametrize(
    ("text", "file", "field", "words"),
    [("", b"", "serial_numbers", "Enter at least one"),
     (" ,;\n\t", b"", "serial_numbers", "Enter at least one"),
     ("X1\n" * 1001, b"", "serial_numbers", "There are 1,001 serial numbers."),
     ("", b"Serial number\n", "file", "Enter at least one"),
     ("", b"A,B\nX1,Y2\n", "file", "Name the column of serial numbers"),
     ("", b"PK\x03\x04", "file", "a zip file"),
     ("", b"A\n" * 2000, "file", "The limit is 1,000"),
     ("", b'"A', "file", "double quote")],
)  # fmt: skip
def test_bad_lists(text, file, field, words):
    with pytest.raises(ValidationError) as error:
        read_list(text, file)
    assert words in error.value.problems[field]


def test_entries_that_are_no_serial_numbers_say_why():
    found = read_list("1.23E+12\nA B1\nnone\nAB1\nA B1\nA\u200b1")
    assert [each.serial_number for each in found.entries] == ["", "", "", "AB1", ""]
    assert "A spreadsheet program has changed" in found.entries[0].problem
    assert "There is a space inside" in found.entries[1].problem
    assert found.entries[4].entry == "A[U+200B]1"
    assert found.repeated == 1
    assert found.entries[3] == Listed("AB1", "AB1")


def test_cells_that_are_too_long_are_not_the_same():
    found = read_list("\n".join("A1" * 5_000 + last for last in "ABB"))
    assert [len(each.cell) for each in found.entries] == [100, 100]
    assert found.repeated == 1


@given(st.lists(st.text('AB1 ,;"\u200b\u00a0é…[]', max_size=80), max_size=9))
def test_what_a_page_sends_back_is_read_as_before(cells):
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    file = "\r\n".join(["Serial number", *quoted, "X1"]).encode()
    found = read_list("", file).entries
    assert read_list("\n".join(each.cell for each in found)).entries == found


@pytest.mark.parametrize(
    ("serial", "other"),
    [("ABO1", "AB01"), ("AB01", "ABO1"), ("ABI2", "AB12"), ("AB12", "ABI2"),
     ("391", "00391"), ("391", "000391"), ("00391", "391"), ("00391", "0391"),
     ("O0O1", "0001"), ("XOOO1", "X0001"), ("I1I0", "1110")],
)  # fmt: skip
def test_look_alikes(serial, other):
    assert other in look_alikes(serial)


def test_signs_are_exchanged_one_at_a_time_and_three_zeros_are_put_back():
    assert {"AOB0", "A0BO"} <= {*look_alikes("A0B0")}
    assert "AOBO" not in look_alikes("A0B0")  # no digit: it is in no ledger
    zeros = [other for other in look_alikes("A12") if other.endswith("A12")]
    assert zeros == ["0A12", "00A12", "000A12"]


@given(st.text("ABO0I19-", min_size=1, max_size=60))
def test_look_alikes_are_other_serials_each_once(serial):
    found = look_alikes(serial)
    assert serial not in found
    assert len(found) == len({*found})
    assert all(type(read_serial(s)) in (str, Fault) for s in found)


@pytest.mark.parametrize(
    ("serial", "is_one"),
    # Check digits by the standard's own examples: GTIN-12 (UPC), GTIN-13, GTIN-14,
    # SSCC, and with its mark.
    [("036000291452", True), ("10614141000415", True),
     ("4006381333931", True), ("4006381333932", False),
     ("(00)106141412345678908", True), ("106141412345678908", True),
     ("00106141412345678908", True),
     ("AB4006381333931", False), ("40063813339", False), ("", False),
     ("106141412345678909", False)],
)  # fmt: skip
def test_the_barcode_of_a_box(serial, is_one):
    assert is_barcode(serial) is is_one


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_check_digits_as_another_reads_them(digits):
    assert is_barcode(digits) == ean.is_valid(digits)


def test_an_apostrophe_that_protects_a_serial_is_left_out_as_in_a_file():
    (entry,) = read_list("'00391").entries
    assert (entry.serial_number, entry.problem) == ("00391", "")
    (entry,) = read_list("'AB123").entries
    assert entry.serial_number == ""
    assert entry.problem.endswith("Remove it: write AB123.")


def test_a_prefix_blanks_and_hyphens_are_no_hindrance():
    assert "DMG-0001" in look_alikes("DMG0001")
    assert "DMG-0001" in look_alikes("SN DMG-0001")
    assert "DMG0001" in look_alikes("DMG-0001")
    assert look_alikes("OOO") == look_alikes("N/A") == look_alikes("") == []
