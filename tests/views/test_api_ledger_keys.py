"""Keys of the API: who is let in, how often, and what is logged."""

import json
import re
from datetime import timedelta

import pytest
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import ApiRequest
from spv.rules.errors import ForbiddenError
from spv.services import retention
from spv.services.api import ledger_api, subscriptions
from spv.services.ledger import declarations
from tests.api import (
    HEADER,
    INVALIDATIONS,
    TICKED,
    UPLOADS,
    System,
    items,
    key_of,
    subscribe,
    system_of,
)
from tests.conftest import dispose, make_app
from tests.panels import stored
from tests.people import acting, browser_of
from tests.views.api_ledger import counted, refused
from tests.views.page import read

# Azure API Management's own, to the byte.
MISSING = (
    b'{"statusCode":401,"message":"Access denied due to missing subscription key. '
    b'Make sure to include subscription key when making requests to an API."}'
)
INVALID = (
    b'{"statusCode":401,"message":"Access denied due to invalid subscription key. '
    b'Make sure to provide a valid key for an active subscription."}'
)
ROUTES = (
    ("POST", UPLOADS), ("POST", f"{UPLOADS}/check"), ("POST", INVALIDATIONS),
    ("GET", f"{UPLOADS}/EX000001"),
)  # fmt: skip
PER_MINUTE = 120


def denied(system, body=MISSING):
    """Check that all routes answer 401 with a body; return True."""
    for method, address in ROUTES:
        sent = items(1) if method == "POST" else None
        answer = system.send(address, sent, method)
        assert (answer.status_code, answer.data) == (401, body), (method, address)
        assert answer.mimetype == "application/json"
    return True


def lets_in(system):
    """Return whether a client can look up a serial number."""
    return system.get(f"{UPLOADS}/EX000001").status_code == 200


def test_keys_are_32_hexadecimal_characters(demonstration, vsp):
    numbers = [subscribe(vsp, f"Line {n}") for n in range(3)]
    keys = {key_of(n, k) for n in numbers for k in ("primary", "secondary", "test")}
    assert len(keys) == 9
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
    assert all(lets_in(System(demonstration, key)) for key in keys)


def test_keys_that_are_missing_or_wrong(demonstration, vsp):
    good = key_of(subscribe(vsp))
    before = counted()
    assert denied(System(demonstration, ""))
    for key in (
        "x", "0" * 32, good[:-1], good + "0", good.upper(), f" x{good}",
        f"{good},{good}", "é", "\x01", "x" * 100_000, "' OR 1=1 --",
        f"Bearer {good}", "null",
    ):  # fmt: skip
        assert denied(System(demonstration, key), INVALID), key[:50]
    keyless = System(demonstration, "")
    for query in ("?subscription-key=x", f"?subscription-key={good}0",
                  "?subscription-key=%00", "?subscription-key=%ED%A0%80"):  # fmt: skip
        answer = keyless.get(f"{UPLOADS}/EX000001{query}")
        assert (answer.status_code, answer.data) == (401, INVALID), query
    for query in ("?subscription-key=", "?subscription_key=x", f"?key={good}"):
        answer = keyless.get(f"{UPLOADS}/EX000001{query}")
        assert (answer.status_code, answer.data) == (401, MISSING), query
    for name in ("Authorization", "X-Api-Key", "subscription-key", "Cookie"):
        answer = keyless.send(body=items(1), **{name: good})
        assert (answer.status_code, answer.data) == (401, MISSING), name
    assert counted() == before
    db.session.rollback()
    assert db.session.query(ApiRequest).count() == 0


def test_the_header_goes_before_the_address(demonstration, vsp):
    system = system_of(demonstration, vsp)
    keyless = System(demonstration, "")
    query = f"?subscription-key={system.key}"
    for method, address in ROUTES:
        sent = items(1) if method == "POST" else None
        assert keyless.send(address + query, sent, method).status_code != 401, address
        answer = keyless.send(address + query, sent, method, **{HEADER: "0" * 32})
        assert (answer.status_code, answer.data) == (401, INVALID), address
        answer = system.send(f"{address}?subscription-key=x", sent, method)
        assert answer.status_code != 401, address
    for header in (HEADER.lower(), HEADER.upper()):
        assert keyless.send(body=items(2), **{header: system.key}).status_code != 401


