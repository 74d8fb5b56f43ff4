"""Pages and JSON of errors, and headers on every answer."""

from http import HTTPStatus

import pytest
from flask import abort

from spv.errors import WORDS
from spv.extensions import limiter
from spv.policy import EVERYONE, POLICIES
from spv.rules.errors import ConflictError, TooLateError, ValidationError
from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.views.page import read

FILE_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HEADERS = FILE_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@pytest.fixture
def failing(sqlite_url, monkeypatch):
    """A client of an application whose addresses fail in every way."""
    app = make_app(sqlite_url)
    for endpoint in ("fail", "api_fail", "crash"):
        monkeypatch.setitem(POLICIES, endpoint, EVERYONE)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/fail/<int:code>", "fail", abort)
    app.add_url_rule("/api/fail/<int:code>", "api_fail", abort)
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    yield app.test_client()
    dispose(app)


@pytest.mark.parametrize("status", WORDS)
def test_each_error_has_a_page(failing, status):
    answer = failing.get(f"/fail/{status}")
    page = read(answer)
    assert (answer.status_code, page.heading) == (status, WORDS[status][0])
    assert page.is_whole
    assert page.link("Go to the home page") == "/"


@pytest.mark.parametrize("status", WORDS)
def test_each_error_of_the_api_is_json(failing, status):
    answer = failing.get(f"/api/fail/{status}")
    assert answer.status_code == status
    (error,) = answer.json["errors"]
    assert error["code"] == HTTPStatus(status).name.lower()


def test_an_error_without_words_of_its_own(failing):
    assert read(failing.get("/fail/418")).heading == WORDS[400][0]
    assert read(failing.get("/fail/502")).heading == WORDS[500][0]


def test_an_unexpected_error(failing):
    answer = failing.get("/crash")
    assert answer.status_code == 500
    assert read(answer).heading == "Sorry, something went wrong"
    assert "ZeroDivisionError" not in answer.text


def test_an_error_takes_the_place_of_the_page_in_htmx(failing):
    answer = failing.get("/fail/404", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#content"
    assert answer.headers["HX-Reselect"] == "#error"
    assert not read(answer).is_whole


@pytest.mark.parametrize("host", ["..", "a..b", "x" * 64, ".", "[", "a:b"])
def test_a_host_that_is_nonsense(failing, host):
    for address in ("/stc", "/healthz", "/api/openapi.json", "/nowhere"):
        answer = failing.get(address, headers={"Host": host})
        assert answer.status_code < 500, (address, answer.status)
        assert answer.headers["Content-Security-Policy"]


def test_a_form_without_its_token(failing):
    answer = failing.post("/stc", data=GOOD_SOLAR)
    assert answer.status_code == 400
    assert read(answer).heading == "This form has expired"
    assert failing.post("/stc/batch").status_code == 400


def test_a_form_with_its_token(failing):
    token = read(failing.get("/stc")).hidden()["csrf_token"]
    answer = failing.post("/stc", data=GOOD_SOLAR | {"csrf_token": token})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "address",
    ["/stc", "/stc/batch", "/api/openapi.json", "/nowhere", "/crash", "/static/no.css"],
)
def test_headers_on_every_answer(failing, address):
    with failing.get(address) as answer:
        headers = answer.headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "Strict-Transport-Security" not in headers
    assert headers["Cache-Control"]


@pytest.mark.parametrize("name", ["spv.css", "all.js", "icon.svg"])
def test_headers_of_files_that_pages_load(client, name):
    headers = client.get(f"/static/{name}").headers
    assert {each: headers.get(each) for each in HEADERS} == (
        dict.fromkeys(HEADERS) | FILE_HEADERS
    )


def test_over_https(failing):
    answer = failing.get("/stc", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"]


def test_behind_a_proxy(sqlite_url):
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "spv.example"}
    for proxies, start in ((0, "http://localhost/"), (1, "https://spv.example/")):
        app = make_app(sqlite_url, SPV_PROXIES=proxies)
        address = "/api/stc/v1/calculation"
        answer = app.test_client().get(address, query_string=GOOD_SOLAR, headers=sent)
        assert answer.json["resultUrl"].startswith(start)
        dispose(app)


class TooOften(ValidationError):
    """An error with attributes of its own."""

    http_status, retry_after = 429, 7


def test_use_case_errors(sqlite_url, monkeypatch):
    """Their status, message, errors and wait are answered, to people and programs.

    The wait is theirs, and not the rest of the limiter's minute.
    """
    conflict = ConflictError("Another has assessed it.")
    too_often, wrong = TooOften({"a": "Wait."}, "often"), ValidationError({"b": "No."})
    app = make_app(sqlite_url)

    @limiter.limit("300 per minute")
    def fail(number):
        raise (conflict, too_often, wrong, TooLateError("Too late."))[number]

    for start in ("", "/api"):
        monkeypatch.setitem(POLICIES, f"fail{start[1:]}", EVERYONE)
        app.add_url_rule(f"{start}/fail/<int:number>", f"fail{start[1:]}", fail)
    client = app.test_client()
    message = f"{WORDS[409][0]}. Another has assessed it."
    for number, (status, wait, text, error) in enumerate([
        (409, None, str(conflict), {"code": "conflict", "message": message}),
        (429, "7", "Wait.", {"field": "a", "code": "often", "message": "Wait."}),
        (422, None, "No.", {"field": "b", "message": "No."}),
        (503, "5", "Too late.", {"code": "service_unavailable",
                                 "message": f"{WORDS[503][0]}. Too late."}),
    ]):  # fmt: skip
        page, answer = client.get(f"/fail/{number}"), client.get(f"/api/fail/{number}")
        assert "X-RateLimit-Remaining" in answer.headers
        assert page.status_code == answer.status_code == status
        assert page.headers.get("Retry-After") == wait
        assert answer.headers.get("Retry-After") == wait
        assert text in read(page).text
        assert answer.json == {"result": "Unsuccessful", "errors": [error]}
    dispose(app)


def test_the_session_cookie(failing):
    cookie = failing.get("/stc").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_health(failing):
    assert failing.get("/healthz").json == {"status": "alive"}
    assert failing.get("/readyz").json == {"status": "ready"}
