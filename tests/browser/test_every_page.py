"""Every page on a small phone: it fits, axe is silent, and no text box is small."""

import pytest
from playwright.sync_api import expect

from spv import create_app
from spv.config import Config
from spv.policy import POLICIES
from spv.rules.accounts import Role
from tests.browser.axe import check, check_with_axe
from tests.browser.conftest import NARROW, open_page
from tests.browser.test_accounts import demonstrated

pytestmark = pytest.mark.browser
# The person who opens the pages of each role; a visitor opens those for everybody.
PEOPLE = {
    Role.VISITOR: "",
    Role.UPLOADER: "VSP, administrator",
    Role.ADMINISTRATOR: "General account",
    Role.STAFF: "Agency staff",
}
NOT_PAGES = {"static", "api_stc.document", "api_stc.calculation", "api_stc.rules",
             "site.alive", "site.ready", "verify.keys"}  # fmt: skip
# iPhones enlarge the page when somebody types in letters of less than 16 px.
SMALL = """return Array.from(document.querySelectorAll("input, select, textarea"))
    .filter(box => !/checkbox|radio|hidden|file/.test(box.type) && !box.readOnly
        && parseFloat(getComputedStyle(box).fontSize) < 16).map(box => box.outerHTML)"""


def addresses():
    """Yield the address of each page without a number, and the role that opens it."""
    app = create_app(Config(SQLALCHEMY_DATABASE_URI="sqlite:////nowhere/spv.sqlite"))
    for rule in app.url_map.iter_rules():
        is_page = "GET" in rule.methods and rule.endpoint not in NOT_PAGES
        if not is_page or rule.arguments or rule.rule.endswith(".csv"):
            continue
        roles = POLICIES[rule.endpoint]
        yield rule.rule, next((role for role in PEOPLE if role in roles), None)


ADDRESSES = sorted(addresses())


# Every third page in `make test`; all of them in `make test-long`.
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("role", PEOPLE, ids=str)
def test_every_page_fits_a_phone(chromium, address, role, step):
    page = open_page(chromium, address, NARROW)
    if words := PEOPLE[role]:
        demonstrated(page, words)
    paths = [path for path, whom in ADDRESSES if whom is role]
    assert paths
    for path in paths[::step]:
        answer = page.goto(path)
        assert answer.status == 200, path
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        check(page)
        check_with_axe(page)
        assert page.evaluate(f"() => {{{SMALL}}}") == [], path
    page.context.close()


def test_error_pages(page):
    demonstrated(page, "VSP, user")
    for path in ("/staff/applications", "/account/users/1", "/nowhere"):
        page.goto(path)
        check(page)
        check_with_axe(page)
    page.complaints.clear()  # Chromium logs each 403 and 404
