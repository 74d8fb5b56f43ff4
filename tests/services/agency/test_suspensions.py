"""Suspended accounts, people and subscriptions are out at the next request."""

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import Suspension, UserSession
from spv.rules.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    Suspended,
    ValidationError,
)
from spv.services.accounts import sessions, users
from spv.services.agency import staff, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.api import subscriptions
from spv.services.ledger import uploads
from spv.services.verify import checks
from tests.api import key_of, subscribe
from tests.panels import panels_csv, upload
from tests.people import (
    NEW_PASSWORD,
    PASSWORD,
    WEB,
    acting,
    at_once,
    browser_of,
    events,
    try_sign_in,
    user_of,
)
from tests.plans import scans, statements

REASON = {"reason": "Serial numbers of another company."}
pytestmark = pytest.mark.every_database


def suspend(subject, number, by=demo.STAFF):
    suspensions.suspend(subject, number, REASON, acting(by))


def reinstate(subject, number, by=demo.STAFF, **answers):
    suspensions.reinstate(subject, number, answers, acting(by))


def subject_of(email, subject):
    """The number of a person, or of the person's account."""
    user = user_of(email)
    return user.id if subject == Subject.PERSON else user.account_id


@pytest.fixture(params=[Subject.PERSON, Subject.ACCOUNT])
def suspended(request, demonstration):
    """A person or their account, which is suspended; and what shuts them out."""
    subject = request.param
    what = "you" if subject == Subject.PERSON else "your account"
    token = try_sign_in(demo.VSP_USER, demo.PASSWORD)
    assert sessions.resume(token)
    db.session.rollback()
    actor, number = acting(demo.VSP_USER), subject_of(demo.VSP_USER, subject)
    suspend(subject, number)
    return subject, number, f"The agency has suspended {what}: {REASON['reason']}", (
        token, actor,
    )  # fmt: skip


def test_the_session_is_dead_and_the_sign_in_says_why(suspended):
    subject, number, sentence, (token, actor) = suspended
    with pytest.raises(Suspended) as error:
        sessions.resume(token)
    assert str(error.value) == sentence
    db.session.rollback()
    before = events()
    new = NEW_PASSWORD | {"current_password": demo.PASSWORD}
    with pytest.raises(Suspended):  # from a request that came in before
        users.change_password(new, token, actor)
    assert try_sign_in(demo.VSP_USER, demo.PASSWORD) == sentence
    assert events() == [*before, "user.sign_in_refused"]
    wrong = try_sign_in(demo.VSP_USER, "wrong")
    assert wrong == "The email address or the password is wrong."
    reinstate(subject, number)
    assert sessions.resume(token) is None  # it does not come back to life
    assert sessions.resume(try_sign_in(demo.VSP_USER, demo.PASSWORD))


def test_a_request_that_came_in_before_does_not_write_after(suspended):
    """The actor was allowed when the request began."""
    _, _, sentence, (_, actor) = suspended
    before = events()
    for work in (lambda: upload(panels_csv(1), actor), lambda: subscribe(actor)):
        with pytest.raises(Suspended) as error:
            work()
        assert str(error.value) == sentence
    assert events() == before


def test_the_rest_of_the_account_goes_on(demonstration):
    suspend(Subject.PERSON, user_of(demo.VSP_USER).id)
    admin = acting(demo.VSP_ADMIN)
    assert upload(panels_csv(1), admin).upload_id
    assert sessions.resume(try_sign_in(demo.VSP_ADMIN, demo.PASSWORD))


def test_all_people_of_a_suspended_account_are_out(demonstration):
    suspend(Subject.ACCOUNT, user_of(demo.VSP_USER).account_id)
    for email in (demo.VSP_ADMIN, demo.VSP_USER):
        assert REASON["reason"] in try_sign_in(email, demo.PASSWORD)
    assert sessions.resume(try_sign_in(demo.OTHER_VSP, demo.PASSWORD))


def test_rows_stay_valid(demonstration):
    made = upload(panels_csv(3), acting(demo.VSP_USER)).upload_id
    suspend(Subject.ACCOUNT, user_of(demo.VSP_USER).account_id)
    assert uploads.show(made, acting(demo.STAFF)).valid == 3
    assert checks.verify().sentences == []


