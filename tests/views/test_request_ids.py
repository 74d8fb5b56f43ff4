"""Every answer has a number, and the log and the list of requests have the same."""

import logging
import re

import pytest

from spv.extensions import db
from spv.models import ApiRequest
from spv.policy import EVERYONE, POLICIES
from tests.addresses import address_of
from tests.api import UPLOADS, System, items, system_of
from tests.conftest import dispose, make_app
from tests.test_access import routes

NAME = "X-Request-Id"
OWN = re.compile(r"[0-9a-f]{16}")
THEIRS = "0f9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"


@pytest.fixture
def made(sqlite_url, monkeypatch):
    """Make applications with other settings, with a page that fails."""
    apps = []
    monkeypatch.setitem(POLICIES, "crash", EVERYONE)

    def make(**settings):
        app = make_app(sqlite_url, **settings)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.add_url_rule("/crash", "crash", lambda: 1 / 0)
        apps.append(app)
        return app.test_client()

    yield make
    for app in apps:
        dispose(app)


def test_every_route_answers_with_a_new_id(demonstration):
    client, seen = demonstration.test_client(), []
    for rule, method in routes(demonstration):
        # Every other route is asked by htmx.
        headers = {"HX-Request": "true"} if len(seen) % 2 else {}
        address = address_of(demonstration, rule)
        with client.open(address, method=method, headers=headers) as answer:
            (number,) = answer.headers.getlist(NAME)
            assert OWN.fullmatch(number), (rule.rule, number)
            seen.append(number)
    assert len({*seen}) == len(seen) > 100


def test_errors_have_one_too(made, demonstration, vsp):
    client, large = made(), {"data": b"x" * 6_000_000}
    for status, address, options in [
        (400, "/stc", {"method": "POST"}),
        (400, "/stc", {"headers": {"Host": "a..b"}}),
        (401, UPLOADS, {"method": "POST"}),
        (404, "/nowhere", {}),
        (404, "/api/nowhere", {}),
        (404, "/static/nowhere", {}),
        (405, "/stc", {"method": "PUT"}),
        (413, "/stc", {"query_string": "&" * 200_000}),
        (413, "/sign-in", {"method": "POST", "mimetype": "text/csv", **large}),
        (500, "/crash", {}),
        (401, UPLOADS, {"method": "OPTIONS"}),
    ]:
        answer = client.open(address, **options)
        assert answer.status_code == status, (address, answer.status)
        assert OWN.fullmatch(answer.headers[NAME]), address
    for _ in range(70):
        answer = System(client.application, "0" * 32).get(f"{UPLOADS}/X1")
        assert OWN.fullmatch(answer.headers[NAME])
    assert answer.status_code == 429
    refused = system_of(demonstration, vsp).send(body=b"{")
    assert (refused.status_code, len(refused.headers[NAME])) == (400, 16)


def test_503_has_one_and_its_page_says_it(made):
    client = made()
    with client.application.app_context():
        db.session.execute(db.text("ALTER TABLE users RENAME TO gone"))
        db.session.execute(db.text("DROP TABLE alembic_version"))
        db.session.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert OWN.fullmatch(answer.headers[NAME])


def test_the_page_and_the_log_line_of_a_failure_have_the_same(made, caplog):
    caplog.set_level(logging.ERROR)
    answer = made().get("/crash")
    number = answer.headers[NAME]
    assert f"<code>{number}</code>" in answer.text
    assert f"Exception on /crash [GET] (request {number})" in caplog.text


@pytest.mark.parametrize(
    "sent", ["short", "x" * 65, "a b c d e f g", "<script>alert", "é" * 10, ""]
)
def test_an_id_of_a_proxy_of_no_sane_form(made, sent):
    answer = made(SPV_PROXIES=1).get("/stc", headers={NAME: sent})
    assert OWN.fullmatch(answer.headers[NAME])


def test_an_id_of_a_proxy(made):
    for proxies, is_kept in ((0, False), (1, True)):
        answer = made(SPV_PROXIES=proxies).get("/stc", headers={NAME: THEIRS})
        assert (answer.headers[NAME] == THEIRS) is is_kept


def test_the_list_of_requests_has_it(demonstration, vsp):
    system = system_of(demonstration, vsp)
    answers = [system.send(body=items(2)), system.send(body=b"{")]
    answers.append(system.send(method="OPTIONS"))
    db.session.rollback()
    rows = db.session.query(ApiRequest).order_by(ApiRequest.id).all()
    assert [row.x_request_id for row in rows] == [a.headers[NAME] for a in answers]
