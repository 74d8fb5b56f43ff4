"""The console: a request with the test key, which the API answers and nothing keeps."""

import json

import pytest
from werkzeug.test import encode_multipart

from spv import demo
from spv.extensions import db
from spv.models import ApiRequest, Upload
from tests.api import HEADER, UPLOADS, System, items, key_of, subscribe
from tests.conftest import dispose, make_app
from tests.hostile_bodies import NOT_JSON
from tests.panels import stored
from tests.people import acting, browser_of, events
from tests.views.page import read

REFERENCE, CONSOLE = "/developer/apis/serial-number-ledger", "/developer/console"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(demonstration):
    return browser_of(demonstration, demo.VSP_USER)


@pytest.fixture
def number(demonstration):
    """The id of a subscription of the VSP account."""
    return subscribe(acting(demo.VSP_USER))


def send(browser, number, body, **options):
    boundary, form = encode_multipart({"subscription": str(number), "body": body})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.post(CONSOLE, data=form, content_type=kind, **options)


def answer_of(response):
    """The status and the body of the answer that a page shows."""
    assert response.status_code == 200, response.text[:500]
    page = read(response)
    parts = [*page.one("div", id="answer").walk()]
    status = next(n.text for n in parts if n.tag == "h3").removeprefix("Answer: ")
    texts = ["".join(n.children) for n in parts if n.tag == "pre"]
    return int(status.split()[0]), json.loads(texts[0])


def test_the_example_is_filled_in_and_right(browser, number):
    assert browser.get(CONSOLE).location == f"{REFERENCE}#console"
    page = read(browser.get(REFERENCE))
    assert page.options("subscription") == {str(number): "Line 1"}
    example = page.one("textarea", id="body").children[0]
    before = events(), db.session.query(Upload).count()
    answer = send(browser, number, example.replace("\n", "\r\n"))
    status, body = answer_of(answer)
    assert (status, body["result"], body["validateOnly"]) == (200, "Successful", True)
    assert (events(), db.session.query(Upload).count()) == before
    assert stored() == 0
    assert read(answer).is_whole
    shown = read(answer).one("textarea", id="body").children[0]
    assert json.loads(shown) == json.loads(example)


def test_it_is_what_a_program_is_answered(demonstration, browser, number):
    """It stands in the list of requests, too, with the number of the answer."""
    system = System(demonstration, key_of(number, "test"))
    wrong = items(3)
    wrong["serialNumbers"][1]["serialNumber"] = "1.5E+12"
    for body in (items(3), wrong, {}, [], {"serialNumbers": []}, {"<b>": 1}):
        text = json.dumps(body)
        answer = send(browser, number, text)
        theirs = system.send(body=text.encode())
        assert answer_of(answer) == (theirs.status_code, theirs.json)
    db.session.rollback()
    rows = db.session.query(ApiRequest).order_by(ApiRequest.id).all()
    assert {(row.key_kind, row.request) for row in rows} == {
        ("test", "POST /serial-numbers")
    }
    shown = [n.text for n in read(answer).one("div", id="answer").walk()]
    assert f"X-Request-Id: {rows[-2].x_request_id}" in shown
    assert rows[-2].x_request_id != answer.headers["X-Request-Id"]


def test_hostile_bodies(browser, number):
    bodies = [each for each in NOT_JSON.values() if len(each) < 100_000]
    for body in (*bodies, b"", b"<script>alert(1)</script>", b"[" * 100_000):
        answer = send(browser, number, body.decode("utf-8", "replace"))
        status, told = answer_of(answer)
        assert (400 <= status < 500, told["result"]) == (True, "Unsuccessful"), body
        assert "<script>alert" not in answer.text
    assert stored() == 0


def test_huge_bodies(browser, number):
    status, body = answer_of(send(browser, number, json.dumps(items(1_001))))
    assert (status, body["errors"][0]["code"]) == (422, "too_many_items")
    for size in (2_000_001, 4_900_000, 6_000_000):
        assert send(browser, number, " " * size).status_code == 413
        assert send(browser, number, " " * size, headers=HTMX).status_code == 413
    blank = send(browser, number, json.dumps(items(900)) + " " * 1_500_000)
    assert answer_of(blank)[0] == 200


@pytest.mark.parametrize("other", ["", "0", "999", "-1", "9" * 5_000, "x", "１", "1 "])
def test_a_subscription_that_is_not_there(browser, number, other):
    answer = send(browser, other, "{}")
    assert answer.status_code == 422
    assert read(answer).problems() == [
        ("#subscription", "Choose one of your subscriptions.")
    ]
    part = read(send(browser, other, "{}", headers=HTMX)).one("div", id="answer")
    assert "Choose one of your subscriptions." in part.text
    assert db.session.query(ApiRequest).count() == 0


def test_a_subscription_of_another_account_or_cancelled(demonstration, browser):
    theirs = subscribe(acting(demo.OTHER_VSP))
    assert send(browser, theirs, "{}").status_code == 422
    assert "subscribe to the Serial Number Ledger" in browser.get(REFERENCE).text
    own = subscribe(acting(demo.VSP_USER))
    admin = browser_of(demonstration, demo.VSP_ADMIN)
    admin.post(f"/developer/subscriptions/{own}/cancel")
    assert send(browser, own, "{}").status_code == 422
    assert db.session.query(ApiRequest).count() == 0


def test_a_key_of_another_secret_is_a_conflict(demonstration, browser, number):
    demonstration.secret_key = "another one, since the first was lost"
    demonstration.config["SECRET_KEY_FALLBACKS"] = ()
    browser = browser_of(demonstration, demo.VSP_USER)
    answer = send(browser, number, "{}")
    assert answer.status_code == 409
    assert "Regenerate it" in answer.text


def test_no_key_is_shown_and_cookies_are_not_passed_on(browser, number):
    key = key_of(number, "test")
    answer = send(browser, number, "{}", headers={HEADER: "0" * 32, **HTMX})
    assert key not in answer.text
    assert answer_of(answer)[0] == 422  # and not 401: the header was not passed on
    assert not read(answer).is_whole
    assert read(answer).all("pre")


def test_the_rate_limit_of_the_account_is_the_answer(demonstration):
    """The console counts with the requests of programs."""
    app = make_app(demonstration.config["SQLALCHEMY_DATABASE_URI"])
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        number = subscribe(acting(demo.VSP_USER))
        system = System(app, key_of(number, "test"))
        browser = browser_of(app, demo.VSP_USER)
        assert answer_of(send(browser, number, "{}"))[0] == 422
        for _ in range(119):
            assert system.get(f"{UPLOADS}/X1").status_code == 200
        status, body = answer_of(send(browser, number, "{}"))
        assert (status, body["errors"][0]["code"]) == (429, "too_many_requests")
    dispose(app)
