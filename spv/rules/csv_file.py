"""CSV files, read strictly: a file is taken exactly as it is, or refused.

The encoding, delimiter and quoting are never guessed (RFC 4180). Rows have the numbers
that a spreadsheet shows: the first is row 1, and empty rows count. Files are written so
that no spreadsheet runs a cell as a formula, and are read back as they were.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable
from itertools import takewhile
from operator import not_
from typing import NamedTuple

from spv.rules.errors import ValidationError

MOST_COLUMNS = 100
MOST_EMPTY = 100_000
MOST_COUNTED = 100_000  # no more rows than these are counted
MOST_CELLS = 200_000  # 40 columns in 5,000 rows
_CONTAINERS = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"PK\x05\x06": "a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "pipes"}
# Patterns are possessive (`*+`): they never go back, however long a cell is.
_CELL_ENDS = r"(?=\0|\Z)"
_FORMULA = r"'*+[=+\-@\t\r\n＝＋－＠]"
_SIGNED_NUMBER = rf"[+-][0-9]++(?:\.[0-9]++)?{_CELL_ENDS}"
# Cells that a spreadsheet takes for a number, a day or a time, and writes differently:
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
# In a row whose cells have their marks already.
_UNMARKED = re.compile(rf"\0(?!'|{_SIGNED_NUMBER})(?={_FORMULA})", _FLAGS)
_LINE_END = re.compile(r"[\r\n]")
_SEPARATOR_ROW = re.compile(r"sep=.,*+")
_AS_CSV = "Save it as “CSV UTF-8 (comma delimited)” and choose that file."
# A whole quoted cell, from the start of a cell to its end; quotes inside are doubled.
_QUOTED = r'(?:(?<=[,\r\n])|\A)"[^"]*+(?:""[^"]*+)*+"(?=[,\r\n]|\Z)'
_QUOTED_CELL = re.compile(_QUOTED)
_RIGHTLY_QUOTED = re.compile(rf'(?:[^"]++|{_QUOTED})*+')


class Row(NamedTuple):
    """A row of a file with its number in a spreadsheet."""

    number: int
    cells: list[str]


def read_csv(data: bytes, most_rows: int, *, keep_marks: bool = False) -> list[Row]:
    """Return the rows of a file that are not empty, the heading first.

    With `keep_marks`, the apostrophes that protect cells stay before them. Raises
    ValidationError on `file` if the file is not such CSV, or has more than `most_rows`
    rows beside the heading.
    """
    text = _decode(data)
    _check_delimiter(text)
    _check_quotes(text)
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


def _read_rows(text: str, most: int) -> tuple[list[Row], int]:
    """Return the first rows that are not empty, and the count of all of them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    number = count = 0
    try:
        for number, cells in enumerate(reader, 1):
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
    except csv.Error:  # a cell above its limit, as the quotes were checked before
        number += 1
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


def refusal(sentence: str) -> ValidationError:
    """Return the error of a file that is refused."""
    return ValidationError({"file": sentence})


def heading_name(cell: str) -> str:
    """Return a heading for comparison: without case, and with single blanks."""
    return " ".join(cell.casefold().split())


def _replace_marks(
    pattern: re.Pattern[str], cells: Iterable[str], mark: str
) -> list[str]:
    """Replace what a pattern finds before the cells of a row by a mark.

    All cells are done in one step: a file may have half a million.
    """
    given = [*cells]
    row, count = pattern.subn("\0" + mark, "\0".join(["", *given]))
    return row.split("\0")[1:] if count else given


def _decode(data: bytes) -> str:
    for start, what in _CONTAINERS.items():
        if data.startswith(start):
            raise refusal(f"This is {what}, not a CSV file. {_AS_CSV}")
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise refusal(f"The file is not in UTF-8. {_AS_CSV}") from None
    if "\0" in text:
        raise refusal(f"This is not a text file. {_AS_CSV}")
    return text


def _check_delimiter(text: str) -> None:
    heading = _LINE_END.split(text.lstrip(", \t\r\n"), maxsplit=1)[0]
    if _SEPARATOR_ROW.fullmatch(heading):
        raise refusal(f"The first row, {heading[:5]}, is for Excel alone. Remove it.")
    if "," in heading.rstrip(", "):
        return
    for delimiter, name in _DELIMITERS.items():
        if delimiter in heading:
            raise refusal(f"The columns are separated by {name}. {_AS_CSV}")


def _check_size(rows: list[Row]) -> None:
    """Refuse a file that would be large, or take long, to write again."""
    for number, cells in rows:
        _drop_blank_end(cells, MOST_COLUMNS)
        if len(cells) > MOST_COLUMNS:
            sentence = f"has {len(cells):,} columns. The limit is {MOST_COLUMNS}."
            what = "Your file" if number == rows[0].number else f"Row {number:,}"
            raise refusal(f"{what} {sentence}")
    if sum(len(cells) for _, cells in rows) <= MOST_CELLS:
        return
    count = sum(len(cells) - _blank_end(cells) for _, cells in rows)
    if count > MOST_CELLS:
        raise refusal(
            f"Your file has {count:,} cells. The limit is {MOST_CELLS:,}. Remove the "
            "columns that are not needed."
        )


def _blank_end(cells: list[str]) -> int:
    """Count the blank cells at the end of a row."""
    return len([*takewhile(not_, map(str.strip, reversed(cells)))])


def _drop_blank_end(cells: list[str], least: int) -> None:
    """Remove the blank cells at the end of a row, but keep the first `least` cells."""
    del cells[max(len(cells) - _blank_end(cells), least) :]


def _check_quotes(text: str) -> None:
    """Refuse a quote anywhere but around a cell: the csv module accepts some."""
    match = _RIGHTLY_QUOTED.match(text) if '"' in text else None
    if match is None or (end := match.end()) == len(text):
        return
    before = _QUOTED_CELL.sub("x", text[:end])  # line breaks in cells end no row
    number = 1 + before.count("\n") + before.count("\r") - before.count("\r\n")
    raise refusal(
        f"A double quote in row {number} is not allowed there. Put the whole cell in "
        "double quotes and write each quote inside it twice, or remove it."
    )