@pytest.mark.usefixtures("demonstration", "private_people")
def test_a_password_link_does_not_get_round_it():
    tom = user_of(demo.VSP_USER).id
    link = users.make_link(tom, acting(demo.VSP_ADMIN))
    suspend(Subject.PERSON, tom)
    before = events()
    with pytest.raises(Suspended):
        users.use_link(link.token, NEW_PASSWORD, WEB)
    with pytest.raises(Suspended):
        users.holder(link.token)
    assert events() == before
    reinstate(Subject.PERSON, tom)
    users.use_link(link.token, NEW_PASSWORD, WEB)


def test_nobody_is_removed_to_get_round_it(demonstration):
    admin, new = acting(demo.VSP_ADMIN), {"name": "Mal", "email": "mal@vsp.example"}
    user = user_of(users.add(new, admin).email).id
    suspend(Subject.PERSON, user)
    before = events()
    for by, act in ((admin, users.remove), (acting(demo.STAFF), users.make_link)):
        with pytest.raises(ConflictError, match="The agency has suspended this person"):
            act(user, by)
    assert events() == before
    browser = browser_of(demonstration, demo.VSP_ADMIN)
    assert "Suspended" in browser.get("/account/users").text
    own = browser.get(f"/account/users/{user}").text
    assert "The agency has suspended Mal" in own
    page = browser_of(demonstration, demo.STAFF).get(f"/staff/people/{user}").text
    assert "Make a password link" not in own + page
    reinstate(Subject.PERSON, user)
    users.remove(user, admin)


@pytest.mark.parametrize("kind", ["primary", "secondary", "test"])
@pytest.mark.parametrize("subject", [Subject.ACCOUNT, Subject.SUBSCRIPTION])
def test_keys_are_refused(demonstration, subject, kind):
    actor = acting(demo.VSP_USER)
    made, other = subscribe(actor), subscribe(actor, "Line 2")
    key = key_of(made, kind)
    client = subscriptions.find_client(key, "")
    number = made if subject == Subject.SUBSCRIPTION else actor.account_id
    suspend(subject, number)
    with pytest.raises(Suspended) as error:
        subscriptions.find_client(key, "")
    assert error.value.errors[0]["code"] == "account_suspended"
    assert REASON["reason"] in error.value.errors[0]["message"]
    with pytest.raises(Suspended):  # a request that came in before
        upload(panels_csv(1), client.actor)
    db.session.rollback()
    if subject == Subject.SUBSCRIPTION:
        assert subscriptions.find_client(key_of(other, kind), "")
        db.session.rollback()
    reinstate(subject, number)
    assert subscriptions.find_client(key, "")


def test_what_is_looked_up_is_one_statement(demonstration):
    key = key_of(subscribe(acting(demo.VSP_USER)))
    token = try_sign_in(demo.VSP_USER, demo.PASSWORD)
    for work in (
        lambda: subscriptions.find_client(key, ""),
        lambda: sessions.resume(token),
    ):
        (sent,) = statements(work)
        assert "suspensions" in sent[0]
        assert not [*scans([sent])]


def test_the_second_click_and_two_at_once(demonstration):
    number, before = user_of(demo.VSP_USER).account_id, events()
    for work in (suspend, reinstate):
        errors = at_once(
            lambda work=work: work(Subject.ACCOUNT, number, demo.STAFF),
            lambda work=work: work(Subject.ACCOUNT, number, demo.ASSESSOR),
        )
        assert [type(error) for error in errors] == [ConflictError]
        if work is suspend:
            with pytest.raises(ConflictError, match="has suspended this already"):
                suspend(Subject.ACCOUNT, number)
    with pytest.raises(ConflictError, match="This is not suspended"):
        reinstate(Subject.ACCOUNT, number)
    assert events() == [*before, "account.suspended", "account.reinstated"]
    assert db.session.query(Suspension).count() == 1


def hired(email):
    """A new assessor, who has a password."""
    link = staff.create(email, "New", "assessor")
    users.use_link(link.token, NEW_PASSWORD, WEB)
    return user_of(email)


