"""The plans of searches: an index for each, and the same rows whichever is used."""

import itertools
import re
from datetime import date
from functools import partial

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.rules.ledger.panel_check import read_question
from spv.rules.ledger.search import Criteria
from spv.services.ledger import (
    invalidations,
    lookup,
    search,
    search_query,
    selections,
)
from spv.services.ledger import rows as ledger_rows
from tests import brute_force
from tests.endurance import sampled
from tests.panels import mark, panels_csv, upload
from tests.people import acting
from tests.plans import statements, steps

pytestmark = pytest.mark.every_database

SERIALS = "uq_panel_serials_serial_number"
UPLOADS = "ix_panel_serials_upload_id_product_id_serial_number"
MARKED = "ix_panel_serials_marked"
ROW = "pk_panel_serials"  # finds the rows of a page by their ids
FEW = "ix_panel_serials_invalidation_id"  # PostgreSQL may read it whole
COMMON = {"serial_number": "EX"}  # most of these serial numbers are another account's
DAYS = {"recorded_from": date(2020, 1, 1), "recorded_to": date(2090, 1, 1)}
NAMED = {"supplier_name": "banksia"}
# Criteria, and the indexes that find the rows for agency staff and for an account.
SEARCHES = [
    ({}, {UPLOADS}),
    ({"supplier_name": "example"}, {UPLOADS}),
    ({"licensee": "holder"}, {UPLOADS}),
    ({"model_number": "44"}, {UPLOADS}),
    ({"status": "valid"}, {UPLOADS}),
    ({"status": "invalid"}, {MARKED}),
    (NAMED | {"status": "invalid"}, {MARKED}),
    (NAMED | DAYS, {UPLOADS}),
    (DAYS, {UPLOADS}),
    ({"upload": 3}, {UPLOADS}),
    ({"account": "other"}, {UPLOADS}),
    ({"serial_number": "EX000017"}, {SERIALS}),
    ({"serial_number": "EX00001"}, {SERIALS}),
    (COMMON, {SERIALS, UPLOADS}),
    (COMMON | DAYS, {SERIALS, UPLOADS}),
    (COMMON | {"account": "other"}, {SERIALS, UPLOADS}),
    (COMMON | {"status": "valid"}, {SERIALS, UPLOADS}),
    (COMMON | {"status": "invalid"}, {SERIALS, MARKED}),
    ({"serial_number": "EX000905", "status": "invalid"}, {SERIALS}),
    (COMMON | NAMED, {SERIALS, UPLOADS}),
    (COMMON | NAMED | {"account": "other", "status": "invalid"}, {SERIALS, MARKED}),
]


@pytest.fixture
def ledger(made_once, vsp, other, monkeypatch):
    """Thousands of rows that begin with EX; the last of them are another account's."""

    def make():
        for start in range(1, 3000, 75):
            upload(panels_csv(75, start=start), vsp)
        banksia = "Banksia Solar,Example Holder,B-1"
        for start in range(1, 300, 75):
            upload(panels_csv(75, "EX9", start), other)
            upload(panels_csv(75, "EXB", start, banksia), other)
        mark([f"EX{n:06}" for n in range(900, 910)], vsp)
        mark([f"EXB{n:06}" for n in range(70, 80)], other)

    made_once(make)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    monkeypatch.setattr(search_query, "LOOKED_THROUGH", 100)


def test_rows_are_found_by_an_index_however_many_there_are(ledger, other):
    for asked, expected in SEARCHES:
        criteria, used = Criteria(**asked), set()
        for actor in [acting(demo.STAFF), *([] if criteria.account else [other])]:
            used |= {*indexes_of(lambda c=criteria, a=actor: two_pages(c, a))}
        assert used - {FEW} == expected | {ROW}, asked


def test_look_ups_use_the_index_of_serial_numbers(ledger, other):
    serials, row_id = (
        [f"EX{n:06}" for n in range(1, 99)],
        brute_force.every_row()[-1].id,
    )
    visible = ledger_rows.visible(other)
    for look_up in (
        lambda: lookup.newest_rows(serials),
        lambda: lookup.newest_rows(serials, visible),
        lambda: lookup.history(row_id, other),
    ):
        assert {SERIALS} <= {*indexes_of(look_up)} <= {SERIALS, ROW}


