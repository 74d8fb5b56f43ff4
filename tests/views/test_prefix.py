"""Every page under a path prefix: no address on it leads outside the app."""

import re

import pytest

from spv import demo
from tests.addresses import address_of
from tests.api import subscribe
from tests.conftest import dispose, make_app
from tests.examples import GOOD_SOLAR
from tests.people import acting, browser_of

HTMX = {"HX-Request": "true"}
ATTRIBUTE = re.compile(
    r'\s(?:[a-z-]*(?:href|src|action|document)|hx-[a-z-]+)="([^"]*)"'
)
ABSOLUTE = re.compile(r"https?://spv\.example(/[^\s\"'<]*)")
HEADERS = ("Location", "HX-Push-Url", "HX-Replace-Url", "HX-Redirect")


def behind_proxy(wsgi_app):
    """Move the prefix from the path to a header, as the proxy does."""

    def call(environ, start_response):
        path = environ["PATH_INFO"]
        assert path.startswith("/spv/"), path
        environ["PATH_INFO"] = path.removeprefix("/spv")
        environ["HTTP_X_FORWARDED_PREFIX"] = "/spv"
        environ["HTTP_X_FORWARDED_HOST"] = "spv.example"
        return wsgi_app(environ, start_response)

    return call


@pytest.fixture
def proxied(demonstration):
    """The demonstration under a path prefix."""
    url = demonstration.config["SQLALCHEMY_DATABASE_URI"]
    app = make_app(url, SPV_PROXIES=1, RATELIMIT_ENABLED=False)
    app.config["WTF_CSRF_ENABLED"] = False
    app.wsgi_app = behind_proxy(app.wsgi_app)
    yield app
    dispose(app)


def browser(app, email):
    """Return a browser of a signed-in user, which has only its cookie."""
    client = app.test_client()
    form = {"email": email, "password": demo.PASSWORD}
    assert client.post("/spv/sign-in", data=form).location == "/spv/"
    return client


def addresses_in(answer):
    """Return every address of this host in an answer: headers, markup and texts."""
    found = [answer.headers[name] for name in HEADERS if name in answer.headers]
    if answer.mimetype in ("text/html", "application/json"):
        found += ATTRIBUTE.findall(answer.text) + ABSOLUTE.findall(answer.text)
    return [address for address in found if address.startswith("/")]


@pytest.mark.parametrize("sent", [HTMX, pytest.param({}, marks=pytest.mark.long)])
def test_every_page_stays_under_the_prefix(demonstration, proxied, sent):
    routes = [r for r in demonstration.url_map.iter_rules() if "GET" in r.methods]
    addresses = [address_of(demonstration, rule) for rule in routes]
    people = [browser(proxied, who) for who in (demo.VSP_ADMIN, demo.STAFF)]
    answered, seen = set(), set()
    for client in (proxied.test_client(), *people):
        for address in addresses:
            with client.get(f"/spv{address}", headers=sent) as answer:
                found = addresses_in(answer)
            outside = [each for each in found if not each.startswith("/spv/")]
            assert outside == [], address
            seen.update(found)
            if answer.status_code < 300:
                answered.add(address)
    assert len(answered) > 40
    assert len(seen) > 100


def test_the_addresses_are_found_where_there_is_no_prefix(demonstration):
    """Otherwise the test above would not find an address without a prefix."""
    page = browser_of(demonstration, demo.STAFF).get("/staff/applications")
    assert {"/staff/contacts", "/sign-out"} < set(addresses_in(page))


def test_forms_and_redirects_stay_under_the_prefix(proxied):
    client = proxied.test_client()
    answer = client.post("/spv/stc", data=GOOD_SOLAR, headers=HTMX)
    assert answer.headers["HX-Push-Url"].startswith("/spv/stc/")
    answer = client.post("/spv/stc", data=GOOD_SOLAR)
    assert answer.location.startswith("/spv/stc/")
    answer = client.post("/spv/stc", data=GOOD_SOLAR | {"continue": ""})
    assert answer.location.startswith("/spv/stc?")
    address = "/spv/panels?status=valid"
    back = "/spv/sign-in?next=/spv/panels?status%3Dvalid"
    assert client.get(address).location == back
    here = {"HX-Current-URL": f"http://spv.example{address}"}
    answer = client.get("/spv/panels", headers=HTMX | here)
    assert answer.headers["HX-Redirect"] == back
    form = {"email": demo.VSP_ADMIN, "password": demo.PASSWORD}
    assert client.post(back, data=form).location == address
    for elsewhere in ("/spvx/", "/other-app", "//spv/", "/", "", "/spv"):
        query = {"next": elsewhere}
        answer = client.post("/spv/sign-in", data=form, query_string=query)
        assert answer.location == "/spv/", elsewhere


def test_the_console_reaches_the_api(proxied):
    number = subscribe(acting(demo.VSP_USER))
    form = {"subscription": str(number), "body": "{}"}
    address, sent = "/spv/developer/console", {"X-Request-Id": "of-the-proxy"}
    answer = browser(proxied, demo.VSP_USER).post(address, data=form, headers=sent)
    assert answer.headers["X-Request-Id"] == "of-the-proxy"
    assert "Answer: 422" in answer.text
