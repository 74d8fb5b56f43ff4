"""Transactions: complete or not at all, one after the other; snapshots."""

import threading

import pytest
import sqlalchemy as sa

from spv.database import nested_batch, snapshot, transaction
from spv.extensions import db
from spv.models import AuditChain
from tests.people import at_once

pytestmark = pytest.mark.every_database

ROUNDS = 10
HEAD = sa.select(AuditChain).where(AuditChain.name == "stc")
SEQUENCE = sa.select(AuditChain.sequence).where(AuditChain.name == "stc")


def add_one():
    """Read, then write: in SQLite a deferred transaction would fail."""
    with transaction():
        db.session.scalars(HEAD.with_for_update()).one().sequence += 1


def set_to(number, flush=True):
    """Change the head inside a transaction."""
    db.session.scalars(HEAD).one().sequence = number
    if flush:
        db.session.flush()
    return number


def test_transactions_that_read_and_then_write_wait_for_each_other(app):
    def work():
        for _ in range(ROUNDS):
            add_one()

    assert at_once(*[work] * 4) == []
    assert db.session.scalar(SEQUENCE) == 4 * ROUNDS


def test_a_failed_transaction_leaves_nothing(app):
    with pytest.raises(ZeroDivisionError), transaction():
        set_to(5) / 0
    assert db.session.scalar(SEQUENCE) == 0


def test_no_transaction_inside_another(app):
    with pytest.raises(RuntimeError, match="cannot begin"), transaction():
        set_to(5, flush=False) and add_one()
    assert db.session.scalar(SEQUENCE) == 0


def test_a_snapshot_does_not_move(app):
    def work():
        with app.app_context():
            add_one()

    with snapshot():
        assert db.session.scalar(SEQUENCE) == 0
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert db.session.scalar(SEQUENCE) == 0
    assert db.session.scalar(SEQUENCE) == 1


def test_many_transactions_as_one(app):
    with nested_batch():
        add_one()
        add_one()
    assert db.session.scalar(SEQUENCE) == 2
    with pytest.raises(ZeroDivisionError), nested_batch():
        add_one() or add_one() or 1 / 0
    assert db.session.scalar(SEQUENCE) == 2
    add_one()
    assert db.session.scalar(SEQUENCE) == 3
