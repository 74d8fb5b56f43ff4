"""Search the ledger: one page of the rows that match, or all of them as a CSV file."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spv import clock, database
from spv.database import snapshot
from spv.rules.csv_file import csv_text
from spv.rules.ledger.csv_upload import LEDGER_COLUMNS
from spv.rules.ledger.rows import FIELDS
from spv.rules.ledger.search import STATUSES, Criteria
from spv.services.actor import Actor
from spv.services.ledger import search_query
from spv.services.ledger.rows import with_ids

ROWS_SHOWN = 50
EXPORT_SLICE = 2_000


class Found(NamedTuple):
    """A page of rows, whether more rows follow, and the number of rows on all pages.

    The number is exact up to 10,000. If more rows match, `total` is 10,001.
    """

    rows: Sequence[Any]
    has_more: bool
    total: int


def find(criteria: Criteria, actor: Actor, after: int = 0) -> Found:
    """Return the first rows that match, or the rows that follow the row with an id."""
    with snapshot():  # The rows and the total must be of the same moment.
        rows = matching_rows(criteria, actor, ROWS_SHOWN + 1, after)
        total = len(rows)
        if after or total > ROWS_SHOWN:
            total = search_query.count(criteria, actor)
    return Found(rows[:ROWS_SHOWN], len(rows) > ROWS_SHOWN, total)


def every(criteria: Criteria, actor: Actor) -> Iterator[Sequence[Any]]:
    """Yield all rows that match, in slices."""
    after = 0
    while True:
        with snapshot():  # Ends before the yield: a slow download must not keep it.
            database.allow_long_statements()
            rows = matching_rows(criteria, actor, EXPORT_SLICE, after)
        if not rows:
            return
        yield rows
        after = rows[-1].id


def export(criteria: Criteria, actor: Actor) -> Iterator[str]:
    """Yield all rows that match as the lines of a CSV file.

    The columns of an upload come first, so the file can be uploaded again.
    """
    yield csv_text([(*FIELDS.values(), *LEDGER_COLUMNS)], as_text=True)
    for rows in every(criteria, actor):
        yield csv_text(map(_export_cells, rows), as_text=True)


def upload_cells(row: Any) -> list[str]:
    """Return the cells of a row in an upload, in the order of the columns."""
    return [getattr(row, field) for field in FIELDS]


def matching_rows(criteria: Criteria, actor: Actor, *page: int) -> Sequence[Any]:
    """Return so many rows that match; with a second number, those after that row."""
    row_ids = search_query.ids(criteria, actor, *page)
    return with_ids(row_ids, *search_query.order(criteria))


def _export_cells(row: Any) -> list[str]:
    status = STATUSES["invalid" if row.invalidation_id else "valid"]
    recorded = clock.format_moment(row.received_at)
    return [*upload_cells(row), status, row.reason or "", recorded, str(row.upload_id),
            row.legal_name]  # fmt: skip
