"""Hostile query strings, headers and paths for the ledger's API."""

from spv.extensions import db
from spv.models import ApiRequest
from tests.api import INVALIDATIONS, UPLOADS
from tests.hostile_bodies import GOOD
from tests.views.api_ledger import CHECK, refused, timed
from tests.views.test_api_ledger_hostile import system

__all__ = ["system"]  # a fixture


TEXTS = (
    "\0", "a\0b", "\ud800", "\udcff", "\u202e", "'; DROP TABLE uploads; --", "..", "x" *
    8_000, "%", "%00", "%ff", "é", "１２３", "🌞" * 100, "<script>alert(1)</script>",
    "{{7*7}}", "a\r\nSet-Cookie: x=1", "\x1b[31m", " ", "\u3000", "null", "[]",
)  # fmt: skip


def percent(text):
    """Return a text with every byte percent-encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def test_hostile_query_strings(system):
    for text in TEXTS:
        raw = percent(text)
        for query in (
            f"?{raw}=1", f"?validate-only={raw}", f"?{raw}",
            f"?validate-only=true&{raw}", f"?Validate-Only={raw}",
            f"?validate-only=true&validate-only={raw}",
        ):  # fmt: skip
            for address in (UPLOADS, INVALIDATIONS):
                answer = timed(query, lambda a=address + query: system.send(a, GOOD))
                refused(answer, query, 422)
    for query in (
        "?validate-only=", "?validate-only", "?validate-only=True", "?validate-only=1",
        "?validate-only=true&validate-only=true", "?validate_only=true", "?=", "?%",
        "?validate-only=false&validate-only=true", "?validate-only[]=true", "?a;b",
        "?" + "&".join(f"a{n}=1" for n in range(5_000)), "?validate-only=%E0%A4%A",
    ):  # fmt: skip
        refused(system.send(UPLOADS + query, GOOD), query, 422)
    for address in (CHECK, f"{UPLOADS}/EX1"):
        method = "POST" if address == CHECK else "GET"
        answer = system.send(f"{address}?validate-only=true", GOOD, method)
        refused(answer, address, 422)


def test_hostile_idempotency_keys(system):
    for key in (
        "", " ", "a b", "x" * 256, "x" * 100_000, "é", "\t", "a\tb", "\x7f", "\x00",
        "\xa0", "\xff", "a,\x1fb", "ключ".encode().decode("latin-1"),
    ):  # fmt: skip
        for address in (UPLOADS, f"{UPLOADS}?validate-only=true", INVALIDATIONS):
            answer = system.send(address, GOOD, Idempotency_Key=key)
            (error,) = refused(answer, (key, address), 422)
            assert error["field"] == "Idempotency-Key"
    db.session.rollback()
    keys = db.session.query(ApiRequest.idempotency_key).distinct().all()
    assert keys == [(None,)]


def test_invisible_characters_are_not_repeated(system):
    """Error messages repeat neither control characters nor direction marks."""
    for text in ("\0", "a\x1b[31m", "\u202eeslaf=", "\u200b"):
        for address in (UPLOADS, CHECK, INVALIDATIONS):
            answer = system.send(f"{address}?{percent(text)}=1", GOOD)
            (error,) = refused(answer, text, 422)
            assert (error["message"] + error["field"]).isprintable(), error


def test_hostile_serial_numbers_in_the_path(system):
    """The serial number is not found, or the address does not exist."""
    for text in (*TEXTS, "a/b", "../..", "//", "/", "a/", "Check", "check/a", "/check",
                 "checks", "check/", "#", "?", "+"):  # fmt: skip
        address = f"{UPLOADS}/{percent(text)}"
        answer = timed(text, lambda a=address: system.get(a))
        assert answer.status_code in (200, 404), (text, answer.status)
        if answer.status_code == 404:
            refused(answer, text)
            continue
        assert answer.json["status"] == "not_found", text
        assert answer.json["serialNumber"].isprintable() or text.isspace(), text
        assert "Set-Cookie" not in answer.headers


def test_the_address_of_a_check_is_no_serial_number(system):
    """This holds when it is percent-encoded, too. The address allows only POST."""
    for address in (CHECK, CHECK.replace("check", "%63h%65ck")):
        for method in ("GET", "HEAD", "DELETE", "PUT"):
            answer = system.send(address, method=method)
            assert answer.status_code == 405, (method, address)
            assert {*answer.headers["Allow"].split(", ")} == {"POST", "OPTIONS"}
    for method in ("GET", "POST"):
        assert system.send(f"{CHECK}/", GOOD, method).status_code == 404
    for address in (UPLOADS, INVALIDATIONS):
        answer = system.send(address, method="GET")
        assert answer.status_code == 405
        assert {*answer.headers["Allow"].split(", ")} == {"POST", "OPTIONS"}


def test_the_log_of_requests_has_hostile_ones_too(system):
    for number, text in enumerate(("a", "a\0b", "\ud800", "x" * 9_000, "🌞" * 900), 1):
        assert system.get(f"{UPLOADS}/{percent(text)}").status_code == 200
        db.session.rollback()
        assert db.session.query(ApiRequest).count() == number, text


def test_other_methods_and_addresses(system):
    for method, address in (
        ("GET", UPLOADS), ("PUT", UPLOADS), ("DELETE", f"{UPLOADS}/EX1"),
        ("PATCH", UPLOADS), ("GET", INVALIDATIONS), ("POST", f"{UPLOADS}/EX1"),
        ("TRACE", UPLOADS), ("POST", f"{UPLOADS}/"), ("POST", f"{INVALIDATIONS}/1"),
        ("GET", f"{UPLOADS}/"), ("POST", "/api/serial-number-ledger/v2/serial-numbers"),
    ):  # fmt: skip
        refused(system.send(address, GOOD, method), (method, address), 404, 405)


def test_options_are_logged_too(system):
    """Otherwise a stolen key could be tried without a trace."""
    for address in (UPLOADS, CHECK, INVALIDATIONS, f"{UPLOADS}/EX1"):
        assert system.send(address, method="OPTIONS").status_code == 200
    db.session.rollback()
    logged = db.session.query(ApiRequest.request, ApiRequest.status).all()
    assert (len(logged), logged[0]) == (4, ("OPTIONS /serial-numbers", 200))
