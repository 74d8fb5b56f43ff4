"""Uploads: recorded whole and once, or refused with all their problems."""

import json

import pytest
import sqlalchemy as sa
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Declaration, Product
from spv.rules.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ValidationError,
)
from spv.rules.ledger.rows import Panel, digest
from spv.services.ledger import uploads
from spv.services.ledger.refused_files import File, RowsRefused
from tests.endurance import repeated
from tests.panels import HEADING, NAMES, mark, panels_csv, stored, upload
from tests.people import acting, at_once, events
from tests.plans import statements, steps
from tests.proof import log_problems

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]


def report_of(data, actor):
    with pytest.raises(RowsRefused) as error:
        upload(data, actor)
    return error.value.report


def test_a_file_is_recorded_whole(vsp):
    before = events()
    recorded = upload(panels_csv(1000), vsp, "May.csv")
    assert recorded.already == ""
    assert stored() == 1000
    receipt = uploads.show(recorded.upload_id, vsp)
    kept, event = receipt.upload, receipt.event
    assert (kept.filename, kept.row_count, kept.channel) == ("May.csv", 1000, "web")
    assert (kept.account_id, kept.user_id) == (vsp.account_id, vsp.user_id)
    declared = kept.declaration
    assert (declared.purpose, declared.wording_version) == ("upload", "2026-11-22")
    assert (declared.user_id, declared.made_at) == (vsp.user_id, kept.received_at)
    assert events() == [*before, "upload.recorded"]
    details = json.loads(event.details)
    assert (details["upload"], details["rows"]) == (kept.id, 1000)
    panels = [Panel._make(row[1:5]) for row in all_rows(kept.id)]
    assert details["sha256"] == kept.sha256 == digest(panels)


def all_rows(upload_id):
    rows, after = [], 0
    staff = acting(demo.STAFF)
    while found := uploads.show(upload_id, staff, after).rows:
        rows, after = [*rows, *found], found[-1].id
    return rows


def test_a_product_is_stored_once(vsp):
    upload(panels_csv(3), vsp)
    upload(panels_csv(3, start=4), vsp)
    ours = sa.select(Product).where(Product.model_number == "EX-440")
    assert len(db.session.scalars(ours).all()) == 1


@pytest.mark.every_database(long=True)
def test_a_thousand_products_in_one_file(vsp):
    rows = [f"S{n},L{n % 7},M{n % 11},EX{n:05}" for n in range(1000)]
    recorded = upload("\n".join([HEADING, *rows]).encode(), vsp)
    found = sorted(",".join(row[1:5]) for row in all_rows(recorded.upload_id))
    assert found == sorted(rows)


def test_the_same_rows_again_in_any_order(vsp):
    first = upload(panels_csv(5), vsp)
    with pytest.raises(ValidationError):  # other names are other rows
        upload(panels_csv(5).replace(b"Example Holder", b"Other"), vsp)
    lines = panels_csv(5).decode().splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]).encode()
    again = upload(turned, acting(demo.VSP_ADMIN))
    assert again.upload_id == first.upload_id
    assert again.already.startswith("Already recorded on ")
    assert again.already.endswith(", nothing added.")
    assert stored() == 5


def test_the_same_rows_after_one_was_marked_invalid(vsp):
    first = upload(panels_csv(3), vsp)
    mark(["EX000002"], vsp)
    found = report_of(panels_csv(3), vsp)
    assert (found.problem_count, found.new_rows) == (2, 1)
    mark(["EX000001", "EX000003"], vsp)
    second = upload(panels_csv(3), vsp)
    assert second.upload_id > first.upload_id
    assert second.already == ""
    third = upload(panels_csv(3), vsp)
    assert third.upload_id == second.upload_id
    assert (stored(), uploads.show(first.upload_id, vsp).valid) == (6, 0)


def test_valid_serial_numbers_are_named_with_day_and_account(vsp, other):
    with time_machine.travel("2026-05-01 03:00+00:00", tick=False):
        upload(panels_csv(2), acting(demo.VSP_USER))
    upload(panels_csv(2, start=3), other)
    found = report_of(panels_csv(10), vsp)
    assert stored() == 4
    said = {g.fault.sentence: [p.found for p in g.first] for g in found.groups}
    assert [p.row for g in found.groups for p in g.first] == [2, 3, 4, 5]
    own = said["The ledger has it as valid already, recorded by your account."]
    assert own == ["EX000001", "EX000002"]
    notes = {p.note for g in found.groups for p in g.first}
    assert "recorded on 1 May 2026" in notes
    assert len(notes) == 2
    others = said["The ledger has it as valid already, recorded by another account."]
    assert others == ["EX000003", "EX000004"]
    assert found.sentence.startswith("The ledger has 4 of the 10 rows already.")
    assert found.new_rows == 6


