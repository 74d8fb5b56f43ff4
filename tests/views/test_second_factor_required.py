"""Acts that ask for a code again, staff who need a second factor, idle sessions."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent
from spv.policy import FRESH_FACTOR, UNPROVEN
from spv.services.agency import staff as agency_staff
from tests.people import KIM, NEW_PASSWORD, PASSWORD, browser_of, events
from tests.second_factors import START, code_of, enrol_in

HTMX = {"HX-Request": "true"}
EMAIL = KIM["email"]
MINUTE = timedelta(minutes=1)
ADDRESS = "/account/second-factor"
PRODUCTION = {
    "SPV_ENVIRONMENT": "production",
    "SECRET_KEY": "a secret of production, long enough",
    "SPV_LOG_KEY": "a log key of production, long enough",
}


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def enrolled(app, kim, clock):
    """A browser in which Kim has set it up, the secret, and the recovery codes."""
    client = browser_of(app, EMAIL, PASSWORD)
    return client, *enrol_in(client)


@pytest.mark.every_database
def test_some_acts_ask_for_a_code_again(app, enrolled, clock):
    """The form is sent again with the code, and nothing of it is lost."""
    client, _, codes = enrolled
    assert client.post(f"{ADDRESS}/new").location == f"{ADDRESS}/new"
    clock.shift(10 * MINUTE)
    sent = {"reason": 'He said "no" & left', "boxes": ["1", "2"]}
    page = client.post(f"{ADDRESS}/remove?x=1", data=sent)
    assert page.status_code == 403
    assert f'action="{ADDRESS}/remove?x=1"' in page.text
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    kept = [(name, html.unescape(value)) for name, value in hidden]
    assert [each for each in kept if each[0] != "csrf_token"] == [
        ("reason", sent["reason"]), ("boxes", "1"), ("boxes", "2")]  # fmt: skip
    for wrong in ("000000", "", "x" * 100_000):
        form = sent | {"second_factor_code": wrong}
        page = client.post(f"{ADDRESS}/remove", data=form)
        assert page.status_code == 422
        assert "This code is wrong" in page.text
        assert 'name="boxes"' in page.text
    form = sent | {"second_factor_code": codes[0]}
    answer = client.post(f"{ADDRESS}/remove", data=form)
    assert answer.location == "/account/password"
    assert events()[-5:] == [
        *["second_factor.code_refused"] * 3, "second_factor.recovery_code_used",
        "second_factor.removed",
    ]  # fmt: skip


def test_what_asks_again_takes_the_place_of_the_page_for_htmx(app, enrolled, clock):
    client, secret, _ = enrolled
    clock.shift(10 * MINUTE)
    page = client.post(f"{ADDRESS}/remove", headers=HTMX)
    assert page.status_code == 403
    assert page.headers["HX-Retarget"] == "#content"
    assert "<html" not in page.text
    form = {"second_factor_code": code_of(secret)}
    assert client.post(f"{ADDRESS}/new", data=form).location == f"{ADDRESS}/new"
    assert events()[-1] == "second_factor.confirmed"
    clock.shift(10 * MINUTE - timedelta(seconds=1))
    assert client.post(f"{ADDRESS}/new").status_code == 303


def test_many_wrong_codes_there_wait_too(app, enrolled, clock):
    client, _, _ = enrolled
    clock.shift(10 * MINUTE)
    form = {"second_factor_code": "1"}
    answers = [client.post(f"{ADDRESS}/new", data=form) for _ in range(6)]
    assert [each.status_code for each in answers] == [422] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "900"


def test_a_code_comes_only_with_the_token_of_the_form(app, enrolled, clock):
    client, secret, _ = enrolled
    clock.shift(10 * MINUTE)
    app.config["WTF_CSRF_ENABLED"] = True
    form = {"second_factor_code": code_of(secret)}
    assert client.post(f"{ADDRESS}/remove", data=form).status_code == 400
    assert events()[-1] == "second_factor.added"


def test_without_a_second_factor_nothing_asks(app, kim):
    client = browser_of(app, EMAIL, PASSWORD)
    assert client.post(f"{ADDRESS}/new").status_code == 303
    assert client.post(f"{ADDRESS}/remove").status_code == 409


@pytest.fixture
def staff(app, clock):
    """The address of a member of staff, in production, with a password."""
    link = agency_staff.create("sam@agency.example", "Sam")
    app.config |= PRODUCTION
    email = "sam@agency.example"
    app.test_client().post(f"/password/{link.token}", data=NEW_PASSWORD)
    return email


def test_staff_of_production_set_it_up_before_anything_else(app, staff, clock):
    client = app.test_client()
    form = {"email": staff, "password": PASSWORD}
    assert client.post("/sign-in?next=/staff/people", data=form).status_code == 303
    for rule in app.url_map.iter_rules():
        if rule.endpoint in UNPROVEN or rule.rule.startswith("/api/") or rule.arguments:
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = client.open(rule.rule, method=method)
            case = (method, rule.rule, answer.status)
            assert (answer.status_code, answer.location) == (303, ADDRESS), case
    answer = client.get("/staff/people", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, ADDRESS)
    page = client.get(ADDRESS).text
    assert "You can do nothing else until" in page
    assert "Applications" not in page
    _, codes = enrol_in(client)
    assert client.get("/staff/people").status_code == 200
    assert "Turn it off" not in client.get(ADDRESS).text
    assert client.post(f"{ADDRESS}/remove").status_code == 409
    other = app.test_client()
    assert other.post("/sign-in", data=form).location == "/sign-in/code"
    assert other.get("/staff/people").location.startswith("/sign-in?next=")
    assert other.post("/sign-in/code", data={"code": codes[0]}).location == "/"
    assert other.get("/staff/people").status_code == 200


def test_the_command_for_a_lost_device(app, staff, clock):
    client = browser_of(app, staff, PASSWORD)
    enrol_in(client)
    run = app.test_cli_runner().invoke
    result = run(args=["reset-second-factor", "Sam@agency.example"])
    assert "signs in with only the password" in result.output
    assert client.get("/staff/people").location.startswith("/sign-in?next=")
    client = browser_of(app, staff, PASSWORD)
    assert client.get("/staff/people").location == ADDRESS
    event = db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.event == "second_factor.reset")
    ).one()
    assert (event.actor, event.channel) == ("operator", "command")
    assert staff in event.details
    for email in (staff, "nobody@x.au", "x"):
        result = run(args=["reset-second-factor", email])
        sentence = f"Error: Nobody with a second factor signs in as {email}.\n"
        assert (result.exit_code, result.output) == (1, sentence)


def test_no_route_resets_the_factor_of_another(app):
    """Neither administrators of an account nor staff: the operator does."""
    endpoints = {r.endpoint for r in app.url_map.iter_rules() if r.arguments}
    assert not [name for name in endpoints if "factor" in name]
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= FRESH_FACTOR


@pytest.mark.every_database
@pytest.mark.parametrize(("email", "minutes"), [(demo.STAFF, 15), (demo.GENERAL, 30)])
def test_sessions_of_staff_end_earlier(demonstration, clock, email, minutes):
    client = browser_of(demonstration, email)
    for _ in range(3):
        clock.shift((minutes - 1) * MINUTE)
        assert client.get("/account/password").status_code == 200
    clock.shift(minutes * MINUTE)
    assert client.get("/account/password").status_code == 303


def test_a_page_that_polls_does_not_keep_a_session(demonstration, clock):
    client = browser_of(demonstration, demo.STAFF)
    for _ in range(14):
        clock.shift(MINUTE)
        assert client.get("/staff/verify?poll=", headers=HTMX).status_code == 200
    clock.shift(MINUTE)
    assert client.get("/staff/verify?poll=", headers=HTMX).status_code == 401
    assert client.get("/staff/verify").status_code == 303


def test_the_pause_of_staff_is_a_setting(demonstration, clock):
    demonstration.config["SPV_MINUTES_STAFF_IDLE"] = 40
    client = browser_of(demonstration, demo.STAFF)
    clock.shift(39 * MINUTE)
    assert client.get("/staff/people").status_code == 200
    assert "agency staff after 40" in demonstration.test_client().get(
        "/sign-in?next=/staff").text  # fmt: skip