def test_regenerated_and_cancelled_keys_stop_at_once(demonstration, vsp):
    system_of(demonstration, vsp)
    kinds = ("primary", "secondary", "test")
    old = {kind: System(demonstration, key_of(1, kind)) for kind in kinds}
    number = subscribe(vsp, "Line 2")
    another = System(demonstration, key_of(number))
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    for at, kind in enumerate(kinds):
        assert lets_in(old[kind])
        one = f"/developer/subscriptions/1/keys/{kind}/regenerate"
        assert browser.post(one).status_code == 303
        db.session.rollback()
        assert denied(old[kind], INVALID)
        assert lets_in(System(demonstration, key_of(1, kind)))
        assert all(lets_in(old[other]) for other in kinds[at + 1 :])
    new = {kind: System(demonstration, key_of(1, kind)) for kind in kinds}
    assert browser.post("/developer/subscriptions/1/cancel").status_code == 303
    assert all(denied(system, INVALID) for system in (*new.values(), *old.values()))
    assert another.send(body=items(1)).status_code == 201
    assert stored() == 1


def test_a_session_alone_does_not_let_in(demonstration, vsp):
    declarations.make(TICKED, vsp)
    subscribe(vsp)
    for email in (demo.VSP_ADMIN, demo.STAFF):
        system = System(demonstration, "")
        system.client = browser_of(demonstration, email)
        assert denied(system)
    assert stored() == 0


def test_keys_see_nothing_of_other_accounts(demonstration, vsp, other):
    """They see no uploads and no requests of others, nor who uploaded what."""
    mine, theirs = system_of(demonstration, vsp), system_of(demonstration, other)
    number = theirs.send(body=items(2)).json["uploadId"]
    assert (
        mine.send(body=items(1)).json["errors"][0]["message"].count("another account")
    )
    answer = mine.get(f"{UPLOADS}/EX000001")
    assert answer.json["own"] is False
    for word in (
        b"Other Verification",
        b"Romano",
        b"Line 1",
        b"other-vsp",
        b"uploadId",
    ):
        assert word not in answer.data
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    for path in (f"/panels/uploads/{number}", "/developer/subscriptions/2/requests"):
        assert browser.get(path).status_code == 404
    for path in ("cancel", "rename", "keys/primary/show", "keys/primary/regenerate"):
        answer = browser.post(f"/developer/subscriptions/2/{path}", data={"name": "x"})
        assert answer.status_code == 404, path
    assert lets_in(theirs)


def test_the_page_of_requests(demonstration, vsp):
    system = system_of(demonstration, vsp)
    number = system.send(body=items(2)).json["uploadId"]
    system.send(body=items(2))
    system.send(f"{UPLOADS}?validate-only=true", items(3, start=7))
    System(demonstration, key_of(1, "test")).send(body=items(1, start=9))
    bad = items(1)
    bad["serialNumbers"][0]["serialNumber"] = "N/A"
    system.send(body=bad)
    system.send(body=b"{")
    system.get(f"{UPLOADS}/%3Cb%3Ex1")
    system.send(f"{UPLOADS}/check", {"serialNumbers": ["EX000001", "x9x"]})
    body = {"serialNumbers": ["EX000001"], "reason": "Ineligible panel"}
    system.send(INVALIDATIONS, body)
    System(demonstration, "0" * 32).send(body=items(1))  # nobody's
    browser = browser_of(demonstration, demo.VSP_USER)
    page = read(browser.get("/developer/subscriptions/1/requests"))
    cells = ([n.text for n in row.walk() if n.tag == "td"] for row in page.all("tr"))
    rows = [
        [a, b.split(" Details")[0], d, e] for _, a, b, _, d, e in filter(None, cells)
    ]
    once, check = "POST /serial-numbers", "POST /serial-numbers?validate-only"
    assert rows[::-1] == [
        [once, "Successful (201) recorded", "2", f"Upload {number}"],
        [once, "Successful (200) recorded before, nothing added", "2",
         f"Upload {number}"],
        [check, "Successful (200) checked, nothing stored", "3", "–"],
        [once, "Successful (200) checked, nothing stored", "1", "–"],
        [once, "Unsuccessful (422) missing", "1", "–"],
        [once, "Unsuccessful (400) not_json", "–", "–"],
        ["GET /serial-numbers/<b>x1", "Successful (200) not_found", "–", "–"],
        ["POST /serial-numbers/check",
         "Successful (200) 1 valid, 0 invalid, 1 not_found", "2", "–"],
        ["POST /invalidations", "Successful (201) recorded", "1", "–"],
    ]  # fmt: skip
    assert page.text.count("Test Key") == 1
    assert page.links(f"Upload {number}") == [f"/panels/uploads/{number}"] * 2
    assert "0" * 32 not in page.text


