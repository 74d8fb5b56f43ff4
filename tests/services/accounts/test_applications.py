"""Applications, contacts and users, with a demonstration's data."""

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import Account, NominatedContact
from spv.rules.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ValidationError,
)
from spv.services.accounts import applications, contacts, sessions, users
from spv.services.agency import staff
from tests.people import (
    ABN,
    APPLICATION,
    NEW_PASSWORD,
    PASSWORD,
    WEB,
    acting,
    at_once,
    events,
    try_sign_in,
    user_of,
)
from tests.proof import log_problems

VSP, OTHER, GENERAL = demo.VSP_ADMIN, demo.OTHER_VSP, demo.GENERAL


pytestmark = [
    pytest.mark.every_database,
    pytest.mark.usefixtures("demonstration", "private_people"),
]


def waiting_of(actor):
    """The actor's application that is waiting."""
    (found,) = [a for a in applications.mine(actor) if a.status == "submitted"]
    return found


def test_the_steps_of_the_guidance(kim):
    """Apply as General, be approved, upgrade, be approved, add a user who signs in."""
    applications.submit(APPLICATION | {"account_types": []}, kim)
    assert applications.waiting()[-1].account_types == ["general"]
    agency = acting(demo.STAFF)
    assert applications.approve(waiting_of(kim).id, agency) == "Kim Pty Ltd"
    kim = acting("kim@x.au")
    assert [role.name for role in sorted(kim.roles)] == ["ADMINISTRATOR", "GENERAL"]
    applications.submit(APPLICATION | {"phone": "131 774"}, kim)
    applications.approve(waiting_of(kim).id, agency)
    account = applications.account_of(kim)
    assert account.account_types == ["general", "verification_service_provider"]
    assert account.phone == "131 774"
    link = users.add({"name": "Lou", "email": "lou@x.au"}, kim)
    users.use_link(link.token, NEW_PASSWORD, WEB)
    lou = sessions.resume(try_sign_in("lou@x.au", PASSWORD))
    assert lou.account_id == account.id
    assert [a.status for a in applications.mine(kim)] == ["approved", "approved"]
    assert log_problems() == []


def test_declined_with_a_reason_and_applied_again(kim):
    applications.submit(APPLICATION, kim)
    first = waiting_of(kim)
    with pytest.raises(ValidationError, match="Enter the reason"):
        applications.decline(first.id, {"reason": " "}, acting(demo.STAFF))
    reason = "Not your contact person.\nAsk Pat."
    applications.decline(first.id, {"reason": reason}, acting(demo.STAFF))
    assert (first.status, first.reason) == ("declined", reason)
    applications.submit(APPLICATION, kim)
    assert [a.status for a in applications.mine(kim)] == ["submitted", "declined"]


def test_one_application_at_a_time(kim):
    applications.submit(APPLICATION, kim)
    with pytest.raises(ConflictError, match="already waiting to be assessed"):
        applications.submit(APPLICATION, kim)
    upgrade, general = APPLICATION | {"abn": "23000000004"}, acting(GENERAL)
    errors = at_once(*[lambda: applications.submit(upgrade, general)] * 4)
    assert [type(error) for error in errors] == [ConflictError] * 3


def test_an_upgrade_asks_for_something_new(demonstration):
    for types in ([], ["verification_service_provider"], ["general"], ["king"]):
        with pytest.raises(ValidationError) as error:
            applications.submit(APPLICATION | {"account_types": types}, acting(VSP))
        assert list(error.value.problems) == ["account_types"]
    assert applications.current_types(acting(VSP)) == [
        "general", "verification_service_provider",
    ]  # fmt: skip


def test_two_staff_on_one_application(kim):
    applications.submit(APPLICATION, kim)
    number = waiting_of(kim).id
    staff.create("pat@agency.example", "Pat Lee")
    avery, pat = acting(demo.STAFF), acting("pat@agency.example")
    errors = at_once(
        lambda: applications.approve(number, avery),
        lambda: applications.decline(number, {"reason": "No."}, pat),
    )
    (error,) = errors
    assert isinstance(error, ConflictError)
    found = applications.show(number)
    who = found.assessed_by.name
    assert f"{who} has {found.status} this application already" in str(error)
    with pytest.raises(ConflictError, match=f"You have {found.status} this"):
        applications.approve(number, {"Avery Clarke": avery, "Pat Lee": pat}[who])
    made = db.session.query(Account).filter_by(abn=ABN).count()
    assert made == (found.status == "approved")
    assessed = [e for e in events() if e.endswith((".approved", ".declined"))]
    assert assessed[-1] == f"application.{found.status}"


def test_nobody_assesses_their_own(kim):
    applications.submit(APPLICATION, kim)
    number = waiting_of(kim).id
    staff.create("kim@x.au")
    for assess in (
        lambda: applications.approve(number, acting("kim@x.au")),
        lambda: applications.decline(number, {"reason": "x"}, acting("kim@x.au")),
    ):
        with pytest.raises(ConflictError, match="your own"):
            assess()
    with pytest.raises(
        ConflictError, match="has been removed, is agency staff, or has"
    ):
        applications.approve(number, acting(demo.STAFF))
    assert applications.show(number).status == "submitted"


def test_an_abn_has_one_account(kim):
    applications.submit(APPLICATION | {"abn": "80000000001"}, kim)
    number = waiting_of(kim).id
    with pytest.raises(ConflictError, match="Another account has this ABN"):
        applications.approve(number, acting(demo.STAFF))
    assert applications.show(number).status == "submitted"
    assert user_of("kim@x.au").account_id is None


def test_assessing_what_is_not_there(demonstration):
    with pytest.raises(NotFoundError):
        applications.approve(999, acting(demo.STAFF))
    with pytest.raises(NotFoundError):
        applications.show(999)


