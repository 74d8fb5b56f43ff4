"""Check the panels of an installation over HTTP: the page, and the API."""

from copy import deepcopy

import pytest
import time_machine

from spv import demo, guide
from tests.conftest import dispose, make_app
from tests.panels import HEADING, mark, panels_csv, upload
from tests.people import browser_of
from tests.views.page import read

PAGE, API = "/check-panels", "/api/panel-check/v1/serial-numbers"
HTMX = {"HX-Request": "true"}
DOCUMENTED = guide.operations("Panel check")["checkPanels"]
# What nobody may read here.
SECRETS = ("Example Supplier", "Example Holder", "EX-5", "Verification", "@",
           "Incorrect", "Priya", "Luca", "April", "Apr ")  # fmt: skip


@pytest.fixture
def ledger(vsp, other):
    """EX000001 to 3 are valid, 4 was marked, and OT000001 is of another model."""
    with time_machine.travel("2026-04-01 03:00+00:00"):
        upload(panels_csv(4), vsp)
        upload(
            panels_csv(1, "OT", names="Example Supplier,Example Holder,EX-500"), other
        )
    with time_machine.travel("2026-05-09 03:00+00:00"):
        mark(["EX000004"], vsp)


def post(client, *serials, headers=None, **answers):
    form = {"serials": "\n".join(serials)} | answers
    return client.post(PAGE, data=form, headers=headers)


def rows(page):
    """Return the cells of each row of the table."""
    table = page.one("tbody")
    return [[cell.text for cell in row.children if hasattr(cell, "text")]
            for row in table.children if hasattr(row, "text")]  # fmt: skip


@pytest.mark.every_database
def test_an_installation(client, ledger):
    serials = ["ex000001", "EX000002", "EX000003", "EX000004", "OT000001", "EXO00001"]
    known = {"model_number": "ex-440", "watts": "440", "panel_count": "7"}
    answer = post(client, *serials, **known)
    assert answer.status_code == 200
    page = read(answer)
    assert page.heading == page.title.split(" – ")[0] == "Check panels"
    assert page.one("p", **{"class": "spv-number"}).text == "3 of 7 valid"
    assert "6 serial numbers for 7 panels: 1 missing. Model ex-440." in page.text
    assert "7 × 440 W = 3.08 kW" in page.text
    assert rows(page) == [
        ["ex000001", "Found and valid", ""],
        ["EX000002", "Found and valid", ""],
        ["EX000003", "Found and valid", ""],
        ["EX000004", "Found but invalid", "Marked as invalid on 9 May 2026."],
        ["OT000001", "Found with another model", ""],
        ["EXO00001", "Not found",
         "An O or I beside a digit may be 0 or 1 on the label. Compare it with the "
         "label."],
    ]  # fmt: skip
    assert page.value("panel_count") == "7"
    assert [secret for secret in SECRETS if secret in page.text] == []
    colours = [tag.attributes["class"] for tag in page.all("strong")]
    kinds = ["--green"] * 3 + ["--red", "--yellow", ""]
    assert colours == [
        f"govuk-tag{f' govuk-tag{kind}' if kind else ''}" for kind in kinds
    ]
    step = client.get(page.link("How many STCs?"))
    assert read(step).value("rated_power_kw") == "3.08"


def test_a_day_in_the_past(client, ledger):
    page = read(post(client, "EX000004", "EX000001", as_at="2026-05-08"))
    assert rows(page) == [
        ["EX000004", "Found and valid",
         "Valid on 8 May 2026, marked as invalid on 9 May 2026."],
        ["EX000001", "Found and valid", ""],
    ]  # fmt: skip
    assert "2 of 2 valid" in page.text
    assert "As at the end of 8 May 2026, in Sydney." in page.text
    page = read(post(client, "EX000004", as_at="2026-03-31", model_number="EX-440"))
    assert rows(page) == [["EX000004", "Not found", ""]]


def test_a_panel_that_is_valid_again(client, ledger, vsp):
    upload(panels_csv(1, start=4), vsp)
    page = read(post(client, "EX000004", as_at="2026-05-09"))
    assert rows(page)[0][1:] == [
        "Found but invalid", "Marked as invalid on 9 May 2026, valid again today.",
    ]  # fmt: skip
    assert rows(read(post(client, "EX000004")))[0][1:] == ["Found and valid", ""]


@pytest.mark.parametrize(
    ("serials", "count", "words"),
    [(["A1234", "a1234", "A1235"], "", "2 serial numbers for 2 panels. 1 duplicate"),
     (["A1234"], "1", "1 serial number for 1 panel."),
     (["A1234", "A1235"], "1", "2 serial numbers for 1 panel: 1 too many."),
     (["A1234"], "2000", "1 serial number for 2,000 panels: 1,999 missing.")],
)  # fmt: skip
def test_the_number_of_panels(client, serials, count, words):
    page = read(post(client, *serials, panel_count=count))
    assert words in page.text
    assert page.link("How many STCs?") == "/stc?system_type=solar_deemed"
    assert "kW" not in page.text


def test_what_is_wrong_is_said_beside_each_field(client):
    answers = {"watts": "x", "panel_count": "0", "as_at": "2999-01-01"}
    for headers in ({}, HTMX):
        answer = post(client, "", headers=headers, **answers)
        assert answer.status_code == 422
        page = read(answer)
        assert page.is_whole is not bool(headers)
        fields = ["serials", "watts", "panel_count", "as_at"]
        assert [link for link, _ in page.problems()] == [f"#{f}" for f in fields]
        assert page.error_beside("as_at").endswith("a day that is not in the future.")
        assert page.value("watts") == "x"
    assert client.post(PAGE).status_code == 422
    assert "1,000" in read(post(client, *map("A{}000".format, range(1_001)))).text


