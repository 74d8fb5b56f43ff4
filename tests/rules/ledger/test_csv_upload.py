"""Files of panel serial numbers: a table of files, each with its exact outcome."""

import csv
import hashlib
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spv.rules.csv_file import csv_text
from spv.rules.errors import ValidationError
from spv.rules.ledger.csv_upload import SAMPLES, check_csv
from spv.rules.ledger.report import report, write_problems, write_rows
from spv.rules.ledger.rows import FIELDS, Panel, digest
from tests.panels import HEADING, panels_csv
from tests.serial_files_damage import EVERY_FILE as ALL


def outcome(data):
    """The rows as they would be stored, the problems, and the sentence of an error."""
    try:
        checked = check_csv(data)
    except ValidationError as error:
        return None, [], str(error)
    problems = [(p.row, p.field, p.fault.code) for p in checked.problems]
    rows = None if problems else [tuple(p) for p in checked.panels.values()]
    return rows, problems, ""


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.name)
def test_each_file_has_its_outcome(file):
    rows, problems, refused = outcome(file.data)
    assert file.refused in refused
    assert bool(file.refused) is bool(refused)
    assert sorted(problems) == sorted(file.problems)
    assert rows == file.rows


def test_the_table_is_long_enough_and_each_file_is_there_once():
    assert len({file.name for file in ALL}) == len(ALL) >= 150


def test_a_cell_beyond_what_csv_files_have():
    refused = outcome(
        csv_text([FIELDS.values(), ["a", "b", "c", "A1" * 99_999]]).encode()
    )[2]
    assert refused == "A cell in row 2 is far too long. Shorten it."


GOOD = panels_csv(3).decode()
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
rows_of_cells = st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1)


def accepted_are_re_read(data):
    """Only ValidationError is raised; an accepted file is written and read back."""
    checked = check_csv_or_none(data)
    if checked is None:
        return
    for problem in checked.problems:
        assert problem.fault.sentence
        assert problem.fault.remedy
    if checked.problems:
        found = report(checked, checked.problems)
        assert found.sentence
        if not found.about_headings:
            write_problems(data, checked.problems)
        return
    panels = list(checked.panels.values())
    again = check_csv(csv_text([FIELDS.values(), *panels]).encode())
    assert list(again.panels.values()) == panels
    assert again.problems == []


@given(st.binary(max_size=300))
def test_any_bytes(data):
    accepted_are_re_read(data)


@pytest.mark.no_cover
@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 4), cells)))
def test_mutated_good_files(changes):
    text = GOOD
    for at, length, new in changes:
        text = text[:at] + new + text[at + length :]
    accepted_are_re_read(text.encode())


@settings(max_examples=100)
@given(st.binary(max_size=4), st.integers(0, len(GOOD)), st.integers(0, 9))
def test_bytes_within_good_files(new, at, length):
    data = GOOD.encode()
    accepted_are_re_read(data[:at] + new + data[at + length :])


@pytest.mark.no_cover
@settings(max_examples=100)
@given(rows_of_cells)
def test_any_cells(rows):
    accepted_are_re_read(csv_text([FIELDS.values(), *rows]).encode())


@pytest.mark.no_cover
@given(st.from_regex(r"[A-Za-z0-9\-._/:+#()]{3,60}", fullmatch=True))
def test_a_serial_number_is_stored_in_capitals_or_refused(serial):
    checked = check_csv(f"{HEADING}\na,b,c,{serial}\n".encode())
    if not checked.problems:
        assert checked.panels[2].serial_number == serial.upper()
        assert any(character.isdigit() for character in serial)
    else:
        (problem,) = checked.problems
        assert problem.fault.code in {"spreadsheet_damage", "no_digit", "missing"}


@pytest.mark.no_cover
@settings(max_examples=100)
@given(rows_of_cells, st.booleans())
def test_the_file_with_its_problems_uploads_again_as_it_is(rows, mended):
    """Its two columns are ignored, and its rows keep their numbers."""
    data = csv_text([FIELDS.values(), [], *rows, ["", ""]]).encode()
    before = check_csv_or_none(data)
    if before is None:
        return
    text = write_problems(data, before.problems)
    again = check_csv(("\ufeff" * mended + text).encode())
    assert (again.panels, again.problems) == (before.panels, before.problems)


def check_csv_or_none(data):
    try:
        return check_csv(data)
    except ValidationError:
        return None


def test_the_file_with_its_problems():
    data = f"{HEADING}\n\nA,B,C,1.5E+12\n,B,C,A 1\nA,B,C,SN1\n".encode()
    text = write_problems(data, check_csv(data).problems)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][-2:] == ["Problem", "How to fix"]
    assert rows[1] == []
    assert rows[2][4].startswith("Serial number: A spreadsheet program has changed")
    assert rows[3][4] == (
        "Supplier name: The cell is empty. "
        "Serial number: There is a space inside the serial number."
    )
    assert rows[4][4:] == ["", ""]
    twice = write_problems(text.encode(), check_csv(text.encode()).problems)
    assert twice == text


