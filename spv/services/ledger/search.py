"""Search the ledger: one page of the rows that match, or all of them as a CSV file."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spv import clock, database
from spv.database import snapshot
from spv.rules.csv_file import csv_cells, csv_text
from spv.rules.ledger.csv_upload import LEDGER_COLUMNS
from spv.rules.ledger.rows import FIELDS
from spv.rules.ledger.search import STATUSES, Criteria
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows
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


def every(
    criteria: Criteria, actor: Actor
) -> Iterator[tuple[Sequence[Any], ledger_rows.Shared]]:
    """Yield all rows of the table that match, in slices, with what they share."""
    after = 0
    while True:
        with snapshot():  # Ends before the yield: a slow download must not keep it.
            database.allow_long_statements()
            page = criteria, actor, EXPORT_SLICE, after
            rows = search_query.first(ledger_rows.TABLE, *page)
            shared = ledger_rows.shared_by(rows)
        if not rows:
            return
        yield rows, shared
        after = rows[-1].id


def export(criteria: Criteria, actor: Actor) -> Iterator[str]:
    """Yield all rows that match as the lines of a CSV file.

    The columns of an upload come first, so the file can be uploaded again.
    """
    yield csv_text([(*FIELDS.values(), *LEDGER_COLUMNS)], as_text=True)
    for rows, shared in every(criteria, actor):
        yield _csv_of(rows, shared)


def _csv_of(rows: Sequence[Any], shared: ledger_rows.Shared) -> str:
    """Write rows as CSV. What they share is written once, and then repeated."""
    begins = {key: ",".join(csv_cells(n)) for key, n in shared.products.items()}
    _, serials, products, uploads, marks = zip(*rows, strict=True)
    of_rows = [*zip(uploads, marks, strict=True)]
    ends = {of: ",".join(csv_cells(_shared_cells(shared, *of))) for of in {*of_rows}}
    columns = zip(products, csv_cells(serials), of_rows, strict=True)
    lines = [f"{begins[n]},{serial},{ends[of]}\r\n" for n, serial, of in columns]
    return "".join(lines)


def _shared_cells(
    shared: ledger_rows.Shared, upload_id: int, invalidation_id: int | None
) -> list[str]:
    """Return the cells after the cells of an upload, in the order of LEDGER_COLUMNS."""
    received_at, legal_name = shared.uploads[upload_id]
    status, reason = STATUSES["valid"], ""
    if invalidation_id:
        status, (reason,) = STATUSES["invalid"], shared.reasons[invalidation_id]
    recorded = clock.format_moment(received_at)
    return [status, reason, recorded, str(upload_id), legal_name]


def upload_cells(row: Any) -> list[str]:
    """Return the cells of a row in an upload, in the order of the columns."""
    return [getattr(row, field) for field in FIELDS]


def matching_rows(criteria: Criteria, actor: Actor, *page: int) -> Sequence[Any]:
    """Return at most `page[0]` matching rows, after row `page[1]` if given."""
    row_ids = search_query.ids(criteria, actor, *page)
    return with_ids(row_ids, *search_query.order(criteria))
