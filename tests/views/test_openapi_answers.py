"""Every answer that the OpenAPI document describes is given, as its example has it."""

import json
from copy import deepcopy

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import OperationalError

from spv import access, demo, guide
from spv.extensions import db
from spv.models import Upload
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from tests.api import System, items, system_of
from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.people import acting

NOW = "2026-11-22 03:15+00:00"
AFTER_THE_DECLARATION = "2027-02-23 03:15+00:00"
LEDGER = guide.operations("Serial number ledger")
UPLOAD, CHECK, ONE = "uploadSerialNumbers", "checkSerialNumbers", "serialNumberStatus"
MARK = "markAsInvalid"
# Reading is not refused today to an account that may no longer upload.
NOT_GIVEN = {(CHECK, "403"), (ONE, "403")}


def example_of(name):
    """The body that the document shows for an operation."""
    body = LEDGER[name]["requestBody"]["content"]["application/json"]
    return deepcopy(body["example"])


def send(system, name, body=None, *, query="", **headers):
    """Send what the document shows for an operation, or another body."""
    operation = LEDGER[name]
    path = operation["path"].replace("{serialNumber}", "EXAMPLE-0001") + query
    if body is None and "requestBody" in operation:
        body = example_of(name)
    return system.send(path, body, operation["method"], **headers)


def upload(system, *places):
    """Record those items of the example that are at some places of it."""
    chosen = [example_of(UPLOAD)["serialNumbers"][place] for place in places]
    answer = send(system, UPLOAD, {"serialNumbers": chosen})
    assert answer.status_code == 201


def recorded_before(system):
    upload(system, 0, 1)
    return send(system, UPLOAD)


def already_valid(system):
    upload(system, 1)
    return send(system, UPLOAD)


def lapsed(system):
    with time_machine.travel(AFTER_THE_DECLARATION, tick=False):
        return send(system, UPLOAD)


def damaged(system):
    body = example_of(UPLOAD)
    body["serialNumbers"][1]["serialNumber"] = "1.23457E+12"
    return send(system, UPLOAD, body)


def checked(system):
    upload(system, 0)
    return send(system, CHECK)


def looked_up(system):
    upload(system, 0)
    return send(system, ONE)


def marked(system):
    upload(system, 0, 1)
    return send(system, MARK)


def marked_before(system):
    marked(system)
    return send(system, MARK)


def already_invalid(system):
    upload(system, 0, 1)
    send(system, MARK, example_of(MARK) | {"serialNumbers": ["EXAMPLE-0001"]})
    return send(system, MARK)


def suspended(system):
    upload(system, 0, 1)
    reason = {"reason": "Serial numbers of another company were uploaded."}
    made = sa.select(Upload.account_id).order_by(Upload.id.desc()).limit(1)
    number = db.session.scalar(made)
    suspensions.suspend(Subject.ACCOUNT, number, reason, acting(demo.STAFF))
    return send(system, MARK)


# What leads to each answer of an operation.
GIVEN = {
    (UPLOAD, "200"): recorded_before,
    (UPLOAD, "201"): lambda system: send(system, UPLOAD),
    (UPLOAD, "403"): lapsed,
    (UPLOAD, "409"): already_valid,
    (UPLOAD, "422"): damaged,
    (CHECK, "200"): checked,
    (CHECK, "422"): lambda system: send(system, CHECK, {"serialNumbers": []}),
    (ONE, "200"): looked_up,
    (ONE, "405"): lambda system: system.send(LEDGER[CHECK]["path"], None, "GET"),
    (ONE, "422"): lambda system: send(system, ONE, query="?validate-only=true"),
    (MARK, "200"): marked_before,
    (MARK, "201"): marked,
    (MARK, "403"): suspended,
    (MARK, "409"): already_invalid,
    (MARK, "422"): lambda system: send(system, MARK, example_of(MARK) | {"reason": ""}),
}
for each in (UPLOAD, CHECK, MARK):
    GIVEN |= {
        (each, "400"): lambda system, name=each: send(system, name, b"?"),
        (each, "413"): lambda system, name=each: send(system, name, b" " * 2_000_001),
        (each, "415"): lambda system, name=each: send(
            system, name, b"{}", Content_Type="text/plain"
        ),
    }


def assert_as_documented(answer, name, status, example="example"):
    """An answer is the example, but for the numbers that the database gives."""
    documented = LEDGER[name]["responses"][status]
    content = documented["content"]["application/json"]
    expected = content.get("example") or content["examples"][example]["value"]
    body = json.loads(
        answer.text.replace("http://localhost/", "https://spv.agency.example/")
    )
    for number in {"uploadId", "invalidationId"} & expected.keys():
        assert type(body[number]) is int
        body[number] = expected[number]
    assert (str(answer.status_code), body) == (status, expected)
    assert list(body) == list(expected)


def test_each_documented_answer_is_given_by_a_test_below():
    documented = {(name, s) for name in LEDGER for s in LEDGER[name]["responses"]}
    of_every_operation = {(name, s) for name in LEDGER for s in ("401", "429", "503")}
    assert documented == {*GIVEN} | of_every_operation | NOT_GIVEN
    calculator = guide.operations("STC calculator")["calculate"]["responses"]
    # See test_api_stc.py, and below for 503.
    assert [*calculator] == ["200", "422", "429", "503"]


@pytest.mark.parametrize(("name", "status"), GIVEN)
@time_machine.travel(NOW, tick=False)
def test_an_answer_of_one_operation(demonstration, other, name, status):
    answer = GIVEN[name, status](system_of(demonstration, other))
    assert_as_documented(answer, name, status)


@pytest.mark.parametrize(("key", "example"), [("", "missing"), ("0" * 32, "invalid")])
def test_without_a_good_key(demonstration, key, example):
    for name in LEDGER:
        answer = send(System(demonstration, key), name)
        assert_as_documented(answer, name, "401", example)


def test_too_many_requests(demonstration, vsp):
    app = make_app(demonstration.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        system = system_of(app, vsp)
        for left in reversed(range(120)):
            answer = send(system, ONE)
            assert answer.headers["X-RateLimit-Remaining"] == str(left)
        for name in LEDGER:
            answer = send(system, name)
            assert_as_documented(answer, name, "429")
            assert 0 < int(answer.headers["Retry-After"]) <= 60
    dispose(app)


def test_a_database_that_does_not_answer(demonstration, vsp, monkeypatch):
    system = system_of(demonstration, vsp)

    def fails(*_):
        raise OperationalError("SELECT 1", {}, Exception("the server is away"))

    monkeypatch.setattr(access.subscriptions, "find_client", fails)
    for name in LEDGER:
        assert_as_documented(send(system, name), name, "503")
    monkeypatch.setattr(db.engine.dialect, "do_execute", fails)
    answer = system.client.get("/api/stc/v1/calculation", query_string=GOOD_SOLAR)
    documented = LEDGER[UPLOAD]["responses"]["503"]["content"]["application/json"]
    assert (answer.status_code, answer.json) == (503, documented["example"])


def test_an_answer_that_is_given_again(demonstration, vsp):
    system = system_of(demonstration, vsp)
    for _ in range(2):
        answer = send(system, UPLOAD, items(1), Idempotency_Key="1")
    assert answer.headers["Idempotent-Replayed"] == "true"