def test_requests_are_kept_for_30_days(demonstration, vsp):
    now = clock.now()
    system = system_of(demonstration, vsp)
    system.send(body=items(1), Idempotency_Key="x")
    for days, count in ((29, 2), (31, 2), (60, 2), (95, 1)):
        with time_machine.travel(now + timedelta(days=days), tick=False):
            assert lets_in(system)
            retention.forget(clock.now())
            assert db.session.query(ApiRequest).count() == count, days
    assert stored() == 1


@pytest.fixture
def limited(demonstration):
    """The application with rate limits and CSRF protection."""
    url = demonstration.config["SQLALCHEMY_DATABASE_URI"]
    app = make_app(url)
    with app.app_context():
        yield app
    dispose(app)


def test_too_many_requests_of_one_account(limited):
    """All keys of an account count together; other accounts are not affected."""
    actor = acting(demo.VSP_USER)
    system = system_of(limited, actor)
    secondary = System(limited, key_of(1, "secondary"))
    second = System(limited, key_of(subscribe(actor, "Line 2")))
    another = system_of(limited, acting(demo.SUPPLIER))
    for left in range(PER_MINUTE - 1, -1, -1):
        who = (system, secondary, second)[left % 3]
        method, address = ROUTES[left % 4]
        answer = who.send(address, {} if method == "POST" else None, method)
        assert answer.status_code in (200, 422)
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
        assert "Retry-After" not in answer.headers
    for who in (system, secondary, second):
        answer = who.send(body=items(1), Idempotency_Key="x")
        (error,) = refused(answer, "too fast", 429)
        assert error["code"] == "too_many_requests"
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert another.send(body=items(1)).status_code == 201
    db.session.rollback()
    assert db.session.query(ApiRequest).filter_by(status=429).count() == 0
    assert stored() == 1


def test_bad_keys_are_limited_per_address(limited):
    """Good keys still work, also from the same address."""
    system = system_of(limited, acting(demo.VSP_USER))
    wrong, none = System(limited, "0" * 32), System(limited, "")
    for number in range(60):
        answer = (wrong, none)[number % 2].send(body=items(1))
        assert answer.status_code == 401
    for who in (wrong, none):
        answer = who.send(body=items(1))
        refused(answer, "too often", 429)
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert system.send(body=items(1)).status_code == 201
    elsewhere = {"REMOTE_ADDR": "203.0.113.50"}
    answer = wrong.client.post(UPLOADS, json={}, environ_overrides=elsewhere)
    assert answer.status_code == 401


def test_a_key_that_is_cancelled_while_its_upload_waits(demonstration, vsp):
    """The rights are checked again in the transaction."""
    system = system_of(demonstration, vsp)
    client = subscriptions.find_client(system.key, "203.0.113.9")
    subscriptions.cancel(1, acting(demo.VSP_ADMIN))
    body = json.dumps(items(1)).encode()
    with pytest.raises(ForbiddenError, match="the role that this needs"):
        ledger_api.upload(body, client.actor)
    assert stored() == 0
