"""The Developer Portal: subscriptions and keys, and the declaration's notices."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import AuditEvent, SubscriptionKey
from spv.rules.errors import ConflictError, ForbiddenError
from spv.services.api import subscriptions
from tests.api import HEADER, UPLOADS, System, items, key_of, subscribe, system_of
from tests.people import acting, at_once, browser_of, events
from tests.proof import log_problems
from tests.views.page import Page

PRODUCT = "/developer/products/serial-number-ledger"
PROFILE = "/developer/profile"
RIGHT = {"password": demo.PASSWORD}


@pytest.fixture
def browser(demonstration):
    return browser_of(demonstration, demo.VSP_USER)


def of(subscription_id, act):
    return f"/developer/subscriptions/{subscription_id}/{act}"


def shown(answer):
    """The key that a page shows, or None."""
    fields = Page(answer.text).all("input", id="secret")
    return fields[0].attributes["value"] if fields else None


def problems(answer):
    return [words for _, words in Page(answer.text).problems()]


def last_event():
    db.session.rollback()
    query = sa.select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)
    event = db.session.scalars(query).one()
    return event.event, json.loads(event.details)


def test_a_name_that_differs_and_the_terms(browser):
    assert problems(browser.post(PRODUCT, data={})) == [
        "Enter a name for the subscription.",
        "Read the terms of use, and agree to them.",
    ]
    good = {"name": " Line  1 ", "terms": "yes"}
    assert browser.post(PRODUCT, data=good).location == PROFILE
    for name in ("Line  1", "LINE 1", "line\u20031 ", "Line 1\ufe0f", "Ｌine 1"):
        (problem,) = problems(browser.post(PRODUCT, data=good | {"name": name}))
        assert problem.startswith("Another subscription of your account has this name.")
    for name in ("\ufe0f", "\U0001d159", "– –"):
        assert problems(browser.post(PRODUCT, data=good | {"name": name}))
    old = {"name": "Line 2", "terms": "yes", "terms_version": "2020-01-01"}
    (problem,) = problems(browser.post(PRODUCT, data=old))
    assert problem == "The terms have a new wording. Read them, then agree again."
    names = [each.name for each in subscriptions.mine(acting(demo.VSP_ADMIN))]
    assert names == ["Line 1"]
    assert subscriptions.mine(acting(demo.OTHER_VSP)) == []


def test_two_at_once_do_not_get_the_same_name(demonstration):
    actor = acting(demo.VSP_USER)
    wrong = at_once(*[lambda: subscribe(actor, "Line 1")] * 4)
    assert len(wrong) == 3
    assert len(subscriptions.mine(actor)) == 1


def test_as_many_as_there_may_be(demonstration):
    actor = acting(demo.VSP_USER)
    for number in range(subscriptions.MOST):
        subscribe(actor, f"Line {number}")
    with pytest.raises(ValueError, match="An account can have 20 subscriptions"):
        subscribe(actor, "One more")


def test_keys_are_there_only_where_they_are_shown(browser):
    number = subscribe(acting(demo.VSP_USER))
    keys = {kind: key_of(number, kind) for kind in ("primary", "secondary", "test")}
    assert len({*keys.values()}) == 3
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys.values())
    assert not any(key in browser.get(PROFILE).text for key in keys.values())
    for kind, key in keys.items():
        answer = browser.post(of(number, f"keys/{kind}/show"))
        assert shown(answer) == key
        assert answer.headers["Cache-Control"] == "no-store"
        assert sum(answer.text.count(each) for each in keys.values()) == 1
        event, details = last_event()
        assert (event, details["key"], details["subscription"]) == (
            "key.shown", kind, number,
        )  # fmt: skip
    assert browser.get(of(number, "keys/primary/show")).status_code == 405
    kept = db.session.execute(sa.select(SubscriptionKey)).scalars().all()
    raw = json.dumps([[k.digest, k.sealed] for k in kept])
    logged = " ".join(db.session.scalars(sa.select(AuditEvent.details)))
    assert not any(key in raw + logged for key in keys.values())


def test_the_password_is_asked_for_after_five_minutes(browser):
    number, signed_in = subscribe(acting(demo.VSP_USER)), clock.now()
    address = of(number, "keys/primary/show")
    with time_machine.travel(signed_in + timedelta(minutes=4, seconds=50)):
        assert shown(browser.post(address))
    with time_machine.travel(signed_in + timedelta(minutes=5, seconds=1)):
        before = events()
        answer = browser.post(address)
        assert (answer.status_code, shown(answer)) == (422, None)
        assert problems(answer) == [
            "Enter your password: you signed in more than 5 minutes ago."
        ]
        assert events() == before
        answer = browser.post(address, data={"password": "wrong"})
        assert (answer.status_code, shown(answer)) == (422, None)
        assert problems(answer) == ["This is not your password."]
        assert last_event()[0] == "key.show_refused"
        answer = browser.post(address, data=RIGHT)
        assert shown(answer) == key_of(number)
        for _ in range(5):  # what is not there is not asked the password for
            none = browser.post(of(999, "keys/primary/show"), data=RIGHT)
            assert none.status_code == 404
        assert shown(browser.post(address, data=RIGHT))
        for _ in range(5):
            browser.post(address, data={"password": "wrong"})
        answer = browser.post(address, data=RIGHT, headers={"HX-Request": "true"})
        assert (answer.status_code, shown(answer)) == (429, None)
        assert answer.headers["HX-Retarget"] == "#content"
        assert "Try again in 15 minutes" in answer.text


def test_regenerate_rename_and_cancel(demonstration):
    actor, browser = acting(demo.VSP_ADMIN), browser_of(demonstration, demo.VSP_ADMIN)
    primary = system_of(demonstration, actor)
    (made,) = subscriptions.mine(actor)
    secondary = System(demonstration, key_of(made.id, "secondary"))
    browser.post(of(made.id, "keys/primary/regenerate"))
    assert primary.get(f"{UPLOADS}/X1").status_code == 401
    assert secondary.get(f"{UPLOADS}/X1").status_code == 200
    primary.key = key_of(made.id)
    assert primary.send(body=items(1)).status_code == 201
    assert "Last used" in browser.get(PROFILE).text
    assert browser.post(of(made.id, "rename"), data={"name": "New"}).status_code == 303
    assert problems(browser.post(of(made.id, "rename"), data={"name": ""}))
    assert "API, subscription New" in browser.get("/panels/uploads").text
    assert browser.post(of(made.id, "cancel")).location == PROFILE
    for system in (primary, secondary):
        assert system.get(f"{UPLOADS}/X1").status_code == 401
    for act in ("cancel", "rename", "keys/primary/show", "keys/test/regenerate"):
        assert browser.post(of(made.id, act)).status_code == 404
    assert "201" in browser.get(of(made.id, "requests")).text
    assert of(made.id, "requests") in browser.get(PROFILE).text
    assert subscribe(actor, "New") > made.id


def test_only_administrators_end_keys(demonstration, browser):
    """An ordinary user sees who can, is refused, and still renames and shows."""
    actor = acting(demo.VSP_USER)
    assert "ask an administrator" not in browser.get(PROFILE).text  # of nothing
    number = subscribe(actor)
    before, key = events(), key_of(number)
    page = browser.get(PROFILE).text
    assert "ask an administrator of your account" in page
    for act in ("keys/primary/regenerate", "cancel"):
        assert of(number, act) not in page
        answer = browser.post(of(number, act))
        assert answer.status_code == 403
        assert "This is for administrators of an account." in answer.text
    for act in (subscriptions.cancel, lambda *a: subscriptions.regenerate(
            number, "test", actor)):  # fmt: skip
        with pytest.raises(ForbiddenError):
            act(number, actor)
    assert (events(), key_of(number)) == (before, key)
    answer = browser.post(of(number, "rename"), data={"name": ""})
    assert of(number, "cancel") not in answer.text
    assert browser.post(of(number, "rename"), data={"name": "New"}).status_code == 303
    page = browser_of(demonstration, demo.VSP_ADMIN).get(PROFILE).text
    assert "ask an administrator" not in page
    assert of(number, "cancel") in page


def test_another_secret_key_of_the_app_ends_all_keys(demonstration, browser):
    number = subscribe(acting(demo.VSP_USER))
    key = key_of(number)
    demonstration.secret_key = "another one, since the first was lost"
    assert System(demonstration, key).get(f"{UPLOADS}/X1").status_code == 401
    with pytest.raises(ConflictError, match="Regenerate it"):
        key_of(number)
    subscriptions.regenerate(number, "primary", acting(demo.VSP_ADMIN))
    system = System(demonstration, key_of(number))
    assert system.get(f"{UPLOADS}/X1").status_code == 200


@pytest.mark.every_database
def test_a_secret_that_is_still_known_ends_nothing(demonstration, browser):
    actor, old = acting(demo.VSP_ADMIN), demonstration.config["SECRET_KEY"]
    number = subscribe(actor)
    first = key_of(number)
    demonstration.config["SECRET_KEY"] = "another one, since the first was lost"
    demonstration.config["SECRET_KEY_FALLBACKS"] = ("one of long ago", old)
    assert System(demonstration, first).get(f"{UPLOADS}/X1").status_code == 200
    assert shown(browser.post(of(number, "keys/primary/show"))) == first  # signed in
    subscriptions.regenerate(number, "primary", actor)
    keys = {"old": key_of(number, "secondary"), "new": key_of(number)}
    assert System(demonstration, first).get(f"{UPLOADS}/X1").status_code == 401
    assert log_problems() == []
    for fallbacks, statuses in (((old,), (200, 200)), ((), (401, 200))):
        demonstration.config["SECRET_KEY_FALLBACKS"] = fallbacks
        for key, status in zip(keys.values(), statuses, strict=True):
            answer = System(demonstration, key).get(f"{UPLOADS}/X1")
            assert answer.status_code == status
    assert log_problems() == []


def test_the_reference_names_every_error_and_header(browser):
    page = browser.get("/developer/apis/serial-number-ledger").text
    assert HEADER in page
    assert "http://localhost" + UPLOADS in page
    document = browser.get("/api/openapi.json").json
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert (operation["summary"] in page) is ("-ledger" in path)


def test_the_home_page_says_how_many_subscriptions_there_are(demonstration, browser):
    def said():
        (card,) = (
            node
            for node in Page(browser.get("/").text).all("section")
            if node.attributes["aria-labelledby"] == "systems"
        )
        return card.text.replace(" ,", ",")

    actor = acting(demo.VSP_ADMIN)
    for subscription in subscriptions.mine(actor):
        subscriptions.cancel(subscription.id, actor)
    assert "Keys with which your own systems upload" in said()
    system = system_of(demonstration, actor)
    assert re.search(r"Keys of 1 subscription ?, not used yet", said())
    assert system.send(body=items(1)).status_code == 201
    subscribe(actor, "Line 2")
    assert re.search(r"Keys of 2 subscriptions ?, last used \d+ \w+ 20\d\d", said())
