"""Rows that are pasted instead of a file, and the first wrong rows of a report."""

import pytest

from spv.rules.csv_file import csv_text
from spv.rules.errors import ValidationError
from spv.rules.ledger.csv_upload import check_csv, guess_headings, pasted_rows
from spv.rules.ledger.report import report
from tests.panels import HEADING, NAMES

CELLS = ("Helios", "Helios Co., Ltd", "HE-440", "00391")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_cells_of_a_spreadsheet_stay_as_they_are(line_end):
    heading = "Supplier name\tLicensee/Certificate holder\tModel number\tSerial number"
    text = line_end.join([heading, "\t".join(CELLS), ""])
    (panel,) = check_csv(pasted_rows(text)).panels.values()
    assert panel == CELLS


def test_rows_without_headings_get_ours():
    (panel,) = check_csv(pasted_rows("\t".join(CELLS))).panels.values()
    assert panel == CELLS


def test_rows_of_a_csv_file_are_taken_as_they_are():
    text = f"{HEADING}\n{NAMES},EX000001\n"
    assert pasted_rows(text) == text.encode()
    (panel,) = check_csv(pasted_rows(f"{NAMES},EX000001")).panels.values()
    assert panel.serial_number == "EX000001"


def test_a_cell_that_is_far_too_long_is_left_for_the_check():
    text = "x" * 200_000 + "\ty"
    assert text.encode() in pasted_rows(text)


def test_the_first_wrong_rows_have_all_four_cells():
    lines = [HEADING, f"{NAMES},1.5E+12", f"{NAMES},EX1", "#REF!,B,,SN2,"]
    lines += [f"{NAMES},1.5E+12"] * 30
    data = "\n".join(lines).encode()
    checked = check_csv(data)
    rows = report(checked, checked.problems, data).first_rows
    assert [row.number for row in rows][:3] == [2, 4, 5]
    assert len(rows) == 20
    assert [heading for heading, _, _ in rows[0].cells] == HEADING.split(",")
    assert rows[0].cells[3][1:] == (
        "1.5E+12",
        "A spreadsheet program has changed the serial number.",
    )
    repeated = [HEADING, f"{NAMES},EX1", f"{NAMES},EX1"]
    again = "\n".join(repeated).encode()
    (row,) = report(found := check_csv(again), found.problems, again).first_rows
    assert row.cells[3][2].endswith("in an earlier row. (also in row 2)")
    wrong = [bool(said) for _, _, said in rows[1].cells]
    assert wrong == [True, False, True, False]
    assert report(checked, checked.problems).first_rows == ()


def test_a_file_without_a_column_has_no_wrong_rows():
    data = b"Supplier name,Serial number\nA,SN1\n"
    checked = check_csv(data)
    assert report(checked, checked.problems, data).first_rows == ()


HEAD = "Supplier name,Licensee/Certificate holder,Model number,Serial number"


@pytest.mark.parametrize(
    ("first", "codes", "guesses"),
    [
        ("Column1\tColumn2\tColumn3\tColumn4", ["no_heading"], 0),
        ("Manufacturer\tSupplier\tModel\tSerial1", ["no_heading"], 4),
        ("Supplier\tLicensee\tModel\tSerial", ["no_heading"], 4),
        ("Importer/responsible supplier\tLicensee\tModel\tSerial", ["no_heading"], 4),
        ("Brand\tOwner\tType\tSerial1", ["no_heading"], 0),
        ("Brand\tOwner\tType\tNumber", ["no_heading"], 0),
        ("Brand\tOwner\tType", ["no_heading"], 0),
        ("Brand\tOwner\tType\tSN2\tNote", ["no_heading"], 0),
        ("Sup\tLic\tMod\tSN2\t", [], 0),
        ("Sup\tLic\tMod\t", ["missing"], 0),
        (HEAD, [], 0),
        (HEAD.replace("Model number", '"Model number"'), [], 0),
    ],
)
def test_a_first_row_with_headings_is_read_as_that_of_a_file(first, codes, guesses):
    panel = "\t".join(CELLS) if "\t" in first else csv_text([CELLS])
    data = pasted_rows(f"{first}\n{panel}")
    assert [each.fault.code for each in check_csv(data).problems] == codes
    assert len(guess_headings(data)) == guesses


def test_pasted_rows_between_semicolons_are_named():
    text = HEAD.replace(",", ";") + "\n" + ";".join(CELLS)
    with pytest.raises(ValidationError, match="separated by semicolons"):
        check_csv(pasted_rows(text))
