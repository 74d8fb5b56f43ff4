"""Applications for accounts and upgrades, and pages that need an account."""

import pytest

from spv import demo
from spv.services.accounts import applications, users
from tests.people import (
    APPLICATION,
    KIM,
    NEW_PASSWORD,
    PASSWORD,
    WEB,
    acting,
    browser_of,
    events,
)
from tests.views.page import follow, read

HTMX = {"HX-Request": "true"}
UPGRADE, LIST = "/account/upgrade", "/account/applications"
SUPPLIER = APPLICATION | {
    "legal_name": "Käthe & <Söhne>",
    "account_types": ["supplier"],
}
NEXT = {"step": "next"}
# Pages that need a VSP or supplier account, and one that needs any account.
PAGES = ("/panels", "/panels/upload", "/panels/uploads", "/panels/declaration",
         "/panels/check", "/developer", "/developer/profile")  # fmt: skip


@pytest.fixture
def general(demonstration):
    """The browser of an administrator of a General account."""
    return browser_of(demonstration, demo.GENERAL)


def buttons(page):
    """The words of the buttons in the content."""
    return [button.text for button in page.all("button", type="submit")]


def test_signing_up_and_applying(demonstration):
    kim = demonstration.test_client()
    page = follow(kim, kim.post("/sign-up", data=KIM))
    assert page.heading == "Sign in"
    assert "your earlier password is the one that counts" in page.text
    home = follow(
        kim, kim.post("/sign-in", data={"email": KIM["email"], "password": PASSWORD})
    )
    account = read(kim.get(home.link("Apply for REC Registry account")))
    apply = read(kim.get(account.link("Apply for an account")))
    assert apply.heading == "Apply for an account"
    general, vsp, supplier = apply.all("input", name="account_types")
    assert {"checked", "disabled"} <= general.attributes.keys()
    assert {"checked", "disabled"}.isdisjoint(vsp.attributes)
    assert supplier.attributes["value"] == "supplier"
    nothing = APPLICATION | {"account_types": []}
    mine = follow(kim, kim.post("/account/apply", data=nothing | {"step": "next"}))
    assert mine.heading == "Account applications"
    assert "Your application has been submitted." in mine.text
    assert "New account: General account" in mine.text
    waits = read(kim.get("/account/apply"))
    assert "An application is waiting to be assessed." in waits.text
    assert waits.fields() == set()


def test_assessing_and_upgrading(demonstration, private_people):
    demonstration.test_client().post("/sign-up", data=KIM)
    kim = browser_of(demonstration, KIM["email"], PASSWORD)
    kim.post("/account/apply", data=APPLICATION | {"account_types": []})
    agency = browser_of(demonstration, demo.STAFF)
    queue = read(agency.get("/staff/applications"))
    assert queue.text.index("Panel Check Services") < queue.text.index("Kim Pty Ltd")
    assert "3 applications, oldest first" in queue.text
    address = queue.link("Kim Pty Ltd")
    assert read(agency.get(address)).text.count("Does not match") == 3
    approved = follow(agency, agency.post(address + "/approve"))
    assert "Approved: Kim Pty Ltd." in approved.text
    mine = read(kim.get("/account"))
    assert "51 824 753 556" in mine.text
    assert "New account: General account Approved" in mine.text
    listed = read(kim.get(mine.links("Account applications")[-1]))
    upgrade = read(kim.get(listed.link("Upgrade account")))
    assert upgrade.value("legal_name") == "Kim Pty Ltd"
    mine = follow(kim, kim.post("/account/upgrade", data=APPLICATION))
    assert "Upgrade: General account, Verification Service Provider" in mine.text
    again = kim.post("/account/upgrade", data=APPLICATION)
    assert again.status_code == 409
    assert "already waiting to be assessed" in read(again).text
    address = read(agency.get("/staff/applications")).links("Kim Pty Ltd")[0]
    reason = {"reason": "Please use\nthe registered name."}
    follow(agency, agency.post(address + "/decline", data=reason))
    for page in ("/account", "/account/applications"):
        assert "Please use the registered name." in read(kim.get(page)).text
    late = agency.post(address + "/approve")
    assert late.status_code == 409
    assert "You have declined this application already" in read(late).text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_a_refused_application_keeps_what_was_typed(demonstration, headers):
    demonstration.test_client().post("/sign-up", data=KIM)
    browser = browser_of(demonstration, KIM["email"], PASSWORD)
    wrong = APPLICATION | {"abn": "51824753557"}
    answer = browser.post("/account/apply", data=wrong, headers=headers)
    page = read(answer)
    assert (answer.status_code, page.is_whole) == (422, not headers)
    assert [href for href, _ in page.problems()] == ["#abn"]
    assert "check digits" in page.error_beside("abn")
    assert page.value("abn") == "51824753557"
    assert page.value("legal_name") == "Kim Pty Ltd"
    chosen = [n for n in page.all("input") if "checked" in n.attributes]
    assert [n.attributes["value"] for n in chosen] == [
        "general", "verification_service_provider",
    ]  # fmt: skip


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_next_and_submit_are_two_steps(general, headers):
    before = events()
    form = read(general.get(UPGRADE))
    assert buttons(form)[-1] == "Next"
    assert form.hidden()["step"] == "next"
    for _ in range(2):  # a second click
        answer = general.post(UPGRADE, data=SUPPLIER | NEXT, headers=headers)
        review = read(answer)
        assert (answer.status_code, review.is_whole) == (200, not headers)
        assert review.heading == "Upgrade account: review"
        assert buttons(review)[-1] == "Submit"
        for words in ("General account, Supplier", "Käthe & <Söhne>", "51 824 753 556",
                      "02 5550 0100", "Sam Taylor, admin@general.example"):  # fmt: skip
            assert words in review.text
        assert events() == before
    sent = [n.attributes for n in review.all("input", type="hidden")]
    sent = [(a["name"], a["value"]) for a in sent if a["name"] != "csrf_token"]
    types = [("account_types", "general"), ("account_types", "supplier")]
    details = [(n, SUPPLIER[n]) for n in ("legal_name", "abn", "phone")]
    assert sent == types + details
    data = dict(details) | {"account_types": [value for _, value in types]}
    listed = follow(general, general.post(UPGRADE, data=data))
    assert listed.heading == "Account applications"
    assert "Upgrade: General account, Supplier" in listed.text
    assert events() == [*before, "application.submitted"]


