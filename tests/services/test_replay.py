"""Replay recomputes every saved calculation from its log, and names differences."""

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules import parameters
from spv.rules.stc_batch import template_text
from spv.services import stc, stc_batch
from spv.services.actor import visitor
from spv.services.replay import replay
from tests.examples import EXAMPLES, GOOD_SOLAR
from tests.services.test_audit import tamper

WEB = visitor("web")


@pytest.fixture
def saved(app):
    """Every example, and a batch."""
    for example in EXAMPLES:
        stc.save(example.answers, WEB)
    stc_batch.save(template_text().encode(), visitor("batch"))


def change(model, where, **values):
    db.session.execute(sa.update(model).where(where).values(**values))
    db.session.commit()


def test_no_differences(saved):
    found = replay()
    assert (found.calculations, found.differences) == (len(EXAMPLES) + 4, [])


def test_a_changed_result(saved):
    change(StcCalculation, StcCalculation.id == 3, certificates=1000)
    (difference,) = replay().differences
    assert "saved with another result than event 3 has" in difference


def test_a_changed_input(saved):
    change(StcCalculation, StcCalculation.id == 3, rated_power_kw="7")
    (difference,) = replay().differences
    assert "saved with other inputs than event 3 has" in difference


def test_a_changed_row_of_a_batch(saved):
    last = len(EXAMPLES) + 1
    change(StcCalculation, StcCalculation.row_number == 3, certificates=1)
    first, second = replay().differences
    assert f"saved with other rows than event {last} has" in first
    assert "row 3: certificates 1, now 68" in second


def test_a_calculation_that_was_removed(saved):
    db.session.execute(sa.delete(StcCalculation).where(StcCalculation.id == 3))
    db.session.commit()
    (difference,) = replay().differences
    assert "in the log as event 3, but not saved" in difference


def test_a_calculation_that_was_never_logged(saved):
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.id == 3)).one()
    tamper(f"DELETE FROM audit_events WHERE id = {event.id}")
    (difference,) = replay().differences
    assert difference.endswith("saved, but not in the log")


def test_a_batch_that_was_never_logged(saved):
    change(StcBatch, StcBatch.id == 1, reference="somewhere else")
    first, second = replay().differences
    assert "saved with other rows" in first
    assert second == "somewhere else: saved, but not in the log"


def test_a_rule_that_gives_another_number_now(saved, monkeypatch):
    figure = parameters.FIGURES["wind_hours"]
    corrected = type(figure)(
        figure.name, figure.title, figure.unit, figure.source, figure.link,
        tuple((day, value * 2) for day, value in figure.values),
    )  # fmt: skip
    monkeypatch.setitem(parameters.FIGURES, "wind_hours", corrected)
    differences = replay().differences
    assert len(differences) == 3  # two examples, and the row of the batch
    assert differences[0].endswith("certificates 57, now 114")


def test_a_rule_that_refuses_now(saved, monkeypatch):
    figure = parameters.FIGURES["hydro_power_limit"]
    lowered = type(figure)(
        figure.name, figure.title, figure.unit, figure.source, figure.link,
        tuple((day, value / 2) for day, value in figure.values),
    )  # fmt: skip
    monkeypatch.setitem(parameters.FIGURES, "hydro_power_limit", lowered)
    differences = replay().differences
    assert all("the rules now refuse it: A hydro system" in d for d in differences)
    assert len(differences) == 3


def test_a_result_shown_after_a_correction_says_so(app, monkeypatch):
    reference = stc.save(GOOD_SOLAR, WEB)
    change(StcCalculation, StcCalculation.reference == reference, certificates=44)
    page = app.test_client().get(f"/stc/{reference}").text
    assert "44 STCs" in page
    assert "by\n  today’s rules it is 45" in page