def test_panels_are_checked_by_one_statement_with_the_same_index(ledger):
    serials = ",".join(f"EX{n:06}" for n in range(1, 99))
    answers = {"serials": serials, "model_number": "EX-440", "as_at": "2026-03-01"}
    used = indexes_of(lambda: lookup.check_panels(read_question, answers))
    assert [*used] == [SERIALS]


def test_rows_to_mark_are_found_by_their_ids(ledger, vsp):
    """Rows of whole uploads are a range; others are named one by one."""
    ids = [row.id for row in brute_force.every_row("EX0") if not row.invalidation_id]
    for row_ids in (ids[:150], ids[200:500:3]):
        selection = selections.Selection(row_ids, selections.ROW_BY_ROW)
        answers = {"reason": "Ineligible panel"}
        marking = partial(invalidations.mark, selection, answers, vsp)
        assert {*indexes_of(marking)} == {ROW}


def two_pages(criteria, actor):
    found = search.find(criteria, actor)
    if found.has_more:
        search.find(criteria, actor, found.rows[-1].id)


def indexes_of(work):
    """Yield the indexes of rows that some work uses."""
    read = by_sqlite if db.engine.dialect.name == "sqlite" else by_postgresql
    for statement, values in statements(work):
        for step in steps(statement, values):
            yield from read(step, statement)


def by_sqlite(step, statement):
    if "upload_products" in step and "valid_count <" in statement:
        assert "SCAN" not in step or "ix_upload_products_marked" in step, step
    if " panel_serials" in step:
        assert step.startswith("SEARCH"), (step, statement)
        index = re.search(r"INDEX (\w+) \(.+\)", step)
        yield index[1] if index else ROW


def by_postgresql(node, statement):
    if node.get("Relation Name") == "panel_serials":
        assert node["Node Type"] != "Seq Scan", statement
    if "panel_serials" in (index := node.get("Index Name", "")):
        assert "Index Cond" in node or index in {MARKED, FEW}, (node, statement)
        yield index


@sampled
def test_rows_are_the_same_whichever_way_they_are_found(ledger, other, step):
    """As a look at every row finds them, page after page."""
    rows = brute_force.every_row()
    for asked, _ in SEARCHES[::step]:
        criteria = Criteria(**asked)
        for actor in (acting(demo.STAFF), other):
            found = brute_force.expected(criteria, actor, rows)
            expected = [row.id for row in found]
            assert search.find(criteria, actor).total == len(expected), asked
            assert list(first_pages(criteria, actor)) == expected[:150], asked
            assert list(search_query.ids(criteria, actor, 5000)) == expected, asked


def first_pages(criteria, actor):
    """Yield the ids of the rows of three pages."""
    for page in itertools.islice(brute_force.pages(criteria, actor), 3):
        yield from (row.id for row in page.rows)


def test_pages_go_on_from_any_row_that_is_named(ledger, other):
    """A user may have changed the address, or the search."""
    staff, criteria = acting(demo.STAFF), Criteria(serial_number="EX")
    first = search.find(criteria, staff).rows
    before = search.find(Criteria(serial_number="BS/415/"), staff).rows[0].id
    assert search.find(criteria, staff, before).rows == first
    for row_id in (10**9, search.find(Criteria(serial_number="HE"), staff).rows[0].id):
        rows = search.find(criteria, staff, row_id).rows
        assert all(row.serial_number.startswith("EX") for row in rows)


def test_nothing_is_found_beyond_a_row_of_another_account(vsp, other):
    upload(panels_csv(3, "EXA"), vsp)
    upload(panels_csv(1, "EXA000001-"), other)
    criteria = Criteria(serial_number="EXA")
    theirs = search.find(criteria, other).rows[0].id
    assert len(search.find(criteria, vsp).rows) == 3
    assert search.find(criteria, vsp, theirs).rows == []
