"""Password links, removed users, staff, and the demonstration itself."""

import pytest
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import User
from spv.rules.errors import NotFoundError, ValidationError
from spv.services.accounts import sessions, users
from spv.services.agency import staff
from tests.people import (
    NEW_PASSWORD,
    PASSWORD,
    WEB,
    acting,
    at_once,
    events,
    try_sign_in,
    twice,
    user_of,
)

VSP = demo.VSP_ADMIN


pytestmark = [
    pytest.mark.every_database,
    pytest.mark.usefixtures("demonstration", "private_people"),
]


def test_a_removed_user_is_out_at_once_and_the_address_is_free(demonstration):
    tom = user_of(demo.VSP_USER).id
    token = try_sign_in(demo.VSP_USER, demo.PASSWORD)
    link = users.make_link(tom, acting(VSP))
    users.remove(tom, acting(VSP))
    assert sessions.resume(token) is None
    with pytest.raises(NotFoundError):
        users.use_link(link.token, NEW_PASSWORD, WEB)
    assert "is wrong" in try_sign_in(demo.VSP_USER, demo.PASSWORD)
    users.add({"name": "Tom again", "email": demo.VSP_USER}, acting(VSP))
    assert user_of(demo.VSP_USER).id != tom


def test_a_password_link_works_once_and_the_newest_only(demonstration):
    tom = user_of(demo.VSP_USER).id
    token = try_sign_in(demo.VSP_USER, demo.PASSWORD)
    old, link = (users.make_link(tom, acting(who)) for who in (VSP, demo.STAFF))
    assert users.holder(link.token).name == "Tom Okafor"
    for _ in range(5):
        try_sign_in(demo.VSP_USER, "wrong")
    users.use_link(link.token, NEW_PASSWORD, WEB)
    assert sessions.resume(token) is None
    assert sessions.resume(try_sign_in(demo.VSP_USER, PASSWORD))
    for dead in (old, link):
        with pytest.raises(NotFoundError, match="no longer works"):
            users.use_link(dead.token, NEW_PASSWORD, WEB)
    assert not db.session.query(User).filter_by(link_hash=link.token).count()


def test_a_password_link_ends_every_wait(demonstration):
    tom = acting(demo.VSP_USER)
    wrong = NEW_PASSWORD | {"current_password": "wrong"}
    for _ in range(6):
        try_sign_in(demo.VSP_USER, "wrong")
        with pytest.raises(ValidationError):
            users.change_password(wrong, "", tom)
    link = users.make_link(tom.user_id, acting(VSP))
    users.use_link(link.token, NEW_PASSWORD, WEB)
    token, new = try_sign_in(demo.VSP_USER, PASSWORD), "seven lemon bicycles"
    users.change_password(twice(new, current_password=PASSWORD), token, tom)
    assert sessions.resume(try_sign_in(demo.VSP_USER, new))


def test_a_password_link_lasts_a_day(demonstration):
    link = users.make_link(user_of(demo.VSP_USER).id, acting(VSP))
    assert link.until - clock.now() <= users.LINK_LASTS
    with time_machine.travel(link.until), pytest.raises(NotFoundError):
        users.holder(link.token)


def test_two_use_one_link_at_once(demonstration):
    link = users.make_link(user_of(demo.VSP_USER).id, acting(VSP))
    errors = at_once(*[lambda: users.use_link(link.token, NEW_PASSWORD, WEB)] * 3)
    assert [type(error) for error in errors] == [NotFoundError] * 2


def test_a_password_link_wins_over_a_change_at_the_same_moment(demonstration):
    """A thief with the old password must not undo what the link's user has set."""
    thief, own = "thief takes the tram", "owner of nine lemons"
    actor, old = acting(demo.VSP_USER), demo.PASSWORD
    for _ in range(4):
        token = try_sign_in(demo.VSP_USER, old)
        link = users.make_link(actor.user_id, acting(VSP))
        change, new = twice(thief, current_password=old), twice(own)
        at_once(
            lambda change=change, token=token: users.change_password(
                change, token, actor
            ),
            lambda link=link, new=new: users.use_link(link.token, new, WEB),
        )
        assert sessions.resume(try_sign_in(demo.VSP_USER, own))
        assert "is wrong" in try_sign_in(demo.VSP_USER, thief)
        old, own = own, own + " again"


def test_a_session_that_has_ended_changes_no_password(demonstration):
    given = NEW_PASSWORD | {"current_password": demo.PASSWORD}
    with pytest.raises(ValidationError):
        users.change_password(given, "a token that has ended", acting(demo.VSP_USER))
    assert events()[-1] == "user.password_change_failed"


def test_staff_make_no_links_for_staff(demonstration):
    link = staff.create("pat@agency.example")
    for actor in (demo.STAFF, "pat@agency.example"):
        with pytest.raises(NotFoundError):
            users.make_link(user_of(demo.STAFF).id, acting(actor))
    assert users.holder(link.token)


def test_users_are_found_by_staff(demonstration):
    assert [u.name for u in users.find("TOM")] == ["Tom Okafor"]
    assert len(users.find("example verification")) == 2
    assert len(users.find("")) == 10
    assert users.find("%") == users.find("\0zzz") == users.find("x" * 60_000) == []


def test_a_user_who_becomes_staff_needs_a_new_password(kim):
    token = try_sign_in("kim@x.au", PASSWORD)
    link = staff.create(" KIM@x.au ")
    assert sessions.resume(token) is None
    assert "is wrong" in try_sign_in("kim@x.au", PASSWORD)
    users.use_link(link.token, NEW_PASSWORD, WEB)
    assert sessions.resume(try_sign_in("kim@x.au", PASSWORD))
    again = staff.create("kim@x.au")  # a link for staff who cannot sign in
    assert sessions.resume(try_sign_in("kim@x.au", PASSWORD))
    assert users.holder(again.token).email == "kim@x.au"
    with pytest.raises(ValidationError, match="a user of an account already"):
        staff.create(VSP)
    with pytest.raises(ValidationError):
        staff.create("kim")