def test_back_from_the_review_keeps_the_answers(general):
    review = read(general.post(UPGRADE, data=SUPPLIER | NEXT))
    form = read(general.get(review.link("Back")))
    assert form.heading == "Upgrade account"
    for name in ("legal_name", "abn", "phone"):
        assert form.value(name) == SUPPLIER[name]
    checked = [n.attributes for n in form.all("input") if "checked" in n.attributes]
    assert [a["value"] for a in checked] == ["general", "supplier"]
    assert buttons(form)[-1] == "Next"


@pytest.mark.parametrize("step", [{}, NEXT], ids=["submit", "next"])
def test_wrong_answers_lead_back_to_the_form(general, step):
    before = events()
    for wrong, field in (({"abn": "51824753557"}, "abn"), ({"phone": ""}, "phone"),
                         ({"account_types": ["general"]}, "account_types"),
                         ({"account_types": []}, "account_types"),
                         ({"legal_name": "x" * 100_000}, "legal_name")):  # fmt: skip
        answer = general.post(UPGRADE, data=SUPPLIER | wrong | step)
        page = read(answer)
        assert (answer.status_code, page.heading) == (422, "Upgrade account")
        assert [href for href, _ in page.problems()] == [f"#{field}"]
        assert buttons(page)[-1] == "Next"
    assert events() == before


def test_while_an_application_waits_there_is_no_other(general, private_people):
    assert read(general.get(LIST)).links("Upgrade account") == [UPGRADE]
    applications.submit(SUPPLIER, acting(demo.GENERAL))
    for step in ({}, NEXT):
        answer = general.post(UPGRADE, data=SUPPLIER | step)
        assert answer.status_code == 409
        assert "Account applications shows its status." in read(answer).text
    page = read(general.get(LIST))
    assert page.links("Upgrade account") == []
    assert "successfully assessed by the agency" in page.text
    form = read(general.get(UPGRADE))
    assert "An application is waiting" in form.text
    assert form.fields() == set()


@pytest.mark.parametrize("step", ["", "Next", "submit", "next\0", "x" * 9_999])
def test_any_other_step_submits(general, step):
    answer = general.post(UPGRADE, data=SUPPLIER | {"step": step})
    assert answer.location == LIST


def test_the_general_account_says_why_it_is_on(demonstration, general):
    words = "as this is required to create all account types"
    demonstration.test_client().post("/sign-up", data=KIM)
    kim = browser_of(demonstration, KIM["email"], PASSWORD)
    for browser, address in ((general, UPGRADE), (kim, "/account/apply")):
        page = read(browser.get(address))
        assert words in page.text
        box = page.one("input", value="general")
        assert {"checked", "disabled"} <= box.attributes.keys()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "partial"])
def test_a_general_account_is_led_to_the_upgrade(demonstration, general, headers):
    person = {"name": "Lou <b>", "email": "lou@x.au"}
    link = users.add(person, acting(demo.GENERAL))
    users.use_link(link.token, NEW_PASSWORD, WEB)
    lou = browser_of(demonstration, "lou@x.au", PASSWORD)
    for address in PAGES:
        answer = general.get(address, headers=headers)
        page = read(answer)
        assert answer.status_code == 403
        assert "account type Verification Service Provider or Supplier" in page.text
        assert page.links("Upgrade account") == [UPGRADE]
        assert answer.headers.get("HX-Reselect") == ((headers and "#error") or None)
        page = read(lou.get(address, headers=headers))
        assert page.links("Upgrade account") == []
        assert "Sam Taylor, admin@general.example" in page.text
        assert "Lou <b>, " not in page.text
    posted = general.post("/panels/upload", headers=headers)
    assert (posted.status_code, UPGRADE in posted.text) == (403, True)


def test_a_person_without_an_account_is_led_to_apply(demonstration):
    jordan = browser_of(demonstration, "jordan@panelcheck.example")
    for address in (*PAGES, "/account/users", "/account/upgrade"):
        answer = jordan.get(address)
        assert answer.status_code == 403
        assert read(answer).links("Apply for an account") == ["/account/apply"]
    answer = jordan.get("/staff/applications")
    assert answer.status_code == 403
    assert read(answer).links("Apply for an account") == []


def test_others_are_led_nowhere(demonstration, general):
    staff = browser_of(demonstration, demo.STAFF)
    user = browser_of(demonstration, demo.VSP_USER)
    for browser, address in ((staff, "/panels/upload"), (user, "/account/upgrade"),
                             (user, "/staff/people"), (general, "/account/apply"),
                             (general, "/staff/people")):  # fmt: skip
        answer = browser.get(address)
        page = read(answer)
        assert answer.status_code == 403
        assert "This is for " in page.text
        assert page.links("Upgrade account") == page.links("Apply for an account") == []
