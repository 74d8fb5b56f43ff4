"""What is written down of refused uploads, and what staff see of it."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import (
    AccountDay,
    AuditEvent,
    AuditSubject,
    Conflict,
    PanelSerial,
    RefusedSerial,
    RefusedUpload,
)
from spv.rules.errors import ForbiddenError, NotFoundError, ValidationError
from spv.services import retention
from spv.services.agency import refusals
from spv.services.ledger import invalidations, selections, uploads
from spv.services.ledger.refused_files import RowsRefused
from tests.api import UPLOADS, items, system_of
from tests.panels import HEADING, NAMES, mark, panels_csv, refused, upload
from tests.people import acting, events
from tests.plans import scans, statements, steps
from tests.proof import log_problems

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def newest():
    """The last refused upload."""
    db.session.rollback()
    return db.session.scalars(
        sa.select(RefusedUpload).order_by(-RefusedUpload.id)
    ).first()


def details_of(event, place=-1):
    """What the last event of a name tells."""
    rows = db.session.query(AuditEvent).filter_by(event=event).order_by(AuditEvent.id)
    return json.loads(rows.all()[place].details)


def counts_of(actor):
    """The counts of an account on all days together, without zeros."""
    names = ("recorded", "marked", "marked_other", "refused_uploads", "conflicts")
    days = db.session.query(AccountDay).filter_by(account_id=actor.account_id)
    sums = {name: sum(getattr(day, name) for day in days) for name in names}
    return {name: count for name, count in sums.items() if count}


def serials_of(made):
    rows = db.session.query(RefusedSerial).filter_by(refused_upload_id=made.id)
    return [
        (r.row, r.serial_number, r.upload_id) for r in rows.order_by(RefusedSerial.row)
    ]


def conflicts_of(made):
    rows = db.session.query(Conflict).filter_by(refused_upload_id=made.id)
    return [(each.holder_id, each.serial_count) for each in rows]


def send_taken(actor, count=3):
    """Upload rows that the ledger has, and nothing else."""
    with pytest.raises(RowsRefused) as error:
        upload(panels_csv(count), actor, "taken.csv")
    return error.value


def test_a_refusal_says_who_asked_who_has_it_and_where(vsp, other):
    first = upload(panels_csv(2), vsp).upload_id
    second = upload(panels_csv(1, start=3), other).upload_id
    before = counts_of(other)
    error = send_taken(other)
    made = newest()
    assert (made.account_id, made.user_id, made.channel) == (
        other.account_id, other.user_id, "web",
    )  # fmt: skip
    assert (made.filename, made.why) == ("taken.csv", error.report.sentence)
    assert (made.row_count, made.problem_count, made.conflict_count) == (3, 3, 3)
    taken = [(2, "EX000001", first), (3, "EX000002", first), (4, "EX000003", second)]
    assert serials_of(made) == taken
    # Its own serial number is refused as well, but is no conflict.
    assert conflicts_of(made) == [(vsp.account_id, 2)]
    own, others = made.report["groups"][::-1]
    assert (own["count"], others["count"]) == (1, 2)
    assert others["first"][0]["found"] == "EX000001"
    assert others["fault"]["sentence"] == error.report.groups[0].fault.sentence
    after = counts_of(other)
    assert after["refused_uploads"] == before.get("refused_uploads", 0) + 1
    assert after["conflicts"] == before.get("conflicts", 0) + 2
    logged = details_of("upload.refused")
    assert logged["already_valid"] == [[*each] for each in taken]
    assert (logged["refusal"], logged["sha256"]) == (made.id, made.sha256)
    assert log_problems() == []


def test_by_api_the_same_is_written_and_a_check_writes_nothing(app, vsp, other):
    upload(panels_csv(2), vsp)
    system = system_of(app, other)
    body = items(2)
    before = events()
    assert system.send(f"{UPLOADS}?validate-only=true", body).status_code == 409
    with pytest.raises(RowsRefused):
        uploads.check(panels_csv(2), other)
    assert events() == before
    assert system.send(UPLOADS, body).status_code == 409
    made = newest()
    assert (made.channel, made.user_id, made.filename) == ("api", None, "")
    assert made.subscription_id
    assert [row for row, _, _ in serials_of(made)] == [1, 2]
    assert conflicts_of(made) == [(vsp.account_id, 2)]
    item = {"supplierName": "\u0000\ud800", "\ud800\u0000": 1}
    assert system.send(UPLOADS, {"serialNumbers": [item]}).status_code == 422
    assert newest().id == made.id + 1
    assert log_problems() == []


def test_the_same_again_is_counted_but_not_stored(vsp, other):
    upload(panels_csv(3), vsp)
    count = db.session.query(RefusedUpload).count()
    with time_machine.travel(clock.now(), tick=False) as time:
        send_taken(other)
        made, before = newest(), counts_of(other)
        time.shift(timedelta(hours=23))
        send_taken(other)
        assert newest().id == made.id
        assert db.session.query(RefusedUpload).count() == count + 1
        after = counts_of(other)
        assert after == before | {"refused_uploads": before["refused_uploads"] + 1}
        logged = details_of("upload.refused")
        assert (logged["refusal"], logged["again"]) == (made.id, True)
        assert "already_valid" not in logged
        staff = acting(demo.STAFF)
        assert refusals.show(made.id, staff).again == [clock.now()]
        mark(["EX000001"], vsp)  # so that the reasons are others
        send_taken(other)
        assert newest().conflict_count == 2
        time.shift(timedelta(hours=2))
        send_taken(other)
        assert newest().id == made.id + 1
        time.shift(timedelta(hours=23))
        send_taken(other)
        assert newest().id == made.id + 2
    assert log_problems() == []


def test_a_file_that_cannot_be_read_and_the_names_of_other_faults(other):
    for data in (b"PK\x03\x04", b"", b"a\x00b,c\n1,2\n", f"{HEADING}\nx".encode()):
        with pytest.raises(ValidationError) as error:
            upload(data, other)
        made = newest()
        assert made.why.startswith(str(error.value)[:20])
        assert (made.conflict_count, made.sha256) == (
            0,
            details_of("upload.refused")["sha256"],
        )
    hostile = "\u0001\u202e" * 300 + "🔥"
    rows = "".join(f"{NAMES},{hostile}{n}\r\n" for n in range(60))
    with pytest.raises(RowsRefused):
        upload(f"{HEADING}\r\n{rows}".encode(), other)
    made = newest()
    assert made.report["groups"]
    assert len(json.dumps(made.report)) < 60_000
    assert log_problems() == []


def test_rows_are_counted_for_the_account_that_uploaded_them(vsp, other):
    mine, theirs = counts_of(vsp), counts_of(other)
    upload(panels_csv(4), vsp)
    upload(panels_csv(2, start=5), other)
    mark(["EX000001"], vsp)
    mark(["EX000002", "EX000005"], acting(demo.STAFF), "Ineligible panel")
    selection = selections.listed(["EX000003"], acting(demo.STAFF))
    answers = {"reason": "Other", "other_reason": "It was stolen."}
    invalidations.mark(selection, answers, acting(demo.STAFF))
    now = counts_of(vsp)
    assert now["recorded"] == mine["recorded"] + 4
    assert now["marked"] == mine.get("marked", 0) + 3
    assert now["marked_other"] == mine.get("marked_other", 0) + 1
    assert counts_of(other)["marked"] == theirs.get("marked", 0) + 1
    assert log_problems() == []


def test_the_report_is_emptied_after_its_days(app, vsp, other):
    upload(panels_csv(3), vsp)
    app.config["SPV_DAYS_REFUSAL_REPORTS"] = 5
    send_taken(other)
    made = newest()
    day = timedelta(days=1)
    assert made.report_until == made.refused_at + 5 * day
    app.config["SPV_DAYS_REFUSAL_REPORTS"] = 30  # changes nothing that is stored
    forget = retention.forget
    assert forget(made.report_until - timedelta(seconds=1))["refusal report"] == 0
    assert forget(made.report_until)["refusal report"] == 1
    assert newest().report is None
    assert log_problems() == [
        f"refused upload {made.id}: its report was changed or removed"
    ]  # it is too early for that
    with time_machine.travel(made.report_until):
        assert log_problems() == []
        shown = refusals.show(made.id, acting(demo.STAFF))
    assert (shown.upload.report, len(shown.serials)) == (None, 3)


def test_staff_see_who_else_asked_and_each_look_is_an_event(vsp, other):
    upload(panels_csv(3), vsp)
    send_taken(other)
    made = newest()
    rows = db.session.query(PanelSerial).filter(PanelSerial.serial_number.like("EX%"))
    second = rows.order_by(PanelSerial.id)[1].id
    before, staff = events(), acting(demo.STAFF)
    assert refusals.refused_with_row(second, vsp) == ()
    # helios-again.csv of the demonstration
    assert refusals.refused_with_row(111, staff) != ()
    (found,) = refusals.refused_with_row(second, staff)
    assert (found.id, found.row, found.channel) == (made.id, 3, "web")
    assert found.account_id == other.account_id
    assert events() == [*before, refusals.VIEWED, refusals.VIEWED]
    logged = details_of(refusals.VIEWED)
    assert (logged["refusals"], logged["accounts"]) == ([made.id], [other.account_id])
    subjects = db.session.query(AuditSubject).filter_by(
        event_id=db.session.query(sa.func.max(AuditEvent.id)).scalar()
    )
    assert {(each.kind, each.key) for each in subjects} == {
        ("account", str(other.account_id)), ("refusal", str(made.id)),
        ("user", str(staff.user_id)),
    }  # fmt: skip
    shown = refusals.show(made.id, staff)
    assert events()[-1] == refusals.VIEWED
    assert shown.serials[0].serial_number == "EX000001"
    assert refusals.show(made.id, staff, after=3).serials[0].row == 4
    with pytest.raises(ForbiddenError):
        refusals.show(made.id, vsp)
    before = events()
    with pytest.raises(NotFoundError):
        refusals.show(99_999, staff)
    assert events() == before
    assert log_problems() == []


@pytest.mark.every_database(long=True)
def test_only_fifty_refusals_of_a_serial_number_and_one_more_are_read(vsp, other):
    upload(panels_csv(1), vsp)
    for number in range(2, refusals.MOST + 4):
        with pytest.raises(RowsRefused):
            upload(panels_csv(1) + f"{NAMES},ZZ{number}\r\n".encode(), other)
    row = db.session.query(PanelSerial).filter_by(serial_number="EX000001").one().id
    assert len(refusals.refused_with_row(row, acting(demo.STAFF))) == refusals.MOST + 1


def test_no_table_is_read_whole(vsp, other):
    upload(panels_csv(3), vsp)
    staff = acting(demo.STAFF)
    sent = statements(lambda: send_taken(other))
    made = newest()
    row = db.session.query(PanelSerial).filter_by(serial_number="EX000001").one().id
    sent += statements(lambda: refusals.refused_with_row(row, staff))
    shown = statements(lambda: refusals.show(made.id, staff))
    every = [str(step) for each in shown for step in steps(*each)]
    # SQLite would read all events of a name, for those of one refusal.
    assert not any("ix_audit_events_event_id" in step for step in every)
    sent += shown
    assert any("refused_serials" in statement for statement, _ in sent)
    # Of the approved products, whether there is any.
    small = {"audit_chains", "accounts", "users", "approved_products"}
    assert {*scans(sent)} - small == set()


def test_a_refusal_is_kept_with_its_event_or_not_at_all(other):
    count = db.session.query(RefusedUpload).count()
    db.session.execute(sa.text("ALTER TABLE audit_events RENAME TO away"))
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError):
        upload(panels_csv(2) + f"{NAMES},1.5E+12\r\n".encode(), other)
    db.session.rollback()
    db.session.execute(sa.text("ALTER TABLE away RENAME TO audit_events"))
    db.session.commit()
    assert db.session.query(RefusedUpload).count() == count
    refused(panels_csv(2), other)
    assert db.session.query(RefusedUpload).count() == count + 1