def test_every_problem_in_one_pass(vsp):
    """Also what the ledger has, in a file that has problems of its own."""
    upload(panels_csv(2), vsp)
    data = panels_csv(4) + f",B,C,EX1\r\n{NAMES},1.5E+12\r\n{NAMES},EX000004".encode()
    found = report_of(data, vsp)
    codes = sorted(g.fault.code for g in found.groups for _ in g.first)
    assert codes == [
        "already_valid", "already_valid", "duplicate", "missing", "spreadsheet_damage",
    ]  # fmt: skip
    assert (found.wrong_rows, found.row_count, found.new_rows) == (5, 7, 0)
    assert stored() == 2


def test_rows_neither_inserted_nor_already_valid_are_no_success(vsp, monkeypatch):
    """Rows written outside of a registry transaction; simulated in the driver."""
    from spv import database

    real = database.execute_many
    monkeypatch.setattr(database, "execute_many", lambda *given: real(*given) - 1)
    with pytest.raises(ConflictError):
        upload(panels_csv(2), vsp)
    assert stored() == 0


@pytest.mark.parametrize("email", [demo.STAFF, demo.GENERAL])
def test_only_vsps_and_suppliers_upload(email):
    for data in (panels_csv(1), b"", panels_csv(1) + b"x"):
        with pytest.raises(ForbiddenError):
            upload(data, acting(email))
    assert stored() == 0


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"declaration": "", "wording_version": ""}, "Make the declaration"),
        ({"declaration": "no", "wording_version": "2026-11-22"}, "Make the declarat"),
        ({"declaration": "yes", "wording_version": "2020-01-01"}, "a new wording"),
    ],
)
def test_without_the_declaration_nothing_is_read(vsp, answers, words):
    before, declared = events(), db.session.query(Declaration).count()
    with pytest.raises(ValidationError, match=words) as error:
        uploads.save(File(panels_csv(1), "x.csv"), answers, vsp)
    assert error.value.problems.keys() == {"declaration"}
    assert (events(), stored()) == (before, 0)
    assert db.session.query(Declaration).count() == declared


def test_an_account_sees_its_own_and_staff_see_all(vsp, other):
    one, two = upload(panels_csv(1), vsp), upload(panels_csv(1, start=2), other)
    assert one.upload_id in [u.id for u in uploads.find(acting(demo.VSP_ADMIN))[0]]
    assert two.upload_id not in [u.id for u in uploads.find(vsp)[0]]
    with pytest.raises(NotFoundError):
        uploads.show(two.upload_id, vsp)
    staff = acting(demo.STAFF)
    assert [u.id for u in uploads.find(staff)[0]][:2] == [two.upload_id, one.upload_id]
    assert uploads.find(staff, before=two.upload_id)[0][0].id == one.upload_id
    assert uploads.show(two.upload_id, staff).upload.id == two.upload_id


@repeated(5, 50)
def test_two_accounts_race_for_the_same_serials(vsp, other, times):
    """One of them has all rows, and the other is told which."""
    problem = {}

    def race(actor, data):
        try:
            upload(data, actor)
        except RowsRefused as error:
            problem[actor.account_id] = error.report

    for n in range(times):
        data = panels_csv(1000, f"EX{n:02}-")
        problem.clear()
        errors = at_once(lambda d=data: race(vsp, d), lambda d=data: race(other, d))
        assert errors == []
        (loser,) = problem.values()
        assert (loser.problem_count, loser.wrong_rows) == (1000, 1000)
        assert [g.fault.code for g in loser.groups] == ["already_valid"]
    assert stored() == 1000 * times
    assert log_problems() == []


def test_a_refused_upload_uses_up_no_product_ids(vsp):
    upload(panels_csv(1), vsp)
    before = db.session.scalar(sa.select(sa.func.max(Product.id)))
    for n in range(3):
        report_of(panels_csv(2, names=f"New {n},Holder,Model"), vsp)
    upload(panels_csv(1, start=5, names="New,Holder,Model"), vsp)
    assert db.session.scalar(sa.select(sa.func.max(Product.id))) == before + 1


def test_an_upload_does_not_look_through_those_before_it(vsp):
    """An account may have a million of them, such as each row by itself by API."""
    sent = statements(lambda: upload(panels_csv(3), vsp))
    (same_rows,) = (each for each in sent if "uploads.sha256 IN" in each[0])
    assert "ix_uploads_sha256" in str(steps(*same_rows))
