"""The calculator's pages, for a browser without JavaScript and for HTMX."""

from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
import time_machine

from spv.extensions import db
from spv.models import AuditEvent, StcCalculation
from spv.rules.stc.figures import LAST_CHECKED, RULES_VERSION
from spv.rules.stc.system_types import SYSTEM_TYPES, SystemType
from spv.rules.text import format_date, pluralise
from tests.conftest import dispose, make_app
from tests.examples import BAD, EXAMPLES, GOOD_SOLAR, WIND, example_of
from tests.views.page import read

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def today():
    """Stop the clock while the certificates of `GOOD_SOLAR` can still be created."""
    with time_machine.travel("2026-11-28", tick=False):
        yield


def test_the_form_offers_the_system_types_in_the_words_of_the_scheme(client):
    page = read(client.get("/stc"))
    assert page.options("system_type") == {
        "": "Select a system",
        "solar_deemed": "SGU – Solar (deemed)",
        "wind_deemed": "SGU – Wind (deemed)",
        "hydro_deemed": "SGU – Hydro (deemed)",
        "battery": "Solar battery",
    }
    assert page.fields() == {"system_type"}


REVEALED = {
    "solar_deemed": {"rated_power_kw", "calculation_period", "postcode"},
    "wind_deemed": {"rated_power_kw", "calculation_period", "resource_hours"},
    "hydro_deemed": {"rated_power_kw", "calculation_period", "resource_hours"},
    "battery": {"nominal_kwh", "usable_kwh", "modules", "module_usable_kwh"},
}


@pytest.mark.parametrize("system_type", SystemType)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_the_reveal(client, system_type, headers):
    page = read(client.get(f"/stc?system_type={system_type}", headers=headers))
    always = {"system_type", "installation_date", "stc_price"}
    assert page.fields() == always | REVEALED[system_type]
    assert page.is_whole is not bool(headers)


def test_the_calculation_periods(client):
    solar = read(client.get("/stc?system_type=solar_deemed"))
    assert list(solar.radios("calculation_period").values()) == [
        "One Year", "Five Years", "10 years", "Maximum deeming period",
    ]  # fmt: skip
    wind = read(client.get("/stc?system_type=wind_deemed"))
    assert wind.radios("calculation_period") == {"1": "One Year", "5": "Five Years"}


def test_answers_in_the_address_are_kept_also_for_another_system(client):
    page = read(client.get("/stc?" + urlencode(GOOD_SOLAR)))
    assert page.value("rated_power_kw") == "6.6"
    assert page.checked("calculation_period") == "max"
    other = read(
        client.get("/stc?" + urlencode(GOOD_SOLAR | {"system_type": "battery"}))
    )
    assert other.hidden()["postcode"] == "2150"


@time_machine.travel("2026-11-21T14:00:00Z", tick=False)
def test_today_in_sydney_is_offered(client):
    page = read(client.get("/stc?system_type=solar_deemed"))
    assert page.value("installation_date") == "2026-11-22"


def test_a_date_as_australians_write_it_is_shown(client):
    page = read(client.get("/stc?system_type=battery&installation_date=31/07/2026"))
    assert page.value("installation_date") == "2026-07-31"


def test_choices_in_words_are_chosen(client):
    words = {"system_type": "SGU – Solar (deemed)", "calculation_period": "Five Years"}
    page = read(client.get("/stc?" + urlencode(words)))
    assert page.chosen("system_type") == "solar_deemed"
    assert page.checked("calculation_period") == "5"


def test_the_rate_limit(sqlite_url):
    app = make_app(sqlite_url)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert {client.post("/stc").status_code for _ in range(300)} == {422}
    assert client.post("/stc").status_code == 429
    assert {client.post("/stc/batch").status_code for _ in range(30)} == {422}
    assert client.post("/stc/batch").status_code == 429
    assert client.get("/stc").status_code == 200
    dispose(app)


def test_hints_beside_fields(client):
    address = "/stc?system_type=solar_deemed&postcode=2150&installation_date=2028-01-01"
    text = read(client.get(address)).text
    assert "Zone 3: rating 1.382 MWh a year per kW" in text
    assert "Deeming period for 2028: 3 years" in text


def test_continue_without_javascript(client):
    answer = client.post(
        "/stc", data={**GOOD_SOLAR, "continue": "1", "csrf_token": "x"}
    )
    assert answer.status_code == 303
    assert answer.location == "/stc?" + urlencode(
        {"system_type": "solar_deemed", "rated_power_kw": "6.6",
         "installation_date": "2026-06-30", "calculation_period": "max",
         "postcode": "2150"}
    )  # fmt: skip
    assert not db.session.scalars(sa.select(StcCalculation)).all()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples(client, example):
    answer = client.post("/stc", data=example.answers)
    assert answer.status_code == 303
    page = read(client.get(answer.location))
    words = pluralise(example.certificates, "STC")
    if page.heading != words:
        assert page.heading == "No STCs can be created any more"
        assert f"{words} under the rules of that day." in page.text
        assert "What waiting costs" not in page.text
        assert "$" not in page.text


