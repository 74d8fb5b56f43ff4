"""The desk: its numbers, what is on it, what staff have seen of it, and its queries."""

import re
from datetime import timedelta

import pytest
import time_machine

from spv import clock, demo
from spv.extensions import db
from spv.models import AccountDay, AuditEvent, Conflict, DeskNote, RefusedUpload
from spv.rules.errors import ConflictError, ForbiddenError, ValidationError
from spv.services.agency import desk, overview, refusals
from spv.services.agency.refusals import Wanted
from spv.services.ledger import look_alikes
from tests.many_uploads import add_uploads
from tests.panels import mark, panels_csv, refused, upload
from tests.people import acting, events
from tests.plans import scans, statements, steps
from tests.proof import log_problems

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]
SMALL = {"account_applications", "accounts", "desk_notes"}  # they are read whole


def findings(kind, *actors):
    """The findings of a kind about some accounts, which nobody has seen."""
    db.session.rollback()
    accounts = tuple(actor.account_id for actor in actors)
    return [
        finding for finding, _ in desk.show().new
        if (finding.kind, finding.accounts) == (kind, accounts)
    ]  # fmt: skip


def test_the_numbers(vsp, other):
    before = desk.show().figures
    upload(panels_csv(30), vsp)
    refused(panels_csv(2), other)
    mark(["EX000001", "EX000003"], vsp)
    now = desk.show().figures
    assert now.waiting == before.waiting > 0
    assert now.oldest
    assert now.conflicts == before.conflicts + 2
    assert now.refused == before.refused + 1
    assert now.marked == before.marked + 2
    assert now.lapsing == 0
    with time_machine.travel(clock.now() + timedelta(days=80)):
        later = desk.show().figures
    assert later.lapsing >= 1
    assert (later.conflicts, later.marked, later.refused) == (0, 0, 0)


def test_the_usual_number_of_marked_rows_and_the_months(vsp):
    today, day = clock.today(), timedelta(days=1)
    for days, marked in ((7, 80), (62, 8), (63, 800)):
        made = AccountDay(day=today - days * day, account_id=vsp.account_id, recorded=5,
                          marked=marked, marked_other=0, refused_uploads=0,
                          conflicts=0)  # fmt: skip
        db.session.merge(made)
    db.session.commit()
    shown = desk.show()
    assert shown.figures.usual == 11
    assert len(shown.months) == 12
    assert sum(month.marked for month in shown.months) >= 888
    text = desk.months()
    assert text.startswith("Month,Recorded,Marked as invalid\r\n")
    last = shown.months[-1]
    assert f"{last.first:%Y-%m},{last.recorded},{last.marked}\r\n" in text


def test_seen_until_it_grows(vsp, other):
    upload(panels_csv(10), vsp)
    refused(panels_csv(3), other)
    (finding,) = findings("conflicts", other, vsp)
    assert finding.number == 3
    assert "3 serial numbers" in finding.sentence
    staff = acting(demo.STAFF)
    before = events()
    answers = {"finding": finding.name, "note": "Asked both."}
    desk.see(answers, staff)
    assert events() == [*before, "finding.seen"]
    assert findings("conflicts", other, vsp) == []
    (noted,) = [each for each in desk.show().seen if each.finding == finding]
    assert (noted.seen.note, noted.seen.by) == ("Asked both.", "Avery Clarke")
    refused(panels_csv(4), other)
    (grown,) = findings("conflicts", other, vsp)
    assert (grown.key, grown.number) == (finding.key, 7)
    # A page from before shows less than there is: its finding is seen already.
    with pytest.raises(ConflictError, match="Avery Clarke has seen this already"):
        desk.see(answers, staff)
    desk.see(answers | {"finding": f"{finding.key} 5"}, staff)
    (five,) = findings("conflicts", other, vsp)
    assert five == grown
    event = db.session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
    assert "7 serial numbers" not in event.details
    assert log_problems() == []


