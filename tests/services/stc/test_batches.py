"""Batches: saved whole with one event; the file itself is removed after a day."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.stc.batch import template_text
from spv.services.actor import visitor
from spv.services.stc import batches
from tests.rules.stc.test_batch import HEADING, ROW

pytestmark = pytest.mark.every_database

BATCH = visitor("batch")


def test_one_event_for_a_batch(app):
    reference = batches.save(template_text().encode(), BATCH)
    event = db.session.scalars(sa.select(AuditEvent)).one()
    logged = json.loads(event.details)
    assert (event.event, event.channel) == ("stc.batch_calculated", "batch")
    assert logged["reference"] == reference
    assert (logged["row_count"], logged["certificates"]) == (4, 45 + 68 + 24 + 91)
    assert len(db.session.scalars(sa.select(StcCalculation)).all()) == 4


def test_each_row_is_a_saved_calculation(app):
    batches.save(template_text().encode(), BATCH)
    saved = db.session.scalars(sa.select(StcCalculation).order_by("row_number")).all()
    assert [row.row_number for row in saved] == [2, 3, 4, 5]
    assert [row.certificates for row in saved] == [45, 68, 24, 91]
    assert saved[0].rated_power_kw == "6.6"


@time_machine.travel("2026-11-30 03:00+00:00", tick=False)
def test_rows_have_the_moment_of_their_file_to_the_letter(app):
    """The driver inserts them, and the session their file."""
    batches.save(template_text().encode(), BATCH)
    raw = db.session.connection().exec_driver_sql
    moments = [
        raw(f"SELECT DISTINCT calculated_at FROM {table}").scalar_one()
        for table in ("stc_batches", "stc_calculations")
    ]
    assert moments[0] == moments[1]


def test_rows_that_cannot_be_calculated(app):
    bad = ROW.replace("6.6", "101")
    text = "\n".join([HEADING, ROW, *[bad] * 12])
    summary = batches.show(batches.save(text.encode(), BATCH))
    assert (summary.saved.row_count, summary.saved.calculated) == (13, 1)
    (reason,) = summary.reasons
    assert reason.row_count == 12
    assert reason.rows == list(range(3, 13))


def test_a_file_in_which_nothing_can_be_calculated_leaves_nothing(app):
    with pytest.raises(ValidationError, match="None of the rows") as refused:
        batches.save(f"{HEADING}\nx,,,,,,,,\n".encode(), BATCH)
    assert refused.value.details["reasons"][0].rows == [2]
    assert not db.session.scalars(sa.select(StcBatch)).all()
    assert not db.session.scalars(sa.select(AuditEvent)).all()


def test_the_file_is_kept_for_a_day(app):
    text = f"Customer,{HEADING}\nJo Citizen,{ROW}\n".encode()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = batches.save(text, BATCH)
        assert "Jo Citizen" in batches.document(first)
        traveller.shift(timedelta(days=1))
        assert batches.show(first).document is None
        with pytest.raises(NotFoundError):
            batches.document(first)
    assert "Jo Citizen" not in str(
        db.session.scalars(sa.select(AuditEvent.details)).all()
    )


def test_unknown_reference(app):
    for ask in (batches.show, batches.document):
        with pytest.raises(NotFoundError):
            ask("x" * 16)
