"""The plans of searches by staff: an index for each, and no table read whole."""

import re
from datetime import date

import pytest
import sqlalchemy as sa

from spv import demo
from spv.database import nested_batch
from spv.extensions import db
from spv.rules.staff_search import CalculationCriteria, LogCriteria
from spv.services.agency import audit_search, calculations
from spv.services.stc import calculations as stc
from tests.examples import EXAMPLES
from tests.panels import panels_csv, upload
from tests.people import WEB, acting
from tests.plans import scans, statements, steps

pytestmark = pytest.mark.every_database(long=True)
EVENT, ACTOR = "ix_audit_events_event_id", "ix_audit_events_actor_id"
TIME, SUBJECT = "ix_audit_events_at", "pk_audit_subjects"
EVENT_ID = "ix_audit_subjects_event_id"  # PostgreSQL may prefer it in a small table
DAYS = {"from_day": date(2026, 1, 1), "to_day": date(2090, 1, 1)}
UPLOAD = {"kind": "upload", "key": "1"}
# Criteria of the log, and the indexes that find the ids.
SEARCHES = [
    ({}, set()),
    ({"person": demo.STAFF}, {ACTOR}),
    ({"event": "upload.recorded"}, {EVENT}),
    ({"person": demo.STAFF, "event": "upload.recorded"}, {ACTOR, EVENT}),
    (UPLOAD, {SUBJECT}),
    ({"account": "80000000001"}, {SUBJECT}),
    ({"kind": "serial", "key": "EX000001"}, {SUBJECT}),
    (UPLOAD | {"event": "upload.recorded"}, {SUBJECT, EVENT}),
    (DAYS, {TIME}),
    (DAYS | {"event": "upload.recorded"}, {TIME, EVENT}),
]
CALCULATED = "ix_stc_calculations_calculated_at_system_type_zone"
TYPE = "ix_stc_calculations_system_type_zone_id"
POSTCODE = "ix_stc_calculations_postcode_id"
REFERENCE = "uq_stc_calculations_reference"
OF_SQLITE = {"sqlite_autoindex_audit_subjects": SUBJECT,
             "sqlite_autoindex_stc_calculations": REFERENCE}  # fmt: skip
OF_CALCULATIONS = [
    ({}, set()),
    ({"system_type": "solar_deemed"}, set()),
    ({"system_type": "battery"}, {TYPE}),
    ({"zone": 3}, {TYPE}),
    ({"zone": 3, "system_type": "solar_deemed"}, {TYPE}),
    ({"postcode": "2150"}, {POSTCODE}),
    ({"postcode": "2150", "zone": 3}, {POSTCODE, TYPE}),
    ({"reference": "A-b_C1d2E3f4G5h6"}, {REFERENCE}),
    (DAYS, {CALCULATED}),
    (DAYS | {"postcode": "2150"}, {CALCULATED, POSTCODE}),
]


@pytest.fixture
def many(made_once, vsp):
    """A log and calculations that are so many that an index is worth it."""

    def make():
        upload(panels_csv(3), vsp)
        with nested_batch():
            for example in EXAMPLES * 30:
                stc.save(example.answers, WEB)

    made_once(make)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))
    db.session.commit()


def indexes_of(sent):
    """Return the indexes that queries use, but for those of ids."""
    used = set()
    for statement, values in sent:
        for step in steps(statement, values):
            if isinstance(step, dict):
                used |= {step.get("Index Name", "")}
            elif named := re.search(r"(\w+) USING .*INDEX (\w+)", step):
                used |= {OF_SQLITE.get(named[2].rpartition("_")[0], named[2])}
    ours = {*(name for _, names in [*SEARCHES, *OF_CALCULATIONS] for name in names)}
    return used & (ours | {EVENT_ID})


def test_events_are_found_by_an_index(many):
    for asked, expected in SEARCHES:
        criteria = LogCriteria(**asked)
        sent = statements(lambda c=criteria: pages(audit_search.find, c))
        assert {*scans(sent)} <= {"accounts"}, asked
        assert indexes_of(sent) - {EVENT_ID} == expected, asked


def test_calculations_are_found_by_an_index(many):
    for asked, expected in OF_CALCULATIONS:
        criteria = CalculationCriteria(**asked)
        sent = statements(lambda c=criteria: pages(calculations.find, c))
        assert [*scans(sent)] == [], asked
        # PostgreSQL finds the few ids of a page by any index that has them.
        if db.engine.dialect.name == "sqlite":
            assert indexes_of(sent) == expected, asked


def pages(find, criteria):
    """Find two pages."""
    if before := find(criteria).before:
        find(criteria, before)


def test_a_chart_reads_one_index_and_no_row(many):
    sent = statements(lambda: calculations.chart(CalculationCriteria()))
    ((statement, values),) = sent
    assert [*scans(sent)] == []
    assert indexes_of(sent) == {CALCULATED}
    if db.engine.dialect.name == "sqlite":
        assert any("COVERING INDEX" in step for step in steps(statement, values))


def test_a_search_looks_at_the_last_events_of_its_person_alone(many):
    actor = acting(demo.STAFF)
    criteria = {"Status": "Valid"}
    for _ in range(2):
        sent = statements(
            lambda: audit_search.note_search("ledger.searched", actor, criteria)
        )
        of_log = [each for each in sent if "audit_events" in each[0]]
        assert [*scans(of_log)] == []
        assert ACTOR in indexes_of(of_log)
