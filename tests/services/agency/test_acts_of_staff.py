"""What staff do is found in the log of each account that it is about, and only once."""

from datetime import date, timedelta

import pytest
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import RefusedUpload, User
from spv.rules.errors import ConflictError, Suspended
from spv.rules.stc.batch import template_text
from spv.services.accounts import second_factors, sign_in, users
from spv.services.agency import audit_search, calculations, desk, refusals, suspensions
from spv.services.agency.suspensions import Subject
from spv.services.api import subscriptions
from spv.services.stc import batches
from spv.services.stc import calculations as calculated
from tests.api import subscribe
from tests.examples import GOOD_SOLAR
from tests.panels import panels_csv, refused, upload
from tests.people import KIM, WEB, acting, events, user_of
from tests.second_factors import code_of, enrol, finish, half

REASON = {"reason": "Serial numbers of another company."}
pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def suspend(subject, number, by=demo.STAFF):
    suspensions.suspend(subject, number, REASON, acting(by))


def sentences(kind, key, most):
    found = audit_search.about(kind, str(key), most)
    return [(each.event.event, each.sentence) for each in found]


def test_nobody_locks_visitors_out_of_a_demonstration():
    """Everybody can use the cards of its staff, and so undo what others suspended."""
    before = events()
    for email in (demo.ASSESSOR, demo.AUDITOR):
        with pytest.raises(ConflictError, match="shares this demonstration user"):
            suspend(Subject.PERSON, user_of(email).id)
    assert events() == before


def test_the_account_of_a_person_or_subscription_has_the_events_too():
    user, boss = acting(demo.VSP_USER), acting(demo.STAFF)
    number = subscribe(acting(demo.VSP_ADMIN))
    suspend(Subject.PERSON, user.user_id)
    suspensions.reinstate(Subject.PERSON, user.user_id, {}, boss)
    suspend(Subject.SUBSCRIPTION, number)
    assert [event for event, _ in sentences("account", user.account_id, 3)] == [
        "subscription.suspended", "user.reinstated", "user.suspended"
    ]  # fmt: skip


def test_a_cancelled_subscription_is_not_suspended():
    admin = acting(demo.VSP_ADMIN)
    number = subscribe(admin)
    subscriptions.cancel(number, admin)
    with pytest.raises(ConflictError, match="cancelled already"):
        suspend(Subject.SUBSCRIPTION, number)


def test_a_finding_is_seen_once_and_the_event_says_which(vsp, other):
    upload(panels_csv(10), vsp)
    refused(panels_csv(3), other)
    finding = desk.show().new[0].finding
    answers = {"finding": finding.name, "note": "Asked both."}
    desk.see(answers, acting(demo.STAFF))
    before = events()
    with pytest.raises(ConflictError, match="Avery Clarke has seen this already"):
        desk.see(answers | {"note": ""}, acting(demo.ASSESSOR))
    with pytest.raises(ConflictError, match="not on the desk any more"):
        desk.see(answers | {"finding": f"{finding.key} ٣"}, acting(demo.ASSESSOR))
    assert events() == before
    (line,) = audit_search.find(audit_search.LogCriteria(event="finding.seen")).lines
    noted = "Avery Clarke noted that a finding of the desk was seen: "
    assert line.sentence == noted + finding.sentence


def test_an_administrator_who_is_suspended_is_not_one_who_stays(vsp):
    admin = user_of(demo.VSP_ADMIN)
    db.session.query(User).filter_by(id=vsp.user_id).update({"is_administrator": True})
    db.session.commit()
    assert not users.is_last(admin)
    suspend(Subject.PERSON, vsp.user_id)
    assert users.is_last(db.session.get_one(User, admin.id))


def test_who_was_suspended_meanwhile_changes_nothing():
    sign_in.sign_up(KIM, WEB)
    secret, _, token = enrol(KIM["email"])
    kim = acting(KIM["email"])
    sealed = second_factors.set_up("", kim).sealed
    suspend(Subject.PERSON, kim.user_id)
    before = events()
    with pytest.raises(Suspended):
        second_factors.add(sealed, code_of(secret), token, kim)
    with pytest.raises(Suspended):
        second_factors.remove(token, kim)
    with pytest.raises(Suspended):
        sign_in.sign_out_everywhere(kim)
    assert events() == before


def test_the_log_says_what_a_recovery_code_was_used_for():
    sign_in.sign_up(KIM, WEB)
    _, codes, token = enrol(KIM["email"])
    assert len(finish(half(KIM["email"]), codes[0])) > 40
    second_factors.confirm(codes[1], token, acting(KIM["email"]))
    said = [words for _, words in sentences("user", user_of(KIM["email"]).id, 2)]
    assert said == [
        "Kim Doe used a recovery code to confirm who they are.",
        "Kim Doe used a recovery code to sign in.",
    ]


def test_a_reset_ends_the_wait_after_wrong_codes():
    sign_in.sign_up(KIM, WEB)
    enrol(KIM["email"])
    ticket = half(KIM["email"])
    for _ in range(6):
        said = finish(ticket, "000000")
    assert "Too many failed attempts" in said
    second_factors.reset(KIM["email"])
    _, codes, _ = enrol(KIM["email"])
    assert len(finish(half(KIM["email"]), codes[0])) > 40


def test_no_events_of_days_to_come():
    upload(panels_csv(2), acting(demo.VSP_USER))
    found = audit_search.find(audit_search.LogCriteria(from_day=date(2090, 1, 1)))
    assert (found.lines, found.before) == ([], 0)


def test_a_batch_finds_its_rows():
    reference = batches.save(template_text().encode(), WEB)
    calculated.save(GOOD_SOLAR, WEB)
    criteria = calculations.CalculationCriteria(reference=reference)
    rows = calculations.find(criteria).rows
    assert len(rows) == 4
    assert {row.of_batch for row in rows} == {reference}


def test_a_report_is_not_shown_after_its_last_day(vsp, other):
    upload(panels_csv(10), vsp)
    refused(panels_csv(3), other)
    number, staff = db.session.query(db.func.max(RefusedUpload.id)).scalar(), demo.STAFF
    assert refusals.show(number, acting(staff)).report
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert refusals.show(number, acting(staff)).report is None
