"""A server that dies, or is late, between the transaction and its response."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import ApiRequest
from spv.rules.errors import IdempotencyConflict
from spv.services import retention
from spv.services.api import ledger_api
from tests.api import INVALIDATIONS, UPLOADS, items
from tests.panels import stored
from tests.views.api_ledger import proven
from tests.views.test_api_ledger_again import ONE, begun, by_api, moment, system

pytestmark = pytest.mark.every_database

__all__ = ["moment", "system"]  # fixtures
BOTH = {"serialNumbers": ["EX000001", "EX000002"], "reason": "Ineligible panel"}


def died(key):
    """Leave a request as a server does that is killed before it responds."""
    with transaction():
        found = ApiRequest.idempotency_key == key
        lost = {"status": None, "answer": None, "outcome": "", "item_count": None}
        lost["at"] = clock.now() - timedelta(seconds=6)
        db.session.execute(sa.update(ApiRequest).where(found).values(lost))


def test_an_upload_that_was_never_answered(system):
    """Rows that were marked as invalid since then do not become valid again."""
    first = system.send(body=ONE, Idempotency_Key="a")
    died("a")
    assert system.send(INVALIDATIONS, BOTH).status_code == 201
    for _ in range(2):
        again = system.send(body=ONE, Idempotency_Key="a")
        assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (by_api(), stored()) == (1, 3)
    assert system.get(f"{UPLOADS}/EX000001").json["status"] == "invalid"
    proven()


def test_an_invalidation_that_was_never_answered(system):
    """Rows that were corrected since then stay."""
    system.send(body=ONE)
    first = system.send(INVALIDATIONS, BOTH, Idempotency_Key="b")
    died("b")
    assert system.send(body=items(2)).status_code == 201
    for _ in range(2):
        again = system.send(INVALIDATIONS, BOTH, Idempotency_Key="b")
        assert (again.status_code, again.json) == (201, first.json)
    assert system.get(f"{UPLOADS}/EX000001").json["status"] == "valid"
    proven()


def test_a_late_server_does_nothing(system, moment):
    """Another server has taken over, and has responded."""
    late = begun(system, "c")
    moment.shift(6)
    assert system.send(body=ONE, Idempotency_Key="c").status_code == 201
    serials = [f"EX{number:06}" for number in (1, 2, 3)]
    body = {"serialNumbers": serials, "reason": "Ineligible panel"}
    assert system.send(INVALIDATIONS, body).status_code == 201
    db.session.rollback()
    with pytest.raises(IdempotencyConflict):
        ledger_api.upload(ONE, replace(late.client.actor, request_id=late.row_id))
    assert (by_api(), stored()) == (1, 3)
    proven()


def test_answers_are_kept_for_a_day(system, moment):
    system.send(body=ONE, Idempotency_Key="d")
    kept = sa.select(sa.func.count(ApiRequest.answer))
    db.session.rollback()
    assert db.session.scalar(kept) == 1
    moment.shift(24 * 3600 + 1)
    assert system.send(body=ONE, Idempotency_Key="d").status_code == 200
    retention.forget(clock.now())
    assert db.session.scalar(kept) == 1


def test_validate_only_of_the_same_again(system):
    """It also says what the same invalidation again would do."""
    system.send(body=ONE)
    only_check = f"{INVALIDATIONS}?validate-only=true"
    assert system.send(only_check, BOTH).json["invalidationId"] is None
    made = system.send(INVALIDATIONS, BOTH).json
    again, checked = system.send(INVALIDATIONS, BOTH), system.send(only_check, BOTH)
    assert (again.status_code, checked.status_code) == (200, 200)
    assert again.json == made
    assert checked.json == made | {"validateOnly": True}
    other = BOTH | {"reason": "Incorrect model number"}
    assert system.send(only_check, other).status_code == 409
