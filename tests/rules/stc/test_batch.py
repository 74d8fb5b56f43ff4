"""A file of systems, and the same file with its certificates."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spv.rules.csv_file import read_csv
from spv.rules.errors import ValidationError
from spv.rules.stc import installation
from spv.rules.stc.batch import (
    MAX_ROWS,
    calculate_batch,
    column_help,
    template_text,
    write_batch,
)
from spv.rules.stc.system_types import SystemType
from spv.rules.text import LONGEST_KEPT
from tests.examples import BAD, BOUNDARIES, EXAMPLES

TODAY = date(2026, 11, 22)
HEADING = (
    "system_type,rated_power_kw,installation_date,calculation_period,postcode,"
    "resource_hours,nominal_kwh,usable_kwh,modules,module_usable_kwh,stc_price"
)
ROW = "solar_deemed,6.6,2026-06-30,max,2150,,,,,,"


def as_csv(rows, heading=HEADING):
    file = io.StringIO()
    writer = csv.DictWriter(file, heading.split(","), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def out(batch):
    return list(csv.DictReader(io.StringIO(write_batch(batch))))


def test_every_example():
    examples = [*EXAMPLES, *BOUNDARIES]
    batch = calculate_batch(as_csv(e.answers for e in examples), TODAY)
    found = [int(row["certificates"]) for row in out(batch)]
    assert found == [e.certificates for e in examples]
    assert batch.totals()["certificates"] == sum(found)


def test_every_bad_answer_has_its_reason_and_no_certificates():
    bad = [
        each
        for each in BAD
        if each.field != "stc_price" and len(each.answers[each.field]) < 1000
    ]
    batch = calculate_batch(as_csv(b.answers for b in bad), TODAY)
    assert batch.totals()["calculated"] == 0
    for row, each in zip(out(batch), bad, strict=True):
        assert each.words in row["reason"]
        assert row["certificates"] == row["zone"] == row["years"] == ""


def test_the_template_has_a_system_of_each_type_and_is_calculated_whole():
    batch = calculate_batch(template_text().encode(), TODAY)
    assert [o.row.cells[1] for o in batch.outcomes] == [*SystemType]
    assert batch.totals()["calculated"] == len(SystemType)


def test_the_help_tells_of_every_column():
    assert column_help() == [
        ("system_type", "solar_deemed, wind_deemed, hydro_deemed or battery, or the "
         "words of the calculator", ""),
        ("installation_date", "2026-07-31 or 31/07/2026", ""),
        ("rated_power_kw", "For example 6.6", "Solar, wind and hydro"),
        ("calculation_period", "1 or 5; for solar also 10 or max",
         "Solar, wind and hydro"),
        ("postcode", "Four digits", "Solar"),
        ("resource_hours", "Hours a year from a site assessment, or empty",
         "Wind and hydro"),
        ("nominal_kwh", "For example 13.5", "Battery"),
        ("usable_kwh", "For example 13.5, or empty if the modules are given",
         "Battery"),
        ("modules", "Instead of usable_kwh, for example 5", "Battery"),
        ("module_usable_kwh", "Instead of usable_kwh, for example 2.76", "Battery"),
    ]  # fmt: skip


def test_other_columns_are_kept_in_their_place():
    text = f"Job,{HEADING},Crew\nJ-1,{ROW},North\n"
    written = write_batch(calculate_batch(text.encode(), TODAY))
    assert written.splitlines() == [
        f"Job,{HEADING},Crew,certificates,zone,years,reason,warnings",
        f"J-1,{ROW},North,45,3,5,,",
    ]


def test_a_result_can_be_sent_in_again():
    once = write_batch(calculate_batch(f"{HEADING}\n{ROW}\n".encode(), TODAY))
    again = write_batch(calculate_batch(once.encode(), TODAY))
    assert again == once


def test_headings_may_be_in_other_cases_and_with_blanks():
    text = f"{HEADING.replace('_', ' ').title()}\n{ROW}\n"
    assert calculate_batch(text.encode(), TODAY).totals()["calculated"] == 1


def test_no_cell_opens_as_a_formula():
    text = f'Job,{HEADING}\n=1+1,{ROW}\n@SUM(A1),{ROW}\n\t=1,{ROW}\n"\n=1",{ROW}\n'
    text += f"＝1,{ROW}\n+61 400,{ROW}\n-3,{ROW}\n-33.8,{ROW}\n+7,{ROW}\n"
    jobs = [row["Job"] for row in out(calculate_batch(text.encode(), TODAY))]
    assert jobs == [
        "'=1+1", "'@SUM(A1)", "'\t=1", "'\n=1", "'＝1", "'+61 400", "-3", "-33.8", "+7",
    ]  # fmt: skip


def test_a_price_column_is_not_read():
    text = f"{HEADING}\n{ROW}$38.50\n"
    batch = calculate_batch(text.encode(), TODAY)
    assert batch.totals()["calculated"] == 1
    assert ",$38.50,45,3,5," in write_batch(batch)


def test_warnings_are_in_a_column_and_counted():
    late, odd = ROW.replace("2026-06-30", "2024-06-30"), ROW.replace("2150", "1001")
    both = late.replace("2150", "1001")
    text = "\n".join([HEADING, ROW, late, odd, both, "x,,,,,,,,,,", ""])
    batch = calculate_batch(text.encode(), TODAY)
    assert batch.totals() == {
        "row_count": 5, "calculated": 4, "warned": 3, "certificates": 45 + 45 + 63 + 63,
        "late_certificates": 63 + 63,
    }  # fmt: skip
    (first, _, rows), (second, _, others) = batch.warnings()
    assert (first[:29], rows) == ("No STCs can be created any mo", [3, 5])
    assert (second[:13], others) == ("Postcode 1001", [4, 5])
    written = [row["warnings"] for row in out(batch)]
    assert written == ["", first, second, f"{first} {second}", ""]


def test_reasons_are_grouped_with_spreadsheet_rows():
    text = (
        f"{HEADING}\n{ROW}\n\nx,,,,,,,,,,\n{ROW.replace('2150', '21')}\nx,,,,,,,,,,\n"
    )
    batch = calculate_batch(text.encode(), TODAY)
    assert [reason.rows for reason in batch.reasons()] == [[4, 6], [5]]


def test_only_short_answers_are_kept_in_memory():
    kept = installation._read_short
    kept.cache_clear()
    rows = [f"solar_deemed,6.6{' ' * n}kW,2026-06-30,max,2150,,,,,," for n in range(99)]
    batch = calculate_batch("\r\n".join([HEADING, *rows]).encode(), TODAY)
    assert batch.totals()["certificates"] == 99 * 45
    shared = 3  # the day, the period and the postcode
    assert kept.cache_info().currsize == shared + LONGEST_KEPT - len("6.6kW") + 1


def test_short_and_long_rows():
    text = f"{HEADING}\nsolar_deemed,6.6,2026-06-30,10,2150\n{ROW},more\n{ROW},,\n"
    batch = calculate_batch(text.encode(), TODAY)
    assert [o.reason for o in batch.outcomes] == [
        "", "This row has more cells than the heading.", "",
    ]  # fmt: skip


def many(rows, ending):
    return ending.join([HEADING, *[ROW] * rows]).encode()


@pytest.mark.no_cover
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_limit(ending):
    batch = calculate_batch(many(MAX_ROWS, ending), TODAY)
    assert batch.totals()["calculated"] == MAX_ROWS
    with pytest.raises(ValidationError, match=r"5,001 rows. The limit is 5,000"):
        calculate_batch(many(MAX_ROWS + 1, ending), TODAY)


GOOD = f"{HEADING}\n{ROW}\n"
FILES = [
    (b"", "empty"),
    (b"\n\r\n,,\n", "empty"),
    (f"{HEADING}\n".encode(), "heading but no rows"),
    (b"PK\x03\x04rest", "This is a zip file"),
    (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
    (b"%PDF-1.7", "a PDF"),
    (GOOD.replace("6.6", "6.6é").encode("latin-1"), "not in UTF-8"),
    (GOOD.encode("utf-16-le"), "not a text file"),
    (b"\xff\xfea", "not in UTF-8"),
    (GOOD.replace(",", ";").encode(), "semicolons"),
    (b" \n" + GOOD.replace(",", ";").encode(), "semicolons"),
    (GOOD.replace(",", "\t").encode(), "tabs"),
    (GOOD.replace(",", "|").encode(), "pipes"),
    (f"{HEADING},postcode\n{ROW},2150\n".encode(), "postcode appears twice"),
    (b"rated_power_kw,postcode\n6.6,2150\n", "system_type is missing"),
    (b"system_type,postcode\nbattery,2150\n", "installation_date is missing"),
    (f'{HEADING}\n"solar_deemed"x,1\n'.encode(), "double quote in row 2"),
    (f'{HEADING}\n{ROW}\nsolar"deemed,1\n'.encode(), "double quote in row 3"),
    (f'{HEADING}\n"solar\ndeemed",1\n"open,1\n'.encode(), "double quote in row 3"),
    (f"{HEADING}{',x' * 92}\n{ROW}\n".encode(), "103 columns. The limit is 100"),
    (f"{HEADING}{',x' * 10_000}\n{ROW}\n".encode(), "10,011 columns"),
    (f"{HEADING}\n{'a' + chr(10) * 2}".encode() * 20_000, "39,999 rows. The limit is"),
    (
        f"{HEADING}\n{'a' + chr(10)}".encode() + b"a\n" * 100_001,
        "more than 100,000 row",
    ),
    (f"{HEADING}\n{('x,' * 50 + chr(10)) * 4_500}".encode(), "The limit is 200,000."),
    (b'"' + b"a" * 4_990_000 + b'"', "row 1 is far too long"),
    (f"{HEADING}\n{'x' * 200_000},1\n".encode(), "row 2 is far too long"),
    (f'{HEADING}\n"{"x" * 1_000_000}",1\n'.encode(), "row 2 is far too long"),
]


@pytest.mark.parametrize(("data", "words"), FILES, ids=[words for _, words in FILES])
def test_files_that_are_refused(data, words):
    with pytest.raises(ValidationError, match=words) as refused:
        calculate_batch(data, TODAY)
    assert list(refused.value.problems) == ["file"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_endings_that_are_read(encoding, ending):
    text = f'Ort,{HEADING}\n"Nürn""berg, 1",{ROW}\n'.replace("\n", ending)
    batch = calculate_batch(text.encode(encoding), TODAY)
    assert batch.outcomes[0].row.cells[0] == 'Nürn"berg, 1'
    assert batch.totals()["calculated"] == 1


characters = st.characters(codec="utf-8", exclude_characters="\0")
# An apostrophe at the start may be a mark against formulas, which is taken off.
cells = st.text(characters, max_size=6).filter(lambda cell: not cell.startswith("'"))


@pytest.mark.no_cover
@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=5))
def test_quoted_rows_are_read_back(rows):
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    found = read_csv(file.getvalue().encode(), 10)[1:]
    assert [row.cells for row in found] == [
        r for r in rows if any(c.strip() for c in r)
    ]


@given(st.binary(max_size=200) | st.text(',"\r\na;\t', max_size=40).map(str.encode))
def test_any_bytes_are_read_as_csv_reads_them_or_refused(data):
    try:
        rows = read_csv(data, 100)
    except ValidationError:
        return
    utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    plain = csv.reader(io.StringIO(text, newline=""), strict=True)
    expected = [r for r in plain if any(c.strip() for c in r)]
    while not expected[0][-1].strip():  # columns without a name, and nothing in them
        expected[0].pop()
    assert [r.cells for r in rows] == expected