def test_staff_are_suspended_by_their_administrator_alone(demonstration):
    avery, robin, noor = user_of(demo.STAFF), hired("robin@x.au"), hired("noor@x.au")
    with pytest.raises(ForbiddenError):
        suspend(Subject.PERSON, noor.id, robin.email)
    with pytest.raises(ConflictError, match="cannot suspend yourself"):
        suspend(Subject.PERSON, avery.id)
    actor, before = acting(robin.email), events()
    suspend(Subject.PERSON, robin.id)
    with pytest.raises(Suspended):
        suspensions.suspend(Subject.PERSON, noor.id, REASON, actor)
    assert "The agency has suspended you" in try_sign_in(robin.email, PASSWORD)
    reinstate(Subject.PERSON, robin.id)
    done = ["user.suspended", "user.sign_in_refused", "user.reinstated"]
    assert events() == [*before, *done]


def test_auditors_and_others_suspend_nobody(demonstration):
    number, before = user_of(demo.VSP_USER).id, events()
    for email in (demo.AUDITOR, demo.VSP_ADMIN, demo.GENERAL):
        for work in (suspend, reinstate):
            with pytest.raises(ForbiddenError):
                work(Subject.PERSON, number, email)
    assert events() == before


def test_a_reason_is_needed_and_the_thing_must_be_there(demonstration):
    staff, number = acting(demo.STAFF), user_of(demo.VSP_USER).id
    with pytest.raises(ValidationError):
        suspensions.suspend(Subject.PERSON, number, {"reason": " "}, staff)
    for subject in Subject:
        with pytest.raises(NotFoundError):
            suspensions.suspend(subject, 999, REASON, staff)


def test_the_history_says_who_and_why(demonstration):
    number = user_of(demo.GENERAL).account_id
    suspend(Subject.ACCOUNT, number, demo.ASSESSOR)
    assert suspensions.reasons(Subject.ACCOUNT, [number]) == {number: REASON["reason"]}
    reinstate(Subject.ACCOUNT, number, reason="Cleared.")
    suspend(Subject.ACCOUNT, number)
    lasting, first = suspensions.history(Subject.ACCOUNT, number)
    assert (lasting.ended_at, lasting.made_by.email) == (None, demo.STAFF)
    assert (first.made_by.email, first.ended_by.email) == (demo.ASSESSOR, demo.STAFF)
    assert (first.reason, first.end_reason) == (REASON["reason"], "Cleared.")
    assert suspensions.reasons(Subject.PERSON, [number]) == {}


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize(
    "change",
    ["reason = 'x'", "ended_at = made_at", "account_id = account_id - 1",
     "made_by_id = made_by_id + 1"],
)  # fmt: skip
def test_the_log_proves_suspensions(demonstration, change):
    suspend(Subject.ACCOUNT, user_of(demo.GENERAL).account_id)
    assert checks.verify().sentences == []
    db.session.execute(sa.text(f"UPDATE suspensions SET {change}"))
    db.session.commit()
    column = change.split()[0]
    assert checks.verify().sentences == [f"suspension 1: saved with another {column}"]
    db.session.execute(sa.text("DELETE FROM suspensions"))
    db.session.commit()
    (sentence,) = checks.verify().sentences
    assert sentence.startswith("suspension 1: in the log as event")


def test_a_suspension_in_the_middle_of_a_sign_in(demonstration):
    """Whichever is first, nobody is signed in afterwards."""
    number = user_of(demo.VSP_USER).id
    for _ in range(3):
        assert not at_once(
            lambda: try_sign_in(demo.VSP_USER, demo.PASSWORD),
            lambda: suspend(Subject.PERSON, number),
        )
        for found in db.session.query(UserSession).filter_by(user_id=number):
            assert (
                found.started_at
                <= db.session.query(Suspension)
                .order_by(Suspension.id.desc())
                .first()
                .made_at
            )
        assert "has suspended you" in try_sign_in(demo.VSP_USER, demo.PASSWORD)
        reinstate(Subject.PERSON, number)
        assert not db.session.query(UserSession).filter_by(user_id=number).count()
