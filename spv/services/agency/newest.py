"""Find the newest rows of a large table, as fast in ten million rows as in ten.

Each criterion that has an index is a source of ids, the newest first. The smallest
source is read, and the rows of its ids are looked at until a page is full, but no more
than 10,000. The next page goes on from there. So no search reads the whole table, even
if few rows meet all its criteria.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from spv import clock
from spv.database import unindexed
from spv.extensions import db

LOOKED_THROUGH = 10_000
NEAR = 1_000
SLACK = timedelta(hours=1)
NEVER = 2**31 - 1  # an id that no row has
Load = Callable[[Sequence[int]], Sequence[Any]]  # the rows of some ids that match


class IdSource(NamedTuple):
    """A column of matching ids, and the conditions on its table.

    `order` has the columns by which the index is sorted before the ids.
    """

    column: Any
    conditions: Sequence[ColumnElement[bool]] = ()
    order: Sequence[Any] = ()

    def ids(self, before: int) -> Select[Any]:
        """Select the ids before a given id, or all if it is 0, the newest first."""
        query = select(self.column).where(*self.conditions)
        if before:
            query = query.where(self.column < before)
        return query.order_by(*self.order, self.column.desc())

    def contains(self, row_id: Any) -> ColumnElement[bool]:
        """Return the condition that the id of a row is in the source.

        With `IN` in place of `EXISTS`, SQLite would read all ids of the source first.
        """
        found = select(self.column).where(*self.conditions, self.column == row_id)
        return found.exists()


class Page(NamedTuple):
    """Some rows, and the id before which the next page begins: 0 if there is none."""

    rows: Sequence[Any]
    before: int


def find(sources: Sequence[IdSource], load: Load, most: int, before: int = 0) -> Page:
    """Return the newest rows, or those before an id.

    There may be fewer rows than `most`, and still a next page.
    """
    source = smallest(sources, before)
    found: list[Any] = []
    looked_through, size, goes_on = 0, 2 * most, True
    while goes_on and len(found) <= most and looked_through < LOOKED_THROUGH:
        ids = db.session.scalars(source.ids(before).limit(size)).all()
        found += load(ids) if ids else ()
        looked_through, goes_on = looked_through + len(ids), len(ids) == size
        before, size = ids[-1] if ids else 0, min(4 * size, 2_000)
    if len(found) > most:
        return Page(found[:most], found[most - 1].id)
    return Page(found, before if goes_on else 0)


def smallest(sources: Sequence[IdSource], before: int = 0) -> IdSource:
    """Return a source with at most 10,000 ids, or else the sparsest one."""

    def far(source: IdSource) -> int:
        query = source.ids(before).offset(LOOKED_THROUGH).limit(1)
        return db.session.scalar(query) or 0

    return min(sources, key=far) if len(sources) > 1 else sources[0]


def limited_to_days(
    sources: Sequence[IdSource], model: Any, moment: Any,
    first: date | None, last: date | None,
) -> tuple[list[IdSource], list[ColumnElement[bool]]]:  # fmt: skip
    """Limit sources to some days; return them, and the conditions on rows of the days.

    If there are no sources, all ids are one. A row gets its id soon after its moment,
    so the rows with the nearest moments show the lowest and the highest id.
    """
    conditions, lowest, highest = [], 0, 0
    if first:
        begin = clock.first_moment_of(first)
        conditions.append(unindexed(moment) >= begin)
        near = select(model.id).where(moment >= begin - SLACK).order_by(moment)
        lowest = _end_of(func.min, near) or NEVER
    if last:
        end = clock.first_moment_of(last + timedelta(days=1))
        conditions.append(unindexed(moment) < end)
        near = select(model.id).where(moment < end + SLACK).order_by(moment.desc())
        highest = _end_of(func.max, near) or -1
    limited = []
    for source in sources or [IdSource(model.id)]:
        limits = [source.column >= lowest] if lowest else []
        limits += [source.column <= highest] if highest else []
        limited.append(source._replace(conditions=[*source.conditions, *limits]))
    return limited, conditions


def _end_of(end: Any, near: Select[Any]) -> int | None:
    few = near.limit(NEAR).subquery()
    found: int | None = db.session.scalar(select(end(few.c.id)))
    return found
