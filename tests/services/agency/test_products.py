"""The list of approved products: loaded as a whole, proved, and uploads by it."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock, demo
from spv.database import transaction
from spv.extensions import db
from spv.models import ApprovedProduct, AuditEvent, ProductFile, RefusedUpload, Upload
from spv.rules.errors import ForbiddenError, ValidationError
from spv.services import retention
from spv.services.agency import products, staff
from spv.services.ledger import approved, uploads
from spv.services.ledger.refused_files import File, RowsRefused, kept, with_problems
from tests.panels import DECLARED, panels_csv, upload
from tests.people import acting, events
from tests.products import DELISTED, LIST, OURS, list_csv, load_list
from tests.proof import log_problems

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]
WRONG = "Example Supplier,Example Holder,EX-44O"
OLD = "Example Supplier,Example Holder,EX-400"


@pytest.fixture
def refuse(demonstration, monkeypatch):
    monkeypatch.setitem(demonstration.config, "SPV_PRODUCTS", "refuse")


def look(*lines, email=demo.STAFF):
    return products.preview(File(list_csv(*lines), "list.csv"), acting(email))


def last_event():
    db.session.rollback()
    query = sa.select(AuditEvent).order_by(AuditEvent.id.desc())
    event = db.session.scalars(query).first()
    return event.event, json.loads(event.details)


def confirmed(data, actor):
    answers = DECLARED | {"confirm_warnings": "yes"}
    return uploads.save(File(data, "panels.csv"), answers, actor)


def notes_of(report):
    groups = [*report.groups, *report.warnings]
    return [(each.row, each.note) for group in groups for each in group.first]


def test_a_list_is_looked_at_and_then_loaded_with_one_event():
    before = events()
    shown = look(*LIST)
    assert (shown.rows, shown.filename) == (3, "list.csv")
    assert [len(part) for part in shown.changes] == [3, 0, 0]
    assert (products.find().total, events()) == (0, before)
    assert products.load(shown.reference, acting(demo.STAFF)) == 3
    name, first = last_event()
    assert (name, events()) == ("products.loaded", [*before, "products.loaded"])
    assert (first["rows"], first["added"], first["filename"]) == (3, 3, "list.csv")
    load_list(OURS, DELISTED.replace("03/05/2026", ""))
    _, second = last_event()
    counts = [second[name] for name in ("added", "altered", "gone", "rows")]
    assert (counts, second["before"]) == ([0, 1, 1, 2], first["after"])
    assert log_problems() == []
    found = products.find("ex-44")
    assert [line.model_number for line in found.lines] == ["EX-440"]
    assert (found.total, found.event.event) == (1, "products.loaded")
    assert products.find("%").total == products.find("\0zz").total == 0
    text = products.export()
    assert load_list(*text.splitlines()[1:]) == 2
    assert not look(*text.splitlines()[1:]).changes


def test_a_change_in_between_is_refused(staff_again):
    mine = look(OURS)
    load_list(*LIST, email=staff_again)
    before = events()
    with pytest.raises(ValidationError, match="The list has changed since"):
        products.load(mine.reference, acting(demo.STAFF))
    assert (products.find().total, events()) == (3, before)


@pytest.fixture
def staff_again():
    """A second member of staff."""
    staff.create("second@agency.example", role="administrator")
    return "second@agency.example"


def test_a_kept_file_is_of_one_person_for_a_day(staff_again):
    first, second = look(OURS), look(*LIST)
    actor, later = acting(demo.STAFF), clock.now() + timedelta(days=1, minutes=1)
    gone = pytest.raises(ValidationError, match="The file is no longer kept")
    for reference in (first.reference, "", "x" * 16):
        with gone:
            products.load(reference, actor)
    with gone:
        products.load(second.reference, acting(staff_again))
    with time_machine.travel(later, tick=False), gone:
        products.load(second.reference, actor)
    assert retention.forget(later)["product list"] == 1
    assert db.session.query(ProductFile).count() == 0
    for email in (demo.VSP_ADMIN, demo.ASSESSOR):
        with pytest.raises(ForbiddenError):
            look(OURS, email=email)


def test_without_a_list_nothing_is_compared(vsp):
    assert upload(panels_csv(2, names=WRONG), vsp).upload_id
    load_list(*LIST)
    load_list()
    assert products.find().total == 0
    upload(panels_csv(2, start=3, names=WRONG), vsp)
    assert approved.warning_of("EX-44O", clock.today()) == ""
    assert log_problems() == []


def test_a_file_with_a_name_that_is_not_approved_warns(vsp):
    load_list(*LIST)
    assert upload(panels_csv(2), vsp).upload_id
    data = panels_csv(2, start=3, names=WRONG)
    with pytest.raises(RowsRefused) as error:
        upload(data, vsp)
    report = error.value.report
    assert (report.problem_count, report.warning_count) == (0, 2)
    note = "Did you mean “EX-440”?"
    assert notes_of(report) == [(2, note), (3, note)]
    made = confirmed(data, vsp)
    warned = db.session.get(Upload, made.upload_id).warnings
    assert warned[0] == {
        "row": 2, "field": "model_number", "code": "not_approved", "value": "EX-44O",
        "note": note,
    }  # fmt: skip
    (group,) = uploads.show(made.upload_id, vsp).warnings
    assert group.first[0].note == note
    assert upload(data, vsp).already
    assert log_problems() == []


@pytest.mark.usefixtures("refuse")
def test_by_the_setting_it_is_refused(vsp):
    early = panels_csv(2, names=OLD)
    with time_machine.travel("2026-11-25T01:00:00Z", tick=False):
        assert upload(early, vsp).upload_id
        load_list(*LIST)
        data = panels_csv(3, start=5, names=OLD)
        with pytest.raises(RowsRefused) as error:
            confirmed(data, vsp)
        report = error.value.report
        assert (report.problem_count, report.warning_count) == (3, 0)
        note = "This model was delisted on 3 May 2026."
        assert notes_of(report) == [(n, note) for n in (2, 3, 4)]
        newest = sa.select(RefusedUpload).order_by(RefusedUpload.id.desc())
        first = db.session.scalars(newest).first().report["groups"][0]
        assert first["first"][0]["note"] == note
        assert f"({note})" in with_problems(error.value.reference, vsp)
        assert kept(error.value.reference, vsp).content == data
        for actor in (vsp, None):
            with pytest.raises(RowsRefused) as error:
                uploads.check(data, actor)
            assert error.value.report.problem_count == 3
        # What was recorded before the list was loaded is still the same upload.
        assert upload(early, vsp).already
    assert log_problems() == []


def test_one_query_for_the_products_of_a_file_and_none_for_a_row(vsp):
    load_list(*LIST)
    seen = []

    def note(_connection, _cursor, statement, *_):
        if "approved_products" in statement:
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        upload(panels_csv(50), vsp)
        assert len(seen) == 2  # whether there is a list, and the products
        seen.clear()
        lines = [f"S,L,M-{n},A{n:06}" for n in range(50)]
        data = panels_csv(1) + "\r\n".join([*lines, ""]).encode()
        with pytest.raises(RowsRefused):
            upload(data, vsp)
        assert len(seen) == 5  # and the names in each of three columns
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def test_verification_names_a_list_that_was_changed():
    load_list(*LIST)
    for column, words in (
        ("model_number", "not the list that the log recorded"),
        ("model_number_key", "the search keys of names were changed"),
    ):
        with transaction():
            db.session.execute(
                sa.update(ApprovedProduct)
                .where(ApprovedProduct.model_number_key == "ex-440")
                .values({column: "EX-1"})
            )
        assert any(words in sentence for sentence in log_problems())
