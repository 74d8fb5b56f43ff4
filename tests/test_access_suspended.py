"""Suspended people, accounts and subscriptions on every route."""

import pytest

from spv import demo
from spv.rules.accounts import KeyKind
from spv.services.accounts import users
from spv.services.agency import staff, suspensions
from spv.services.agency.suspensions import Subject
from tests.addresses import address_of
from tests.api import System, items, key_of, subscribe
from tests.people import WEB, acting, browser_of, events, twice, user_of
from tests.test_access import ALLOWED, MATRIX, routes

OUT = "The agency has suspended "
# Whom `make test-long` suspends besides.
MORE = [(demo.VSP_USER, Subject.ACCOUNT), (demo.GENERAL, Subject.ACCOUNT),
        ("jordan@panelcheck.example", Subject.PERSON),
        ("noor@x.au", Subject.PERSON)]  # fmt: skip


def hire_an_auditor():
    """Nobody suspends the staff whom everybody in a demonstration shares."""
    link = staff.create("noor@x.au", "Noor", "auditor")
    users.use_link(link.token, twice(demo.PASSWORD), WEB)


@pytest.mark.parametrize(
    ("email", "subject"),
    [(demo.VSP_USER, Subject.PERSON), (demo.VSP_ADMIN, Subject.ACCOUNT),
     *(pytest.param(*each, marks=pytest.mark.long) for each in MORE)],
)  # fmt: skip
def test_every_route_while_suspended(demonstration, email, subject):
    """A session of before opens nothing that a visitor may not open."""
    hire_an_auditor()
    addresses = [
        (rule.endpoint, method, address_of(demonstration, rule))
        for rule, method in routes(demonstration)
    ]
    browser, user = browser_of(demonstration, email), user_of(email)
    cookie = browser.get_cookie("session").value
    number = user.id if subject == Subject.PERSON else user.account_id
    suspensions.suspend(subject, number, {"reason": "Why."}, acting(demo.STAFF))
    before, shown = events(), 0
    for endpoint, method, address in addresses:
        browser.set_cookie("session", cookie)
        with browser.open(address, method=method) as answer:
            case = (method, endpoint, answer.status)
            if answer.status_code == 403:
                assert OUT in answer.text, case
                shown += 1
                # The page was shown once: from now on this is a visitor.
                assert browser.get("/").status_code == 200, case
            elif ALLOWED[endpoint] == "K":
                assert answer.status_code == 401, case
            else:
                assert "V" in ALLOWED[endpoint], case
    personal = [each for each, _, _ in addresses if "V" not in ALLOWED[each]]
    assert shown >= len(personal) - len(MATRIX["K"])
    assert len(addresses) >= 90
    done = {*events()[len(before) :]}
    assert not done - {"user.sign_in_failed"}, done


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("subject", [Subject.ACCOUNT, Subject.SUBSCRIPTION])
def test_every_route_of_the_api_while_suspended(demonstration, subject, kind):
    user = acting(demo.VSP_USER)
    made = subscribe(user)
    number = made if subject == Subject.SUBSCRIPTION else user.account_id
    addresses = [
        (method, address_of(demonstration, rule, demo.SUPPLIER))
        for rule, method in routes(demonstration)
        if ALLOWED[rule.endpoint] == "K"
    ]
    system = System(demonstration, key_of(made, kind))
    suspensions.suspend(subject, number, {"reason": "Why."}, acting(demo.STAFF))
    before = events()
    for method, address in addresses:
        answer = system.send(address, items(1), method)
        assert answer.status_code == 403
        (error,) = answer.get_json()["errors"]
        assert error["code"] == "account_suspended"
        assert error["message"].endswith(": Why.")
        assert answer.headers["X-Request-Id"]
    assert events() == before
    assert len(addresses) == len(MATRIX["K"])