def test_hostile_texts_are_only_texts(client):
    texts = [
        "<script>1</script>",
        "\ud7ff9",
        "=1+1",
        "' OR 1=1 --",
        "\0001",
        "1" * 9_999,
    ]
    answer = post(client, *texts, model_number="<b>", watts="1")
    assert answer.status_code == 200
    assert "<script>1" not in answer.text
    assert "<b>" not in answer.text
    assert "0 of 6 valid" in read(answer).text


@pytest.mark.parametrize("email", [None, demo.VSP_USER, demo.STAFF])
def test_it_is_the_same_for_everybody(demonstration, ledger, email):
    client = browser_of(demonstration, email) if email else demonstration.test_client()
    page = read(post(client, "EX000001", "OT000001", "EX000004", headers=HTMX))
    assert not page.is_whole
    assert [row[1] for row in rows(page)] == [
        "Found and valid", "Found and valid", "Found but invalid",
    ]  # fmt: skip
    assert [secret for secret in SECRETS if secret in page.text] == []


def test_the_words_about_a_serial_number_do_not_follow_from_its_neighbours(client, vsp):
    typed = ["391", "LO000001", "4006381333931"]
    before = rows(read(post(client, *typed)))
    upload(f"{HEADING}\na,b,c,000391\na,b,c,L0000001\n".encode(), vsp)
    assert rows(read(post(client, *typed))) == before
    assert all(row[1] == "Not found" and row[2] for row in before)


def send(client, **body):
    return client.post(API, json=body)


@pytest.mark.every_database
def test_the_api(client, ledger):
    typed = ["ex000001", "OT000001", "EX000004", "EXO00001", "EX000001"]
    answer = send(client, serialNumbers=typed, modelNumber="EX 440".replace(" ", "-"))
    assert answer.status_code == 200
    assert [*answer.json] == ["result", "serialNumbers"]
    found = answer.json["serialNumbers"]
    assert [each["serialNumber"] for each in found] == typed[:4]
    assert [each["status"] for each in found] == [
        "valid", "other_model", "invalid", "not_found",
    ]  # fmt: skip
    assert [[*each] for each in found] == [["serialNumber", "status", "hints"]] * 4
    assert [len(each["hints"]) for each in found] == [0, 0, 0, 1]
    assert [secret for secret in SECRETS if secret in answer.text] == []
    earlier = send(client, serialNumbers=["EX000004"], asAt="2026-05-08").json
    assert earlier["serialNumbers"][0]["status"] == "valid"


def test_the_example_of_the_document_is_answered_as_it_says(client, vsp):
    example = deepcopy(
        DOCUMENTED["requestBody"]["content"]["application/json"]["example"]
    )
    with time_machine.travel("2026-11-20 03:00+00:00"):
        rows = "a,b,EX-440,EXAMPLE-0001\na,b,EX-500,EXAMPLE-0002\n"
        upload(f"{HEADING}\n{rows}".encode(), vsp)
    with time_machine.travel("2026-11-22 03:00+00:00"):
        for status, body in (
            ("200", example),
            ("422", example | {"asAt": "2026-11-23"}),
        ):
            answer = send(client, **body)
            documented = DOCUMENTED["responses"][status]["content"]["application/json"]
            assert answer.status_code == int(status)
            assert answer.json == documented["example"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [({"data": b"?", "content_type": "application/json"}, 400, "not_json"),
     ({"data": b"{}"}, 415, "unsupported_media_type"),
     ({"data": b" " * 2_000_001, "content_type": "application/json"}, 413,
      "request_entity_too_large"),
     ({"json": []}, 422, "not_an_object"),
     ({"json": {"serialNumbers": ["A1"] * 101}}, 422, "too_many_items"),
     ({"json": {"serialNumbers": ["A1"], "model": "x"}}, 422, "unknown_field"),
     ({"json": {"serialNumbers": ["A1"]}, "query_string": {"asAt": "2026-01-01"}}, 422,
      "unknown_parameter")],
)  # fmt: skip
def test_what_the_api_refuses(client, sent, status, code):
    answer = client.post(API, **sent)
    assert answer.status_code == status
    assert answer.json["result"] == "Unsuccessful"
    assert answer.json["errors"][0]["code"] == code


def test_the_api_needs_no_token_and_reads_no_cookie(demonstration, ledger):
    client = browser_of(demonstration, demo.VSP_USER)
    demonstration.config["WTF_CSRF_ENABLED"] = True
    assert send(client, serialNumbers=["OT000001"]).status_code == 200
    assert post(client, "EX000001").status_code == 400


@pytest.mark.parametrize(("address", "most"), [(PAGE, 30), (API, 300)])
def test_the_limit_of_a_network(sqlite_url, address, most):
    app = make_app(sqlite_url, RATELIMIT_ENABLED=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client, where = app.test_client(), {"REMOTE_ADDR": "203.0.113.9"}
    statuses = [client.post(address, environ_overrides=where).status_code
                for _ in range(most + 1)]  # fmt: skip
    assert {*statuses[:-1]} <= {415, 422}
    assert statuses[-1] == 429
    assert client.post(address).status_code != 429  # from another network
    dispose(app)
