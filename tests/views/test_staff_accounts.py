"""Pages of staff about people, accounts and subscriptions; what the suspended see."""

import re

import pytest

from spv import demo
from spv.extensions import db
from spv.models import Suspension
from spv.services.accounts import users
from spv.services.agency import suspensions
from spv.services.agency.suspensions import Subject
from tests.api import System, items, key_of, subscribe
from tests.people import acting, browser_of, events, user_of
from tests.plans import statements
from tests.views.page import Page

REASON = "Serial numbers of <another> company."
HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(demonstration):
    return browser_of(demonstration, demo.STAFF)


@pytest.fixture
def numbers(demonstration):
    """The numbers of a person, of the account, and of a subscription."""
    actor = acting(demo.VSP_USER)
    return {"people": actor.user_id, "accounts": actor.account_id,
            "subscriptions": subscribe(actor)}  # fmt: skip


@pytest.mark.parametrize("subject", Subject)
def test_suspend_and_reinstate(staff, numbers, subject):
    page = f"/staff/{subject}/{numbers[subject]}"
    assert staff.post(f"{page}/suspend", data={}).status_code == 422
    assert db.session.query(Suspension).count() == 0
    answer = staff.post(f"{page}/suspend", data={"reason": REASON})
    assert (answer.status_code, answer.location) == (303, page)
    text = staff.get(page).text
    assert "Suspended. This takes effect at once." in text
    assert "Serial numbers of &lt;another&gt; company." in text
    assert ">Suspended</strong> since " in text
    found = "(suspended)" in staff.get("/staff/accounts").text
    assert found == (subject == Subject.ACCOUNT)
    assert f'action="{page}/suspend"' not in text
    answer = staff.post(f"{page}/suspend", data={"reason": "Again."})
    assert answer.status_code == 409
    assert "Avery Clarke has suspended this already" in answer.text
    answer = staff.post(f"{page}/reinstate", data={"reason": "Cleared."})
    assert answer.status_code == 303
    text = staff.get(page).text
    assert "by Avery Clarke: Cleared." in text
    assert ">Suspended</strong>" not in text
    assert f'action="{page}/suspend"' in text


