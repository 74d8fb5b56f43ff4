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
from typing import NamedTuple

from spv.rules.refusal import Refusal


class Row(NamedTuple):
    """One record and its row number in a spreadsheet."""

    number: int
    cells: list[str]


MOST_COLUMNS = 100
_CONTAINERS = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"PK\x05\x06": "a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "pipes"}
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_SIGNED_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")
_AS_CSV = "Save it as “CSV UTF-8 (comma delimited)” and choose that file."
# A whole quoted cell, from the start of a cell to its end; quotes inside are doubled.
# Possessive (`*+`): nothing is tried twice, however long the cell.
_QUOTED_CELL = re.compile(r'(?:(?<=[,\r\n])|\A)"[^"]*+(?:""[^"]*+)*+"(?=[,\r\n]|\Z)')


def read_csv(data: bytes, most_rows: int) -> list[Row]:
    """The rows of a file that are not empty, heading first; Refusal on `file`.

    Beyond `most_rows` (not counting the heading) rows are only counted, and refused.
    """
    text = _decode(data)
    _check_delimiter(text)
    _check_bare_quotes(text)
    marks = "'" in text
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    number = count = 0
    try:
        for number, cells in enumerate(reader, 1):
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                count += 1
                if count <= most_rows + 1:
                    given = [*map(_as_given, cells)] if marks else cells
                    rows.append(Row(number, given))
    except csv.Error:  # its limit of a cell: the quotes were checked
        sentence = f"A cell in row {number + 1} is far too long. Shorten it."
        raise _refused(sentence) from None
    if not rows:
        raise _refused("The file is empty. Choose a file with a heading and rows.")
    if count > most_rows + 1:
        raise _refused(f"Your file has {count - 1:,} rows. The limit is {most_rows:,}.")
    _check_columns(rows[0].cells)
    return rows


def csv_text(lines: Iterable[Iterable[str]]) -> str:
    """Rows as CSV that a spreadsheet opens without running any of it as a formula.

    An apostrophe before a cell does that; `read_csv` takes it off again.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([_harmless(cell) for cell in line] for line in lines)
    return file.getvalue()


def _harmless(cell: str) -> str:
    runs = _FORMULA.match(cell) and not _SIGNED_NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell


def _as_given(cell: str) -> str:
    marked = cell[:1] == "'" and _FORMULA.match(cell)
    return cell[1:] if marked else cell


def _refused(sentence: str) -> Refusal:
    return Refusal({"file": sentence})


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
    heading = re.split(r"[\r\n]", text.lstrip(" \r\n"), maxsplit=1)[0]
    if re.fullmatch(r"sep=.,*", heading):
        raise _refused(f"The first row, {heading[:5]}, is for Excel alone. Remove it.")
    if "," in heading:
        return
    for delimiter, name in _DELIMITERS.items():
        if delimiter in heading:
            raise _refused(f"The columns are separated by {name}. {_AS_CSV}")


def _check_columns(heading: list[str]) -> None:
    """Take off the empty cells at the end of a heading, and refuse too many."""
    while not heading[-1].strip():
        heading.pop()
    if len(heading) > MOST_COLUMNS:
        raise _refused(
            f"Your file has {len(heading):,} columns. The limit is {MOST_COLUMNS}."
        )


def _check_bare_quotes(text: str) -> None:
    """Refuse a quote anywhere but around a cell: the csv module lets some through."""
    if '"' not in text:
        return
    blanked = _QUOTED_CELL.sub(_blank, text)
    at = blanked.find('"')
    if at >= 0:
        number = len(re.findall(r"\r\n|\r|\n", blanked[:at])) + 1
        raise _refused(
            f"A double quote in row {number} stands where none can. Put the whole cell "
            "in double quotes and write each quote inside it twice, or remove it."
        )


def _blank(match: re.Match[str]) -> str:
    return "x" * (match.end() - match.start())
