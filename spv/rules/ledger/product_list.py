"""The list of approved products as a file: read it, compare two lists, write one."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from spv.rules import csv_file
from spv.rules.csv_file import Row, csv_text, heading_name, read_csv
from spv.rules.errors import ValidationError
from spv.rules.faults import Fault
from spv.rules.ledger.approval import Approved
from spv.rules.ledger.rows import read_model, read_name
from spv.rules.text import read_date

MOST_PRODUCTS = 30_000
MOST_PROBLEMS = 20
COLUMNS = {
    "supplier_name": "Supplier name",
    "licensee": "Licensee",
    "model_number": "Model number",
    "approved_from": "Approved from",
    "approved_until": "Approved to",
}
_HEADINGS = {heading_name(words): at for at, words in enumerate(COLUMNS.values())}
_READERS = (read_name, read_name, read_model)


class Change(NamedTuple):
    """A product whose days on the list change: its lines before, and after.

    An added product has no lines before, and a removed product has none after.
    """

    names: tuple[str, ...]
    before: Sequence[Approved]
    after: Sequence[Approved]


class Changes(NamedTuple):
    """The products that a new list adds, changes and leaves out, by their names."""

    added: Sequence[Change]
    changed: Sequence[Change]
    gone: Sequence[Change]

    def __bool__(self) -> bool:
        return any(map(len, self))


def read_products(data: bytes) -> list[Approved]:
    """Return the products of a CSV file, in the order of `ordered`.

    A file with only its heading is an empty list: then nothing is compared.
    Raises ValidationError on `file` with a sentence for each of the first wrong rows.
    """
    heading, *rows = read_csv(data, MOST_PRODUCTS)
    names = [*map(heading_name, heading.cells)]
    if sorted(names) != sorted(_HEADINGS):
        raise _nothing_loaded([f"Name the columns: {', '.join(COLUMNS.values())}."])
    columns = [names.index(name) for name in _HEADINGS]
    found: dict[int, Approved] = {}
    problems: list[str] = []
    for row in rows:
        try:
            found[row.number] = _read(row, columns)
        except ValueError as error:
            problems.append(f"Row {row.number:,}: {error}")
    if problems := problems or _overlaps(found):
        raise _nothing_loaded(problems)
    return ordered(found.values())


def ordered(products: Iterable[Approved]) -> list[Approved]:
    """Sort products by model, licensee, supplier and first day."""
    return sorted(products, key=lambda each: (each[2::-1], each.approved_from))


def digest(products: Iterable[Approved]) -> str:
    """Return the SHA-256 of a list: its lines, in order, with tabs between cells."""
    lines = ("\t".join(_cells(each)) + "\n" for each in ordered(products))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def compare(before: Sequence[Approved], after: Sequence[Approved]) -> Changes:
    """Return the changes of a new list. Both lists are in the order of `ordered`."""
    old, new = _by_names(before), _by_names(after)
    changes = [Change(n, old.get(n, ()), new.get(n, ())) for n in old | new]
    return Changes(
        [each for each in changes if not each.before],
        [each for each in changes if each.before and each.after
         and each.after != each.before],
        [each for each in changes if not each.after],
    )  # fmt: skip


def as_csv(products: Iterable[Approved]) -> str:
    """Write products as a CSV file that can be loaded again."""
    return csv_text([COLUMNS.values(), *map(_cells, products)])


def _read(row: Row, columns: Sequence[int]) -> Approved:
    """Read a row. Raises ValueError with a sentence for each wrong cell."""
    cells = [cell.strip() for cell in row.cells]
    if any(cells[len(columns) :]):
        raise ValueError("It has more cells than the heading.")
    cells += [""] * (len(columns) - len(cells))
    *names, first, last = (cells[at] for at in columns)
    values = [read(name) for read, name in zip(_READERS, names, strict=True)]
    wrong = [
        f"{words}: {value.sentence}"
        for words, value in zip(COLUMNS.values(), values, strict=False)
        if isinstance(value, Fault)
    ]
    days: list[date | None] = []
    for words, text in (("Approved from", first), ("Approved to", last)):
        try:
            is_open = words == "Approved to" and not text
            days.append(None if is_open else read_date(text, f"“{words}”"))
        except ValueError as error:
            wrong.append(str(error))
    if not wrong and days[1] and days[1] < (days[0] or days[1]):
        wrong = ["“Approved to” is before “Approved from”."]
    if wrong:
        raise ValueError(" ".join(wrong))
    return Approved._make((*values, *days))


def _overlaps(found: dict[int, Approved]) -> list[str]:
    """Return a sentence for each row whose product is listed twice for a day."""
    by_keys: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, product in found.items():
        by_keys[product.keys].append(number)
    problems = []
    for numbers in by_keys.values():
        numbers.sort(key=lambda number: found[number].approved_from)
        for first, second in pairwise(numbers):
            if found[first].on(found[second].approved_from):
                problems.append(
                    f"Row {second:,}: Row {first:,} has the same product for the same "
                    "days."
                )
    return problems


def _by_names(products: Sequence[Approved]) -> dict[tuple[str, ...], list[Approved]]:
    found: dict[tuple[str, ...], list[Approved]] = {}
    for product in products:
        found.setdefault(product[:3], []).append(product)
    return found


def _cells(product: Approved) -> list[str]:
    until = product.approved_until
    days = product.approved_from.isoformat(), until.isoformat() if until else ""
    return [*product[:3], *days]


def _nothing_loaded(problems: list[str]) -> ValidationError:
    more = len(problems) - MOST_PROBLEMS
    listed = problems[:MOST_PROBLEMS] + ([f"And {more:,} more."] if more > 0 else [])
    return csv_file.refusal(" ".join(["Nothing was loaded.", *listed]))
