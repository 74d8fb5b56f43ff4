"""Static files: few, compressed, kept by browsers, and the same for everybody."""

import gzip
import re
from pathlib import Path

import pytest

from spv import demo
from tests.people import browser_of
from tests.views.page import Page

STATIC = Path(__file__).parents[2] / "spv/static"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
MOST_BYTES, MOST_REQUESTS = {"": 40_000, demo.VSP_USER: 46_500}, 4
CSS_BLANKS = re.compile(r"/\*.*?\*/|\s+|;(?=\s*})", re.DOTALL)


def files_of(page):
    """Return the addresses of the files that a page asks for."""
    links = [node.attributes["href"] for node in page.all("link")]
    scripts = [node.attributes["src"] for node in page.all("script")]
    return [*links, *scripts]


def wire_length(answer):
    """Return the bytes of an answer: its status line, headers and body.

    The server adds two headers.
    """
    lines = [f"{name}: {value}" for name, value in answer.headers]
    lines += ["HTTP/1.1 200 OK", f"Date: {'.' * 29}", "Server: waitress", ""]
    return sum(len(line) + 2 for line in lines) + len(answer.data)


@pytest.mark.parametrize("email", ["", demo.VSP_USER])
def test_the_first_visit_is_light_and_the_second_has_only_html(demonstration, email):
    client = browser_of(demonstration, email) if email else demonstration.test_client()
    page = client.get("/", headers=GZIP, follow_redirects=True)
    assert "Content-Encoding" not in page.headers  # BREACH
    answers = [page]
    for address in files_of(Page(page.text)):
        answer = client.get(address, headers=GZIP)
        kept = answer.headers["Cache-Control"]
        assert kept == "public, max-age=31536000, immutable"
        assert answer.vary.as_set() <= {"accept-encoding"}
        assert "Set-Cookie" not in answer.headers
        answers.append(answer)
    assert len(answers) <= MOST_REQUESTS
    assert sum(map(wire_length, answers)) <= MOST_BYTES[email]


def test_the_script_has_all_of_its_parts(client):
    parts = ["spv.js", "vendor/htmx.min.js"]
    served = client.get("/static/all.js").text
    for part in parts:
        for line in (STATIC / part).read_text("utf-8").splitlines():
            assert line.strip().startswith("//") or line.strip() in served


def test_the_style_sheet_has_the_rules_of_every_class_in_use(demonstration):
    client = browser_of(demonstration, demo.VSP_ADMIN)
    served = CSS_BLANKS.sub("", client.get("/static/all.css").text)
    whole = (STATIC / "vendor/govuk-frontend.min.css").read_text(encoding="utf-8")
    whole += (STATIC / "spv.css").read_text(encoding="utf-8")
    whole = CSS_BLANKS.sub("", whole)
    used = set()
    solar = "/stc?system_type=solar_deemed"
    for address in ("/", solar, "/panels", "/panels/upload", "/account", "/help"):
        for node in Page(client.get(address).text).root.walk():
            used |= {*(node.attributes.get("class") or "").split()}
    assert used >= {"govuk-radios__input", "govuk-tag--green", "govuk-input--width-5"}
    for name in used:
        rule = rf"(?<=[{{}}])\.{re.escape(name)}(?::[\w-]+)*{{[^}}]*}}"
        assert re.findall(rule, served) == re.findall(rule, whole), name
    assert "@mediaprint{" in served
    for unused in ("govuk-notification-banner", "static-margin", "@mediaprint{}"):
        assert unused not in served
    assert served.count("{") == served.count("}")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0, *", None),
        ("gzip;q=0", None),
        ("br", None),
        ("identity", None),
        ("", None),
        ("gzip;q=x, ;;,", None),
    ],
)
def test_the_encoding_is_negotiated(client, accepted, encoding):
    answer = client.get("/static/spv.js", headers={"Accept-Encoding": accepted})
    assert answer.content_encoding == encoding
    body = gzip.decompress(answer.data) if encoding else answer.data
    assert body == (STATIC / "spv.js").read_bytes()
    assert answer.vary.as_set() == {"accept-encoding"}
    assert answer.mimetype in ("text/javascript", "application/javascript")


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_head_conditions_and_ranges(client, headers):
    address = "/static/spv.css"
    whole = client.get(address, headers=headers)
    tag = whole.headers["ETag"]
    assert whole.headers["Accept-Ranges"] == "bytes"
    head = client.head(address, headers=headers)
    assert (head.data, head.headers["ETag"]) == (b"", tag)
    assert head.content_length == len(whole.data)
    for known in (tag, f'"x", W/{tag}', "*"):
        same = client.get(address, headers=headers | {"If-None-Match": known})
        assert (same.status_code, same.data) == (304, b"")
        assert same.headers["ETag"] == tag
        assert same.vary.as_set() == {"accept-encoding"}
    other = client.get(address, headers=headers | {"If-None-Match": '"x"'})
    assert (other.status_code, other.data) == (200, whole.data)
    for asked, part in (("5-9", whole.data[5:10]), ("-7", whole.data[-7:])):
        some = client.get(address, headers=headers | {"Range": f"bytes={asked}"})
        assert (some.status_code, some.data) == (206, part)
        assert some.content_encoding == whole.content_encoding
    changed = {"Range": "bytes=5-9", "If-Range": '"x"'}
    assert client.get(address, headers=headers | changed).data == whole.data
    beyond = client.get(address, headers=headers | {"Range": "bytes=9999999-"})
    assert beyond.status_code == 416


def test_each_encoding_has_a_tag_of_its_own(client):
    tags = {
        client.get("/static/spv.css", headers=h).headers["ETag"] for h in ({}, GZIP)
    }
    assert len(tags) == 2


def test_only_the_address_of_this_content_is_kept(client):
    """An old address may be asked for while servers are replaced one by one."""
    for address in ("/static/spv.css", "/static/spv.css?v=0", "/static/spv.css?v="):
        assert client.get(address).headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize(
    "name",
    ["nothing.css", "", "vendor", "vendor/", "../config.py", "%2e%2e/config.py",
     "vendor/../../config.py", "//etc/passwd", "/etc/passwd", "spv.css/", "SPV.css",
     "spv.css%00", "..%5cconfig.py", "x" * 5000, "%ff", ".", "./spv.css"],
)  # fmt: skip
def test_other_names_are_not_found(demonstration, name):
    client = browser_of(demonstration, demo.VSP_USER)
    answer = client.get(f"/static/{name}", headers=GZIP, follow_redirects=True)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
    assert "Content-Encoding" not in answer.headers


def test_a_page_at_a_static_address_is_not_kept(demonstration):
    """It has the name of the user."""
    client = browser_of(demonstration, demo.VSP_USER)
    for headers in ({}, {"Range": "bytes=9999999-"}):
        name = "spv.css" if headers else "none.css"
        answer = client.get(f"/static/{name}", headers=headers)
        assert demo.VSP_USER in answer.text or "Sign out" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_other_methods_are_refused(client):
    assert client.post("/static/spv.css").status_code in (400, 405)
    assert client.options("/static/spv.css").status_code == 200
