"""CSV files, read strictly: a file is accepted exactly as it is, or refused.

The encoding, delimiter and quoting are never guessed (RFC 4180). Rows have the numbers
that a spreadsheet shows: the first is row 1, and empty rows count. Files are written so
that no spreadsheet runs a cell as a formula, and are read back unchanged.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable
from itertools import chain, islice, takewhile
from typing import NamedTuple

from spv.rules.errors import ValidationError

MOST_COLUMNS = 100
MOST_EMPTY = 100_000
MOST_LOOKED_AT = 1_000  # rows, to find the first that is not empty
LOOKED_AT = 2_000  # bytes or characters, for the kind of a file
LONGEST_FIRST_ROW = 200_000  # characters
MOST_COUNTED = 100_000  # no more rows than these are counted
MOST_CELLS = 200_000  # 40 columns in 5,000 rows
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "pipes", "，": "full-width commas"}
# Patterns are possessive (`*+`): they never go back, however long a cell is. But groups
# are not, as Python before 3.11.5 reads possessive groups wrongly.
_CELL_ENDS = r"(?=\0|\Z)"
_FORMULA = r"'*+[=+\-@\t\r\n＝＋－＠]"
_SIGNED_NUMBER = rf"[+-][0-9]++(?:\.[0-9]++)?{_CELL_ENDS}"
# Cells that a spreadsheet reads as a number, a day or a time, and writes differently:
# leading zeros, more than 11 digits, signs, brackets, points and slashes, months.
_REWRITTEN = rf"""'*+(?: 0[0-9]++ | [0-9]{{12,}}+
    | (?=[0-9]*+[-+.,/:()Ee%$\ APap]) [-+.($]? [0-9] [-+0-9.,/:()Ee%T\ ]*+ (?:[ap]m)?
    | (?:[0-9]++[-/.\ ]?)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*+
      [-/.\ ]? [0-9]*+ )[\ ]*+{_CELL_ENDS}"""
_FLAGS = re.VERBOSE | re.IGNORECASE
# These match a whole row, with a NUL (which no cell has) before each cell.
_MARKED = re.compile(rf"\0'(?={_FORMULA}|{_REWRITTEN})", _FLAGS)
_HARMFUL = re.compile(rf"\0(?!{_SIGNED_NUMBER})(?={_FORMULA}|'{_REWRITTEN})", _FLAGS)
_CHANGED = re.compile(rf"\0(?={_FORMULA}|{_REWRITTEN})", _FLAGS)
# The same, in a row whose cells have their marks already.
_UNMARKED = re.compile(rf"\0(?!'|{_SIGNED_NUMBER})(?={_FORMULA})", _FLAGS)
_NEEDS_QUOTES = re.compile(r'[",\r\n]')  # if a cell has one of them
_SEPARATOR_ROW = re.compile(r"sep=.,*+")
_STARTS = {  # the first bytes of files that are not text
    b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF",
    b"PK\x05\x06": "a zip file", b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file", b"\xfd7zXZ\0": "an xz file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip file", b"Rar!": "a RAR file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"SQLite format 3": "a database", b"PAR1": "a Parquet file",
}  # fmt: skip
AS_CSV = "Save it as “CSV UTF-8 (comma delimited)” and choose that file."
_NOT_COMPARED = re.compile(r"[\s/\\_\ufeff]+")
# Begins a cell. It is found fast, because the pattern begins with the quote.
_OPENING = r'"(?<![^,\r\n]")'
_OPENING_QUOTE = re.compile(_OPENING)
# A quoted cell, and those after it that have no quotes inside; each takes memory.
_END = r'"(?=[,\r\n]|\Z)'
_QUOTED_CELLS = re.compile(
    rf'{_OPENING}[^"]*+(?:""[^"]*+){{,65536}}{_END}(?:,"[^"]*+{_END}){{,1000}}'
)


class Row(NamedTuple):
    """A row of a file with its number in a spreadsheet."""

    number: int
    cells: list[str]


def read_csv(
    data: bytes,
    most_rows: int,
    bare_quotes: list[int] | None = None,
    *,
    keep_marks: bool = False,
) -> list[Row]:
    """Return the rows of a file that are not empty, the heading first.

    With `keep_marks`, the apostrophes that protect cells stay before them. Rows with a
    quote inside a cell that is not quoted can still be read: their numbers are added to
    `bare_quotes`. Raises ValidationError on `file` if the file is not such CSV, has
    more than `most_rows` rows beside the heading, or has bare quotes and there is no
    list for them.
    """
    text = decode(data)
    check_delimiter(text)
    _check_quotes(text, bare_quotes)
    rows, count = _read_rows(text, most_rows + 1)
    if not rows:
        raise refusal("The file is empty. Choose a file with a heading and rows.")
    if count > most_rows + 1:
        raise refusal(f"Your file has {count - 1:,} rows. The limit is {most_rows:,}.")
    _check_size(rows)
    if "'" in text and not keep_marks:
        rows = [Row(n, _replace_marks(_MARKED, cells, "")) for n, cells in rows]
    _drop_blank_end(rows[0].cells, 0)  # columns without a name
    return rows


def first_row(text: str) -> tuple[Row, str]:
    """Return the first row that is not empty, and the text after it.

    A text that is no CSV has a first row, too. The row has no cells if no row with text
    is found, or if 1,000 rows have been read without one.
    """
    blank = len(text) - len(text.lstrip(" \t,\r\n"))
    start = 1 + max(text.rfind("\n", 0, blank), text.rfind("\r", 0, blank))
    empty = text[:start]
    before = empty.count("\n") + empty.count("\r") - empty.count("\r\n")
    end = start + LONGEST_FIRST_ROW
    stream = io.StringIO(text[start:end], newline="")
    try:
        for number, cells in enumerate(islice(csv.reader(stream), MOST_LOOKED_AT)):
            if any(map(str.strip, cells)):
                return Row(before + number + 1, cells), stream.read() + text[end:]
    except csv.Error:  # a cell above its limit
        pass
    return Row(1, []), ""


def _read_rows(text: str, most: int) -> tuple[list[Row], int]:
    """Return the first rows that are not empty, and the count of all of them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[list[str]] = []
    rows, number, count = [], 0, 0
    try:
        lines.extend(islice(reader, most + 1))
        if len(lines) <= most and all(cells and cells[0].strip() for cells in lines):
            return [*map(Row, range(1, most + 2), lines)], len(lines)  # nearly always
        for number, cells in enumerate(chain(lines, reader), 1):
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                count += 1
                if count <= most:
                    rows.append(Row(number, cells))
                elif count > MOST_COUNTED:
                    sentence = f"Your file has more than {MOST_COUNTED:,} rows."
                    raise refusal(f"{sentence} The limit is {most - 1:,}.")
            elif number - count > MOST_EMPTY:
                sentence = f"The file has more than {MOST_EMPTY:,} empty rows."
                raise refusal(f"{sentence} Remove them.")
    except csv.Error:  # a cell above its limit: the quotes were checked before
        number = max(number, len(lines)) + 1
        raise refusal(f"A cell in row {number} is far too long. Shorten it.") from None
    return rows, count


