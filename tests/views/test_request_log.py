"""The list of a subscription's requests: filter, duration, and the answer as sent."""

import json

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import ApiRequest
from spv.services.api import idempotency
from tests.api import INVALIDATIONS, UPLOADS, items, system_of
from tests.people import acting, browser_of
from tests.views.page import read

ADDRESS = "/developer/subscriptions/1/requests"


@pytest.fixture
def system(demonstration, vsp):
    """An API client of subscription 1."""
    return system_of(demonstration, vsp)


def page_of(app, query=""):
    return read(browser_of(app, demo.VSP_USER).get(f"{ADDRESS}{query}"))


def rows_of(page):
    return [node for node in page.all("tr") if node.attributes and "td" in
            {child.tag for child in node.walk()}]  # fmt: skip


@pytest.mark.every_database
def test_the_filter(demonstration, system):
    system.send(body=items(1))
    system.send(body=b"{")
    system.get(f"{UPLOADS}/X1")
    for query, count in [("", 3), ("?status=successful", 2), ("?status=refused", 1),
                         ("?status='--", 3)]:  # fmt: skip
        assert len(rows_of(page_of(demonstration, query))) == count, query
    page = page_of(demonstration, "?status=refused")
    assert page.link("All") == ADDRESS
    (here,) = page.all("a", **{"aria-current": "page"})
    assert (here.text, here.attributes["href"]) == (
        "Refused",
        f"{ADDRESS}?status=refused",
    )
    assert "Unsuccessful (400) not_json" in page.text


def test_a_check_is_told_from_an_upload(demonstration, system):
    for query in ("", "?validate-only=false", "?validate-only=true"):
        system.send(f"{UPLOADS}{query}", items(1))
    db.session.rollback()
    sent = [*db.session.scalars(sa.select(ApiRequest.request).order_by(ApiRequest.id))]
    words = "POST /serial-numbers"
    assert sent == [words, words, f"{words}?validate-only"]


def test_a_filter_reads_only_what_it_shows(demonstration, system):
    """The database has an index for each, in the order of the page."""
    for only, condition in idempotency.FILTERS.items():
        plan = sa.text(
            "EXPLAIN QUERY PLAN SELECT * FROM api_requests WHERE subscription_id = 1 "
            f"AND {condition} ORDER BY id DESC LIMIT 100"
        )
        (step,) = [row[3] for row in db.session.execute(plan)]
        assert f"USING INDEX ix_api_requests_{only}" in step


def test_seconds_duration_and_the_answer(demonstration, system):
    wrong = items(2)
    wrong["serialNumbers"][1]["serialNumber"] = "'EX000077"
    system.send(body=wrong)
    page = page_of(demonstration)
    (row,) = rows_of(page)
    cells = {n.attributes["data-label"]: n.text for n in row.walk() if n.tag == "td"}
    db.session.rollback()
    stored = db.session.query(ApiRequest).one()
    assert f":{stored.at:%M:%S} A" in cells["Time"]
    assert cells["Duration"] == f"{stored.milliseconds:,} ms"
    assert 0 <= stored.milliseconds < 60_000
    (answer,) = [n.text for n in row.walk() if n.tag == "pre"]
    shown = json.loads(answer)
    assert shown["result"] == "Unsuccessful"
    (error,) = shown["errors"]
    assert (error["row"], error["field"]) == (2, "serialNumber")
    assert "EX000077" not in page.text
    assert stored.x_request_id in cells["Answer"]


def test_no_value_and_no_key_is_kept(demonstration, system):
    key, name = system.key, "Secret Holder"
    body = items(2, "SECRET")
    for item in body["serialNumbers"]:
        item["licensee"] = name
    system.send(body=body, Idempotency_Key="one")
    system.send(body=body, Idempotency_Key="one")
    system.send(body=body | {key: 1, "SECRET1": 2})
    system.send(f"{UPLOADS}?{key}=1", body)
    system.get(f"{UPLOADS}/SECRET000001")
    system.send(f"{UPLOADS}/check", {"serialNumbers": ["SECRET000001"]})
    marking = {"serialNumbers": ["SECRET000001"], "reason": "Ineligible panel"}
    system.send(INVALIDATIONS, marking)
    system.send(INVALIDATIONS, marking | {"reason": key})
    system.send(body=body)
    db.session.rollback()
    kept = [row.summary for row in db.session.query(ApiRequest)]
    assert len(kept) == 9
    assert all(summary["result"] for summary in kept)
    for secret in (key, "SECRET", name):
        assert secret not in json.dumps(kept), secret


def test_an_answer_of_a_thousand_errors_is_kept_short(demonstration, system):
    wrong = items(1_000)
    for item in wrong["serialNumbers"]:
        item["serialNumber"] = "–" * 50
    assert len(system.send(body=wrong).data) > 200_000
    db.session.rollback()
    summary = db.session.scalars(sa.select(ApiRequest.summary)).one()
    assert len(json.dumps(summary)) < 5_000
    assert summary["moreErrors"] == 990


def test_requests_of_before_have_none_of_it(demonstration, system):
    system.send(body=items(1))
    columns = dict.fromkeys(("x_request_id", "milliseconds", "summary"))
    db.session.rollback()
    db.session.execute(sa.update(ApiRequest).values(columns))
    db.session.commit()
    (row,) = rows_of(page_of(demonstration))
    assert "Details" not in row.text
    assert "ms" not in row.text
    assert db.session.scalar(sa.text("SELECT count(summary) FROM api_requests")) == 0


def test_another_account_does_not_see_them(demonstration, system):
    system.send(body=items(1))
    browser = browser_of(demonstration, demo.OTHER_VSP)
    for query in ("", "?status=refused"):
        assert browser.get(ADDRESS + query).status_code == 404
    assert acting(demo.OTHER_VSP).account_id != acting(demo.VSP_USER).account_id
