"""No log, database or other address has a key or a password link."""

import http.client
import logging
import threading

import pytest
import sqlalchemy as sa
from gunicorn.config import Config
from werkzeug.serving import make_server

from spv import demo
from spv.extensions import db, limiter
from spv.services.accounts import users
from tests.api import INVALIDATIONS, UPLOADS, items, system_of
from tests.panels import panels_csv, upload
from tests.people import NEW_PASSWORD, acting, browser_of, user_of
from tests.views.api_ledger import CHECK


@pytest.fixture
def served(demonstration):
    """The application as a server runs it: errors are answered and logged."""
    demonstration.testing = False
    demonstration.config["PROPAGATE_EXCEPTIONS"] = False
    return demonstration


def written(caplog):
    """The log with its tracebacks, and every column of the database."""
    db.session.rollback()
    tables = db.metadata.sorted_tables
    rows = [str(db.session.execute(sa.select(table)).all()) for table in tables]
    answers = db.session.scalars(sa.text("SELECT answer FROM api_requests"))
    return caplog.text + "".join(rows) + str(answers.all())


def break_types():
    """Make every query for an account's types fail, as damaged data does."""
    db.session.execute(sa.text("UPDATE accounts SET account_types = 'no JSON'"))
    db.session.commit()


def test_a_key_in_an_address(served, vsp, caplog):
    """Whatever the answer is, such as 500."""
    caplog.set_level(logging.DEBUG)
    system = system_of(served, vsp)
    upload(panels_csv(2), vsp)
    key, system.key, seen = system.key, "", set()
    query = f"?subscription-key={key}"
    body = {"serialNumbers": ["EX000001"], "reason": "Ineligible panel"}
    tried = [
        ("GET", f"{UPLOADS}/EX000001{query}", None), ("GET", f"{UPLOADS}{query}", None),
        ("GET", f"{UPLOADS}/%20{query}&x={key}", None), ("POST", f"{CHECK}{query}", {}),
        ("POST", UPLOADS + query, items(2, "KX")), ("POST", UPLOADS + query, b"{"),
        ("POST", UPLOADS + query, items(3, "EX")), ("GET", f"/api/none{query}", None),
        ("POST", f"{INVALIDATIONS}{query}&validate-only=true", body),
        ("POST", INVALIDATIONS + query, body), ("DELETE", CHECK + query, None),
        ("GET", f"/api/openapi.json{query}", None),
        ("GET", f"/api/stc/v1/calculation{query}", None),
        ("GET", f"{UPLOADS}/EX1?subscription-key={key}x", None),
    ]  # fmt: skip
    for method, address, sent in tried:
        for headers in ({}, {"Idempotency-Key": f"{len(seen)}"}):
            answer = system.send(address, sent, method, **headers)
            seen.add(answer.status_code)
    browser = served.test_client()
    for address in ("/panels", "/developer", "/none", "/stc"):
        answer = browser.get(f"{address}{query}&x=1")
        assert key not in answer.headers.get("Location", "")
        assert key not in answer.text
    here = {"HX-Request": "true", "HX-Current-URL": f"http://localhost/panels{query}"}
    answer = browser.post("/panels/invalidate", headers=here)
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/panels"
    break_types()
    seen.add(system.get(f"{UPLOADS}/EX000001{query}").status_code)
    assert seen == {200, 201, 400, 401, 404, 405, 409, 422, 500}
    assert "Exception on /api/serial-number-ledger" in caplog.text
    db.session.rollback()
    db.session.execute(sa.text("UPDATE accounts SET account_types = '[]'"))
    db.session.commit()
    assert key not in written(caplog)


def test_a_key_that_is_sent_too_often(served, caplog):
    caplog.set_level(logging.DEBUG)
    limiter.enabled, key = True, "f" * 32
    try:
        address, client = f"{UPLOADS}/EX1?subscription-key={key}", served.test_client()
        answers = [client.get(address) for _ in range(61)]
    finally:
        limiter.enabled = False
        limiter.reset()
    assert [answer.status_code for answer in answers] == [401] * 60 + [429]
    assert key not in written(caplog)


def link_token():
    """The token of a password link."""
    user_id = user_of(demo.VSP_USER).id
    return users.make_link(user_id, acting(demo.VSP_ADMIN)).token


@pytest.mark.usefixtures("private_people")
def test_a_password_link(served, caplog):
    """Also if setting the password fails; and no other address contains it."""
    caplog.set_level(logging.DEBUG)
    token = link_token()
    address, browser = f"/password/{token}", served.test_client()
    page = browser.get(address)
    assert page.headers["Referrer-Policy"] == "strict-origin"
    here = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{address}"}
    answer = browser.post("/account/password", headers=here)
    assert answer.headers["HX-Redirect"] == "/sign-in"
    answer = browser.post(
        "/account/password", headers={"Referer": f"http://localhost{address}"}
    )
    assert answer.location == "/sign-in"
    db.session.execute(sa.text("ALTER TABLE audit_chains RENAME COLUMN hash TO hasch"))
    db.session.execute(sa.text("UPDATE users SET link_until = 'no moment'"))
    db.session.commit()
    assert browser.post(address, data=NEW_PASSWORD).status_code == 500
    assert "Exception on /password/… [POST]" in caplog.text
    assert token not in caplog.text


@pytest.mark.usefixtures("private_people")
def test_over_https_a_form_is_sent_from_a_page_that_hides_its_address(demonstration):
    """The browser then sends the host of the page alone, which is enough."""
    token = link_token()
    demonstration.config["WTF_CSRF_ENABLED"] = True
    browser, url = demonstration.test_client(), "https://localhost"
    page = browser.get(f"/password/{token}", base_url=url).text
    given = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = browser.post(
        f"/password/{token}", base_url=url, headers={"Referer": f"{url}/"},
        data=NEW_PASSWORD | {"csrf_token": given},
    )  # fmt: skip
    assert answer.status_code == 303
    demonstration.config["WTF_CSRF_ENABLED"] = False
    browser_of(demonstration, demo.VSP_USER, NEW_PASSWORD["password"])


def test_the_logs_of_servers(app, caplog):
    """The log of `flask run` has every request, gunicorn's if it is set up so."""
    caplog.set_level(logging.INFO)
    secret, token = "f" * 32, "T_-" + "x" * 40
    paths = [f"/healthz?subscription-key={secret}", f"/password/{token}",
             f"/healthz?subscription%2Dkey={secret}"]  # fmt: skip
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for path in paths:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()
        line = {"r": f"GET {path} HTTP/1.1", "f": f"https://localhost{path}"}
        line |= dict.fromkeys("hlutsba", "-")
        logging.getLogger("gunicorn.access").info(Config().access_log_format, line)
    server.shutdown()
    thread.join()
    server.server_close()
    assert caplog.text.count("GET /healthz?… HTTP") == 4
    assert caplog.text.count("GET /password/… HTTP") == 2
    assert secret not in caplog.text
    assert token not in caplog.text
