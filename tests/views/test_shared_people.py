"""The people whom everybody shares in a demonstration: cards that nothing breaks."""

import pytest

from spv import demo
from spv.extensions import db, limiter
from spv.rules.errors import ConflictError
from spv.services.accounts import applications, sign_in, users
from spv.services.accounts.sign_in import SHARED
from spv.services.agency import staff
from tests.people import (
    APPLICATION,
    NEW_PASSWORD,
    PASSWORD,
    acting,
    browser_of,
    events,
    twice,
)
from tests.people import user_of as found

CARD = {"email": demo.VSP_USER, "password": demo.PASSWORD}
START = SHARED.split(",")[0]


def status(client, form):
    """The status of the answer to a sign-in."""
    return client.post("/sign-in", data=form).status_code


@pytest.mark.every_database
def test_a_card_works_after_wrong_passwords(demonstration):
    client = demonstration.test_client()
    wrong = [status(client, CARD | {"password": "wrong"}) for _ in range(8)]
    assert wrong == [422] * 5 + [429] * 3
    assert status(client, CARD) == 303
    assert status(demonstration.test_client(), CARD | {"password": "wrong"}) == 429


def test_a_card_works_while_the_network_must_wait(demonstration):
    limiter.enabled = True
    client = demonstration.test_client()
    strangers = {"email": "nobody@x.au", "password": "wrong"}
    assert 429 in [status(client, strangers) for _ in range(70)]
    assert status(client, strangers) == 429
    for email in demo.SIGN_INS:
        assert status(demonstration.test_client(), CARD | {"email": email}) == 303
    # Cards have a limit as well.
    assert 429 in [status(demonstration.test_client(), CARD) for _ in range(70)]


@pytest.mark.every_database
def test_nobody_changes_or_removes_a_shared_person(demonstration):
    admin, avery, user = (
        acting(demo.VSP_ADMIN),
        acting(demo.STAFF),
        found(demo.VSP_USER),
    )
    auditor = found(demo.AUDITOR).id
    before = events()
    for change in (
        lambda: users.change(user.id, {"name": "T", "administrator": True}, admin),
        lambda: users.remove(user.id, admin),
        lambda: users.make_link(user.id, admin),
        lambda: users.make_link(user.id, avery),
        lambda: staff.change_role(auditor, {"role": "assessor"}, avery),
        lambda: staff.remove(auditor, avery),
        lambda: staff.create(demo.STAFF),
        lambda: staff.create("jordan@panelcheck.example"),
    ):
        with pytest.raises(ConflictError) as error:
            change()
        assert str(error.value) == SHARED
    assert events() == before
    users.change(user.id, {"name": "Tom"}, admin)
    assert found(demo.VSP_USER).name == "Tom"


def test_the_pages_say_why(demonstration):
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    user = f"/account/users/{found(demo.VSP_USER).id}"
    page = browser.get(user).text
    assert "shares Tom Okafor" in page
    assert "Remove" not in page
    new = twice(PASSWORD, current_password=demo.PASSWORD)
    for address, form in (
        (user, {"name": "Tom", "administrator": "y"}),
        (f"{user}/remove", {}),
        (f"{user}/password-link", {}),
        ("/account/password", new),
    ):
        answer = browser.post(address, data=form)
        assert answer.status_code == 409
        assert START in answer.text
    assert status(demonstration.test_client(), CARD) == 303


@pytest.mark.every_database
def test_an_upgrade_of_a_shared_account_holds_nobody_up(demonstration):
    general, staff = acting(demo.GENERAL), browser_of(demonstration, demo.STAFF)
    before = found(demo.GENERAL).account.account_types
    for name in ("One Pty Ltd", "Two Pty Ltd"):
        page = browser_of(demonstration, demo.GENERAL).get("/account/upgrade").text
        assert "shares this account" in page
        applications.submit(APPLICATION | {"legal_name": name}, general)
    second, first = applications.mine(general)[:2]
    assert (first.status, second.status) == ("declined", "submitted")
    assert events()[-2:] == ["application.declined", "application.submitted"]
    answer = staff.post(f"/staff/applications/{second.id}/approve")
    assert (answer.status_code, "shares this account" in answer.text) == (409, True)
    db.session.rollback()
    assert found(demo.GENERAL).account.account_types == before == ["general"]


def test_a_visitor_ends_no_session_of_another(demonstration):
    mine, other = (browser_of(demonstration, demo.VSP_USER) for _ in range(2))
    assert mine.post("/sign-out-everywhere").status_code == 409
    assert other.get("/panels").status_code == 200


def test_a_link_from_before_the_person_was_shared(demonstration):
    user = found(demo.VSP_USER)
    user.is_demonstration = False
    db.session.commit()
    link = users.make_link(user.id, acting(demo.VSP_ADMIN))
    found(demo.VSP_USER).is_demonstration = True
    db.session.commit()
    answer = demonstration.test_client().post(
        f"/password/{link.token}", data=NEW_PASSWORD
    )
    assert (answer.status_code, START in answer.text) == (409, True)


def test_production_is_as_before(demonstration):
    demonstration.config["SPV_ENVIRONMENT"] = "production"
    user, admin = found(demo.VSP_USER), acting(demo.VSP_ADMIN)
    assert not sign_in.uses_card(user.email, demo.PASSWORD)
    assert status(demonstration.test_client(), CARD) == 422
    assert users.make_link(user.id, admin)
    users.change(user.id, {"name": "T", "administrator": True}, admin)
    users.remove(user.id, admin)
    assert found(demo.VSP_USER) is None
