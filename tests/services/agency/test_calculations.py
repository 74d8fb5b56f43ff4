"""Calculations on screen: found, counted for a chart, and replayed."""

import re
from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from spv import clock
from spv.extensions import db
from spv.models import StcBatch, StcCalculation
from spv.rules.errors import NotFoundError
from spv.rules.staff_search import CalculationCriteria
from spv.rules.stc.batch import template_text
from spv.services.agency import calculations
from spv.services.stc import batches
from spv.services.stc import calculations as stc
from spv.services.verify.calculations import replay_one
from tests.examples import EXAMPLES, GOOD_SOLAR
from tests.people import WEB

pytestmark = pytest.mark.every_database


@pytest.fixture
def saved(made_once):
    """Every example and a batch; return their references."""

    def make():
        references = [stc.save(example.answers, WEB) for example in EXAMPLES]
        return [*references, batches.save(template_text().encode(), WEB)]

    return made_once(make)


def found(**criteria):
    """The ids of the calculations of all pages."""
    ids, before = [], 0
    while True:
        page = calculations.find(CalculationCriteria(**criteria), before)
        ids += [row.id for row in page.rows]
        if not (before := page.before):
            return ids


def expected(*conditions):
    query = sa.select(StcCalculation.id).where(*conditions)
    return list(db.session.scalars(query.order_by(StcCalculation.id.desc())))


def test_searches(saved):
    row, today = StcCalculation, clock.today()
    postcode = db.session.scalar(
        sa.select(row.postcode).where(row.postcode.is_not(None))
    )
    for criteria, condition in (
        ({}, sa.true()),
        ({"reference": saved[0]}, row.reference == saved[0]),
        ({"postcode": postcode}, row.postcode == postcode),
        ({"zone": 3}, row.zone == 3),
        ({"system_type": "solar_deemed"}, row.system_type == "solar_deemed"),
        ({"system_type": "battery"}, row.system_type == "battery"),
        ({"system_type": "solar_deemed", "zone": 4}, row.zone == 4),
        ({"from_day": today, "to_day": today}, sa.true()),
    ):
        assert found(**criteria) == expected(condition) != [], criteria
    assert found(system_type="wind_deemed", zone=3) == []
    assert found(to_day=today - timedelta(1)) == []
    assert calculations.find(CalculationCriteria()).rows[0].of_batch == saved[-1]


def test_a_chart_counts_the_calculations_of_its_days(app):
    with clock.at(clock.first_moment_of(date(2026, 3, 1))):
        for example in EXAMPLES:
            stc.save(example.answers, WEB)
    stc.save(GOOD_SOLAR, WEB)
    days = {"from_day": date(2026, 3, 1), "to_day": date(2026, 3, 1)}
    chart = calculations.chart(CalculationCriteria(**days))
    kinds = Counter(
        (row.system_type, row.zone)
        for row in db.session.scalars(sa.select(StcCalculation)).all()[:-1]
    )
    assert sum(bar.value for bar in chart.bars) == len(EXAMPLES)
    words = {bar.words: bar.value for bar in chart.bars}
    assert words["SGU – Solar (deemed), zone 3"] == kinds["solar_deemed", 3]
    assert words["Solar battery"] == kinds["battery", None]
    assert sum(b.value for b in calculations.chart(CalculationCriteria()).bars) == 1
    lines = calculations.as_csv(chart).splitlines()
    assert lines[0] == "System type,Calculations from 2026-03-01 to 2026-03-01"
    assert lines[-1] == f"Solar battery,{kinds['battery', None]}"
    assert len(lines) == len(chart.bars) + 1


def test_one_is_replayed(saved):
    for reference in (saved[0], saved[-1]):
        one, is_batch = calculations.show(reference)
        assert (one.reference, is_batch) == (reference, reference == saved[-1])
        assert replay_one(reference) == []
    with pytest.raises(NotFoundError):
        calculations.show("A-b_C1d2E3f4G5h6")


def change(model, **values):
    db.session.execute(sa.update(model).values(values))
    db.session.commit()


def test_a_replay_names_the_difference(saved):
    change(StcCalculation, certificates=1)
    change(StcBatch, certificates=1)
    (difference,) = replay_one(saved[0])
    assert difference == f"{saved[0]}: differs from event 1 in its result"
    totals, rows, *_ = replay_one(saved[-1])
    assert re.fullmatch(rf"{saved[-1]}: differs from event \d+ in its totals", totals)
    assert re.fullmatch(rf"{saved[-1]}: differs from event \d+ in its rows", rows)


def test_a_replay_of_something_that_is_gone(saved):
    db.session.execute(sa.delete(StcCalculation))
    db.session.execute(sa.delete(StcBatch))
    db.session.commit()
    for reference in (saved[0], saved[-1]):
        (sentence,) = replay_one(reference)
        assert "in the log as event" in sentence
        assert sentence.endswith(", but not saved")