def csv_text(
    lines: Iterable[Iterable[str]], *, as_text: bool = False, has_marks: bool = False
) -> str:
    """Return rows as CSV that a spreadsheet opens without running a formula.

    An apostrophe before a cell prevents that; `read_csv` removes it again. With
    `as_text`, cells that a spreadsheet would rewrite (00391 as 391) have one too. With
    `has_marks`, cells come from `read_csv` with `keep_marks` and get no second one.
    """
    pattern = _CHANGED if as_text else _UNMARKED if has_marks else _HARMFUL
    file = io.StringIO()
    csv.writer(file).writerows(_replace_marks(pattern, line, "'") for line in lines)
    return file.getvalue()


def csv_cells(cells: Iterable[str]) -> list[str]:
    """Return cells as `csv_text` writes them with `as_text`."""
    marked = _replace_marks(_CHANGED, cells, "'")
    if not _NEEDS_QUOTES.search("\0".join(marked)):
        return marked
    doubled = ((cell, cell.replace('"', '""')) for cell in marked)
    return [f'"{d}"' if _NEEDS_QUOTES.search(cell) else cell for cell, d in doubled]


def refusal(sentence: str) -> ValidationError:
    """Return the error of a file that is refused."""
    return ValidationError({"file": sentence})


def unprotected(cell: str) -> str:
    """Return a cell without the apostrophe that protects it from a spreadsheet."""
    return _replace_marks(_MARKED, [cell], "")[0] if cell.startswith("'") else cell


def heading_name(cell: str) -> str:
    """Return a heading to compare: without case, spaces, slashes and underscores."""
    return _NOT_COMPARED.sub("", cell.casefold())


def _replace_marks(
    pattern: re.Pattern[str], cells: Iterable[str], mark: str
) -> list[str]:
    """Put `mark` in place of each match of a pattern at the start of a cell.

    All cells are done in one step: a file may have half a million.
    """
    given = [*cells]
    row, count = pattern.subn("\0" + mark, "\0".join(["", *given]))
    return row.split("\0")[1:] if count else given


