"""What we write as CSV we read back, and no spreadsheet runs or rewrites it."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spv.rules.csv_file import csv_cells, csv_text, read_csv

# As LibreOffice rewrites them where no apostrophe keeps it from that.
REWRITTEN = [
    "00391", "000927098211", "300.50", "(00397095)", "-00774280", "1-2", "2/12/2024",
    "123456789012", "12E59", "MAR12", "+12A", "MARCH-12", "JULY-1", "SEPT-12", "JAN/24",
    "2024-01-02T10:00", "10AM", "10:30PM", "1 1/2", "$1.50", "May 2024",
]  # fmt: skip
LEFT_ALONE = ["391", "0", "12345678901", "EX000391", "A-1", "a b", "MODEL", "CC390W"]
ODD = ["=1+1", "'=1", "+a", "-a", "@a", "-5", "'a", "a'", "＝1", "''-b", "\tx", "1e5 "]
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
marked = st.sampled_from(REWRITTEN + ODD) | st.text("'0-=+1 EJan/.", max_size=6)


@pytest.mark.parametrize("cell", REWRITTEN)
def test_an_apostrophe_keeps_a_spreadsheet_from_rewriting(cell):
    """And reading takes it off, also if there was one before."""
    text = csv_text([["a", "b"], [cell, "'" + cell]], as_text=True)
    assert text == f"a,b\r\n'{cell},''{cell}\r\n"
    assert read_csv(text.encode(), 10)[1].cells == [cell, "'" + cell]


@pytest.mark.parametrize("cell", LEFT_ALONE)
def test_what_no_spreadsheet_rewrites_has_no_apostrophe(cell):
    assert csv_text([[cell]], as_text=True) == f"{cell}\r\n"


@pytest.mark.no_cover
@settings(max_examples=150)
@given(st.lists(cells | marked, min_size=1, max_size=9), st.booleans())
def test_what_we_write_we_read_back_and_no_spreadsheet_runs_it(row, as_text):
    text = csv_text([["a"] * 10, [*row, "end"]], as_text=as_text)
    assert read_csv(text.encode(), 10)[1].cells == [*row, "end"]
    written = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert not [cell for cell in written if cell[:1] in {"=", "@", "\t", "＝"}]


def test_blank_cells_at_the_end_of_rows_do_not_count():
    data = ("a,b" + "," * 95 + "\n").encode() * 4_000
    assert len(read_csv(data, 5_000)) == 4_000


@pytest.mark.no_cover
@given(st.lists(st.one_of(cells, st.text('",\r\n =-a0', max_size=5)), min_size=2))
def test_cells_stand_in_a_file_as_they_are_written_alone(row):
    row = [cell.replace("\0", "") for cell in row]
    line = ",".join(csv_cells(row))
    assert f"{line}\r\n" == csv_text([row], as_text=True)


def test_cells_with_marks_and_quotes():
    assert csv_cells(["=1", "00391", 'a"b', "a,b", ""]) == [
        "'=1", "'00391", '"a""b"', '"a,b"', "",
    ]  # fmt: skip
    assert csv_cells(["=1", "AB-1"]) == ["'=1", "AB-1"]
