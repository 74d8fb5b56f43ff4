"""Searches by their plans: by an index at ten million rows, and the same rows."""

import re
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from spv import demo
from spv.extensions import db
from spv.models import Account, PanelSerial, Product, Upload
from spv.rules.accounts import Role
from spv.rules.ledger.criteria import Criteria
from spv.rules.ledger.rows import FIELDS
from spv.services.ledger import search, search_query
from spv.services.ledger.rows import NAMES
from tests.panels import mark, panels_csv, upload
from tests.people import acting

pytestmark = pytest.mark.every_database

SERIALS = "uq_panel_serials_serial_number"
PARTS = "ix_panel_serials_upload_id_product_id_serial_number"
MARKED = "ix_panel_serials_marked"
ROW = "pk_panel_serials"  # the rows of a page, by their ids
FEW = "ix_panel_serials_invalidation_id"  # which PostgreSQL may read whole
COMMON = {"serial_number": "EX"}  # most of such serial numbers are another account's
DAYS = {"recorded_from": date(2020, 1, 1), "recorded_to": date(2090, 1, 1)}
NAMED = {"supplier_name": "banksia"}
# What is asked: by which indexes rows are found, for agency staff and for an account.
SEARCHES = [
    ({}, {PARTS}),
    ({"supplier_name": "example"}, {PARTS}),
    ({"licensee": "holder"}, {PARTS}),
    ({"model_number": "44"}, {PARTS}),
    ({"status": "valid"}, {PARTS}),
    ({"status": "invalid"}, {MARKED}),
    (NAMED | {"status": "invalid"}, {MARKED}),
    (NAMED | DAYS, {PARTS}),
    (DAYS, {PARTS}),
    ({"upload": 3}, {PARTS}),
    ({"account": "other"}, {PARTS}),
    ({"serial_number": "EX000017"}, {SERIALS}),
    ({"serial_number": "EX00001"}, {SERIALS}),
    (COMMON, {SERIALS, PARTS}),
    (COMMON | DAYS, {SERIALS, PARTS}),
    (COMMON | {"account": "other"}, {SERIALS, PARTS}),
    (COMMON | {"status": "valid"}, {SERIALS, PARTS}),
    (COMMON | {"status": "invalid"}, {SERIALS, MARKED}),
    ({"serial_number": "EX000905", "status": "invalid"}, {SERIALS}),
    (COMMON | NAMED, {SERIALS, PARTS}),
    (COMMON | NAMED | {"account": "other", "status": "invalid"}, {SERIALS, MARKED}),
]


@pytest.fixture
def ledger(vsp, other, monkeypatch):
    """Thousands of rows that begin with EX: the last of them are of another account."""
    for start in range(1, 3000, 75):
        upload(panels_csv(75, start=start), vsp)
    for start in range(1, 300, 75):
        upload(panels_csv(75, "EX9", start), other)
        upload(panels_csv(75, "EXB", start, "Banksia Solar,Example Holder,B-1"), other)
    mark([f"EX{n:06}" for n in range(900, 910)], vsp)
    mark([f"EXB{n:06}" for n in range(70, 80)], other)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    monkeypatch.setattr(search_query, "LOOKED_THROUGH", 100)


def test_rows_are_found_by_an_index_however_many_there_are(ledger, other):
    for asked, expected in SEARCHES:
        criteria, used = Criteria(**asked), set()
        for actor in [acting(demo.STAFF), *([] if criteria.account else [other])]:
            used |= set(indexes_of(criteria, actor))
        assert used - {FEW} == expected | {ROW}, asked


def indexes_of(criteria, actor):
    """The indexes of rows that a search uses, on its first page and the next."""
    sent = []

    def catch(_connection, _cursor, statement, values, *_):
        sent.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", catch)
    found = search.find(criteria, actor)
    if found.has_more:
        search.find(criteria, actor, found.rows[-1].id)
    event.remove(db.engine, "before_cursor_execute", catch)
    plan = by_sqlite if db.engine.dialect.name == "sqlite" else by_postgresql
    for statement, values in sent:
        yield from plan(db.session.connection(), statement, values)