def test_only_what_is_on_the_desk_can_be_seen(vsp, other):
    upload(panels_csv(10), vsp)
    refused(panels_csv(3), other)
    (finding,) = findings("conflicts", other, vsp)
    staff, before = acting(demo.STAFF), events()
    of_others = finding.key.replace(str(other.account_id), "99", 1)
    wrong = [f"{finding.key} {number}" for number in (4, 0, "³", "9" * 5000)]
    for name in ("", "x", f"{of_others} 3", *wrong):
        with pytest.raises(ConflictError):
            desk.see({"finding": name, "note": ""}, staff)
    with pytest.raises(ValidationError):
        desk.see({"finding": finding.name, "note": "x" * 1_001}, staff)
    with pytest.raises(ForbiddenError):
        desk.see({"finding": finding.name, "note": ""}, vsp)
    assert events() == before
    assert db.session.query(DeskNote).count() == 0


def test_look_alikes_stand_on_the_account_page_too(vsp, other):
    upload(panels_csv(3, "EX10"), vsp)
    upload(panels_csv(2, "EX1O"), other)
    look_alikes.search()
    (finding,) = findings("look-alikes", other, vsp)
    assert finding.number == 2
    shown = overview.show(vsp.account_id, acting(demo.STAFF)).look_alikes
    assert {(pair.serial_number, pair.other_serial_number) for pair in shown} == {
        (f"EX1O00000{n}", f"EX1000000{n}") for n in (1, 2)
    }


def test_no_query_reads_a_large_table_whole(vsp, other):
    upload(panels_csv(40), vsp)
    refused(panels_csv(3), other)
    mark([f"EX{n:06}" for n in range(5, 35)], vsp)
    staff = acting(demo.STAFF)
    for work in (desk.show, lambda: overview.show(vsp.account_id, staff)):
        found = {table for table in scans(statements(work)) if "_subquery" not in table}
        assert found <= SMALL, found


def test_uploads_are_counted_as_far_as_they_matter(vsp, other):
    """An account may have a million: three for each refused one decide."""
    upload(panels_csv(10), vsp)
    for count in range(1, 11):
        refused(panels_csv(count), other)
    add_uploads(28, other)  # and one of the demonstration
    (finding,) = findings("refused", other)
    assert "10 of 39 uploads of " in finding.sentence
    add_uploads(1, other)
    assert findings("refused", other) == []
    add_uploads(100, other)
    assert findings("refused", other) == []
    (counted,) = (each for each in statements(desk.show) if "FROM uploads" in each[0])
    assert "LIMIT" in counted[0]
    assert 40 in [*counted[1]] or 40 in counted[1].values()
    if db.engine.dialect.name == "sqlite":
        assert "ix_uploads_account_id" in steps(*counted)[1]


def test_a_conflict_is_found_by_its_account_and_by_its_holder(vsp, other):
    upload(panels_csv(5), vsp)
    refused(panels_csv(2), other)
    staff = acting(demo.STAFF)
    number = db.session.query(db.func.max(RefusedUpload.id)).scalar()
    assert db.session.query(Conflict).filter_by(refused_upload_id=number).count() == 1
    before = events()
    assert overview.show(other.account_id, staff).refused[0].id == number
    assert overview.show(vsp.account_id, staff).disputes[0].id == number
    assert events()[len(before) :] == ["refusals.viewed"] * 2


@pytest.mark.parametrize("names", [("account",), ("holder",), ("account", "holder")])
def test_the_newest_conflicts_are_read_in_their_order(vsp, other, names):
    """Without sorting all those of an account, which may be a hundred thousand."""
    ids = {"account": other.account_id, "holder": vsp.account_id}
    wanted = Wanted(**{name: ids[name] for name in names}, conflicts=True)
    sent = statements(lambda: refusals.look([wanted], acting(demo.STAFF), 5))
    (query,) = [each for each in sent if "conflicts" in each[0]]
    plan = str(steps(*query))
    assert re.search(r"ix_conflicts_\w+_id_refused_upload_id", plan)
    assert "FOR DISTINCT" not in plan
