"""Find the ids of the rows that match a search, as fast in ten million rows as in ten.

A search never reads the whole ledger. It takes one of three ways:

1. Without a serial number: `upload_products` has a line for each product of an upload,
   with the number of its rows and of its valid rows. There are some ten thousand lines
   for ten million rows. All other criteria can be checked on these lines, which shows
   which of the newest uploads hold the rows of the page. Only their rows are read.
2. With the beginning of a serial number: the index of serial numbers has all of them
   side by side. If there are at most 10,000, or if the rows of the page are among the
   first 10,000, that stretch of the index is read.
3. With the beginning of a serial number that is common, and other criteria that are
   met rarely: each line of `upload_products` that meets them is asked for its lowest
   matching serial number, which is one step in an index. The lines with the lowest
   ones hold the rows of the page.

Totals are counted in the same three ways. The next page begins after a row, never after
a number of rows: a database would read all of them to skip them.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from spv import clock, database
from spv.extensions import db
from spv.models import Account, PanelSerial, Product, Upload, UploadProduct
from spv.rules.accounts import Role
from spv.rules.ledger.search import Criteria
from spv.rules.text import search_key
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows

Columns = tuple[Any, ...]
MOST_COUNTED = 10_000
LOOKED_THROUGH = 10_000
_serial: Any = PanelSerial.serial_number
_key = (UploadProduct.upload_id, UploadProduct.product_id)
_key_of_row = tuple_(PanelSerial.upload_id, PanelSerial.product_id)
# By status: the conditions on a row, and the number of such rows in a line.
_CONDITIONS: dict[str, tuple[ColumnElement[bool], ...]] = {
    "": (),
    "valid": (ledger_rows.VALID,),
    "invalid": (~ledger_rows.VALID,),
}
_COUNTS: dict[str, Any] = {
    "": UploadProduct.row_count,
    "valid": UploadProduct.valid_count,
    "invalid": UploadProduct.row_count - UploadProduct.valid_count,
}


def ids(criteria: Criteria, actor: Actor, most: int, after: int = 0) -> Sequence[int]:
    """Return the ids of the first rows that match, or of those that follow a row."""
    return [row.id for row in first((PanelSerial.id,), criteria, actor, most, after)]


def first(
    columns: Columns, criteria: Criteria, actor: Actor, most: int, after: int = 0
) -> Sequence[Any]:
    """Return columns of the first rows that match, or of those that follow a row."""
    if criteria.serial_number:
        return _by_serial(columns, criteria, actor, most, after)
    uploads = _newest_uploads(criteria, actor, most, after)
    query = select(*columns).where(
        PanelSerial.upload_id.in_(uploads),
        *_of_product(criteria, PanelSerial.product_id),
        *_CONDITIONS[criteria.status],
    )
    if after:
        query = query.where(PanelSerial.id < after)
    return _first(query, criteria, most)


def count(criteria: Criteria, actor: Actor) -> int:
    """Return the number of rows that match, or 10,001 if there are more than 10,000."""
    if not criteria.serial_number:
        return _count_by_upload_products(criteria, actor)
    begin, end = _serial_range(criteria, actor)
    of_row = [*begin, _serial < end, *_CONDITIONS[criteria.status]]
    has_no_other = criteria == Criteria(criteria.serial_number)
    is_all = has_no_other and Role.STAFF in actor.roles
    if is_all or _serial_after(LOOKED_THROUGH, begin, end) is None:
        matching = _matching((PanelSerial.id,), of_row, criteria, actor)
        return _count_up_to_limit(matching)
    for most in (100, None):  # Usually the first 100 have enough rows.
        keys = _upload_products(criteria, actor, *_key).limit(most)
        query = select(PanelSerial.id).where(_key_of_row.in_(keys), *of_row)
        total = _count_up_to_limit(query)
        if total > MOST_COUNTED:
            break
    return total


def order(criteria: Criteria) -> tuple[Any, ...]:
    """Return the order of the rows: by serial number if one is given, or newest first.

    Uploads are recorded one after the other, so newest first is also the order of ids.
    """
    if criteria.serial_number:
        return _serial, PanelSerial.id
    return PanelSerial.upload_id.desc(), PanelSerial.id.desc()


def _first(query: Select[Any], criteria: Criteria, most: int) -> Sequence[Any]:
    """Return the first rows; the session would take twice as long."""
    ordered = query.order_by(*order(criteria)).limit(most)
    return db.session.connection().execute(ordered).all()


def _newest_uploads(
    criteria: Criteria, actor: Actor, most: int, after: int
) -> list[int]:
    """Return the newest uploads that have enough matching rows between them."""
    rows_of_upload = func.sum(_COUNTS[criteria.status])
    query = _upload_products(criteria, actor, Upload.id, rows_of_upload)
    last = _value_of_row(after, PanelSerial.upload_id, actor) if after else None
    if last:
        query = query.where(Upload.id <= last)
    query = query.group_by(Upload.id).order_by(Upload.id.desc()).limit(most + 1)
    uploads, rows = [], 0
    for upload_id, count in db.session.execute(query):
        uploads.append(upload_id)
        # Some rows of the last upload were on the page before: do not rely on them.
        rows += count if upload_id != last else 0
        if rows >= most:
            break
    return uploads


def _count_by_upload_products(criteria: Criteria, actor: Actor) -> int:
    for most in (100, MOST_COUNTED + 1):  # Usually the first 100 have enough rows.
        of_status = _COUNTS[criteria.status].label("rows")
        few = _upload_products(criteria, actor, of_status).limit(most).subquery()
        total = func.coalesce(func.sum(few.c.rows), 0)
        rows, count = db.session.execute(select(total, func.count(few.c.rows))).one()
        if count < most or rows > MOST_COUNTED:
            break
    return int(min(rows, MOST_COUNTED + 1))


def _upload_products(criteria: Criteria, actor: Actor, *columns: Any) -> Select[Any]:
    """Select the products of uploads with rows that match all but the serial number."""
    has_rows = _COUNTS[criteria.status] > 0
    if criteria.status == "invalid":  # only this form lets the database use the index
        has_rows = UploadProduct.valid_count < UploadProduct.row_count
    return (
        select(*columns)
        .select_from(Upload)
        .join(UploadProduct, UploadProduct.upload_id == Upload.id)
        .where(
            has_rows,
            *_of_upload(criteria, actor),
            *_of_product(criteria, UploadProduct.product_id),
        )
    )


def _by_serial(
    columns: Columns, criteria: Criteria, actor: Actor, most: int, after: int
) -> Sequence[Any]:
    """Return rows in the order of serial numbers, first by the second way."""
    begin, end = _serial_range(criteria, actor, after)
    far = _serial_after(max(LOOKED_THROUGH, 50 * most), begin, end)
    of_status = _CONDITIONS[criteria.status]
    # Invalid rows are few and have an index of their own, which the third way uses.
    if far is None or criteria.status != "invalid":
        near = [*begin, _serial < (far or end), *of_status]
        found = _first(_matching(columns, near, criteria, actor), criteria, most)
        if far is None or len(found) == most:
            return found
    of_row = [*begin, _serial < end, *of_status]
    lowest = (
        select(_serial)
        .where(_key_of_row == tuple_(*_key), *of_row)
        .correlate(UploadProduct)
        .order_by(_serial)
        .limit(1)
        .scalar_subquery()
    )
    by_lowest = (lowest.nulls_last(), UploadProduct.upload_id)
    keys = _upload_products(criteria, actor, *_key).order_by(*by_lowest).limit(most)
    query = select(*columns).where(_key_of_row.in_(keys), *of_row)
    return _first(query, criteria, most)


def _serial_range(
    criteria: Criteria, actor: Actor, after: int = 0
) -> tuple[list[Any], str]:
    """Return a range of serial numbers: conditions for its beginning, and its end.

    It begins with the serial number that is searched for, or after a row. The end is
    the first serial number that is not in it.
    """
    beginning = criteria.serial_number
    end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    if not after:
        return [_serial >= beginning], end
    # An invisible row has no next page.
    last = _value_of_row(after, _serial, actor) or end
    beyond = tuple_(_serial, PanelSerial.id) > tuple_(last, after)
    return [_serial >= max(beginning, last), beyond], end


def _serial_after(rows: int, begin: list[Any], end: str) -> str | None:
    """Return the serial number after so many rows of a range, if it has more."""
    query = select(_serial).where(*begin, _serial < end).order_by(_serial)
    return db.session.scalar(query.offset(rows).limit(1))


def _matching(
    columns: Columns, of_row: list[Any], criteria: Criteria, actor: Actor
) -> Select[Any]:
    """Select the rows that match by looking at each row that meets some conditions."""
    query = select(*columns).where(*of_row)
    if of_upload := [*_of_upload(criteria, actor)]:
        upload = select(Upload.id).where(Upload.id == PanelSerial.upload_id, *of_upload)
        query = query.where(upload.exists())
    # With `IS TRUE`, PostgreSQL looks up the products once and not for each row.
    of_product = _of_product(criteria, PanelSerial.product_id)
    return query.where(*(each.is_(True) for each in of_product))


def _count_up_to_limit(query: Select[Any]) -> int:
    found = query.limit(MOST_COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def _of_upload(criteria: Criteria, actor: Actor) -> Iterator[ColumnElement[bool]]:
    if Role.STAFF not in actor.roles:
        yield ledger_rows.visible(actor)
    if criteria.upload:
        yield Upload.id == criteria.upload
    if criteria.account:
        abns = database.one_of(Account.abn, _abns(criteria.account))
        yield Upload.account_id.in_(select(Account.id).where(abns))
    if criteria.recorded_from:
        yield Upload.received_at >= clock.first_moment_of(criteria.recorded_from)
    if criteria.recorded_to:
        day_after = criteria.recorded_to + timedelta(days=1)
        yield Upload.received_at < clock.first_moment_of(day_after)


def _abns(typed: str) -> list[str]:
    """Return the ABNs of the accounts with this ABN, or this part in their name.

    Accounts are few, so all are read.
    """
    key, abn = search_key(typed), "".join(typed.split())
    found = db.session.execute(select(Account.abn, Account.legal_name))
    return [row.abn for row in found if row.abn == abn or key in search_key(row[1])]


def _of_product(criteria: Criteria, column: Any) -> Iterator[ColumnElement[bool]]:
    names = [
        column_of_key.contains(search_key(typed), autoescape=True)
        for name, column_of_key in ledger_rows.KEYS.items()
        if (typed := getattr(criteria, name))
    ]
    if names:
        yield column.in_(select(Product.id).where(*names))


def _value_of_row(row_id: int, column: Any, actor: Actor) -> Any:
    """Return a column of a row, or None if the actor may not see the row.

    Otherwise the page after a row of another account would tell something about it.
    """
    query = select(column).join(Upload, Upload.id == PanelSerial.upload_id)
    query = query.where(PanelSerial.id == row_id, ledger_rows.visible(actor))
    return db.session.scalar(query)
