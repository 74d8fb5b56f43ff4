"""The calculator's first questions, as they stand on the page of visitors."""

from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import render_template

from spv.views.stc import first_form
from tests.examples import GOOD_SOLAR
from tests.views.page import Page, read


def first_questions(app):
    with app.test_request_context("/"):
        return Page(render_template("stc/_first.html", stc_form=first_form()))


@time_machine.travel("2026-11-27T14:00:00Z", tick=False)
def test_two_fields_are_left_to_fill_in(app, client):
    page = first_questions(app)
    assert page.fields() == {"system_type", "rated_power_kw", "postcode"}
    assert page.chosen("system_type") == "solar_deemed"
    assert page.one("form").attributes["action"] == "/stc"
    assert page.one("select").attributes["hx-trigger"] == "change"
    words = "Maximum deeming period , 5 years . Change"
    assert f"Installed on 28 November 2026 . Calculation Period: {words}" in page.text
    hidden = page.hidden()
    assert hidden.pop("csrf_token")
    assert hidden == {"installation_date": "2026-11-28", "calculation_period": "max"}
    sent = hidden | {"system_type": "solar_deemed", "rated_power_kw": "6.6"}
    result = client.post("/stc", data=sent | {"postcode": "2150"})
    assert read(client.get(result.location)).heading == "45 STCs"


def test_change_leads_to_the_whole_form(app, client):
    link = first_questions(app).link("Change")
    assert parse_qs(urlsplit(link).query) == {"system_type": ["solar_deemed"]}
    page = read(client.get(link))
    assert page.checked("calculation_period") == "max"


def test_another_system_gets_the_form_with_what_is_missing(app, client):
    sent = first_questions(app).hidden() | {"system_type": "battery", "postcode": ""}
    answer = client.post("/stc", data=sent)
    assert answer.status_code == 422
    page = read(answer)
    assert page.chosen("system_type") == "battery"
    assert ("#nominal_kwh", "Enter the nominal capacity in kWh.") in page.problems()


def test_after_the_scheme_it_still_shows(app):
    with time_machine.travel("2031-01-02"):
        assert "Maximum deeming period" in first_questions(app).text


@pytest.mark.parametrize(
    ("query", "period"),
    [
        ("system_type=solar_deemed", "max"),
        ("system_type=solar_deemed&calculation_period=5", "5"),
        ("system_type=solar_deemed&calculation_period=10+years", "10"),
        ("system_type=solar_deemed&calculation_period=7", None),
        ("system_type=wind_deemed", None),
    ],
)
def test_the_longest_period_is_chosen_unless_another_is_given(client, query, period):
    assert read(client.get(f"/stc?{query}")).checked("calculation_period") == period


def test_a_period_has_to_be_sent(client):
    sent = {k: v for k, v in GOOD_SOLAR.items() if k != "calculation_period"}
    page = read(client.post("/stc", data=sent))
    assert "calculation period" in page.error_beside("calculation_period")
    assert page.checked("calculation_period") is None
    assert client.get("/api/stc/v1/calculation", query_string=sent).status_code == 422