def test_by_htmx_the_page_itself_is_sent(staff, numbers):
    page = f"/staff/people/{numbers['people']}"
    answer = staff.post(f"{page}/suspend", data={"reason": REASON}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Push-Url"] == page
    assert "Reinstate</button>" in answer.text
    answer = staff.post(f"{page}/reinstate", data={"reason": "x" * 1001}, headers=HTMX)
    assert answer.status_code == 422
    assert "1,001 characters" in answer.text


@pytest.mark.parametrize("subject", ["people", "accounts"])
def test_the_next_page_says_why_once(demonstration, staff, numbers, subject):
    browser = browser_of(demonstration, demo.VSP_USER)
    staff.post(f"/staff/{subject}/{numbers[subject]}/suspend", data={"reason": REASON})
    answer = browser.get("/panels")
    what = "you" if subject == "people" else "your account"
    sentence = f"The agency has suspended {what}: Serial numbers of &lt;another"
    assert answer.status_code == 403
    assert sentence in answer.text
    assert "Sign out" not in answer.text
    assert browser.get("/panels").location == "/sign-in?next=/panels"
    assert browser.get("/stc").status_code == 200
    form = {"email": demo.VSP_USER, "password": demo.PASSWORD}
    answer = browser.post("/sign-in", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    answer = browser.post("/sign-in", data=form | {"password": "wrong"})
    assert "has suspended" not in answer.text


@pytest.mark.parametrize("address", ["/", "/stc", "/sign-in", "/sign-out", "/help"])
def test_pages_for_everybody_say_it_too(demonstration, staff, numbers, address):
    browser = browser_of(demonstration, demo.VSP_USER)
    suspensions.suspend(
        Subject.ACCOUNT, numbers["accounts"], {"reason": REASON}, acting(demo.STAFF)
    )
    for path in ("/static/icon.svg", "/healthz", "/readyz", "/api/openapi.json"):
        assert browser.get(path).status_code == 200
    assert browser.get("/nowhere").status_code == 404  # without a word of it
    method = "POST" if address == "/sign-out" else "GET"
    answer = browser.open(address, method=method)
    assert answer.status_code == 403
    assert "has suspended your account" in answer.text


def test_the_part_of_a_page_becomes_the_sentence(demonstration, staff, numbers):
    browser = browser_of(demonstration, demo.VSP_USER)
    staff.post(f"/staff/people/{numbers['people']}/suspend", data={"reason": REASON})
    answer = browser.get("/panels", headers=HTMX)
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#content"
    assert "has suspended you" in answer.text


def test_a_system_and_the_console_are_told(demonstration, staff, numbers):
    number = numbers["subscriptions"]
    system = System(demonstration, key_of(number))
    staff.post(f"/staff/subscriptions/{number}/suspend", data={"reason": "Why."})
    answer = system.send(body=items(1))
    assert answer.status_code == 403
    assert answer.get_json() == {
        "result": "Unsuccessful",
        "errors": [{
            "code": "account_suspended",
            "message": "The agency has suspended this subscription: Why.",
        }],
    }  # fmt: skip
    browser = browser_of(demonstration, demo.VSP_USER)
    form = {"subscription": number, "body": "{}"}
    address = "/developer/console"
    assert "account_suspended" in browser.post(address, data=form).text
    profile = browser.get("/developer/profile").text
    assert re.search(r"has suspended this subscription:\s+Why\.", profile)


@pytest.mark.parametrize(
    ("email", "forms"),
    [(demo.AUDITOR, set()), (demo.ASSESSOR, {"suspend", "password-link"}),
     (demo.STAFF, {"suspend", "password-link"})],
)  # fmt: skip
def test_people_see_the_buttons_that_they_may_press(demonstration, email, forms):
    browser, tom = browser_of(demonstration, email), user_of(demo.VSP_USER).id
    noor = user_of(demo.AUDITOR).id

    def buttons(address):
        page = Page(browser.get(address).text)
        posted = [n for n in page.all("form") if n.attributes.get("method") == "post"]
        actions = {node.attributes["action"].rsplit("/", 1)[1] for node in posted}
        return actions - {"sign-out"}

    assert buttons(f"/staff/people/{tom}") == forms
    # Nobody can suspend the staff whom all visitors of a demonstration share.
    manages = {"role", "remove"} if email == demo.STAFF else set()
    assert buttons(f"/staff/people/{noor}") == manages
    adds = {"people"} if email == demo.STAFF else set()
    assert buttons("/staff/people") == adds | (forms - {"suspend"})
    contacts = {"contacts", "file", "remove"} if email == demo.STAFF else set()
    assert buttons("/staff/contacts") == contacts
    marks = "Mark as invalid</button>" in browser.get("/panels").text
    assert marks is (email != demo.AUDITOR)


def test_colleagues_are_managed_on_the_pages(demonstration, private_people, staff):
    form = {"name": "Pat Lee", "email": "pat@x.au", "role": "auditor"}
    answer = staff.post("/staff/people", data=form | {"role": ""})
    assert answer.status_code == 422
    assert "Choose a role." in answer.text
    answer = staff.post("/staff/people", data=form)
    assert "Password link for Pat Lee" in answer.text
    page = f"/staff/people/{user_of('pat@x.au').id}"
    assert staff.post(f"{page}/role", data={"role": "king"}).status_code == 422
    assert staff.post(f"{page}/role", data={"role": "assessor"}).status_code == 303
    assert "The role of Pat Lee has changed." in staff.get("/staff/people").text
    own = f"/staff/people/{user_of(demo.STAFF).id}"
    answer = staff.post(f"{own}/role", data={"role": "auditor"})
    assert answer.status_code == 422
    assert "needs an administrator" in answer.text
    assert staff.post(f"{own}/remove").status_code == 409
    assert staff.post(f"{own}/suspend", data={"reason": "x"}).status_code == 409
    assert "is the last administrator of staff" in staff.get(own).text
    assert staff.post(f"{page}/remove").status_code == 303
    assert staff.get(page).status_code == 404
    assert staff.post(f"{page}/remove").status_code == 404


def test_the_notice_of_a_link_stays_until_it_is_closed(demonstration, private_people):
    tom, words = user_of(demo.VSP_USER).id, "made a password link for Tom Okafor"
    users.make_link(tom, acting(demo.STAFF))
    for email in (demo.VSP_ADMIN, demo.VSP_USER):
        browser = browser_of(demonstration, email)
        for _ in range(2):
            page = browser.get("/panels").text
            assert words in page
        close = re.search(r'action="(/account/notice\?last=\d+)"', page)[1]
        for wrong in ("/account/notice", "/account/notice?last=x"):
            assert browser.post(wrong).status_code == 303
        assert words in browser.get("/stc").text
        before, here = events(), {"Referer": "http://localhost/panels?status=valid"}
        answer = browser.post(close, headers=here)
        assert (answer.status_code, answer.location) == (303, "/panels?status=valid")
        assert events() == [*before, "user.link_notice_closed"]
        assert words not in browser.get("/panels").text
        only_sent_to = {"Referer": f"http://localhost/account/users/{tom}/remove"}
        assert browser.post(close, headers=only_sent_to).location == "/"
    assert words not in browser_of(demonstration, demo.OTHER_VSP).get("/panels").text


def test_a_page_asks_no_more_than_before(demonstration):
    """Who is signed in, suspended and to be told of a link: one statement."""
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    sent = statements(lambda: browser.get("/account/password"))
    assert len(sent) == 1


def test_an_account_with_more_people_takes_no_more_statements(staff, numbers):
    page, admin = f"/staff/accounts/{numbers['accounts']}", acting(demo.VSP_ADMIN)
    before = statements(lambda: staff.get(page))
    for name in ("Lou", "Max"):
        users.add({"name": name, "email": f"{name}@x.au"}, admin)
    assert len(statements(lambda: staff.get(page))) == len(before)
