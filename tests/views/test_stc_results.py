"""Results of the calculator: too late, with an announced change, with a battery."""

import json
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
import time_machine

from spv.extensions import db
from spv.models import AuditEvent
from spv.services.verify.calculations import replay
from tests.examples import BATTERY, GOOD_SOLAR
from tests.views.page import read


@pytest.fixture(autouse=True)
def today():
    """Stop the clock while the certificates of `GOOD_SOLAR` can still be created."""
    with time_machine.travel("2026-11-28", tick=False):
        yield


def test_a_result_is_told_when_its_time_is_over(client):
    address = client.post("/stc", data=GOOD_SOLAR).location
    with time_machine.travel("2027-06-30 23:59 +1000"):
        assert read(client.get(address)).heading == "45 STCs"
    with time_machine.travel("2027-07-01 00:00 +1000"):
        page = read(client.get(address))
        assert page.heading == "No STCs can be created any more"
        assert "The 12 months ended on 30 June 2027." in page.text
        assert "45 STCs under the rules of that day." in page.text


def test_the_announced_change_is_shown_where_it_touches(client):
    form = GOOD_SOLAR | {"installation_date": "2026-10-01"}
    words, no = "Ask the agency whether it is in force.", "Announced, not calculated"
    page = read(client.get(client.post("/stc", data=form).location))
    assert no in page.text
    assert words in page.text
    earlier = client.post("/stc", data=GOOD_SOLAR).location
    assert no not in read(client.get(earlier)).text
    large = form | {"rated_power_kw": "150"}
    page = read(client.post("/stc", data=large))
    assert words in page.error_beside("rated_power_kw")
    assert words in read(client.get("/stc?" + urlencode(large))).text


def test_a_battery_is_added_to_a_solar_result(client):
    solar = client.post("/stc", data=GOOD_SOLAR).location
    form = read(client.get(read(client.get(solar)).link("Add a battery")))
    assert "added to your solar result" in form.text
    answers = BATTERY | {"with": form.hidden()["with"]}
    address = client.post("/stc", data=answers | {"stc_price": "38"}).location
    page = read(client.get(address))
    assert page.heading == "136 STCs"
    assert "91 STCs for the battery and 45 STCs for the solar panels" in page.text
    assert "$5,168 at $38 an STC" in page.text
    for words in ("45.606 rounded down = 45 STCs", "91.8 rounded down = 91 STCs"):
        assert words in page.text
    event = json.loads(db.session.scalars(sa.select(AuditEvent)).all()[-1].details)
    assert event["solar_reference"] == solar.rpartition("/")[2]
    assert replay().differences == []
    with time_machine.travel("2027-06-20"):  # the battery is too late, solar is not
        page = read(client.get(address))
        assert page.heading == "No STCs can be created any more"
        assert "SGU – Solar (deemed): 45 STCs" in page.text


@pytest.mark.parametrize("reference", ["x", "0" * 16, "/etc", "\0", "x" * 10_000])
def test_a_battery_cannot_be_added_to_what_is_no_solar_result(client, reference):
    answer = client.post("/stc", data=BATTERY | {"with": reference})
    assert answer.status_code == 404
    other = client.post("/stc", data=BATTERY).location.rpartition("/")[2]
    assert client.post("/stc", data=BATTERY | {"with": other}).status_code == 404
    # With another system than a battery it has no meaning.
    assert client.post("/stc", data=GOOD_SOLAR | {"with": reference}).status_code == 303
