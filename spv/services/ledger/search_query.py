"""Which rows of the ledger match: as quick at ten million rows as at ten.

What is asked of uploads and products is asked of the few thousand `upload_products`;
they say which uploads have the rows of a page, and how many rows there are. Serial
numbers are a range of their index. Pages go on from a row, never from a count of rows.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from spv import clock
from spv.extensions import db
from spv.models import Account, PanelSerial, Product, Upload
from spv.models import UploadProduct as Part
from spv.rules.accounts import Role
from spv.rules.ledger.criteria import NAMES, Criteria
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows

MOST_COUNTED = 10_000
LOOKED_THROUGH = 10_000
_serial: Any = PanelSerial.serial_number
_part = (Part.upload_id, Part.product_id)
_of_part = tuple_(PanelSerial.upload_id, PanelSerial.product_id)


def ids(criteria: Criteria, actor: Actor, most: int, after: int = 0) -> Sequence[int]:
    """The ids of so many rows that match, or of those after the row with an id."""
    if criteria.serial_number:
        return _by_serial(criteria, actor, most, after)
    uploads = _newest_uploads(criteria, actor, most, after)
    query = select(PanelSerial.id).where(PanelSerial.upload_id.in_(uploads))
    query = query.where(*_of_product(criteria), *_of_status(criteria))
    if after:
        query = query.where(PanelSerial.id < after)
    return db.session.scalars(query.order_by(*order(criteria)).limit(most)).all()


def count(criteria: Criteria, actor: Actor) -> int:
    """How many rows match; where there are more than 10,000, it is 10,001."""
    if not criteria.serial_number:
        return _count_parts(criteria, actor)
    begin, end = _range(criteria, actor)
    only = criteria == Criteria(criteria.serial_number)
    is_all = only and Role.STAFF in actor.roles
    if is_all or _far(begin, end, LOOKED_THROUGH) is None:
        return _at_most(_near(criteria, actor, [*begin, _serial < end]))
    of_row = [*begin, _serial < end, *_of_status(criteria)]
    for most in (100, None):  # mostly a few parts are enough to know
        parts = _parts(criteria, actor, *_part).limit(most)
        total = _at_most(select(PanelSerial.id).where(_of_part.in_(parts), *of_row))
        if total > MOST_COUNTED:
            break
    return total


def order(criteria: Criteria) -> tuple[Any, ...]:
    """Newest first, or where a serial number is asked by serial numbers."""
    if criteria.serial_number:
        return _serial, PanelSerial.id
    # Uploads were recorded one after the other: this is the order of ids, newest first.
    return PanelSerial.upload_id.desc(), PanelSerial.id.desc()


def _newest_uploads(
    criteria: Criteria, actor: Actor, most: int, after: int
) -> list[int]:
    """The uploads that so many rows are in, beginning with the newest."""
    parts = _parts(criteria, actor, Upload.id, func.sum(_rows_of(criteria)))
    last = _last(after, PanelSerial.upload_id, actor) if after else None
    if last:
        parts = parts.where(Upload.id <= last)
    uploads, rows = [], 0
    query = parts.group_by(Upload.id).order_by(Upload.id.desc()).limit(most + 1)
    for upload_id, count in db.session.execute(query):
        uploads.append(upload_id)
        rows += count if upload_id != last else 0  # some of its rows came before
        if rows >= most:
            break
    return uploads


def _by_serial(
    criteria: Criteria, actor: Actor, most: int, after: int
) -> Sequence[int]:
    """Rows in the order of serial numbers, however few that begin so are asked for.

    Mostly they are among the next ten thousand that begin so. Otherwise they are in the
    parts of uploads that have the lowest of such serial numbers, one seek to a part.
    """
    begin, end = _range(criteria, actor, after)
    far = _far(begin, end, max(LOOKED_THROUGH, 50 * most))
    if far is None or criteria.status != "invalid":  # those have an index of their own
        query = _near(criteria, actor, [*begin, _serial < (far or end)])
        found = db.session.scalars(query.order_by(*order(criteria)).limit(most)).all()
        if far is None or len(found) == most:
            return found
    of_row = [*begin, _serial < end, *_of_status(criteria)]
    lowest = select(_serial).where(_of_part == tuple_(*_part), *of_row).correlate(Part)
    lowest = lowest.order_by(_serial).limit(1)
    first = lowest.scalar_subquery().nulls_last()
    parts = _parts(criteria, actor, *_part).order_by(first, Part.upload_id).limit(most)
    query = select(PanelSerial.id).where(_of_part.in_(parts), *of_row)
    return db.session.scalars(query.order_by(*order(criteria)).limit(most)).all()


def _range(criteria: Criteria, actor: Actor, after: int = 0) -> tuple[list[Any], str]:
    """From where serial numbers begin so, or are beyond that of a row, and to where."""
    beginning = criteria.serial_number
    end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    if not after:
        return [_serial >= beginning], end
    last = _last(after, _serial, actor) or end  # beyond no row is nothing
    beyond = tuple_(_serial, PanelSerial.id) > tuple_(last, after)
    return [_serial >= max(beginning, last), beyond], end


def _far(begin: list[Any], end: str, most: int) -> str | None:
    """The serial number after so many of a range; None where they are fewer."""
    query = select(_serial).where(*begin, _serial < end).order_by(_serial)
    return db.session.scalar(query.offset(most).limit(1))


def _near(criteria: Criteria, actor: Actor, of_row: list[Any]) -> Select[Any]:
    """The rows that match, by looking at each row of a range."""
    query = select(PanelSerial.id).where(*of_row, *_of_status(criteria))
    if of_upload := [*_of_upload(criteria, actor)]:
        of_its = select(Upload.id).where(Upload.id == PanelSerial.upload_id, *of_upload)
        query = query.where(of_its.exists())
    # As a truth of each row: PostgreSQL would look through the products for each row.
    return query.where(*(each.is_(True) for each in _of_product(criteria)))


def _at_most(query: Select[Any]) -> int:
    """How many rows there are; at most 10,001."""
    found = query.limit(MOST_COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def _count_parts(criteria: Criteria, actor: Actor) -> int:
    """How many rows match, but for their serial numbers; at most 10,001."""
    for most in (100, MOST_COUNTED + 1):  # mostly a few parts are enough to know
        parts = _parts(criteria, actor, _rows_of(criteria).label("rows"))
        few = parts.limit(most).subquery()
        total = func.coalesce(func.sum(few.c.rows), 0)
        rows, count = db.session.execute(select(total, func.count(few.c.rows))).one()
        if count < most or rows > MOST_COUNTED:
            break
    return int(min(rows, MOST_COUNTED + 1))


def _parts(criteria: Criteria, actor: Actor, *columns: Any) -> Select[Any]:
    """The parts of uploads with rows that match, but for their serial numbers."""
    query = select(*columns).select_from(Upload).join(Part, Part.upload_id == Upload.id)
    has_rows = _rows_of(criteria) > 0
    if criteria.status == "invalid":  # in the words of an index: such parts are few
        has_rows = Part.valid_count < Part.row_count
    query = query.where(has_rows, *_of_upload(criteria, actor))
    return query.where(*_of_product(criteria, Part.product_id))


def _rows_of(criteria: Criteria) -> Any:
    """How many rows of a part have the status that is asked."""
    match criteria.status:
        case "valid":
            return Part.valid_count
        case "invalid":
            return Part.row_count - Part.valid_count
    return Part.row_count


def _of_upload(criteria: Criteria, actor: Actor) -> Iterator[ColumnElement[bool]]:
    if Role.STAFF not in actor.roles:
        yield ledger_rows.visible(actor)
    if criteria.upload:
        yield Upload.id == criteria.upload
    if criteria.account:
        name = Account.legal_name.icontains(criteria.account, autoescape=True)
        yield Upload.account_id.in_(select(Account.id).where(name))
    if criteria.recorded_from:
        yield Upload.received_at >= clock.first_moment_of(criteria.recorded_from)
    if criteria.recorded_to:
        after = criteria.recorded_to + timedelta(days=1)
        yield Upload.received_at < clock.first_moment_of(after)


def _of_product(
    criteria: Criteria, column: Any = PanelSerial.product_id
) -> Iterator[ColumnElement[bool]]:
    names = [
        getattr(Product, name).icontains(getattr(criteria, name), autoescape=True)
        for name in NAMES
        if getattr(criteria, name)
    ]
    if names:
        yield column.in_(select(Product.id).where(*names))


def _of_status(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    if criteria.status == "valid":
        yield PanelSerial.invalidation_id.is_(None)
    if criteria.status == "invalid":
        yield PanelSerial.invalidation_id.is_not(None)


def _last(row_id: int, column: Any, actor: Actor) -> Any:
    """What the row with an id, the last of the page before, has in a column.

    None where it is not the actor's to see: what is found must not tell of it.
    """
    query = select(column).join(Upload, Upload.id == PanelSerial.upload_id)
    query = query.where(PanelSerial.id == row_id, ledger_rows.visible(actor))
    return db.session.scalar(query)
