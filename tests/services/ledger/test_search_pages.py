"""Pages of a search while the ledger changes: no row twice, and none left out."""

import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import current_app

from spv import demo
from spv.extensions import db
from spv.rules.ledger.search import Criteria
from spv.services.ledger import search
from tests import brute_force
from tests.panels import mark, panels_csv, upload
from tests.people import acting

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("small_pages")]
STAFF = pytest.param(demo.STAFF, marks=pytest.mark.long)
ASKED = [
    Criteria("EX"),
    Criteria("EX", status="valid"),
    Criteria(supplier_name="example supplier"),
    Criteria(supplier_name="example supplier", status="valid"),
    Criteria(model_number="EX-440", status="invalid"),
]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(search, "ROWS_SHOWN", 4)
    monkeypatch.setattr(search, "EXPORT_SLICE", 4)


@pytest.fixture
def rows(made_once, vsp, other):
    """Return thirty rows of three uploads, one of which is another account's."""

    def make():
        for n, actor in enumerate((vsp, other, vsp)):
            upload(panels_csv(10, f"EX{n}-"), actor)
            mark([f"EX{n}-{k:06}" for k in (1, 4, 8)], actor)

    made_once(make)
    return brute_force.every_row("EX")


def by_pages(criteria, actor):
    return (page.rows for page in brute_force.pages(criteria, actor))


def by_slices(criteria, actor):
    return (rows for rows, _ in search.every(criteria, actor))


@pytest.mark.parametrize("read", [by_pages, by_slices])
@pytest.mark.parametrize("email", [demo.VSP_USER, STAFF])
@pytest.mark.parametrize("criteria", ASKED, ids=lambda asked: str(asked.answers()))
def test_rows_are_added_and_marked_between_pages(rows, criteria, email, read):
    """A row that matches before and after is found once, and no row twice."""
    actor, staff, found = acting(email), acting(demo.STAFF), []
    before = brute_force.expected(criteria, actor, rows)
    for n, page in enumerate(read(criteria, actor)):
        found += [row.id for row in page]
        upload(panels_csv(2, f"EX{n % 3}-{n}5"), acting(demo.VSP_ADMIN))
        valid = [r for r in brute_force.every_row("EX") if r.status == "valid"]
        mark([row.serial_number for row in valid[n::7][:3]], staff)
    rows = brute_force.every_row("EX")
    after = {row.id for row in brute_force.expected(criteria, actor, rows)}
    assert len(found) == len({*found}) > 4
    stayed = [row.id for row in before if row.id in after]
    assert [row_id for row_id in found if row_id in stayed] == stayed
    ever = {row.id for row in rows if brute_force.sees(actor, row)}
    assert ever.issuperset(found)


@contextmanager
def meanwhile(work, after=1):
    """Run other work in a thread after so many statements that read the ledger."""
    app, me, seen = current_app._get_current_object(), threading.get_ident(), []

    def run():
        with app.app_context():
            work()

    def executed(_connection, _cursor, statement, *_):
        if threading.get_ident() == me and "FROM " in statement:
            seen.append(statement)
            if len(seen) == after:
                thread = threading.Thread(target=run)
                thread.start()
                thread.join()

    sa.event.listen(db.engine, "after_cursor_execute", executed)
    yield
    sa.event.remove(db.engine, "after_cursor_execute", executed)
    assert len(seen) >= after
    db.session.rollback()


@pytest.mark.parametrize("after", [1, pytest.param(2, marks=pytest.mark.long), 4])
@pytest.mark.parametrize("read", [by_pages, by_slices])
@pytest.mark.parametrize("criteria", ASKED, ids=lambda asked: str(asked.answers()))
def test_rows_are_marked_while_a_page_is_read(rows, vsp, criteria, read, after):
    """A row that matches before and after is not left out."""
    before = brute_force.expected(criteria, vsp, rows)
    newest = [row.serial_number for row in rows if row.upload == rows[-1].upload]
    staff = acting(demo.STAFF)
    with meanwhile(lambda: mark(newest, staff), after):
        found = [row.id for page in read(criteria, vsp) for row in page]
    rows = brute_force.every_row("EX")
    later = {row.id for row in brute_force.expected(criteria, vsp, rows)}
    stayed = [row.id for row in before if row.id in later]
    assert len(stayed) >= 3
    assert [row_id for row_id in found if row_id in stayed] == stayed


@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("criteria", ASKED[1::2], ids=["serial", "name"])
def test_rows_are_marked_while_they_are_counted(rows, vsp, criteria, after):
    """The rows and the total are of the same moment, before or after."""
    staff, before = acting(demo.STAFF), brute_force.expected(criteria, vsp, rows)
    with meanwhile(lambda: mark([before[0].serial_number], staff), after):
        page = search.find(criteria, vsp)
    later = brute_force.expected(criteria, vsp, brute_force.every_row("EX"))
    assert len(later) == len(before) - 1
    ids = [row.id for row in page.rows]
    moments = [([row.id for row in of[:4]], True, len(of)) for of in (before, later)]
    assert (ids, page.has_more, page.total) in moments
