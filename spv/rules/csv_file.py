"""CSV files, read strictly: what one says is what is taken, or it is refused.

The encoding, delimiter and quoting are never guessed (RFC 4180). Rows carry the number
that a spreadsheet shows: the first is row 1, and empty rows count. Files are written so
that no spreadsheet runs any of it, and read back as they were.
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


class Row(NamedTuple):
    """One record and its row number in a spreadsheet."""

    number: int
    cells: list[str]


MOST_COLUMNS = 100
MOST_EMPTY = 100_000
MOST_COUNTED = 100_000  # beyond that, rows are not counted any more
MOST_CELLS = 200_000  # 40 columns in 5,000 rows
_CONTAINERS = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"PK\x05\x06": "a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "pipes"}
# Patterns are possessive (`*+`): nothing is tried twice, however long a cell is.
_CELL_ENDS = r"(?=\0|\Z)"
_FORMULA = r"'*+[=+\-@\t\r\n＝＋－＠]"
_SIGNED_NUMBER = rf"[+-][0-9]++(?:\.[0-9]++)?{_CELL_ENDS}"
# What a spreadsheet takes for a number, a day or a time, and writes in another way:
# leading zeros, more than 11 digits, signs, brackets, points and slashes, months.
_REWRITTEN = rf"""'*+(?: 0[0-9]++ | [0-9]{{12,}}+
    | (?=[0-9]*+[-+.,/:()Ee%$\ APap]) [-+.($]? [0-9] [-+0-9.,/:()Ee%T\ ]*+ (?:[ap]m)?
    | (?:[0-9]++[-/.\ ]?)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*+
      [-/.\ ]? [0-9]*+ )[\ ]*+{_CELL_ENDS}"""
_FLAGS = re.VERBOSE | re.IGNORECASE
# These look at a whole row, with a NUL (which no cell has) before each cell.
_MARKED = re.compile(rf"\0'(?={_FORMULA}|{_REWRITTEN})", _FLAGS)
_HARMFUL = re.compile(rf"\0(?!{_SIGNED_NUMBER})(?={_FORMULA}|'{_REWRITTEN})", _FLAGS)
_CHANGED = re.compile(rf"\0(?={_FORMULA}|{_REWRITTEN})", _FLAGS)
_LINE_END = re.compile(r"[\r\n]")
_SEPARATOR_ROW = re.compile(r"sep=.,*+")
_AS_CSV = "Save it as “CSV UTF-8 (comma delimited)” and choose that file."
# A whole quoted cell, from the start of a cell to its end; quotes inside are doubled.
_QUOTED = r'(?:(?<=[,\r\n])|\A)"[^"]*+(?:""[^"]*+)*+"(?=[,\r\n]|\Z)'
_QUOTED_CELL = re.compile(_QUOTED)
_RIGHTLY_QUOTED = re.compile(rf'(?:[^"]++|{_QUOTED})*+')


def read_csv(data: bytes, most_rows: int) -> list[Row]:
    """The rows of a file that are not empty, heading first; ValidationError on `file`.

    Beyond `most_rows` (not counting the heading) rows are only counted, and refused.
    """
    text = _decode(data)
    _check_delimiter(text)
    _check_bare_quotes(text)
    rows, count = _read_rows(text, most_rows + 1)
    if not rows:
        raise _refused("The file is empty. Choose a file with a heading and rows.")
    if count > most_rows + 1:
        raise _refused(f"Your file has {count - 1:,} rows. The limit is {most_rows:,}.")
    _check_width(rows)
    _check_cells(rows)
    if "'" in text:
        rows = [Row(n, _replace_marks(_MARKED, cells, "")) for n, cells in rows]
    _drop_blank_end(rows[0].cells, 0)  # columns without a name
    return rows


def _read_rows(text: str, most: int) -> tuple[list[Row], int]:
    """So many rows that are not empty, and how many there are."""
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
                    raise _refused(f"{sentence} The limit is {most - 1:,}.")
            elif number - count > MOST_EMPTY:
                sentence = f"The file has more than {MOST_EMPTY:,} empty rows."
                raise _refused(f"{sentence} Remove them.")
    except csv.Error:  # its limit of a cell: the quotes were checked
        sentence = f"A cell in row {number + 1} is far too long. Shorten it."
        raise _refused(sentence) from None
    return rows, count


def csv_text(lines: Iterable[Iterable[str]], *, as_text: bool = False) -> str:
    """Rows as CSV that a spreadsheet opens without running any of it as a formula.

    An apostrophe before a cell does that; `read_csv` takes it off again. With `as_text`
    it also stands before whatever a spreadsheet would rewrite, as 00391 to 391.
    """
    pattern = _CHANGED if as_text else _HARMFUL
    file = io.StringIO()
    csv.writer(file).writerows(_replace_marks(pattern, line, "'") for line in lines)
    return file.getvalue()


def _replace_marks(
    pattern: re.Pattern[str], cells: Iterable[str], mark: str
) -> list[str]:
    """Put a mark before the cells that a pattern finds, or take one off.

    All cells of a row in one step: there may be half a million in a file.
    """
    given = [*cells]
    row, count = pattern.subn("\0" + mark, "\0".join(["", *given]))
    return row.split("\0")[1:] if count else given


def _refused(sentence: str) -> ValidationError:
    return ValidationError({"file": sentence})


def _decode(data: bytes) -> str:
    for start, what in _CONTAINERS.items():
        if data.startswith(start):
            raise _refused(f"This is {what}, not a CSV file. {_AS_CSV}")
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _refused(f"The file is not in UTF-8. {_AS_CSV}") from None
    if "\0" in text:
        raise _refused(f"This is not a text file. {_AS_CSV}")
    return text


def _check_delimiter(text: str) -> None:
    heading = _LINE_END.split(text.lstrip(", \t\r\n"), maxsplit=1)[0]
    if _SEPARATOR_ROW.fullmatch(heading):
        raise _refused(f"The first row, {heading[:5]}, is for Excel alone. Remove it.")
    if "," in heading.rstrip(", "):
        return
    for delimiter, name in _DELIMITERS.items():
        if delimiter in heading:
            raise _refused(f"The columns are separated by {name}. {_AS_CSV}")


def _check_width(rows: list[Row]) -> None:
    """Refuse rows that would make the file endless when it is written again."""
    for number, cells in rows:
        _drop_blank_end(cells, MOST_COLUMNS)
        if len(cells) > MOST_COLUMNS:
            sentence = f"has {len(cells):,} columns. The limit is {MOST_COLUMNS}."
            what = "Your file" if number == rows[0].number else f"Row {number:,}"
            raise _refused(f"{what} {sentence}")


def _check_cells(rows: list[Row]) -> None:
    """Refuse a file that would take long to be written again, whatever is in it."""
    if sum(len(cells) for _, cells in rows) <= MOST_CELLS:
        return
    count = sum(len(cells) - _blank_end(cells) for _, cells in rows)
    if count > MOST_CELLS:
        raise _refused(
            f"Your file has {count:,} cells. The limit is {MOST_CELLS:,}. Remove the "
            "columns that are not needed."
        )


def _blank_end(cells: list[str]) -> int:
    """Count the blank cells at the end of a row."""
    return len([*takewhile(not_, map(str.strip, reversed(cells)))])


def _drop_blank_end(cells: list[str], least: int) -> None:
    """Take off the blank cells at the end, however many; so many cells are left."""
    del cells[max(len(cells) - _blank_end(cells), least) :]


def _check_bare_quotes(text: str) -> None:
    """Refuse a quote anywhere but around a cell: the csv module lets some through."""
    end = len(text)
    if '"' in text and (match := _RIGHTLY_QUOTED.match(text)):
        end = match.end()
    if end == len(text):
        return
    before = _QUOTED_CELL.sub("x", text[:end])  # a line break in a cell ends no row
    number = 1 + before.count("\n") + before.count("\r") - before.count("\r\n")
    raise _refused(
        f"A double quote in row {number} is not allowed there. Put the whole cell in "
        "double quotes and write each quote inside it twice, or remove it."
    )