def by_sqlite(connection, statement, values):
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    for *_, step in plan:
        if "upload_products" in step and "valid_count <" in statement:
            assert "SCAN" not in step or "ix_upload_products_marked" in step, step
        if " panel_serials" in step:
            assert step.startswith("SEARCH"), (step, statement)
            index = re.search(r"INDEX (\w+) \(.+\)", step)
            yield index[1] if index else ROW


def by_postgresql(connection, statement, values):
    """Without its usual reading of all, where they are few."""
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    nodes = [plan.scalar()[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == "panel_serials":
            assert node["Node Type"] != "Seq Scan", statement
        if "panel_serials" in (index := node.get("Index Name", "")):
            assert "Index Cond" in node or index in {MARKED, FEW}, (node, statement)
            yield index


def test_rows_are_the_same_whichever_way_they_are_found(ledger, other):
    """As a look at every row finds them, page after page."""
    everything = every_row()
    for asked, _ in SEARCHES:
        criteria = Criteria(**asked)
        for actor in (acting(demo.STAFF), other):
            rows = [row for row in everything if matches(row, criteria, actor)]
            if criteria.serial_number:
                rows.sort(key=lambda row: (row.serial_number, row.id))
            expected = [row.id for row in rows]
            assert search.find(criteria, actor).total == len(expected), asked
            assert list(first_pages(criteria, actor)) == expected[:150], asked
            assert list(search_query.ids(criteria, actor, 5000)) == expected, asked


def every_row():
    """All that can be asked of each row, newest first; every day is asked."""
    query = (
        sa.select(
            PanelSerial.id, PanelSerial.serial_number, PanelSerial.upload_id,
            PanelSerial.invalidation_id, *NAMES, Upload.account_id, Account.legal_name,
        )
        .join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .join(Account, Account.id == Upload.account_id)
        .order_by(PanelSerial.id.desc())
    )  # fmt: skip
    return db.session.execute(query).all()


def matches(row, criteria, actor):
    """Whether somebody is to find a row."""
    return (
        (Role.STAFF in actor.roles or row.account_id == actor.account_id)
        and row.serial_number.startswith(criteria.serial_number)
        and all(
            getattr(criteria, name).lower() in getattr(row, name).lower()
            for name in list(FIELDS)[:3]
        )
        and criteria.status in ("", "invalid" if row.invalidation_id else "valid")
        and criteria.upload in (0, row.upload_id)
        and criteria.account in row.legal_name.lower()
    )


def first_pages(criteria, actor):
    """The ids of the rows of three pages."""
    after = 0
    for _ in range(3):
        found = search.find(criteria, actor, after)
        yield from (row.id for row in found.rows)
        if not found.has_more:
            break
        after = found.rows[-1].id


def test_pages_go_on_from_any_row_that_is_named(ledger, other):
    """Somebody may have changed the address, or the search."""
    staff, criteria = acting(demo.STAFF), Criteria(serial_number="EX")
    first = search.find(criteria, staff).rows
    before = search.find(Criteria(serial_number="BS/415/"), staff).rows[0].id
    assert search.find(criteria, staff, before).rows == first
    for row_id in (10**9, search.find(Criteria(serial_number="HE"), staff).rows[0].id):
        serials = [
            row.serial_number for row in search.find(criteria, staff, row_id).rows
        ]
        assert all(serial.startswith("EX") for serial in serials)


def test_nothing_is_found_beyond_a_row_of_another_account(vsp, other):
    upload(panels_csv(3, "EXA"), vsp)
    upload(panels_csv(1, "EXA000001-"), other)
    criteria = Criteria(serial_number="EXA")
    theirs = search.find(criteria, other).rows[0].id
    assert len(search.find(criteria, vsp).rows) == 3
    assert search.find(criteria, vsp, theirs).rows == []
