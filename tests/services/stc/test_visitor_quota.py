"""The rows that visitors may save in a day; signed-in users have no limit."""

import pytest
import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import StcBatch, StcCalculation, VisitorRows
from spv.rules.stc.batch import template_text
from spv.services.actor import visitor
from spv.services.stc import batches, calculations
from spv.services.stc.visitor_quota import EVERYBODY, QuotaError
from tests.examples import GOOD_SOLAR
from tests.people import acting, at_once
from tests.proof import log_problems

pytestmark = pytest.mark.every_database

HERE, NEIGHBOUR = visitor("web", "2001:db8::1"), visitor("web", "2001:db8::2")
ELSEWHERE = visitor("web", "203.0.113.7")
FILE = "".join(template_text().splitlines(keepends=True)[:5]).encode()  # 4 systems


@pytest.fixture
def limits(app):
    """Ten rows by network, fifteen in all."""
    app.config |= {"SPV_VISITOR_ROWS": 10, "SPV_VISITOR_ROWS_IN_ALL": 15}
    return app


def counts():
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(VisitorRows.row_count)))


def saved():
    db.session.rollback()
    return db.session.query(StcCalculation).count()


def test_by_network(limits):
    for actor in (HERE, NEIGHBOUR):
        batches.save(FILE, actor)
    for _ in range(2):
        calculations.save(GOOD_SOLAR, HERE)
    for save in (
        lambda: calculations.save(GOOD_SOLAR, HERE),
        lambda: batches.save(FILE, HERE),
    ):
        with pytest.raises(QuotaError, match="from one network can save 10 rows a day"):
            save()
    assert saved() == 10
    assert counts() == [10, 10]
    batches.save(FILE, ELSEWHERE)
    assert counts() == [4, 10, 14]


def test_in_all_only_batches_are_refused(limits):
    for address in range(3):
        batches.save(FILE, visitor("web", f"203.0.113.{address}"))
    with pytest.raises(QuotaError, match="Visitors can save 15 rows a day") as refused:
        batches.save(FILE, ELSEWHERE)
    assert refused.value.problems.keys() == {"file"}
    for _ in range(9):
        calculations.save(GOOD_SOLAR, ELSEWHERE)
    assert counts()[-1] == saved() == 21
    assert db.session.query(StcBatch).count() == 3
    assert log_problems() == []


def test_a_file_beyond_the_quota_is_refused_and_counts_nothing(limits):
    rows = FILE.decode().splitlines()
    with pytest.raises(QuotaError):
        batches.save("\n".join(rows + rows[1:] * 2).encode(), HERE)
    assert (counts(), saved()) == ([], 0)
    long = "\n".join([rows[0] + ",notes", rows[1] + "," + "x" * 12_000]).encode()
    with pytest.raises(QuotaError):  # a row, but 12 kB
        batches.save(long, HERE)
    batches.save(FILE, HERE)


def test_signed_in_users_have_no_quota(limits, demonstration):
    for _ in range(4):
        batches.save(FILE, acting(demo.GENERAL))
    assert (counts(), saved()) == ([], 16)


def test_the_count_starts_again_at_midnight_in_sydney(limits):
    with time_machine.travel("2026-11-22T12:59:00+00:00", tick=False) as clock:
        for _ in range(10):
            calculations.save(GOOD_SOLAR, HERE)
        with pytest.raises(QuotaError) as refused:
            calculations.save(GOOD_SOLAR, HERE)
        assert refused.value.retry_after == 61
        clock.shift(61)
        calculations.save(GOOD_SOLAR, HERE)
    assert counts() == [1, 1]


def test_no_address_is_stored(limits):
    calculations.save(GOOD_SOLAR, HERE)
    day, *_ = db.session.scalars(sa.select(VisitorRows.day))
    networks = {*db.session.scalars(sa.select(VisitorRows.network))}
    assert EVERYBODY in networks
    (network,) = networks - {EVERYBODY}
    assert len(network) == 64
    limits.secret_key = "another"
    calculations.save(GOOD_SOLAR, HERE)
    assert db.session.query(VisitorRows).filter_by(day=day).count() == 3


def test_two_at_the_same_moment_cannot_both_take_the_rest(limits):
    for _ in range(9):
        calculations.save(GOOD_SOLAR, HERE)
    errors = at_once(*[lambda: calculations.save(GOOD_SOLAR, HERE)] * 6)
    assert [type(error) for error in errors] == [QuotaError] * 5
    assert saved() == counts()[0] == 10