def test_the_match_with_the_nominated_contacts(demonstration):
    panel_check, southern = applications.waiting()
    assert [m.matches for m in contacts.compare(panel_check)] == [True, True, True]
    abn, name, email = contacts.compare(southern)
    assert (abn.matches, name.matches, email.matches) == (True, False, False)
    assert name.known == "Southern Solar Imports Pty Ltd"
    contact = {"legal_name": "Other", "abn": ABN, "email": southern.user.email}
    db.session.execute(sa.delete(NominatedContact))
    db.session.commit()
    assert [m.known for m in contacts.compare(southern)] == ["", "", ""]
    contacts.save(contact, acting(demo.STAFF))
    assert [m.matches for m in contacts.compare(southern)] == [False, False, True]


def test_contacts_are_kept_by_abn(demonstration):
    agency = acting(demo.STAFF)
    file = f"Legal name,ABN,Email\nNew,{ABN},n@x.au\nChanged,80000000001,c@x.au\n"
    assert contacts.load(file.encode(), agency) == 2
    assert [c.legal_name for c in contacts.find("n@x.au")] == ["New"]
    assert [c.email for c in contacts.find("80 000 000 001")] == ["c@x.au"]
    assert db.session.query(NominatedContact).count() == 7
    with pytest.raises(ValidationError, match="Row 3"):
        contacts.load(file.replace("80000000001", "1").encode(), agency)
    contacts.remove(contacts.find("New")[0].id, agency)
    with pytest.raises(NotFoundError):
        contacts.remove(999, agency)
    assert contacts.find("%") == contacts.find("_\\") == contacts.find("\0zz\0") == []


def test_the_same_contacts_twice_at_once(demonstration):
    agency = acting(demo.STAFF)
    contact = {"legal_name": "New", "abn": ABN, "email": "n@x.au"}
    assert at_once(*[lambda: contacts.save(contact, agency)] * 4) == []
    assert len(contacts.find(ABN)) == 1


def test_a_user_whose_rights_have_changed_does_nothing(demonstration):
    """A request of a user who is removed, or gets an account, while it is handled."""
    tom = user_of(demo.VSP_USER).id
    users.change(tom, {"name": "Tom", "administrator": True}, acting(VSP))
    removed, jordan = acting(demo.VSP_USER), acting("jordan@panelcheck.example")
    users.remove(tom, acting(VSP))
    applications.approve(applications.waiting()[0].id, acting(demo.STAFF))
    before, upgrade = events(), APPLICATION | {"account_types": ["supplier"]}
    contact = {"legal_name": "x", "abn": ABN, "email": "x@x.au"}
    for act in (
        lambda: applications.submit(upgrade, removed),
        lambda: users.add({"name": "x", "email": "x@x.au"}, removed),
        lambda: users.make_link(user_of(VSP).id, removed),
        lambda: applications.submit(APPLICATION, jordan),
        lambda: contacts.save(contact, jordan),
    ):
        with pytest.raises(ForbiddenError, match="the role that this needs"):
            act()
    assert events() == before


def test_an_upgrade_and_a_removal_at_once(demonstration):
    """On PostgreSQL they must not wait for each other for ever."""
    tom = user_of(demo.VSP_USER).id
    users.change(tom, {"name": "Tom", "administrator": True}, acting(VSP))
    users.make_link(tom, acting(VSP))
    actor, other = acting(demo.VSP_USER), acting(VSP)
    upgrade = APPLICATION | {"account_types": ["supplier"]}
    errors = at_once(
        lambda: applications.submit(upgrade, actor), lambda: users.remove(tom, other)
    )
    assert {type(error) for error in errors} <= {ForbiddenError}
    assert events()[-1] == "user.removed"


def test_users_of_an_account(demonstration):
    assert [u.name for u in users.index(acting(VSP))] == ["Priya Nair", "Tom Okafor"]
    tom = user_of(demo.VSP_USER).id
    users.change(tom, {"name": "Tom O.", "administrator": True}, acting(VSP))
    assert users.show(tom, acting(VSP)).name == "Tom O."
    assert len(acting(demo.VSP_USER).roles) == 3
    for stranger in (acting(OTHER), acting(GENERAL)):
        for act in (
            lambda who: users.show(tom, who),
            lambda who: users.change(tom, {"name": "x"}, who),
            lambda who: users.remove(tom, who),
            lambda who: users.make_link(tom, who),
        ):
            with pytest.raises(NotFoundError):
                act(stranger)


@pytest.mark.parametrize("email", [demo.OTHER_VSP, "JORDAN@panelcheck.example"])
def test_an_address_in_use_cannot_be_added(demonstration, email):
    with pytest.raises(ValidationError, match="with this email address already"):
        users.add({"name": "x", "email": email}, acting(VSP))


def test_the_last_administrator_stays(demonstration):
    priya, actor = user_of(VSP).id, acting(VSP)
    with pytest.raises(ConflictError, match="needs an administrator"):
        users.remove(priya, actor)
    with pytest.raises(ValidationError) as error:
        users.change(priya, {"name": "Priya", "administrator": False}, actor)
    assert list(error.value.problems) == ["administrator"]


def test_two_administrators_remove_each_other_at_once(demonstration):
    tom, priya = user_of(demo.VSP_USER).id, user_of(VSP).id
    users.change(tom, {"name": "Tom", "administrator": True}, acting(VSP))
    one, other = acting(VSP), acting(demo.VSP_USER)
    errors = at_once(lambda: users.remove(tom, one), lambda: users.remove(priya, other))
    assert [type(error) for error in errors] == [ForbiddenError]
    assert len(users.index(one)) == 1
