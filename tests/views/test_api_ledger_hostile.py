"""Hostile bodies for the API: each is refused with 4xx, and fast."""

import gzip
import io
import json

import pytest

from tests.api import HEADER, INVALIDATIONS, UPLOADS, items, system_of
from tests.hostile_bodies import (
    GOOD,
    NOT_JSON,
    hostile_characters,
    large_ones,
    wrong_values,
)
from tests.panels import stored
from tests.views.api_ledger import CHECK, counted, refused, timed, unchanged

ADDRESSES = (UPLOADS, CHECK, INVALIDATIONS)
JSON = "application/json"


@pytest.fixture
def system(demonstration, vsp):
    """An API client that may upload, and has uploaded nothing at the end."""
    before = counted()
    yield system_of(demonstration, vsp)
    unchanged(before)


def test_bodies_that_are_not_json(system):
    for name, body in NOT_JSON.items():
        for address in ADDRESSES if len(body) < 10_000 else ADDRESSES[:1]:
            case = (name, address)
            answer = timed(case, lambda a=address, b=body: system.send(a, b))
            (error,) = refused(answer, case, 400)
            assert error["code"] == "not_json", case
            assert error["field"] == "body", case


def test_bodies_of_another_shape(system):
    send_all(system, dict(wrong_values()))


def test_characters_that_cannot_be_kept(system):
    send_all(system, dict(hostile_characters()))


def send_all(system, bodies):
    """Send each body to be uploaded, checked and marked as invalid."""
    assert len(bodies) > 60
    for name, body in bodies.items():
        refused(system.send(UPLOADS, body), name, 422)
        for address in (CHECK, INVALIDATIONS):
            answer = system.send(address, body.replace(b'"x": ', b'"reason": '))
            if answer.status_code != 200:
                refused(answer, (name, address), 422)
            else:
                assert (address, name[-12:]) == (CHECK, " for an item"), name


def test_bodies_of_another_shape_and_large(system):
    for name, body in large_ones():
        refused(timed(name, lambda b=body: system.send(UPLOADS, b)), name, 422)
        answer = timed(name, lambda b=body: system.send(CHECK, b))
        refused(answer, name, 422)


def test_the_longest_lists_to_check_take_no_time(system):
    texts = {
        "zeros": "0" * 56, "letters": "OI" * 28, "a long text": "x" * 1900,
        "accents": "e\u0301" * 300,
    }  # fmt: skip
    for name, text in texts.items():
        serials = [f"{text}{number:04}" for number in range(1000)]
        body = json.dumps({"serialNumbers": serials}, ensure_ascii=False).encode()
        answer = timed(name, lambda b=body: system.send(CHECK, b[:2_000_000]))
        assert answer.status_code == (400 if len(body) > 2_000_000 else 200), name
        answer = timed(name, lambda b=body: system.send(INVALIDATIONS, b[:-1] + b"}"))
        refused(answer, name)


def test_bodies_that_are_too_large(system):
    blank = b" "
    for name, body in {
        "one byte too many": GOOD + blank * (2_000_001 - len(GOOD)),
        "5 MB of blanks": GOOD + blank * 5_000_000,
        "6 MB, beyond what the app takes": GOOD + blank * 6_000_000,
        "5 MB of brackets": b"[" * 5_000_000,
        "5 MB of items": json.dumps(items(40_000)).encode(),
    }.items():
        for address in ADDRESSES:
            case = (name, address)
            answer = timed(case, lambda a=address, b=body: system.send(a, b))
            (error,) = refused(answer, case, 413)
            assert error["code"] == "request_entity_too_large", case


def test_bodies_of_another_kind(system):
    bomb = gzip.compress(b" " * 10_000_000)
    kinds = (
        "", "text/plain", "text/json", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/xml", "application/jsonx",
        "application/json-patch+json", "application", "/", ";", "application/json,x",
        "application/json, text/plain", "x" * 5_000, "application/\xe9",
    )  # fmt: skip
    for kind in kinds:
        for body in (GOOD, b"", b"--x\r\n\r\n", b"a=1"):
            answer = system.send(UPLOADS, body, Content_Type=kind)
            (error,) = refused(answer, (kind, body), 415)
            assert error["code"] == "unsupported_media_type"
    for coding in (
        "gzip",
        "deflate",
        "br",
        "zstd",
        "x",
        "gzip, gzip",
        "identity, gzip",
    ):
        for body in (GOOD, gzip.compress(GOOD), bomb):
            answer = system.send(UPLOADS, body, Content_Encoding=coding)
            refused(answer, coding, 415)
    form = {"file": (io.BytesIO(GOOD), "x.json"), "serialNumbers": "1"}
    answer = system.client.post(UPLOADS, data=form, headers={HEADER: system.key})
    refused(answer, "a form with a file", 415)


def in_pieces(system, body, **environ):
    """Send a body as a stream without its length."""
    return system.client.post(
        UPLOADS,
        input_stream=io.BytesIO(body),
        headers={HEADER: system.key, "Content-Type": JSON},
        environ_overrides={"CONTENT_LENGTH": ""} | environ,
    )


ENDED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def test_bodies_without_a_length(system):
    refused(in_pieces(system, GOOD), "no length at all", 400)
    answer = timed("", lambda: in_pieces(system, b"[" * 1_000_000, **ENDED))
    refused(answer, "no JSON", 400)
    for length in ("-1", "x", "1.5", "99999999999999999999", "10"):
        answer = in_pieces(system, GOOD, CONTENT_LENGTH=length)
        refused(answer, length, 400, 413)


def test_bodies_without_a_length_that_are_too_large(system):
    for blanks in (2_000_000, 9_000_000):
        body = GOOD + b" " * blanks
        answer = timed(blanks, lambda b=body: in_pieces(system, b, **ENDED))
        refused(answer, blanks, 413)


def test_hostile_reasons(system):
    good = {"serialNumbers": ["EX000001"], "reason": "Other", "otherReason": "x"}
    for field in ("reason", "otherReason"):
        for value in (
            None, "", 1, [], {}, True, "\0", "\ud800", "a\u202eb", "x" * 5_000,
            "e\u0301" * 100_000, " ", ["Other"],
        ):  # fmt: skip
            body = json.dumps(good | {field: value}).encode()
            answer = timed(value, lambda b=body: system.send(INVALIDATIONS, b))
            (error,) = refused(answer, (field, value), 422)
            assert error["field"] == field, (value, error)


def test_a_mark_at_the_start_is_no_harm(demonstration, vsp):
    system = system_of(demonstration, vsp)
    assert system.send(UPLOADS, b"\xef\xbb\xbf" + GOOD).status_code == 201
    assert stored() == 1
