"""Members of staff are added, changed and removed, and an administrator stays."""

import pytest

from spv import demo
from spv.extensions import db
from spv.rules.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ValidationError,
)
from spv.services.accounts import contacts, sessions, users
from spv.services.agency import staff, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.verify import checks
from tests.people import (
    NEW_PASSWORD,
    PASSWORD,
    WEB,
    acting,
    at_once,
    events,
    try_sign_in,
    user_of,
)

PAT = {"name": "Pat Lee", "email": "pat@agency.example", "role": "administrator"}
pytestmark = [
    pytest.mark.every_database,
    pytest.mark.usefixtures("demonstration", "private_people"),
]


def add(**answers):
    """Add a member of staff, who sets a password; return the actor."""
    link = staff.add(PAT | answers, acting(demo.STAFF))
    users.use_link(link.token, NEW_PASSWORD, WEB)
    return acting((PAT | answers)["email"])


def test_a_colleague_is_added_changed_and_removed():
    pat, before = add(role="auditor"), events()
    assert before[-2:] == ["staff.created", "user.password_set"]
    token = try_sign_in(PAT["email"], PASSWORD)
    first, second = (each.id for each in contacts.find()[:2])
    with pytest.raises(ForbiddenError):
        contacts.remove(first, pat)
    staff.change_role(pat.user_id, {"role": "administrator"}, acting(demo.STAFF))
    pat = acting(PAT["email"])
    contacts.remove(first, pat)
    staff.change_role(pat.user_id, {"role": "auditor"}, acting(demo.STAFF))
    with pytest.raises(ForbiddenError):  # though the request began with the role
        contacts.remove(second, pat)
    staff.remove(pat.user_id, acting(demo.STAFF))
    assert sessions.resume(token) is None
    assert "is wrong" in try_sign_in(PAT["email"], PASSWORD)
    assert PAT["email"] not in {each.email for each in staff.index()}
    assert checks.verify().sentences == []


def test_who_cannot_be_added():
    for email in (demo.STAFF, demo.VSP_USER, "pat"):
        with pytest.raises(ValidationError) as error:
            staff.add(PAT | {"email": email}, acting(demo.STAFF))
        assert list(error.value.problems) == ["email"]
    with pytest.raises(ValidationError) as error:
        staff.add(PAT | {"role": "king"}, acting(demo.STAFF))
    assert list(error.value.problems) == ["role"]


def test_a_role_that_somebody_has_is_no_change():
    pat = add()
    before = events()
    with pytest.raises(ValidationError, match="Pat Lee has this role already"):
        staff.change_role(pat.user_id, {"role": "administrator"}, acting(demo.STAFF))
    admin = acting(demo.VSP_ADMIN)
    user = users.index(admin)[0]
    same = {"name": user.name, "administrator": user.is_administrator}
    users.change(user.id, same, admin)
    assert events() == before


@pytest.mark.parametrize("email", [demo.ASSESSOR, demo.AUDITOR])
def test_only_administrators_manage_staff(email):
    actor, other, before = acting(email), user_of(demo.ASSESSOR).id, events()
    for work in (
        lambda: staff.add(PAT, actor),
        lambda: staff.change_role(other, {"role": "auditor"}, actor),
        lambda: staff.remove(other, actor),
        lambda: suspensions.suspend(Subject.PERSON, other, {"reason": "x"}, actor),
    ):
        with pytest.raises(ForbiddenError, match="the role that this needs"):
            work()
    assert events() == before


def test_only_staff_are_changed_and_removed():
    for number in (user_of(demo.VSP_USER).id, 999):
        with pytest.raises(NotFoundError):
            staff.remove(number, acting(demo.STAFF))
        with pytest.raises(NotFoundError):
            staff.change_role(number, {"role": "auditor"}, acting(demo.STAFF))


def test_the_last_administrator_stays():
    avery = acting(demo.STAFF)

    def leave():
        with pytest.raises(ConflictError, match="needs an administrator"):
            staff.remove(avery.user_id, avery)
        with pytest.raises(ValidationError, match="needs an administrator"):
            staff.change_role(avery.user_id, {"role": "auditor"}, avery)

    leave()
    staff.add(PAT, avery)  # who has no password yet
    leave()
    staff.remove(user_of(PAT["email"]).id, avery)
    pat = add()
    suspensions.suspend(Subject.PERSON, pat.user_id, {"reason": "x"}, avery)
    leave()
    suspensions.reinstate(Subject.PERSON, pat.user_id, {}, avery)
    staff.change_role(avery.user_id, {"role": "assessor"}, avery)
    with pytest.raises(ConflictError):
        staff.remove(pat.user_id, pat)


@pytest.mark.parametrize("how", ["remove", "change", "suspend"])
def test_two_administrators_who_end_each_other_at_once(how):
    avery, pat = acting(demo.STAFF), add()

    def end(number, actor):
        if how == "remove":
            staff.remove(number, actor)
        elif how == "change":
            staff.change_role(number, {"role": "auditor"}, actor)
        else:
            suspensions.suspend(Subject.PERSON, number, {"reason": "x"}, actor)

    errors = at_once(lambda: end(pat.user_id, avery), lambda: end(avery.user_id, pat))
    assert [isinstance(error, ForbiddenError) for error in errors] == [True]
    left = [each for each in staff.index() if staff.is_last_administrator(each)]
    assert len(left) == 1


def test_the_first_of_an_environment_is_administrator():
    for user in staff.index():
        user.removed_at = user.created_at
    db.session.commit()
    staff.create("first@agency.example")
    staff.create("next@agency.example")
    staff.create("third@agency.example", role="auditor")
    roles = {each.email: each.staff_role for each in staff.index()}
    assert roles == {
        "first@agency.example": "administrator",
        "next@agency.example": "assessor",
        "third@agency.example": "auditor",
    }
    with pytest.raises(ConflictError, match="with the role auditor"):
        staff.create("third@agency.example", role="assessor")
