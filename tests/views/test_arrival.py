"""How requests arrive: hosts, proxies, https and cookies."""

import logging
from urllib.parse import urljoin

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.people import KIM
from tests.views.page import read

SECRET = "7hJ2mQxw9Rk4TzLp8VbN3cYd6FgS5aEu"
PRODUCTION = {
    "SPV_ENVIRONMENT": "production",
    "SECRET_KEY": SECRET,
    "SESSION_COOKIE_SECURE": True,
}
HTTPS = "https://spv.example"


@pytest.fixture
def made(sqlite_url):
    """Make applications with other settings, on one database."""
    apps = []

    def make(**settings):
        apps.append(make_app(sqlite_url, **settings))
        return apps[-1]

    yield make
    for app in apps:
        dispose(app)


def warnings(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_only_the_hosts_of_the_setting_get_an_answer(made):
    client = made(SPV_HOSTS=("spv.example", ".agency.example")).test_client()
    for host in ("spv.example", "SPV.Example:8443", "www.agency.example"):
        assert client.get("/stc", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "spv.example.evil.example", "localhost", "127.0.0.1",
                 "www.spv.example", "spv.example@evil.example", "", "..",
                 "spv.example:80:80"):  # fmt: skip
        for address in ("/stc", "/static/spv.css", "/nowhere", "/stc/"):
            answer = client.get(address, headers={"Host": host})
            assert answer.status_code == 400, (host, address)
            assert "evil" not in answer.text
        answer = client.post("/sign-in", data={}, headers={"Host": host})
        assert (answer.status_code, "SPV_HOSTS" in answer.text) == (400, True)
        answer = client.get("/api/openapi.json", headers={"Host": host})
        assert answer.json["errors"][0]["code"] == "bad_request"
    # Monitoring asks by IP address.
    for address in ("/healthz", "/readyz"):
        assert client.get(address, headers={"Host": "127.0.0.1"}).status_code == 200


def test_the_host_that_a_proxy_names_counts(made):
    client = made(SPV_HOSTS=("spv.example",), SPV_PROXIES=1).test_client()
    for host, status in (("spv.example", 200), ("evil.example", 400)):
        answer = client.get("/stc", headers={"X-Forwarded-Host": host})
        assert answer.status_code == status


def test_without_the_setting_every_host_gets_an_answer(made):
    answer = made().test_client().get("/stc", headers={"Host": "any.example"})
    assert answer.status_code == 200


def test_forms_over_plain_http_say_why_they_do_not_work(made, caplog):
    # A browser does not send a Secure cookie over plain http.
    client = made(**PRODUCTION).test_client(use_cookies=False)
    for _ in range(2):
        token = read(client.get("/sign-up")).hidden()["csrf_token"]
        answer = client.post("/sign-up", data=KIM | {"csrf_token": token})
        assert answer.status_code == 400
        page = read(answer)
        assert page.heading == "This form does not work over plain http"
        assert "Open the site again with https://" in page.text
    (warning,) = warnings(caplog)
    assert "over plain http" in warning
    assert "SPV_PROXIES" in warning


def test_a_form_over_https_works_without_a_warning(made, caplog):
    client = made(**PRODUCTION).test_client()
    token = read(client.get("/sign-up", base_url=HTTPS)).hidden()["csrf_token"]
    form, headers = KIM | {"csrf_token": token}, {"Referer": f"{HTTPS}/sign-up"}
    answer = client.post("/sign-up", data=form, base_url=HTTPS, headers=headers)
    assert answer.status_code == 303
    answer = client.post("/sign-up", data=KIM, base_url=HTTPS, headers=headers)
    assert read(answer).heading == "This form has expired"
    for address in ("/healthz", "/readyz", "/api/openapi.json"):  # asked from inside
        assert client.get(address).status_code == 200
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix"],
)
def test_a_forwarded_header_that_is_ignored_gives_one_warning(made, caplog, header):
    for proxies, count in ((0, 1), (1, 0)):
        client = made(SPV_PROXIES=proxies).test_client()
        for _ in range(3):
            client.get("/stc", headers={header: "https"})
        assert len(warnings(caplog)) == count
        for warning in warnings(caplog):
            assert header in warning
            assert "SPV_PROXIES" in warning
        caplog.clear()


def test_the_time_of_https_only_is_a_setting(made):
    header = "Strict-Transport-Security"
    for seconds in (0, 300):
        client = made(SPV_HSTS_SECONDS=seconds).test_client()
        answer = client.get("/stc", base_url=HTTPS)
        assert answer.headers[header] == f"max-age={seconds}"
        assert header not in client.get("/stc").headers


