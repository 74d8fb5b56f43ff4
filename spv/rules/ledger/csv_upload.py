"""Files of panel serial numbers, read strictly: their headings, and their rows."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from operator import attrgetter, itemgetter
from pathlib import Path

from spv.rules import csv_file
from spv.rules.csv_file import (
    AS_CSV,
    LOOKED_AT,
    Row,
    csv_text,
    first_row,
    heading_name,
    read_csv,
    refusal,
)
from spv.rules.faults import fault
from spv.rules.ledger import rows as ledger_rows
from spv.rules.ledger.rows import FIELDS, CheckedRows, Problem, escape_invisible
from spv.rules.ledger.warnings import warnings_of
from spv.rules.text import join_words

# The template, a good file and a bad one, with the line ends of a CSV file.
SAMPLES = {
    path.stem: path.read_text("utf-8").replace("\n", "\r\n")
    for path in sorted(Path(__file__).with_name("samples").glob("*.csv"))
}
ADDED = ("Problem", "How to fix")
# The columns that a file of search results has besides the four.
LEDGER_COLUMNS = ("Ledger status", "Ledger reason", "Ledger recorded", "Ledger upload",
                  "Ledger account")  # fmt: skip
FIELD_OF = {heading_name(words): field for field, words in FIELDS.items()}
OURS = {*map(heading_name, (*ADDED, *LEDGER_COLUMNS))}
HEADING_CODES = frozenset(
    {"heading_missing", "heading_repeated", "heading_unknown", "no_heading"}
)
_EXCEL_XML = "urn:schemas-microsoft-com:office:spreadsheet"
# The beginnings of texts of other kinds, in lower case.
_TEXTS = {
    "a web page (HTML)": r"<(?:!doctype html|html|head|body|table|div|meta)\b",
    "XML": r"<(?:\?xml|[a-z!])",
    "a document (RTF)": r"\{\\rtf",
    "JSON": r"[\[{]\s*+[\[{\"}\]]",
    "SQL": r"(?:insert into|create table|drop table|begin transaction|select|update|set"
    r"|use|delete from) [^,;(=*\n]*+[;(=*\n]|--|/\*",
    "a spreadsheet in the SYLK format": "id;p",
    "a spreadsheet in the DIF format": r"table\s++0,1",
    "an email or a saved web page": r"(?:from|mime-version|return-path|received):\s",
}
_START = re.compile("|".join(f"({start})" for start in _TEXTS.values()))
_NOT_LETTERS = re.compile(r"[^a-z]+")
_NO_DIGIT = re.compile("[^0-9]*")
_MAY_BE_HEADING = re.compile("[^0-9]*|[^0-9]{5,}[0-9]")  # such as Serial1
# Other headings that plainly mean a column of ours, only by their letters.
_MEANINGS = {
    "supplier_name": "supplier suppliers nameofsupplier suppliersname panelsupplier "
    "suppliercompany importer responsiblesupplier importerresponsiblesupplier "
    "importerorresponsiblesupplier",
    "licensee": "licensee certificateholder licenseecertificateholder licencee "
    "licenceecertificateholder licenseeorcertificateholder licenseeholder "
    "licenseename certholder licenseecertholder manufacturer",
    "model_number": "model modelno modelnum modelnr models modelname panelmodel "
    "panelmodelnumber panelmodelno modulemodel modulemodelnumber",
    "serial_number": "serial serials serialno serialnum serialnr serialnumbers sn "
    "panelserial panelserialno panelserialnumber moduleserial moduleserialnumber "
    "barcode",
}
_FIELD_BY_LETTERS = {
    letters: field
    for field, words in _MEANINGS.items()
    for letters in (*words.split(), _NOT_LETTERS.sub("", FIELDS[field].lower()))
}


def check_csv(data: bytes) -> CheckedRows:
    """Check the rows of a file. Row numbers are those of a spreadsheet.

    Raises ValidationError on `file` if the file cannot be read as rows or has none.
    If the headings are wrong, only their problems are returned.
    """
    text = csv_file.decode(data)
    csv_file.check_delimiter(text)
    if problem := check_first_row(text):
        return CheckedRows({}, {}, [problem], 0)
    bare_quotes: list[int] = []
    heading, *rows = read_csv(data, ledger_rows.MOST_ROWS, bare_quotes)
    names = [heading_name(cell) for cell in heading.cells]
    if problems := [*heading_problems(heading, names)]:
        return CheckedRows({}, {}, problems, len(rows))
    if not rows:
        raise csv_file.refusal("The file has no rows under its headings. Add a panel.")
    problems = _index_column(heading, rows, names)
    may_repeat = text.lower().count("serial") > 1  # the headings, further down
    lines = _lines(rows, names, bare_quotes, problems, may_repeat=may_repeat)
    checked = ledger_rows.check_rows(lines)
    checked.problems.extend(problems)
    checked.problems.sort(key=attrgetter("row"))
    warnings = warnings_of(checked.panels)
    return replace(checked, row_count=len(rows), warnings=warnings)


def _lines(
    rows: list[Row], names: list[str], bare_quotes: list[int], problems: list[Problem],
    *, may_repeat: bool,
) -> list[tuple[int, tuple[str, ...]]]:  # fmt: skip
    """Return the number and the cells of each panel, and add to `problems`.

    With `may_repeat`, rows that repeat the headings are looked for.
    """
    columns = itemgetter(*map(names.index, FIELD_OF))
    lines, width, has_unnamed = [], len(names), "" in names
    is_usual = {len(cells) for _, cells in rows} == {width}
    if is_usual and not (bare_quotes or has_unnamed or may_repeat):
        return [(number, columns(cells)) for number, cells in rows]
    for number, cells in rows:
        if number in bare_quotes:
            problems += _bare_quote(number, cells)
        if len(cells) != width or has_unnamed:
            problems += _extra_cells(number, cells, names)
            cells[width:] = [""] * (width - len(cells))
        row = columns(cells)
        if may_repeat and [*map(heading_name, row)] == [*FIELD_OF]:
            problems.append(Problem(number, "", fault("heading_row"), ", ".join(row)))
        else:
            lines.append((number, row))
    return lines


def check_first_row(text: str) -> Problem | None:
    """Return the problem of a file whose first row has none of our headings.

    Raises ValidationError on `file` if the file is plainly of another kind.
    """
    row, _ = first_row(text)
    if not row.cells or any(heading_name(cell) in FIELD_OF for cell in row.cells):
        return None
    if kind := _kind_of(text):
        raise refusal(f"This is {kind}, not a CSV file. {AS_CSV}")
    line = heading_name(text.strip(" ,\r\n")[:LOOKED_AT].splitlines()[0])
    if '"' in line and any(name in line for name in FIELD_OF):
        return None  # its quotes are wrong, not its headings
    if line == "".join(FIELD_OF):
        raise refusal(f"The columns are separated by spaces. {AS_CSV}")
    found = escape_invisible(", ".join(row.cells))
    headings = join_words(FIELDS.values())
    return Problem(row.number, "", fault("no_heading", headings=headings), found)


def heading_problems(heading: Row, names: Sequence[str]) -> Iterator[Problem]:
    """Yield the problems of headings, given their `names` for comparison."""
    for name, field in FIELD_OF.items():
        column, count = FIELDS[field], names.count(name)
        if count == 0:
            found = fault("heading_missing", column=column)
            yield Problem(heading.number, field, found, "")
        elif count > 1:
            times = "twice" if count == 2 else f"{count} times"
            found = fault("heading_repeated", column=column, times=times)
            yield Problem(heading.number, field, found, column)
    for cell, name in zip(heading.cells, names, strict=True):
        if name and name not in FIELD_OF and name not in OURS:
            column = escape_invisible(" ".join(cell.split()))
            found = fault("heading_unknown", column=column)
            yield Problem(heading.number, "", found, column)


def guess_headings(data: bytes) -> list[tuple[str, str]]:
    """Return headings that plainly mean ours, each with our heading.

    Returns nothing unless all four are found and no other heading is left.
    """
    row, _ = first_row(csv_file.decode(data))
    meant = [(cell, _field_meant(cell)) for cell in row.cells]
    others = [
        cell
        for cell, field in meant
        if not field and cell.strip() and heading_name(cell) not in OURS
    ]
    if others or sorted(field for _, field in meant if field) != sorted(FIELDS):
        return []
    return [
        (escape_invisible(cell.strip()), FIELDS[field])
        for cell, field in meant
        if field and heading_name(cell) not in FIELD_OF
    ]


def accept_headings(data: bytes) -> bytes:
    """Return a file with our headings in place of those that plainly mean them."""
    row, rest = first_row(csv_file.decode(data))
    cells = [FIELDS.get(_field_meant(cell), cell) for cell in row.cells]
    empty = "\r\n" * (row.number - 1)  # rows keep their numbers
    return (empty + csv_text([cells]) + rest).encode()


def pasted_rows(text: str) -> bytes:
    """Return rows that were pasted as a CSV file, with our headings if they have none.

    The cells of a spreadsheet are pasted with tabs between them. A first row that may
    have headings, such as other ones than ours, is left to those who read the file.
    """
    if "\t" in text:
        cells = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
        with suppress(csv.Error):  # a cell above its limit is refused later
            text = csv_text(cells, as_text=True)
    if _is_panel([cell.strip() for cell in first_row(text)[0].cells]):
        text = csv_text([FIELDS.values()]) + text
    return text.encode()


def _is_panel(cells: Sequence[str]) -> bool:
    """Tell whether cells are those of a panel, in our order, rather than headings."""
    *names, serial = panel = [*cells, *[""] * len(FIELDS)][: len(FIELDS)]
    are_headings = any(map(_field_meant, filter(_MAY_BE_HEADING.fullmatch, panel)))
    are_counted = panel == [f"{names[0][:-1]}{n}" for n in range(1, 1 + len(panel))]
    has_serial = not serial or not _NO_DIGIT.fullmatch(serial)
    has_more = any(cells[len(FIELDS) :]) or len(cells) < len(FIELDS)
    return has_serial and not (are_headings or are_counted or has_more)


def _kind_of(text: str) -> str:
    """Return the kind of a text that is plainly not CSV, by its beginning; else ""."""
    start = text[:LOOKED_AT].lstrip()
    if _EXCEL_XML in start:
        return "an Excel workbook in XML"
    found = _START.match(start.lower())
    return [*_TEXTS][found.lastindex - 1] if found and found.lastindex else ""


def _field_meant(heading: str) -> str:
    """Return the field that a heading plainly means; "" if it means none."""
    return _FIELD_BY_LETTERS.get(_NOT_LETTERS.sub("", heading.casefold()), "")


def _index_column(heading: Row, rows: list[Row], names: list[str]) -> list[Problem]:
    """Find a column without a heading that counts the rows, and empty it.

    Some programs write it before the columns of a table.
    """
    if names[0] or len(rows) < 2:
        return []
    counted = [cells[0].strip() for _, cells in rows]
    if counted not in ([str(n + first) for n in range(len(rows))] for first in (0, 1)):
        return []
    for _, cells in rows:
        cells[0] = ""
    found = f"{counted[0]}, {counted[1]}, …"
    return [Problem(heading.number, "", fault("index_column"), found)]


def _bare_quote(number: int, cells: list[str]) -> list[Problem]:
    """Find the cell with a quote inside it, unless it is a formula."""
    if any(cell.startswith('="') for cell in cells):
        return []
    found = next((cell for cell in cells if '"' in cell), "").strip()
    return [Problem(number, "", fault("bare_quote"), escape_invisible(found))]


def _extra_cells(number: int, cells: list[str], names: list[str]) -> list[Problem]:
    """Find a cell beyond the headings, or under a heading without a name."""
    pairs = zip_longest(cells, names, fillvalue="")
    extra = [cell.strip() for cell, name in pairs if not name and cell.strip()]
    shown = map(escape_invisible, extra[:1])
    return [Problem(number, "", fault("extra_cell"), text) for text in shown]
