"""Each kind of damage is found whatever value was damaged, and the value is not."""

from datetime import date, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spv.rules import faults
from spv.rules.faults import Fault
from spv.rules.ledger.csv_upload import accept_headings, check_csv
from spv.rules.ledger.rows import COLUMNS, FIELDS, read_model, read_name
from spv.rules.ledger.serial_number import has_check_digit, is_rounded, read_serial
from spv.rules.text import search_key
from tests.endurance import repeated

LETTERS = "äöüßéèêñçåøÄÖÜÉÑÇΑΩДЖ"
HEADING = ",".join(FIELDS.values())
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))
names = st.text("abcdefgh ABCDEFGH-&.", min_size=2, max_size=20).map(str.strip)
serials = st.from_regex(r"[A-Z]{2}[0-9]{4,10}", fullmatch=True)
digits = st.text("0123456789", min_size=5, max_size=20).filter(int)


def holds(times, *strategies):
    """Run a function for generated values."""

    def run(check):
        settings(max_examples=times)(given(*strategies)(check))()

    return run


def is_code(found, code):
    return isinstance(found, Fault) and found.code == code


@repeated(50, 2000)
def test_letters_that_were_read_in_another_encoding(times):
    @holds(times, names, st.text(LETTERS, min_size=1, max_size=3), names)
    def check(before, letters, after):
        name = f"x{before}{letters}{after}y"
        assert read_name(name) == name
        damaged = name.encode().decode("cp1252", errors="replace")
        found = read_name(damaged)
        assert is_code(found, "lost_characters"), damaged
        if "\ufffd" not in damaged:
            assert f"“{name}”" in found.words


@pytest.mark.no_cover
@repeated(50, 2000)
@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_letters_that_are_lost(times, column):
    @holds(times, names, names)
    def check(before, after):
        assert isinstance(column.read(f"{before}x\ufffd{after}1"), Fault)


@repeated(50, 2000)
def test_days_and_times_are_no_serial_numbers(times):
    forms = ("%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y", "%b-%Y", "%d/%m/%Y %H:%M", "%d.%m.%Y",
             "%Y-%m-%d %H:%M:%S", "%H:%M:%S", "%d %b %Y", "%m/%d/%Y")  # fmt: skip

    @holds(times, st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)),
           st.sampled_from(forms))  # fmt: skip
    def check(moment, form):
        assert is_code(read_serial(moment.strftime(form)), "spreadsheet_damage")


@repeated(50, 2000)
@pytest.mark.parametrize("read", [read_serial, read_name, read_model])
def test_numbers_in_scientific_notation(times, read):
    @holds(times, digits, st.sampled_from(["E+{}", "e+{}", "E+0{}"]))
    def check(number, exponent):
        damaged = f"{number[0]}.{number[1:]}{exponent.format(len(number))}"
        assert is_code(read(damaged), "spreadsheet_damage"), damaged


@repeated(50, 2000)
def test_amounts_and_decimals_are_no_serial_numbers(times):
    @holds(times, digits.filter(lambda text: text[0] != "0"),
           st.sampled_from(["{}.0", "{}.00", "{}.", "({})", "${}"]))  # fmt: skip
    def check(number, form):
        assert is_code(read_serial(form.format(number)), "spreadsheet_damage")


@repeated(50, 2000)
def test_numbers_that_were_rounded_to_15_digits(times):
    number = st.integers(10**15, 10**25)

    @holds(times, number)
    def check(value):
        text = str(value)
        rounded = text[:15] + "0" * (len(text) - 15)
        assert is_rounded(rounded)
        rows = "".join(f"a,b,c,{rounded}\n" for _ in range(2))
        problems = check_csv(f"{HEADING}\n{rows}".encode()).problems
        assert {each.fault.code for each in problems} == {"spreadsheet_damage"}
        assert all("emove" not in each.fault.words for each in problems)


@pytest.mark.no_cover
@repeated(50, 2000)
def test_what_a_scanner_reads_shows_the_serial_number(times):
    @holds(times, serials, st.integers(10**12, 10**13 - 1), DAYS)
    def check(serial, number, day):
        products = (f"{number}{n}" for n in range(10))
        product = next(filter(has_check_digit, products))
        made = f"{day:%y%m%d}"
        for code in (
            f"(01){product}(21){serial}",
            f"(01){product}(11){made}(21){serial}",
            f"01{product}11{made}21{serial}",
            f"]d201{product}21{serial}\x1d10LOT1",
            f"https://panels.example/s/{serial}",
            f"http://panels.example/?serial={serial}",
            f"S/N: {serial}",
            f"Serial No: {serial}",
        ):
            found = read_serial(code)
            assert is_code(found, "not_a_serial_number"), code
            assert serial in found.words, code


@repeated(50, 2000)
def test_two_serial_numbers_and_ranges(times):
    @holds(times, serials, st.integers(1, 99))
    def check(serial, more):
        width = len(serial) - 2
        later = f"{serial[:2]}{(int(serial[2:]) + more) % 10**width:0{width}}"
        assume(later != serial)
        for between in (" ", ", ", ";", " to ", " - "):
            found = read_serial(f"{serial}{between}{later}")
            assert is_code(found, "not_a_serial_number"), between


@repeated(50, 1000)
def test_headings_that_differ_by_case_blanks_slashes_and_underscores(times):
    def varied(heading):
        parts = heading.replace("/", " ").split()
        return st.tuples(
            st.sampled_from([" ", "_", "  ", " / ", ""]),
            st.sampled_from([str.upper, str.lower, str.title]),
        ).map(lambda drawn: drawn[1](drawn[0].join(parts)))

    @holds(times, st.tuples(*map(varied, FIELDS.values())))
    def check(headings):
        data = f"{','.join(headings)}\nA,B,C,SN12345\n".encode()
        checked = check_csv(data)
        assert checked.problems == []
        assert check_csv(accept_headings(data)).panels == checked.panels


@repeated(50, 2000)
def test_names_that_look_alike_have_the_same_key(times):
    looks = {" ": " \u00a0\u2009", "'": "'’‘ʼ", '"': '"“”', "-": "-‐‑–"}

    @holds(times, st.data(), st.text("abc XYZ'\"-é", min_size=1, max_size=20))
    def check(data, name):
        changed = "".join(
            data.draw(st.sampled_from(looks[c])) if c in looks else c for c in name
        )
        assert search_key(changed) == search_key(name.upper()) == search_key(name)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-01-12", True), ("12/05/2026", True), ("12/05/26", True),
        ("2026-01-012", False), ("012/05/2026", False), ("12/005/2026", False),
    ],
)  # fmt: skip
def test_what_is_a_day(text, is_one):
    """With three digits in a place, it may be a model number."""
    assert faults.is_day(text) is is_one
