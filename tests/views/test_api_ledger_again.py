"""Retries over the API: a request with an Idempotency-Key is done once."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv.extensions import db
from spv.models import ApiRequest, Invalidation, Upload
from spv.services.api import idempotency, subscriptions
from spv.services.ledger import declarations
from tests.api import (
    INVALIDATIONS,
    TICKED,
    UPLOADS,
    System,
    items,
    key_of,
    subscribe,
    system_of,
)
from tests.panels import mark, stored
from tests.people import at_once
from tests.views.api_ledger import proven, refused

pytestmark = pytest.mark.every_database

NOW = datetime(2037, 3, 1, 2, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ONE = json.dumps(items(3)).encode()


@pytest.fixture
def moment(demonstration):
    """Stop the clock, for tests to move it, later than the demonstration data."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def system(demonstration, other, moment):
    """An API client of an account that may upload."""
    return system_of(demonstration, other)


def by_api():
    """Count the uploads that came by API."""
    db.session.rollback()
    return db.session.query(Upload).filter_by(channel="api").count()


def begun(system, key, body=ONE, path=UPLOADS):
    """Take a key, as another server does that has begun the same request."""
    client = subscriptions.find_client(system.key, "203.0.113.9")
    sha256 = hashlib.sha256(path.encode() + b"\n" + body).hexdigest()
    entry = idempotency.RequestLogEntry(client, "POST /serial-numbers")
    with idempotency.once(entry, key, sha256) as stored_response:
        assert stored_response is None
    return entry


def test_the_first_answer_again(system, moment, other):
    """The response is the same to the byte, even if rows have changed since then."""
    first = system.send(body=ONE, Idempotency_Key="a-1")
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    db.session.rollback()
    mark(["EX000002"], other)
    for after in (MINUTE, DAY - 2 * MINUTE):
        moment.shift(after)
        again = system.send(body=ONE, Idempotency_Key="a-1")
        assert (again.status_code, again.data) == (201, first.data)
        assert again.mimetype == "application/json"
        assert again.headers["Idempotent-Replayed"] == "true"
    assert (by_api(), stored()) == (1, 3)
    moment.shift(2 * MINUTE)  # a day after the first
    anew = system.send(body=ONE, Idempotency_Key="a-1")
    refused(anew, "a day later", 409)
    proven()


def test_the_same_errors_again(system, demonstration, vsp):
    """Errors of rows are replayed, even if the ledger has changed since then."""
    bad = items(2)
    bad["serialNumbers"][1]["serialNumber"] = "N/A"
    theirs = system_of(demonstration, vsp)
    number = theirs.send(body=items(1, "EX-T")).json["uploadId"]
    for body, status in ((bad, 422), (items(1, "EX-T"), 409)):
        first = system.send(body=body, Idempotency_Key=f"b-{status}")
        assert first.status_code == status
        if status == 409:
            db.session.rollback()
            mark(["EX-T000001"], vsp)
        again = system.send(body=body, Idempotency_Key=f"b-{status}")
        assert (again.status_code, again.data) == (status, first.data)
    assert system.send(body=items(1, "EX-T")).json["uploadId"] > number
    proven()


def test_the_key_with_another_body(system, demonstration, other, vsp):
    """Another body or address is refused; another subscription has its own keys."""
    first = system.send(body=ONE, Idempotency_Key="c")
    wanted = {"serialNumbers": ["EX000001"], "reason": "Ineligible panel"}
    for address, body in ((UPLOADS, items(4)), (UPLOADS, ONE + b" "),
                          (INVALIDATIONS, ONE), (INVALIDATIONS, wanted)):  # fmt: skip
        answer = system.send(address, body, Idempotency_Key="c")
        (error,) = refused(answer, address, 422)
        assert error["code"] == "idempotency_key_reused"
    again = system.send(body=ONE, Idempotency_Key="c")
    assert again.data == first.data
    second = System(demonstration, key_of(subscribe(other, "Line 2")))
    secondary = System(demonstration, key_of(1, "secondary"))
    theirs = system_of(demonstration, vsp)
    assert secondary.send(body=ONE, Idempotency_Key="c").data == first.data
    for who in (second, theirs):
        answer = who.send(body=items(1, "EX-C"), Idempotency_Key="c")
        assert answer.status_code in (201, 409)
        assert "Idempotent-Replayed" not in answer.headers
    assert system.send(body=ONE, Idempotency_Key="C").status_code == 200
    assert (by_api(), stored()) == (2, 4)
    assert db.session.query(Invalidation).count() == 0
    proven()


