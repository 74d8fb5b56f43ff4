"""Files of panel serial numbers, for upload_csv.py beside this one.

Read as the ledger reads them, and written so that spreadsheets leave them alone.
"""

import csv
import re
import unicodedata

FIELDS = {
    "Supplier name": "supplierName",
    "Licensee/Certificate holder": "licensee",
    "Model number": "modelNumber",
    "Serial number": "serialNumber",
}
IGNORED = ("problem", "how to fix", "")  # what lists of problems have beside these
# What a spreadsheet program would run, or rewrite as another number or a day. In files
# of the ledger, and in ours, an apostrophe before it prevents that: 0039 stays 0039.
REWRITTEN = re.compile(
    r"""'*(?: [=+\-@\t\r\n＝＋－＠].* | 0[0-9]+ | [0-9]{12,}
    | (?=[0-9]*[-+.,/:()Ee%$\ APap]) [-+.($]? [0-9] [-+0-9.,/:()Ee%T\ ]* (?:[ap]m)?
    | (?:[0-9]+[-/.\ ]?)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*
      [-/.\ ]? [0-9]* )[\ ]*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


class Stop(Exception):
    """It cannot go on; the sentence says why."""


def read_rows(path):
    """Each row that is not blank: its number in a spreadsheet, and its cells; Stop."""
    number, places, width = 0, [], 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, cells in enumerate(csv.reader(file, strict=True), 1):
                if not any(map(str.strip, cells)):
                    continue
                if not places:
                    places, width = columns(cells), len(cells)
                elif any(map(str.strip, cells[width:])):
                    # A comma in a name has moved the others: nothing is sent of it.
                    raise Stop(
                        f"{path}, row {number}, has more cells than the heading. If a "
                        "comma belongs to a name, put the name in double quotes."
                    )
                else:
                    padded = cells + [""] * (width - len(cells))
                    yield number, [as_given(padded[place]) for place in places]
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        why = f"after row {number}: {error}"
        raise Stop(f"{path} is not “CSV UTF-8”; save it as that ({why}).") from None


def columns(heading):
    """Where the four columns stand; Stop."""
    names = [" ".join(cell.casefold().split()) for cell in heading]
    wanted = [name.casefold() for name in FIELDS]
    if sorted(name for name in names if name not in IGNORED) != sorted(wanted):
        found = ", ".join(heading)[:200]
        raise Stop(f"The heading has to be {', '.join(FIELDS)}; it is {found}.")
    return [names.index(name) for name in wanted]


def as_given(cell):
    """A cell as it was before an apostrophe kept it from a spreadsheet program."""
    return cell[1:] if cell[:1] == "'" and REWRITTEN.fullmatch(cell) else cell


def as_text(cell):
    """A cell that a spreadsheet program leaves as it is."""
    return f"'{cell}" if REWRITTEN.fullmatch(cell) else cell


def canonical(*cells):
    """Cells as the ledger keeps them: trimmed, NFC, serial numbers in capitals."""
    *names, serial = (unicodedata.normalize("NFC", cell.strip()) for cell in cells)
    return *names, serial.upper()
