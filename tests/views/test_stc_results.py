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
    assert replay().sentences == []
    with time_machine.travel("2027-06-20"):  # the battery is too late, solar is not
        page = read(client.get(address))
        assert page.heading == "45 STCs"
        words = "No STCs any more for the battery and 45 STCs for the solar panels"
        assert words in page.text
        assert "$1,710 at $38 an STC" in page.text
    with time_machine.travel("2027-07-01"):
        page = read(client.get(address))
        assert page.heading == "No STCs can be created any more"
        assert "$" not in page.text


def test_a_solar_result_is_too_late_and_its_battery_is_not(client):
    early = GOOD_SOLAR | {"installation_date": "2025-11-20"}
    solar = client.post("/stc", data=early).location.rpartition("/")[2]
    later = BATTERY | {"with": solar, "installation_date": "2026-11-20"}
    page = read(client.get(client.post("/stc", data=later).location))
    assert page.heading == "91 STCs"
    words = "91 STCs for the battery and no STCs any more for the solar panels"
    assert words in page.text
    assert "SGU – Solar (deemed): 54 STCs No STCs can be created any more" in page.text


def test_the_price_goes_with_the_battery(client):
    solar = client.post("/stc", data=GOOD_SOLAR).location
    link = read(client.get(f"{solar}?stc_price=35")).link("Add a battery")
    assert read(client.get(link)).value("stc_price") == "35"


@pytest.mark.parametrize(
    "reference", ["x", "0" * 16, "/etc", "\0", "a" * 15 + "\0", "é" * 16, "x" * 10_000]
)
def test_a_battery_cannot_be_added_to_what_is_no_solar_result(client, reference):
    other = client.post("/stc", data=BATTERY).location.rpartition("/")[2]
    for wrong in (reference, other):
        form = read(client.get("/stc", query_string=BATTERY | {"with": wrong}))
        assert "added to your solar result" not in form.text
        answer = client.post("/stc", data=BATTERY | {"with": wrong})
        assert answer.status_code == 422
        page = read(answer)
        assert "was not found" in page.error_beside("system_type")
        assert "with" not in page.hidden()  # sent again, it is calculated alone
        assert page.value("usable_kwh") == "13.5"
    # With another system than a battery it has no meaning.
    answer = client.post("/stc", data=GOOD_SOLAR | {"with": reference})
    assert answer.status_code == 303


@pytest.mark.every_database
def test_a_reference_that_postgresql_cannot_take(client):
    answer = client.post("/stc", data=BATTERY | {"with": "a" * 15 + "\0"})
    assert answer.status_code == 422


def test_the_number_and_the_dollars_are_one_block(client):
    solar = client.post("/stc", data=GOOD_SOLAR).location
    both = BATTERY | {"with": solar.rpartition("/")[2]}
    sums = {solar: ("45 STCs", "$1,800 at $40 an STC")}
    sums[client.post("/stc", data=both).location] = ("136 STCs", "$5,440 at $40 an STC")
    for address, words in sums.items():
        page = read(client.get(address))
        panel = page.one("div", **{"class": "spv-panel"})
        assert all(each in panel.text for each in words)
        assert page.heading == words[0]
        assert page.one("h1") in panel.walk()
        data = page.all("div", **{"data-headline": words[0]})[0].attributes
        assert data["data-reference"] == address.rpartition("/")[2]
    with time_machine.travel("2027-07-01"):
        panel = read(client.get(solar)).one("div", **{"class": "spv-panel"})
        assert "No STCs can be created any more" in panel.text
        assert "45 STCs under the rules of that day." in panel.text
