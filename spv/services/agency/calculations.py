"""Search the calculations of certificates, and count them for a chart."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from spv import clock
from spv.database import unindexed
from spv.extensions import db
from spv.models import StcBatch, StcCalculation
from spv.rules.csv_file import csv_text
from spv.rules.staff_search import ZONES, CalculationCriteria
from spv.rules.stc.system_types import SYSTEM_TYPES, SystemType
from spv.services.agency import newest
from spv.services.agency.newest import IdSource
from spv.services.authorisation import require

SHOWN = 50
SOLAR = SystemType.SOLAR


class Bar(NamedTuple):
    """A bar of a chart: a short name, its number, and its name in a table."""

    short: str
    value: int
    words: str


class Chart(NamedTuple):
    """The number of calculations from one day to another, by system type and zone."""

    first: date
    last: date
    bars: Sequence[Bar]


def find(criteria: CalculationCriteria, before: int = 0) -> newest.Page:
    """Return the newest calculations that match, or those before an id.

    Each has `of_batch`, the reference of its batch if it is a row of one.
    """
    saved, days = StcCalculation, (criteria.from_day, criteria.to_day)
    number = select(StcBatch.id).filter_by(reference=criteria.reference)
    batch = db.session.scalar(number) if criteria.reference else None
    sources, in_days = newest.limited_to_days(
        _sources(criteria, batch), saved, saved.calculated_at, *days
    )
    conditions = [
        unindexed(getattr(saved, name)) == getattr(criteria, name)
        for name in ("reference", "postcode", "system_type", "zone")
        if getattr(criteria, name) and not (batch and name == "reference")
    ]

    def load(ids: Sequence[int]) -> Sequence[Any]:
        query = (
            select(*saved.__table__.columns, StcBatch.reference.label("of_batch"))
            .outerjoin(StcBatch, StcBatch.id == saved.batch_id)
            .where(saved.id.in_(ids), *in_days, *conditions)
        )
        return db.session.execute(query.order_by(saved.id.desc())).all()

    return newest.find(sources, load, SHOWN, before)


def _sources(criteria: CalculationCriteria, batch: int | None) -> list[IdSource]:
    """Return the sources of ids that have an index.

    Solar without a zone is not used: it would match most rows. `batch` is the id of the
    batch that the reference names, if it names one.
    """
    saved, sources = StcCalculation, []
    if batch:
        sources.append(IdSource(saved.id, [saved.batch_id == batch]))
    elif criteria.reference:
        sources.append(IdSource(saved.id, [saved.reference == criteria.reference]))
    if criteria.postcode:
        sources.append(IdSource(saved.id, [saved.postcode == criteria.postcode]))
    kind, zone = criteria.system_type or SOLAR, criteria.zone
    if zone or kind != SOLAR:
        # Only solar systems have a zone.
        is_it = [saved.system_type == kind, saved.zone == (zone or None)]
        sources.append(IdSource(saved.id, is_it, [saved.zone.desc()]))
    return sources


def chart(criteria: CalculationCriteria) -> Chart:
    """Count the calculations of the days that a search asks for, or of the last 30.

    The chart counts every calculation, so it covers 92 days at most.
    """
    first, last = criteria.counted_days(clock.real_day())
    saved = StcCalculation
    begin, end = map(clock.first_moment_of, (first, last + timedelta(days=1)))
    query = (
        select(saved.system_type, saved.zone, func.count())
        .where(saved.calculated_at >= begin, saved.calculated_at < end)
        .group_by(saved.system_type, saved.zone)
    )
    number = Counter({(kind, zone): n for kind, zone, n in db.session.execute(query)})
    bars = [
        Bar(words, number[SOLAR, int(zone)], f"{SYSTEM_TYPES[SOLAR]}, zone {zone}")
        for zone, words in ZONES.items()
    ] + [
        Bar(kind.name.capitalize(), number[kind, None], SYSTEM_TYPES[kind])
        for kind in SystemType
        if kind is not SOLAR
    ]
    return Chart(first, last, bars)


def as_csv(chart: Chart) -> str:
    """Return the numbers of a chart as a CSV file."""
    headings = ("System type", f"Calculations from {chart.first} to {chart.last}")
    rows = [(bar.words, str(bar.value)) for bar in chart.bars]
    return csv_text([headings, *rows])


def show(reference: str) -> tuple[StcCalculation | StcBatch, bool]:
    """Return a calculation or a batch, and whether it is a batch.

    Raises NotFoundError if there is neither.
    """
    one = db.session.scalar(select(StcCalculation).filter_by(reference=reference))
    batch = select(StcBatch).filter_by(reference=reference)
    return (one, False) if one else (require(db.session.scalar(batch)), True)
