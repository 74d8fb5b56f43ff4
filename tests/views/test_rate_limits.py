"""Rate limits: whose requests they count, and what happens to a stopped form."""

import io

import pytest

from spv import demo
from tests.conftest import opened
from tests.people import browser_of
from tests.views.page import read

CHECKS = 20  # files in a minute
HTMX = {"HX-Request": "true"}
FORM = {"system_type": "battery", "nominal_kwh": "13.5", "password": "secret words"}


@pytest.fixture
def limited(demonstration):
    """The application with its rate limits."""
    with opened(demonstration.config["SQLALCHEMY_DATABASE_URI"]) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        yield app


def check(browser, address="192.0.2.1", **options):
    """Send a file to be checked."""
    form = {"file": (io.BytesIO(b"x"), "panels.csv"), "note": 'of "Monday"'}
    where = {"REMOTE_ADDR": address}
    return browser.post("/check-a-file", data=form, environ_overrides=where, **options)


def test_each_signed_in_user_is_counted_alone(limited):
    """Many users may share a network, such as a class."""
    one, other = (browser_of(limited, email) for email in (demo.GENERAL, demo.SUPPLIER))
    for _ in range(CHECKS):
        assert check(one).status_code == 422
    assert check(one).status_code == 429
    assert check(one, "192.0.2.99").status_code == 429
    assert check(other).status_code == 422
    assert check(limited.test_client()).status_code == 422


def test_visitors_are_counted_by_network(limited):
    client = limited.test_client()
    for number in range(CHECKS):
        assert check(client, f"2001:db8::{number:x}").status_code == 422
    assert check(client, "2001:db8::ffff").status_code == 429
    assert check(client, "2001:db8:0:1::1").status_code == 422


@pytest.fixture
def stopped(limited):
    """A browser that has sent too many files and calculations."""
    client = limited.test_client()
    for _ in range(CHECKS):
        check(client, "127.0.0.1")
    for _ in range(300):
        client.post("/stc")
    return client


def test_a_stopped_form_can_be_sent_again(stopped):
    answer = stopped.post("/stc", data=FORM)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    page = read(answer)
    assert "Wait a minute, then send it again." in page.text
    (form,) = [f for f in page.all("form") if f.attributes.get("action") == "/stc"]
    assert "enctype" not in form.attributes
    assert page.hidden() == {"system_type": "battery", "nominal_kwh": "13.5"}
    assert "secret words" not in answer.text
    assert [n.attributes["name"] for n in page.all("input", type="password")] == [
        "password"
    ]


def test_a_file_is_chosen_again(stopped):
    answer = check(stopped, "127.0.0.1", query_string={"x": '"'})
    page = read(answer)
    action = "/check-a-file?x=%22"
    (form,) = [f for f in page.all("form") if f.attributes.get("action") == action]
    assert form.attributes["enctype"] == "multipart/form-data"
    assert page.hidden() == {"note": 'of "Monday"'}
    assert [n.attributes["name"] for n in page.all("input", type="file")] == ["file"]


def test_a_very_long_form_is_not_sent_back(stopped):
    answer = stopped.post("/stc", data={"postcode": "x" * 300_000})
    assert answer.status_code == 429
    assert len(answer.data) < 20_000


def test_htmx_leaves_the_form_as_it_is(stopped):
    answer = stopped.post("/stc", data=FORM, headers=HTMX)
    assert answer.status_code == 429
    assert answer.headers["HX-Retarget"] == "dialog[open] .spv-wait, #wait"
    assert "<title>" not in answer.text
    page = read(answer)
    assert page.all("div", id="too-many")
    assert "Nothing that you have typed or chosen is lost." in page.text