def test_validate_only_takes_no_key(system, demonstration, other):
    """A client that has checked can upload the same with the same key."""
    test = System(demonstration, key_of(1, "test"))
    checked = system.send(f"{UPLOADS}?validate-only=true", ONE, Idempotency_Key="d")
    assert checked.status_code == 200
    assert test.send(body=ONE, Idempotency_Key="d").json["validateOnly"]
    assert system.send(body=ONE, Idempotency_Key="d").status_code == 201
    assert test.send(body=ONE, Idempotency_Key="d").json["validateOnly"]


def test_a_request_in_progress(system, moment):
    """After 5 seconds the first request is taken for dead."""
    first = begun(system, "e")
    for _ in range(2):
        answer = system.send(body=ONE, Idempotency_Key="e")
        (error,) = refused(answer, "in progress", 409)
        assert error["code"] == "in_flight"
        assert int(answer.headers["Retry-After"]) > 0
        moment.shift(4)
    answer = system.send(body=items(4), Idempotency_Key="e")
    assert refused(answer, "another body", 422)[0]["code"] == "idempotency_key_reused"
    assert system.send(body=ONE, Idempotency_Key="other").status_code == 201
    answer = system.send(body=ONE, Idempotency_Key="e")  # 8 seconds after the first
    assert answer.status_code == 200
    # The first was alive after all: what it writes down now disturbs nobody.
    db.session.rollback()
    first.outcome = "recorded"
    idempotency.complete(first, 201, b'{"late": true}')
    again = system.send(body=ONE, Idempotency_Key="e")
    assert (again.status_code, again.data) == (200, answer.data)
    assert (by_api(), stored()) == (1, 3)


def test_a_request_that_ends_meanwhile(system):
    """The retry gets the response of the first."""
    first = begun(system, "f")
    assert system.send(body=ONE, Idempotency_Key="f").status_code == 409
    db.session.rollback()
    idempotency.complete(first, 201, b'{"result": "Successful"}\n')
    again = system.send(body=ONE, Idempotency_Key="f")
    assert (again.status_code, again.data) == (201, b'{"result": "Successful"}\n')
    assert stored() == 0


def test_the_key_is_free_after_other_errors(system, moment, other):
    """400, 403, 413, 415 and a wrong parameter do not use up the key."""
    moment.shift(100 * DAY)
    for status, sent in (
        (403, {"body": ONE}), (400, {"body": b"{"}), (413, {"body": b" " * 2_000_001}),
        (415, {"body": ONE, "Content_Type": "text/plain"}),
        (422, {"body": ONE, "address": f"{UPLOADS}?validate_only=true"}),
    ):  # fmt: skip
        answer = system.send(Idempotency_Key="g", **sent)
        assert answer.status_code == status
    declarations.make(TICKED, other)
    assert system.send(body=ONE, Idempotency_Key="g").status_code == 201
    assert (by_api(), stored()) == (1, 3)


def test_an_invalidation_once(system):
    system.send(body=ONE)
    body = {"serialNumbers": ["EX000001", "EX000002"], "reason": "Ineligible panel"}
    first = system.send(INVALIDATIONS, body, Idempotency_Key="h")
    assert first.status_code == 201
    assert system.send(body=items(2)).status_code == 201  # corrected, and there again
    again = system.send(INVALIDATIONS, body, Idempotency_Key="h")
    assert (again.status_code, again.data) == (201, first.data)
    assert system.get(f"{UPLOADS}/EX000001").json["status"] == "valid"
    proven()


def test_many_at_once_with_one_key(demonstration, other):
    """One is done; the others are asked to wait, or get its response."""
    system = system_of(demonstration, other)
    answers = []

    def send():
        answers.append(system.send(body=ONE, Idempotency_Key="i"))

    assert at_once(*[send] * 4) == []
    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert (by_api(), stored()) == (1, 3)
    rows = sa.select(sa.func.count()).where(ApiRequest.idempotency_key == "i")
    assert db.session.scalar(rows) == 1
    proven()