def test_only_the_rows_that_are_asked_for():
    text = write_rows(panels_csv(5), {3, 5})
    assert [row[3] for row in csv.reader(io.StringIO(text))][1:] == [
        "EX000002", "EX000004",
    ]  # fmt: skip


def test_samples():
    assert outcome(SAMPLES["template"].encode())[2].startswith("The file has no rows")
    assert len(outcome(SAMPLES["good-sample"].encode())[0]) == 10
    problems = outcome(SAMPLES["bad-sample"].encode())[1]
    assert {code for _, _, code in problems} == {
        "spreadsheet_damage", "duplicate", "missing", "character",
    }  # fmt: skip


def test_the_digest_is_that_of_the_sorted_rows():
    """As docs/guide.md says: tabs between cells, a line feed after each row."""
    panels = [Panel("s", "l", "m", "B1"), Panel("s", "l", "m", "A1")]
    by_hand = hashlib.sha256(b"s\tl\tm\tA1\ns\tl\tm\tB1\n").hexdigest()
    assert digest(panels) == digest(reversed(panels)) == by_hand


def test_version_1_of_the_digest_is_frozen():
    """Whatever comes after it, receipts that were given out stay right."""
    panels = [
        Panel("Müller & Söhne", "Beispiel GmbH", "M-450", "SN-2"),
        Panel("Acme Solar", "Bright Holdings", "M 450/B", "00391"),
    ]
    assert digest(panels, 1) == (
        "70ef9351fb56bf33a417def05f91cb381976a1f448099278c746116e0b3839f4"
    )
    assert panels[0].product == ("Müller & Söhne", "Beispiel GmbH", "M-450")


@pytest.mark.parametrize(
    ("columns", "sentences"),
    [
        ("Supplier name,Model number,Serial number,Colour", [
            "The column “Licensee/Certificate holder” is missing.",
            "The column “Colour” is not one of the four."]),
        (f"{HEADING},serial  NUMBER", ["The column “Serial number” appears twice."]),
        (f"{HEADING},Serial number,Serial number",
         ["The column “Serial number” appears 3 times."]),
        ("a,b", ["The first row does not have our headings."]),
    ],
)  # fmt: skip
def test_headings_are_named(columns, sentences):
    checked = check_csv(f"{columns}\n1,2,3,4\n".encode())
    assert [p.fault.sentence for p in checked.problems] == sentences
    found = report(checked, checked.problems)
    assert found.sentence == "Correct the headings, then choose the file again."
    assert found.about_headings
    assert checked.row_count == (0 if columns == "a,b" else 1)  # that were read


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f"{HEADING}\nA,B,C,D1\nA,B,C,D2{',' * 97}x\n", "Row 3 has 101 columns."),
        (f"{HEADING}\nA,B,C,D1{',' * 200_000}\n", ""),
        (f"{HEADING}\n{chr(10) * 100_000}A,B,C,DD1\n", ""),
        (f"{HEADING}\nA,B,C,DD1\n{chr(10) * 100_001}", "more than 100,000 empty rows"),
        ("sep=,\nA,B,C,D1", "The first row, sep=,, is only for Excel. Remove it."),
        (f"sep=;\n{HEADING}", "The first row, sep=;, is only for Excel."),
        ("\n,,\n a;b;c,,\n", "The columns are separated by semicolons."),
        (b"\x1f\x8b\x08", "This is a gzip file, not a CSV file."),
        (f"{HEADING}\n", "The file has no rows under its headings. Add a panel."),
    ],
)
def test_odd_shapes(data, words):
    data = data if isinstance(data, bytes) else data.encode()
    assert words in outcome(data)[2]
    assert bool(words) is bool(outcome(data)[2])


@pytest.mark.no_cover
@pytest.mark.parametrize("cell", ["1" * 130_000, "1" * 130_000 + "E", "'" * 130_000,
                                  "é" * 60_000, "e\u0301" * 40_000, "-" * 130_000,
                                  "#" * 130_000, "1," * 60_000])  # fmt: skip
def test_the_longest_cells_take_no_time(cell):
    data = csv_text([FIELDS.values(), [cell] * 4], as_text=True).encode()
    start = time.process_time()
    checked = check_csv(data)
    write_problems(data, checked.problems)
    assert time.process_time() - start < 0.5
    assert {p.fault.code for p in checked.problems} <= {"too_long", "character"}


def test_the_note_of_a_problem_is_in_the_file():
    data = (panels_csv(2) + panels_csv(1).split(b"\r\n", 1)[1]).decode()
    text = write_problems(data.encode(), check_csv(data.encode()).problems)
    assert "is in an earlier row. (also in row 2)" in text