@pytest.mark.parametrize(
    ("settings", "prefix", "start"),
    [
        ({}, "", "session="),
        ({}, "/spv", "session="),
        (PRODUCTION, "", "__Host-session="),
        (PRODUCTION, "/spv", "__Secure-session="),
    ],
)
def test_the_names_and_paths_of_cookies(made, settings, prefix, start):
    client = made(SPV_PROXIES=1, **settings).test_client()
    sent = {"X-Forwarded-Prefix": prefix, "X-Forwarded-Proto": "https"}
    cookie = client.get("/sign-in", headers=sent).headers["Set-Cookie"]
    parts = cookie.split("; ")
    assert cookie.startswith(start)
    assert f"Path={prefix or '/'}" in parts
    assert ("Secure" in parts) is bool(settings)
    assert not any(part.startswith("Domain") for part in parts)


def test_a_planted_cookie_without_the_prefix_is_not_read(made):
    """A neighbour on another host of the domain can set `session`, not `__Host-`."""
    client = made(**PRODUCTION).test_client()
    own = client.get("/sign-in", base_url=HTTPS).headers["Set-Cookie"]
    value = own.split("=", 1)[1].split(";")[0]
    page = read(client.get("/sign-in", base_url=HTTPS))
    form, referer = {"csrf_token": page.hidden()["csrf_token"]}, {"Referer": HTTPS}
    for name, heading in (("session", "This form has expired"),
                          ("__Host-session", "Sign in")):  # fmt: skip
        other = client.application.test_client(use_cookies=False)
        headers = referer | {"Cookie": f"{name}={value}"}
        answer = other.post("/sign-in", data=form, base_url=HTTPS, headers=headers)
        assert read(answer).heading == heading


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("/spv", "/spv/"),
        ("/spv/", "/spv/"),
        ("spv", "/spv/"),
        ("/a/b-c", "/a/b-c/"),
        ("/", "/"),
        ("//evil.example", "/evil.example/"),
        ("/\\evil.example", "/"),
        ("/../x", "/"),
        ("/a//b", "/"),
        ("/a;Domain=evil", "/"),
        ('/"><script>', "/"),
        ("/a b", "/"),
        ("/é", "/"),
    ],
)
def test_a_path_prefix_leads_nowhere_else(made, sent, path):
    client = made(SPV_PROXIES=1).test_client()
    headers = {"X-Forwarded-Prefix": sent.encode().decode("latin-1")}
    page = read(client.get("/nowhere", headers=headers))
    assert page.link("Go to the home page") == path
    cookie = client.get("/sign-in", headers=headers).headers["Set-Cookie"]
    assert f"Path={path.rstrip('/') or '/'};" in cookie


def test_a_path_prefix_without_a_proxy_is_ignored(made):
    page = read(made().test_client().get("/x", headers={"X-Forwarded-Prefix": "/spv"}))
    assert page.link("Go to the home page") == "/"


def test_the_openapi_document_names_its_server(made):
    client = made(SPV_PROXIES=1).test_client()
    for prefix, server in (("/spv", "/spv"), ("", "/"), ("/other", "/other")):
        headers = {"X-Forwarded-Prefix": prefix, "X-Forwarded-Host": "spv.example"}
        document = client.get("/api/openapi.json", headers=headers).json
        assert document["servers"] == [{"url": server}]
        answer = client.get(
            "/api/stc/v1/calculation", query_string=GOOD_SOLAR, headers=headers
        )
        start = urljoin("http://spv.example", f"{prefix}/stc/")
        assert answer.json["resultUrl"].startswith(start)


def test_two_apps_on_one_host_do_not_see_each_others_cookies(made):
    apps = {"/one": made(), "/other": made(**PRODUCTION)}
    client = Client(DispatcherMiddleware(made(), apps))
    for path, names in (("/one", ["session"]), ("/other", ["__Secure-session"])):
        for _ in range(2):
            answer = client.get(f"{path}/sign-in", base_url=HTTPS)
        assert list(answer.request.cookies) == names


def test_a_form_that_was_open_while_the_secret_changed_still_works(made):
    client = made(**PRODUCTION).test_client()
    page = read(client.get("/sign-up", base_url=HTTPS))
    form = KIM | {"csrf_token": page.hidden()["csrf_token"]}
    cookie = client.get_cookie("__Host-session", "spv.example").value
    changed = PRODUCTION | {"SECRET_KEY": SECRET[::-1]}
    for fallbacks, status in (((SECRET,), 303), ((), 400)):
        later = made(**changed, SECRET_KEY_FALLBACKS=fallbacks).test_client()
        later.set_cookie("__Host-session", cookie, domain="spv.example")
        answer = later.post(
            "/sign-up", data=form, base_url=HTTPS, headers={"Referer": HTTPS}
        )
        assert answer.status_code == status, fallbacks
