"""The file of nominated contacts: three columns, read strictly, all or nothing."""

from spv.rules.accounts import read_contact
from spv.rules.csv_file import Row, read_csv
from spv.rules.refusal import Refusal

MOST_ROWS = 5_000
COLUMNS = {"legal name": "legal_name", "abn": "abn", "email": "email"}
MOST_NAMED = 20


def read_contacts(data: bytes) -> list[dict[str, str]]:
    """The contacts of a file; Refusal on `file` with a sentence for the first rows."""
    heading, *rows = read_csv(data, MOST_ROWS)
    columns = [" ".join(cell.lower().split()) for cell in heading.cells]
    if sorted(columns) != sorted(COLUMNS):
        raise _refused(["Name the columns: Legal name, ABN, Email."])
    names = [COLUMNS[column] for column in columns]
    contacts: dict[str, tuple[int, dict[str, str]]] = {}
    problems = []
    for row in rows:
        try:
            contact = _contact(row, names)
        except Refusal as refusal:
            problems.append(f"Row {row.number}: {refusal}")
            continue
        first, _ = contacts.setdefault(contact["abn"], (row.number, contact))
        if first != row.number:
            problems.append(f"Row {row.number}: the ABN of row {first} again.")
    if not rows:
        problems.append("The file has no rows under its heading.")
    if problems:
        raise _refused(problems)
    return [contact for _, contact in contacts.values()]


def _contact(row: Row, names: list[str]) -> dict[str, str]:
    if any(map(str.strip, row.cells[len(names) :])):
        raise Refusal({"file": "It has more cells than the heading."})
    return read_contact(dict(zip(names, row.cells, strict=False)))


def _refused(problems: list[str]) -> Refusal:
    more = len(problems) - MOST_NAMED
    named = problems[:MOST_NAMED] + ([f"And {more:,} more."] if more > 0 else [])
    return Refusal({"file": " ".join(["Nothing was stored.", *named])})
