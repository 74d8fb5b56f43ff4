"""Help: the guide as a page, the terms, and how to reach the agency."""

import io
import re
from urllib.parse import urljoin

import pytest

from spv import demo, guide
from tests.conftest import dispose, make_app
from tests.examples import BATTERY, GOOD_SOLAR
from tests.panels import panels_csv, upload
from tests.people import acting, browser_of
from tests.views.page import Page


@pytest.fixture(params=["/help", "/help/api"])
def address(request):
    return request.param


def test_every_link_leads_somewhere(client, address):
    page = Page(client.get(address).text)
    ids = [n.attributes["id"] for n in page.root.walk() if "id" in n.attributes]
    assert len(ids) == len(set(ids))
    links = {node.attributes["href"] for node in page.all("a")}
    assert len(links) > 4
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif not link.startswith("https://"):
            path = urljoin(address, link)
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, link


def test_links_under_a_path_prefix(sqlite_url):
    app = make_app(sqlite_url, SPV_PROXIES=1)
    headers = {"X-Forwarded-Prefix": "/spv"}
    page = Page(app.test_client().get("/help", headers=headers).text)
    (link,) = (n for n in page.all("a") if n.text == "api.md")
    assert urljoin("/spv/help", link.attributes["href"]) == "/spv/help/api"
    dispose(app)


def test_the_guide_is_all_there(client):
    source = (guide.FOLDER.parent / "docs/guide.md").read_text(encoding="utf-8")
    page = Page(client.get("/help").text)
    headings = [node.text for node in page.all("h2")]
    assert headings[:-1] == re.findall("^## (.*)", source, re.M)
    for tag, pattern in (("li", r"^ *(?:-|\d\.) "), ("table", r"^\| ---")):
        found = len(re.findall(pattern, source, re.M))
        inside = Page(guide.document("guide").html)
        assert len(inside.all(tag)) == found
    assert "**" not in page.root.text
    assert "](" not in page.root.text


def test_raw_html_is_escaped(monkeypatch, tmp_path):
    """Only this repository's documents are shown, but one slip must not run."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/bad.md").write_text(
        "# T\n\n<script>1</script> <b onclick=x>\n\n[x](javascript:1) "
        "[y](data:text/html,1) [z](other.md) ![w](http://evil.example/x.png)\n\n"
        '## A "b" <i>\n\n- [ok](https://cer.gov.au/)\n'
    )
    monkeypatch.setattr(guide, "FOLDER", tmp_path / "spv")
    bad = guide.document.__wrapped__("bad")
    page = Page(bad.html)
    assert {node.tag for node in page.root.walk()} <= {
        "root", "p", "h2", "ul", "li", "a", "img",
    }  # fmt: skip
    assert [node.attributes["href"] for node in page.all("a")] == [
        "https://cer.gov.au/"
    ]
    assert bad.headings == [("a-b-i", 'A "b" <i>')]


@pytest.mark.parametrize("name", ["config", "../guide", "guide", "", "api/x", "API"])
def test_other_documents_are_not_shown(client, name):
    assert client.get(f"/help/{name}").status_code == 404


def test_every_term_is_explained(client):
    assert {"STC", "SGU", "VSP", "CEC", "deeming period", "zone rating"} == {
        *guide.TERMS
    }
    page = Page(client.get("/help").text)
    for term in guide.TERMS.values():
        (row,) = page.all("div", id=term.id)
        assert term.sentence in row.text


def test_a_term_on_a_page_opens_its_sentence(client):
    page = Page(client.get("/check-a-file").text)
    buttons = page.all("button", **{"class": "spv-term"})
    assert [button.text for button in buttons] == ["VSP", "CEC"]
    for button in buttons:
        (text,) = page.all("span", id=button.attributes["popovertarget"])
        assert "popover" in text.attributes
        assert guide.TERMS[button.text].sentence in text.text
        (link,) = (n for n in text.walk() if n.tag == "a")
        assert link.attributes["href"] == f"/help#{text.attributes['id']}"


SOLAR = "/stc?system_type=solar_deemed"


@pytest.mark.parametrize(
    ("email", "address", "names"),
    [
        ("", SOLAR, ["STC", "SGU", "deeming period", "zone rating"]),
        ("", "/sign-up", ["VSP"]),
        (demo.GENERAL, "/account/upgrade", ["VSP"]),
        (demo.GENERAL, "/panels/upload", ["VSP"]),
        (demo.VSP_USER, "/panels/upload", ["CEC"]),
        (demo.VSP_USER, "/developer/apis/serial-number-ledger", ["CEC"]),
    ],
)
def test_terms_are_explained_where_they_first_stand(
    demonstration, email, address, names
):
    client = browser_of(demonstration, email) if email else demonstration.test_client()
    check_terms(Page(client.get(address).text), names)


def test_terms_of_a_result_are_explained_once(client):
    solar = client.post("/stc", data=GOOD_SOLAR).location
    both = client.post("/stc", data=BATTERY | {"with": solar.rpartition("/")[2]})
    for address in (solar, both.location):
        names = ["SGU", "STC", "zone rating", "deeming period"]
        check_terms(Page(client.get(address).text), names)


def check_terms(page, names):
    """Fail unless exactly these terms are explained, in this order, once each."""
    buttons = page.all("button", **{"class": "spv-term"})
    ids = [button.attributes["popovertarget"] for button in buttons]
    assert ids == [guide.TERMS[name].id for name in names]
    for term in ids:
        assert "popover" in page.one("span", id=term).attributes


CONTACT = "1300 553 542 or enquiries@cleanenergyregulator.gov.au"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "This is a demonstration, so there is no agency to contact."),
        ({"SPV_AGENCY_CONTACT": CONTACT}, f"Contact the agency: {CONTACT}."),
        ({"SPV_AGENCY_CONTACT": "<b>1</b>. "}, "Contact the agency: &lt;b&gt;1&lt;/b"),
        ({"SPV_ENVIRONMENT": "production"}, ""),
    ],
)
def test_how_to_reach_the_agency(sqlite_url, settings, sentence):
    app = make_app(sqlite_url, **settings)
    for address in ("/sign-in", "/help"):
        text = app.test_client().get(address).text
        assert sentence in text
        if not sentence:
            assert "agency to contact" not in text
            assert "Contact the agency" not in text
    dispose(app)


def test_a_problem_that_says_ask_the_agency_says_how(demonstration):
    data = panels_csv(1, "TWICE")
    upload(data, acting(demo.OTHER_VSP))
    form = {"file": (io.BytesIO(data), "a.csv"), "check_only": "1"}
    answer = browser_of(demonstration, demo.VSP_USER).post("/panels/upload", data=form)
    assert answer.status_code == 422
    assert "ask the agency. This is a demonstration" in Page(answer.text).root.text
