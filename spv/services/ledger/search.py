"""Searching the ledger: a page of what was found, or all of it as a file."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from spv import clock, database
from spv.database import snapshot
from spv.extensions import db
from spv.models import Account, Invalidation, PanelSerial, Product, Upload
from spv.rules.csv_file import csv_text
from spv.rules.ledger.criteria import STATUSES, Criteria
from spv.rules.ledger.csv_upload import LEDGER_COLUMNS
from spv.rules.ledger.rows import FIELDS
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger import search_query

ROWS_SHOWN = 50
EXPORT_SLICE = 2_000


class Found(NamedTuple):
    """Rows of a page, whether there are more, and how many there are in all.

    Where there are more than 10,000, `total` is 10,001.
    """

    rows: Sequence[Any]
    has_more: bool
    total: int


def find(criteria: Criteria, actor: Actor, after: int = 0) -> Found:
    """The first rows that match, or those after the row with an id.

    Newest first, or where a serial number is asked in the order of serial numbers.
    """
    with snapshot():  # or what is marked between two queries empties a page
        rows = _rows(criteria, actor, ROWS_SHOWN + 1, after)
        total = len(rows)
        if after or total > ROWS_SHOWN:
            total = search_query.count(criteria, actor)
    return Found(rows[:ROWS_SHOWN], len(rows) > ROWS_SHOWN, total)


def every(criteria: Criteria, actor: Actor) -> Iterator[Sequence[Any]]:
    """All rows that match, in slices; none of them is held back or skipped."""
    after = 0
    while True:
        with snapshot():  # which is not held while somebody's line is slow
            database.allow_long_statements()
            rows = _rows(criteria, actor, EXPORT_SLICE, after)
        if not rows:
            return
        yield rows
        after = rows[-1].id


def export(criteria: Criteria, actor: Actor) -> Iterator[str]:
    """All rows that match as CSV, in pieces: what was uploaded, what became of it."""
    columns = (*FIELDS.values(), *LEDGER_COLUMNS)
    yield csv_text([columns], as_text=True)
    for rows in every(criteria, actor):
        yield csv_text(map(_line, rows), as_text=True)


def cells(row: Any) -> list[str]:
    """A row as what is uploaded: the cells of a line, in the order of the columns."""
    return [getattr(row, field) for field in FIELDS]


def named_rows(row_ids: Sequence[int]) -> Sequence[Any]:
    """Rows by their ids, with their names and with what became of them."""
    return db.session.execute(_named(row_ids).order_by(PanelSerial.id)).all()


def _named(row_ids: Any) -> Any:
    query: Any = select(*_COLUMNS)
    return (
        query.join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .join(Account, Account.id == Upload.account_id)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
        .where(PanelSerial.id.in_(row_ids))
    )


_COLUMNS = (
    PanelSerial.id,
    PanelSerial.serial_number,
    PanelSerial.upload_id,
    PanelSerial.invalidation_id,
    *ledger_rows.NAMES,
    Upload.received_at,
    Account.legal_name,
    Invalidation.reason,
)


def _line(row: Any) -> list[str]:
    status = STATUSES["invalid" if row.invalidation_id else "valid"]
    recorded = clock.format_moment(row.received_at)
    return [*cells(row), status, row.reason or "", recorded, str(row.upload_id),
            row.legal_name]  # fmt: skip


def _rows(criteria: Criteria, actor: Actor, most: int, after: int) -> Sequence[Any]:
    query = _named(search_query.ids(criteria, actor, most, after))
    return db.session.execute(query.order_by(*search_query.order(criteria))).all()
