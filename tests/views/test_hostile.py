"""Hostile text through every field: shown as text, refused, or stored exactly."""

import io
from unicodedata import normalize
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AccountApplication, NominatedContact, User
from spv.services.accounts import users
from tests import people
from tests.endurance import some
from tests.people import APPLICATION, KIM, NEW_PASSWORD, acting, browser_of
from tests.views.page import Page, read

HOSTILE = {
    "html": "<script>alert(1)</script><b onclick='x'>",
    "attribute": "\" onfocus=alert(1) autofocus x='",
    "template": "{{ config.SECRET_KEY }}{% raw %}${7*7}<%= 7*7 %>",
    "sql": "'; DROP TABLE users; -- \" OR 1=1",
    "right to left": "שלום עולם ابجد",
    "override": "abc\u202edef",
    "emoji": "☀️🔋👩\u200d🔧",
    "NUL": "a\0b",
    "control": "a\x07\x1b[31mb",
    "invisible": "a\u200b\u2060b",
    "lines": "a\r\nSet-Cookie: x=1",
    "surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe\xfa",
    "long": "x" * 100_000,
    "combining": "a" + "\u0301" * 500,
    "percent": "%00%0d%0a%s%n../../etc/passwd",
    "formula": "=1+1|'/C calc'!A1",
    "blank": "\u3000 \u2003",
}
# What `make test` sends through every form; `make test-long` sends all of them.
KINDS = ("attribute", "html", "long", "NUL", "no UTF-8")
CONTACT = {"legal_name": "New", "abn": "51824753556", "email": "n@x.au"}
GIVEN = {"current_password": demo.PASSWORD, **NEW_PASSWORD}
# The user, address and answers of each form; each field is made hostile in turn.
FORMS = [
    (None, "/sign-up", KIM),
    (None, "/sign-in", {"email": "a@x.au", "password": "wrong"}),
    (None, "/password/{token}", NEW_PASSWORD),
    (demo.VSP_USER, "/account/password", GIVEN),
    ("kim@x.au", "/account/apply", APPLICATION),
    (demo.GENERAL, "/account/upgrade", APPLICATION),
    (demo.VSP_ADMIN, "/account/users/new", {"name": "N", "email": "n@x.au"}),
    (demo.VSP_ADMIN, "/account/users/{tom}", {"name": "N", "administrator": "y"}),
    (demo.STAFF, "/staff/applications/1/decline", {"reason": "No."}),
    (demo.STAFF, "/staff/applications/8/decline", {"reason": "No."}),
    (demo.STAFF, "/staff/contacts", CONTACT),
]
SEARCHES = ["/staff/contacts", "/staff/people"]
PAGES = ["/", "/account", "/account/users", "/staff/applications",
         "/staff/applications/8", "/staff/applications/9", "/staff/people",
         "/staff/accounts", "/staff/audit", *SEARCHES]  # fmt: skip


def stored():
    """Return every stored text of users, applications and contacts."""
    db.session.rollback()
    columns = (User.name, User.email, AccountApplication.legal_name,
               AccountApplication.abn, AccountApplication.phone,
               AccountApplication.reason, NominatedContact.legal_name)  # fmt: skip
    return {text for c in columns for text in db.session.scalars(sa.select(c))}


def text_of(value):
    """Return a value as it arrives: bytes that are no text are escaped."""
    return quote(value) if isinstance(value, bytes) else normalize("NFC", value)


def link_for(email):
    """Return the token of a new password link."""
    return users.make_link(people.user_of(email).id, acting(demo.STAFF)).token


@pytest.mark.usefixtures("private_people")
@pytest.mark.parametrize("kind", some(HOSTILE, KINDS))
def test_hostile_text(demonstration, kind):
    value = HOSTILE[kind]
    demonstration.test_client().post("/sign-up", data=KIM)
    browsers = {"kim@x.au": browser_of(demonstration, "kim@x.au", people.PASSWORD)}
    for email in {each[0] for each in FORMS} - {None, "kim@x.au"}:
        browsers[email] = browser_of(demonstration, email)
    before, tom = stored(), people.user_of(demo.VSP_USER).id
    for email, address, form in FORMS:
        for field in form:
            browser = browsers.get(email) or demonstration.test_client()
            data = form | {field: value}
            token = link_for(demo.SUPPLIER) if "{token}" in address else ""
            path = address.format(tom=tom, token=token)
            answer = browser.post(path, data=data)
            case = (kind, address, field, answer.status)
            assert answer.status_code in (200, 303, 409, 422, 429), case
            assert "Set-Cookie: x" not in str(answer.headers)
            assert_only_text(answer, case)
    text = text_of(value).strip()
    exactly = {text, text.replace("\r\n", "\n")}
    new = stored() - before
    harmless = {t for form in FORMS for t in form[2].values() if isinstance(t, str)}
    assert new <= exactly | harmless, kind
    for address in PAGES:
        for email in (demo.STAFF, demo.VSP_ADMIN):
            answer = browsers[email].get(address, follow_redirects=True)
            assert_only_text(answer, (kind, address))


def assert_only_text(answer, case):
    """Check that a page is well formed, and that no input became markup."""
    if answer.status_code == 303:
        return
    page = Page(answer.text)
    assert {n.attributes.get("src", "").split("?")[0] for n in page.all("script")} <= {
        "/static/all.js",
    }, case  # fmt: skip
    for node in page.root.walk():
        ours = {"autofocus"} if node.attributes.get("id") == "q" else set()
        hostile = {"onclick", "onfocus", "autofocus"} - ours
        assert not hostile & node.attributes.keys(), case
    assert "$49" not in answer.text


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_searches_and_addresses(demonstration, kind):
    agency, value = browser_of(demonstration, demo.STAFF), HOSTILE[kind]
    short = value[:500]
    for address in SEARCHES:
        answer = agency.get(address, query_string={"text": short})
        assert answer.status_code == 200, (kind, address)
        assert_only_text(answer, (kind, address))
    client = demonstration.test_client()
    form = {"email": demo.STAFF, "password": demo.PASSWORD}
    answer = client.post("/sign-in", query_string={"next": short}, data=form)
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert not answer.location.startswith("//")
    for address in ("/password/", "/account/users/", "/staff/applications/"):
        path = address + text_of(short).replace("\0", "%00").replace("\r\n", "%0d%0a")
        assert agency.get(path).status_code in (404, 405, 308, 403), path


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30, "1.5", "１"])
def test_numbers_in_addresses(demonstration, number):
    for email, address in (
        (demo.VSP_ADMIN, "/account/users/{}"),
        (demo.STAFF, "/staff/applications/{}"),
    ):
        answer = browser_of(demonstration, email).get(address.format(number))
        assert answer.status_code == 404, address
    for address in ("/staff/people/{}/password-link", "/staff/contacts/{}/remove"):
        agency = browser_of(demonstration, demo.STAFF)
        assert agency.post(address.format(number)).status_code == 404, address


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 100, b"PK\x03\x04", b"\xff\xfeL\0", b'Legal name,ABN,Email\n"x',
     b"Legal name,ABN,Email\n" + b"x,y,z\n" * 6_000, b"," * 400_000],
    ids=["empty", "NUL", "zip", "UTF-16", "quote", "rows", "commas"],
)  # fmt: skip
def test_hostile_files(demonstration, data):
    agency = browser_of(demonstration, demo.STAFF)
    file = {"file": (io.BytesIO(data), "contacts.csv")}
    answer = agency.post("/staff/contacts/file", data=file)
    assert answer.status_code == 422
    assert read(answer).error_beside("file")
    assert len(answer.data) < 60_000
