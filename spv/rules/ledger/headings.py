"""The headings of an uploaded file: ours, nearly ours, or those of another file."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from spv.rules import csv_file
from spv.rules.csv_file import AS_CSV, Row, csv_text, first_row, heading_name, refusal
from spv.rules.faults import fault
from spv.rules.file_kinds import kind_of_text
from spv.rules.formatting import join_words
from spv.rules.ledger.rows import FIELDS, Problem, escape_invisible

ADDED = ("Problem", "How to fix")
# The columns that a file of search results has beside the four.
LEDGER_COLUMNS = ("Ledger status", "Ledger reason", "Ledger recorded", "Ledger upload",
                  "Ledger account")  # fmt: skip
FIELD_OF = {heading_name(words): field for field, words in FIELDS.items()}
OURS = {*map(heading_name, (*ADDED, *LEDGER_COLUMNS))}
HEADING_CODES = frozenset(
    {"heading_missing", "heading_repeated", "heading_unknown", "no_heading"}
)
_LOOKED_AT = 2_000  # characters of the first line
_NOT_LETTERS = re.compile(r"[^a-z]+")
# Other headings that plainly mean a column of ours, by their letters alone.
_MEANINGS = {
    "supplier_name": "supplier suppliers nameofsupplier suppliersname panelsupplier "
    "suppliercompany importer",
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


def check_first_row(text: str) -> Problem | None:
    """Return the problem of a file whose first row has none of our headings.

    Raises ValidationError on `file` if the file is plainly of another kind.
    """
    row, _ = first_row(text)
    if not row.cells or any(heading_name(cell) in FIELD_OF for cell in row.cells):
        return None
    if kind := kind_of_text(text):
        raise refusal(f"This is {kind}, not a CSV file. {AS_CSV}")
    line = heading_name(text.strip(" ,\r\n")[:_LOOKED_AT].splitlines()[0])
    if '"' in line and any(name in line for name in FIELD_OF):
        return None  # the quotes are what is wrong
    if line == "".join(FIELD_OF):
        raise refusal(f"The columns are separated by blanks. {AS_CSV}")
    found = escape_invisible(", ".join(row.cells))
    headings = join_words(FIELDS.values())
    return Problem(row.number, "", fault("no_heading", headings=headings), found)


def heading_problems(heading: Row, names: Sequence[str]) -> Iterator[Problem]:
    """Yield the problems of headings, whose names for comparison are `names`."""
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
    """Return the headings that plainly mean others, if the file has all four.

    Each comes with the heading of ours that it means. A file with another heading
    beside them is left to its owner.
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

    The cells of a spreadsheet are pasted with tabs between them.
    """
    if "\t" in text:
        cells = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
        with suppress(csv.Error):  # a cell above its limit: it is refused as it is
            text = csv_text(cells, as_text=True)
    first = {heading_name(cell) for cell in text.lstrip().split("\n")[0].split(",")}
    if first.isdisjoint(FIELD_OF):
        text = csv_text([FIELDS.values()]) + text
    return text.encode()


def _field_meant(heading: str) -> str:
    """Return the field that a heading plainly means; "" if it means none."""
    return _FIELD_BY_LETTERS.get(_NOT_LETTERS.sub("", heading.casefold()), "")