@pytest.mark.parametrize("system_type", SystemType)
def test_every_system_type(client, system_type):
    answers = example_of(system_type).answers | {"installation_date": "2026-11-22"}
    form = read(client.get("/stc?" + urlencode(answers)))
    assert form.fields() >= {*answers}
    page = read(client.get(client.post("/stc", data=answers).location))
    assert SYSTEM_TYPES[system_type] in page.text
    assert "rounded down" in page.text
    assert "What waiting costs" in page.text


def test_one_stc(client):
    answers = WIND | {"rated_power_kw": "0.3", "calculation_period": "1"}
    page = read(client.get(client.post("/stc", data=answers).location))
    assert page.heading == "1 STC"


def test_the_result_says_everything(client):
    address = client.post("/stc", data=GOOD_SOLAR | {"stc_price": "38.50"}).location
    text = read(client.get(address)).text
    for words in (
        "SGU – Solar (deemed), installed on 30 June 2026",
        "Zone 3",
        "1.382 MWh a year per kW",
        "Deeming period 5 years",
        "Years used 5 years",
        "6.6 kW × 1.382 × 5 = 45.606 MWh",
        "45.606 rounded down = 45 STCs",
        "regulation 20(1)(b)",
        "$1,732.50 at $38.50 an STC",
        "$40 is the clearing house price",
        "31 December 2030 9 36",
        f"version {RULES_VERSION} of the rules",
        "whose newest figure applies from 1 May 2026",
        f"Figures last checked on {format_date(LAST_CHECKED)}",
        "Another system",
    ):
        assert words in text, words


def test_another_system_keeps_the_answers(client):
    page = read(client.get(client.post("/stc", data=GOOD_SOLAR).location))
    again = read(client.get(page.link("Another system")))
    assert again.value("rated_power_kw") == "6.6"
    assert again.value("postcode") == "2150"


def test_another_price(client):
    address = client.post("/stc", data=GOOD_SOLAR).location
    assert "$1,350 at $30 an STC" in read(client.get(address + "?stc_price=30")).text
    refused = client.get(address + "?stc_price=40.01")
    assert refused.status_code == 422
    page = read(refused)
    assert [href for href, _words in page.problems()] == ["#stc_price"]
    assert "price of $40 is the ceiling" in page.error_beside("stc_price")


def test_htmx_gets_the_result_with_its_address(client):
    answer = client.post("/stc", data=GOOD_SOLAR, headers=HTMX)
    assert answer.status_code == 200
    page = read(answer)
    assert page.heading == "45 STCs"
    assert not page.is_whole
    assert answer.headers["HX-Push-Url"].startswith("/stc/")
    assert read(client.get(answer.headers["HX-Push-Url"])).heading == "45 STCs"


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ({}, True),
        (HTMX, False),
        (HTMX | {"HX-Boosted": "true"}, True),
        (HTMX | {"HX-History-Restore-Request": "true"}, True),
    ],
)
def test_page_or_partial(client, headers, whole):
    answer = client.get("/stc", headers=headers)
    assert read(answer).is_whole is whole
    assert "HX-Request" in answer.vary


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_answers(client, bad):
    answer = client.post("/stc", data=bad.answers)
    page = read(answer)
    assert answer.status_code == 422
    assert [href for href, words in page.problems() if bad.words in words] == [
        f"#{bad.field}"
    ]
    assert bad.words in page.error_beside(bad.field)
    assert page.title.startswith("Error: ")
    assert len(answer.data) < 40_000
    assert not db.session.scalars(sa.select(StcCalculation)).all()
    assert not db.session.scalars(sa.select(AuditEvent)).all()


def test_answers_are_still_there_after_an_error(client):
    page = read(client.post("/stc", data=GOOD_SOLAR | {"postcode": "21"}))
    assert page.value("rated_power_kw") == "6.6"
    assert page.value("postcode") == "21"
    assert page.checked("calculation_period") == "max"


def test_hostile_text_stays_text(client):
    hostile = '"><script>alert(1)</script>'
    for address in ("/stc?system_type=solar_deemed&", "/stc?system_type=battery&"):
        page = client.get(address + urlencode({"postcode": hostile})).text
        assert "<script>alert" not in page


def test_unguessable_and_unknown_addresses(client):
    first, second = (client.post("/stc", data=GOOD_SOLAR).location for _ in "12")
    assert first != second
    assert len(first.removeprefix("/stc/")) == 16
    for odd in ("0" * 16, "short", "%00" + "a" * 15, "é" * 16, "%ff" * 16, "a/b"):
        for address in (f"/stc/{odd}", f"/stc/batch/{odd}", f"/stc/batch/{odd}.csv"):
            assert client.get(address).status_code == 404, address


def test_the_first_page_has_three_doors(client):
    page = read(client.get("/"))
    wanted = {"system_type", "rated_power_kw", "postcode", "serials", "file"}
    assert wanted <= page.fields()
    assert page.hidden()["calculation_period"] == "max"
