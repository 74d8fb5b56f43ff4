"""Serial numbers of two accounts that differ by O for 0 or I for 1."""

import json

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, LookAlike, PanelSerial
from spv.services.ledger import look_alikes
from spv.services.ledger.look_alikes import SEARCHED
from tests.panels import HEADING, NAMES, mark, upload
from tests.people import acting, events
from tests.plans import scans, statements
from tests.proof import log_problems

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def send(actor, *serials):
    """Upload some serial numbers."""
    rows = "".join(f"{NAMES},{serial}\r\n" for serial in serials)
    return upload(f"{HEADING}\r\n{rows}".encode(), actor).upload_id


def found():
    """The pairs that are stored: the newer serial number and the older one."""
    db.session.rollback()
    new, old = sa.orm.aliased(PanelSerial), sa.orm.aliased(PanelSerial)
    query = (
        sa.select(new.serial_number, old.serial_number)
        .select_from(LookAlike)
        .join(new, new.id == LookAlike.row_id)
        .join(old, old.id == LookAlike.other_row_id)
        .order_by(LookAlike.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def told():
    """What the searches have told, oldest first."""
    query = db.session.query(AuditEvent).filter_by(event=SEARCHED)
    return [json.loads(event.details) for event in query.order_by(AuditEvent.id)]


def test_pairs_of_two_accounts_are_found_once(vsp, other):
    send(vsp, "LA0101", "LA0202", "LB9111", "LC0077", "LD0099", "LE5")
    assert look_alikes.search() == 0
    send(vsp, "LAO101")  # the same account
    number = send(
        other,
        "LA0201",  # another digit
        "LAO202",  # in one place
        "LB9III",  # in all places
        "LCO077", "LD0O99", "LE6",
    )  # fmt: skip
    before = events()
    assert look_alikes.search() == 4
    pairs = [("LAO202", "LA0202"), ("LB9III", "LB9111"), ("LCO077", "LC0077"),
             ("LD0O99", "LD0099")]  # fmt: skip
    assert sorted(found()) == pairs
    assert events() == [*before, SEARCHED]
    last = told()[-1]
    assert (last["last_upload"], len(last["pairs"])) == (number, 4)
    assert last["accounts"] == sorted([vsp.account_id, other.account_id])
    row = db.session.query(LookAlike).first()
    accounts = (row.account_id, row.other_account_id)
    assert accounts == (other.account_id, vsp.account_id)
    assert look_alikes.search() == 0  # nothing is new: no event
    assert events() == [*before, SEARCHED]
    assert log_problems() == []


def test_no_table_is_read_whole(vsp, other):
    send(vsp, "LA0101")
    send(other, "LAO101")
    sent = statements(look_alikes.search)
    assert found() == [("LAO101", "LA0101")]
    assert {*scans(sent)} <= {"anon_1"}  # the list of what is looked for


def test_only_valid_rows_count_and_the_oldest_of_them(vsp, other):
    supplier = acting(demo.SUPPLIER)
    send(vsp, "LA0001")
    mark(["LA0001"], vsp)
    send(supplier, "LAOOO1", "LA00O1")
    send(other, "LAO001", "LA0001")
    mark(["LAO001"], other)
    assert look_alikes.search() == 1
    assert found() == [("LA0001", "LA00O1")]
    assert log_problems() == []


def test_a_search_goes_through_slices_and_goes_on(vsp, other, monkeypatch):
    monkeypatch.setattr(look_alikes, "UPLOADS_AT_ONCE", 2)
    look_alikes.search()
    count = len(told())
    for number in range(4):
        send(vsp, f"LA0{number}9")
        send(other, f"LAO{number}9")
    send(vsp, "LX22")
    assert look_alikes.search() == 4
    assert [new[3] for new, _old in found()] == ["0", "1", "2", "3"]
    # Each slice with a pair is an event, and so is the end.
    first = told()[count]["last_upload"]
    ends = [first + 2 * n for n in range(4)] + [first + 7]
    assert [each["last_upload"] for each in told()[count:]] == ends
    send(vsp, "LX23")
    assert look_alikes.search() == 0
    assert told()[-1]["last_upload"] == first + 8
    assert log_problems() == []