def decode(data: bytes) -> str:
    """Return the text of a file. Raises ValidationError on `file` if it is not text."""
    if kind := _kind_of(data):
        raise refusal(f"This is {kind}, not a CSV file. {AS_CSV}")
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_utf_16 else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refusal(f"{_wrong_byte(error, encoding)} {AS_CSV}") from None
    if "\0" in text:
        raise refusal(f"This is not a text file. {AS_CSV}")
    return text.lstrip("\ufeff")


def _kind_of(data: bytes) -> str:
    """Return the kind of a file that is not text, by its first bytes; else ""."""
    if data.startswith(b"PK\x03\x04"):
        start = data[:LOOKED_AT]
        if b"opendocument.spreadsheet" in start:
            return "a LibreOffice spreadsheet (.ods)"
        if b"Index/" in start and b".iwa" in start:
            return "a Numbers spreadsheet"
        is_excel = b"[Content_Types].xml" in data or b"xl/" in data
        return "an Excel workbook" if is_excel else "a zip file"
    return next((kind for start, kind in _STARTS.items() if data.startswith(start)), "")


def _wrong_byte(error: UnicodeDecodeError, encoding: str) -> str:
    """Say where the first byte is that is not in the encoding of a file."""
    sentence = "The file is not in UTF-8"
    if encoding == "utf-16":
        return f"{sentence}, and not all of it is UTF-16."
    start = io.StringIO(error.object[: error.start].decode(), None).getvalue()
    *lines, before = start.split("\n")
    after = f" after “{before[-20:]}”" if before.strip() else ""
    return f"{sentence}: row {len(lines) + 1} has a letter{after} that cannot be read."


def check_delimiter(text: str) -> None:
    """Refuse a file whose columns are plainly separated by something else."""
    first_line, _, _ = text.lstrip(", \t\r\n").partition("\n")
    heading, _, _ = first_line.partition("\r")
    if _SEPARATOR_ROW.fullmatch(heading):
        raise refusal(f"The first row, {heading[:5]}, is only for Excel. Remove it.")
    if "," in heading.rstrip(", "):
        return
    for delimiter, name in _DELIMITERS.items():
        if delimiter in heading:
            raise refusal(f"The columns are separated by {name}. {AS_CSV}")


def _check_size(rows: list[Row]) -> None:
    """Refuse a file that would be large, or take long, to write again."""
    widths = [len(cells) for _, cells in rows]
    if max(widths) <= MOST_COLUMNS and sum(widths) <= MOST_CELLS:
        return
    for number, cells in rows:
        _drop_blank_end(cells, MOST_COLUMNS)
        if len(cells) > MOST_COLUMNS:
            sentence = f"has {len(cells):,} columns. The limit is {MOST_COLUMNS}."
            what = "Your file" if number == rows[0].number else f"Row {number:,}"
            raise refusal(f"{what} {sentence}")
    count = sum(len(cells) - _blank_end(cells) for _, cells in rows)
    if count > MOST_CELLS:
        sentence = f"Your file has {count:,} cells. The limit is {MOST_CELLS:,}."
        raise refusal(f"{sentence} Remove the columns that are not needed.")


def _blank_end(cells: list[str]) -> int:
    """Count the blank cells at the end of a row."""
    return len([*takewhile("".__eq__, map(str.strip, reversed(cells)))])


def _drop_blank_end(cells: list[str], least: int) -> None:
    """Remove the blank cells at the end of a row, but keep the first `least` cells."""
    del cells[max(len(cells) - _blank_end(cells), least) :]


def _check_quotes(text: str, bare_quotes: list[int] | None) -> None:
    """Refuse a quote anywhere but around a cell: the csv module accepts some of them.

    A quote inside a cell that does not begin with a quote leaves the row readable. If
    there is a list for the numbers of such rows, they are not refused here.
    """
    # Line breaks in cells end no row.
    rest = _QUOTED_CELLS.sub("x", text) if '"' in text else ""
    if '"' not in rest:
        return
    wrong = _OPENING_QUOTE.search(rest)
    lines = io.StringIO(rest[: wrong and wrong.start()], None).getvalue().split("\n")
    bare = [number for number, line in enumerate(lines, 1) if '"' in line]
    if wrong or bare_quotes is None:
        raise refusal(
            f"A double quote in row {(bare or [len(lines)])[0]} is not allowed there. "
            "Put the whole cell in double quotes and write each quote inside it twice, "
            "or remove it."
        )
    bare_quotes.extend(bare)
