"""The calculation API, and the document that describes it."""

from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
import time_machine
from openapi_spec_validator import validate

from spv.extensions import db
from spv.models import AuditEvent, StcCalculation
from spv.rules.stc.figures import ANNOUNCED, FIGURES, RULES_VERSION
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    FIELDS,
    NUMBERS,
    PATTERNS,
    PERIODS,
    SystemType,
)
from tests.conftest import dispose, make_app
from tests.examples import BAD, EXAMPLES, GOOD_SOLAR, example_of

REGULATION = "Renewable Energy (Electricity) Regulations 2001, regulation 20(1)(b)"
ADDRESS = "/api/stc/v1/calculation"


def errors(answer):
    """The errors of the one error body."""
    assert answer.is_json
    assert set(answer.json) == {"result", "errors"}
    assert answer.json["result"] == "Unsuccessful"
    assert all(error["message"] for error in answer.json["errors"])
    return answer.json["errors"]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples(client, example):
    answer = client.get(ADDRESS, query_string=example.answers)
    assert answer.status_code == 200
    assert answer.json["certificates"] == example.certificates


@pytest.mark.parametrize("system_type", SystemType)
def test_every_system_type(client, system_type):
    example = example_of(system_type)
    body = client.get(ADDRESS, query_string=example.answers).json
    assert (body["systemType"], body["certificates"]) == (
        system_type, example.certificates,
    )  # fmt: skip
    assert body["working"][-1]["label"] == "Certificates"


@time_machine.travel("2026-11-22", tick=False)
def test_the_whole_answer(client):
    body = client.get(ADDRESS, query_string=GOOD_SOLAR | {"stc_price": "30"}).json
    reference = body.pop("reference")
    assert body.pop("resultUrl") == f"http://localhost/stc/{reference}"
    assert body.pop("calculatedAt").endswith("+00:00")
    working = body.pop("working")
    assert body == {
        "result": "Successful",
        "systemType": "solar_deemed",
        "certificates": 45,
        "zone": 3,
        "rating": 1.382,
        "deemingPeriod": 5,
        "yearsUsed": 5,
        "warnings": [],
        "estimate": {"price": 30.0, "ceiling": 40.0, "dollars": 1350.0},
        "rulesVersion": RULES_VERSION,
    }
    assert working[1] == {
        "label": "Zone rating",
        "operation": "Zone 3",
        "result": "1.382",
        "unit": "MWh a year per kW",
        "source": REGULATION,
        "link": "https://www.austlii.edu.au/au/legis/cth/consol_reg/rer2001392/s20.html",
        "from": "2011-01-01",
    }
    assert client.get(f"/stc/{reference}").status_code == 200


def test_every_figure_and_the_announced_changes(client):
    answer = client.get("/api/stc/v1/rules")
    assert answer.json["rulesVersion"] == RULES_VERSION
    figures = {figure["name"]: figure for figure in answer.json["figures"]}
    assert figures.keys() == FIGURES.keys()
    assert all(figure["checked"] and figure["link"] for figure in figures.values())
    assert figures["zone_rating"]["values"] == [
        {"from": "2011-01-01", "value": [1.622, 1.536, 1.382, 1.185]}
    ]
    assert figures["battery_factor"]["values"][0] == {
        "from": "2030-07-01", "value": 2.1
    }  # fmt: skip
    assert figures["scheme_last_day"]["values"][0]["value"] == "2030-12-31"
    (announced,) = answer.json["announced"]
    assert announced["from"] == "2026-10-01"
    assert announced["link"] == ANNOUNCED[0].link
    again = client.get(
        "/api/stc/v1/rules", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_it_is_saved_and_logged_as_the_api(client):
    client.get(ADDRESS, query_string=GOOD_SOLAR)
    assert db.session.scalars(sa.select(StcCalculation.channel)).all() == ["api"]
    assert db.session.scalars(sa.select(AuditEvent.channel)).all() == ["api"]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_answers(client, bad):
    answer = client.get(ADDRESS, query_string=bad.answers)
    assert answer.status_code == 422
    (error,) = errors(answer)
    assert error["field"] == bad.field
    assert bad.words in error["message"]
    assert len(answer.data) < 1000
    assert not db.session.scalars(sa.select(StcCalculation)).all()


def test_a_parameter_that_does_not_exist(client):
    answer = client.get(ADDRESS, query_string=GOOD_SOLAR | {"hours": "1"})
    assert answer.status_code == 422
    (error,) = errors(answer)
    assert error["field"] == "hours"
    assert (
        "There is no parameter “hours”. The parameters are system_type,"
        in error["message"]
    )


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("get", "/api/nothing", 404), ("post", ADDRESS, 405), ("delete", ADDRESS, 405)],
)
def test_errors_are_json(client, method, address, status):
    answer = getattr(client, method)(address)
    assert answer.status_code == status
    errors(answer)
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_the_rate_limit(sqlite_url):
    app = make_app(sqlite_url)
    client = app.test_client()
    statuses = [client.get(ADDRESS).status_code for _ in range(301)]
    assert statuses[:300] == [422] * 300
    answer = client.get(ADDRESS)
    assert answer.status_code == statuses[300] == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    errors(answer)
    dispose(app)


def test_the_document_is_valid_and_true(client):
    document = client.get("/api/openapi.json").json
    validate(document)
    operation = document["paths"][ADDRESS]["get"]
    parameters = {p["name"]: p["schema"] for p in operation["parameters"]}
    assert set(parameters) == set(ALL_FIELDS)
    assert parameters["system_type"]["enum"] == list(SystemType)
    assert parameters["calculation_period"]["enum"] == list(PERIODS)
    patterns = {n: s["pattern"] for n, s in parameters.items() if n in NUMBERS}
    for name, pattern in patterns.items():
        rule = PATTERNS[FIELDS[name].kind]
        assert f"^({rule.pattern})$".replace("?:", "") == pattern
    described = set(document["components"]["schemas"]["Calculation"]["properties"])
    assert set(client.get(ADDRESS, query_string=GOOD_SOLAR).json) == described


def test_a_parameter_given_twice(client):
    twice = [*GOOD_SOLAR.items(), ("postcode", "3000")]
    (error,) = errors(client.get(ADDRESS, query_string=urlencode(twice)))
    assert error == {"field": "postcode", "message": "Give postcode once."}
    assert not db.session.scalars(sa.select(StcCalculation)).all()


def test_head_saves_nothing(client):
    assert client.head(ADDRESS, query_string=GOOD_SOLAR).status_code == 200
    assert not db.session.scalars(sa.select(StcCalculation)).all()


def test_many_parameters_that_do_not_exist_get_one_answer(client):
    answer = client.get(ADDRESS, query_string={f"x{n}": "" for n in range(10_000)})
    assert len(errors(answer)) == 1


def test_the_example_of_the_document_can_be_calculated(client):
    document = client.get("/api/openapi.json").json
    parameters = document["paths"][ADDRESS]["get"]["parameters"]
    example = {p["name"]: p["example"] for p in parameters if "example" in p}
    assert client.get(ADDRESS, query_string=example).json["certificates"] == 45
