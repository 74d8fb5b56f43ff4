"""Replay recomputes every saved calculation and names the differences."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules.stc import figures
from spv.rules.stc.batch import template_text
from spv.rules.stc.system_types import SystemType
from spv.services.actor import visitor
from spv.services.stc import batches, calculations
from spv.services.verify import checks
from spv.services.verify.calculations import replay
from tests.examples import EXAMPLES, GOOD_SOLAR
from tests.services.test_audit_log import tamper
from tests.views.page import read

pytestmark = pytest.mark.every_database

WEB = visitor("web")


@pytest.fixture
def saved(made_once):
    """Every example, and a batch."""

    def make():
        for example in EXAMPLES:
            calculations.save(example.answers, WEB)
        batches.save(template_text().encode(), visitor("batch"))

    made_once(make)


def change(model, where, **values):
    db.session.execute(sa.update(model).where(where).values(**values))
    db.session.commit()


def test_no_differences(saved):
    found = replay()
    assert found.counts["calculation"] == len(EXAMPLES) + len(SystemType)
    assert found.sentences == []


def test_a_changed_result(saved):
    change(StcCalculation, StcCalculation.id == 3, certificates=1000)
    (difference,) = replay().sentences
    assert "differs from event 3 in its result" in difference


def test_a_changed_input(saved):
    change(StcCalculation, StcCalculation.id == 3, rated_power_kw="7")
    (difference,) = replay().sentences
    assert "differs from event 3 in its inputs" in difference


def test_a_changed_row_of_a_batch(saved):
    last = len(EXAMPLES) + 1
    change(StcCalculation, StcCalculation.row_number == 3, certificates=1)
    first, second = replay().sentences
    assert f"differs from event {last} in its rows" in first
    assert "row 3: certificates 1, now 68" in second


def test_a_calculation_that_was_removed(saved):
    db.session.execute(sa.delete(StcCalculation).where(StcCalculation.id == 3))
    db.session.commit()
    (difference,) = replay().sentences
    assert "in the log as event 3, but not saved" in difference


def test_a_calculation_that_was_never_logged(saved):
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.id == 3)).one()
    tamper(f"DELETE FROM audit_subjects WHERE event_id = {event.id}",
           f"DELETE FROM audit_events WHERE id = {event.id}")  # fmt: skip
    (difference,) = replay().sentences
    assert difference.endswith("saved, but not in the log")


def test_a_batch_that_was_never_logged(saved):
    change(StcBatch, StcBatch.id == 1, reference="somewhere else")
    first, second = replay().sentences
    assert first.endswith(f"in the log as event {len(EXAMPLES) + 1}, but not saved")
    assert second == "somewhere else: saved, but not in the log"


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("column", ["row_count", "calculated", "certificates"])
def test_other_totals_of_a_batch(saved, column):
    change(StcBatch, StcBatch.id == 1, **{column: 999})
    (difference,) = replay().sentences
    assert f"differs from event {len(EXAMPLES) + 1} in its totals" in difference


OTHERS = {
    "actor": "somebody",
    "channel": "somewhere",
    "rules_version": "2001-01-01",
    "calculated_at": datetime(2001, 1, 1, tzinfo=UTC),
}


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("column", OTHERS)
@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("number", [3, len(EXAMPLES) + 2], ids=["single", "batch"])
def test_saved_as_by_another(saved, column, number):
    change(StcCalculation, StcCalculation.id == number, **{column: OTHERS[column]})
    (difference,) = replay().sentences
    assert difference.endswith("in its actor, channel, time or version of the rules")


def test_a_row_of_no_batch(saved):
    if db.engine.dialect.name == "sqlite":
        db.session.connection().connection.dbapi_connection.execute("COMMIT")
        db.session.connection().connection.dbapi_connection.execute(
            "PRAGMA foreign_keys = OFF"
        )
    else:
        db.session.execute(sa.text("SET session_replication_role = replica"))
    statement = sa.update(StcCalculation).where(StcCalculation.row_number == 2)
    db.session.execute(statement.values(batch_id=99))
    db.session.commit()
    differences = replay().sentences
    assert "a row without a batch: saved, but not in the log" in differences


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize(
    ("column", "text"), [("details", "not JSON"), ("details", "{}"), ("details", "[]")]
)
def test_an_event_that_cannot_be_read(saved, column, text):
    tamper(f"UPDATE audit_events SET {column} = '{text}' WHERE sequence = 3")
    first, *others = replay().sentences
    assert first == "event 3, or what was saved for it, cannot be read"
    assert all(other.endswith("saved, but not in the log") for other in others)


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("inputs", ["", ', "inputs": null', ', "inputs": {"a": 5}'])
def test_an_event_without_its_inputs(saved, inputs):
    reference = db.session.get(StcCalculation, 3).reference
    details = f'{{"reference": "{reference}"{inputs}}}'.replace(":", r"\:")
    tamper(f"UPDATE audit_events SET details = '{details}' WHERE sequence = 3")
    (difference,) = replay().sentences
    assert difference == "event 3, or what was saved for it, cannot be read"


UNREADABLE = "calculations: what is saved, or the log, cannot be read"


def test_dates_and_times_that_cannot_be_read(saved):
    if db.engine.dialect.name == "postgresql":
        return  # PostgreSQL refuses such values
    db.session.execute(sa.text("UPDATE stc_calculations SET calculated_at = 'x'"))
    db.session.commit()
    assert UNREADABLE in replay().sentences
    tamper("UPDATE audit_events SET at = 'x' WHERE sequence = 3")
    assert UNREADABLE in replay().sentences
    found = checks.verify()
    assert "stc: an event after event 0 cannot be read" in found.sentences


def test_a_rule_that_gives_another_number_now(saved, monkeypatch):
    figure = figures.FIGURES["wind_hours"]
    corrected = replace(
        figure, values=tuple((day, value * 2) for day, value in figure.values)
    )
    monkeypatch.setitem(figures.FIGURES, "wind_hours", corrected)
    differences = replay().sentences
    assert len(differences) == 3  # two examples, and the row of the batch
    assert differences[0].endswith("certificates 57, now 114")


def test_a_rule_that_refuses_now(saved, monkeypatch):
    figure = figures.FIGURES["hydro_power_limit"]
    lowered = replace(
        figure, values=tuple((day, value / 2) for day, value in figure.values)
    )
    monkeypatch.setitem(figures.FIGURES, "hydro_power_limit", lowered)
    differences = replay().sentences
    assert all("the rules now refuse it: A hydro system" in d for d in differences)
    assert len(differences) == 3


def test_a_day_that_was_taken_before_and_is_refused_now(app, monkeypatch):
    """Days before 2011 were taken until November 2026: such results stay right."""
    figure = figures.FIGURES["scheme_first_day"]
    earlier = replace(figure, values=((figure.values[0][0], date(2001, 4, 1)),))
    with monkeypatch.context() as patched:
        patched.setitem(figures.FIGURES, figure.name, earlier)
        answers = GOOD_SOLAR | {"installation_date": "2005-06-01"}
        reference = calculations.save(answers, WEB)
    found = replay()
    assert (found.counts["calculation"], found.sentences) == (1, [])
    page = read(app.test_client().get(f"/stc/{reference}"))
    assert "136 STCs under the rules of that day." in page.text  # 6.6 × 1.382 × 15


def test_a_result_shown_after_a_correction_says_so(app, monkeypatch):
    reference = calculations.save(GOOD_SOLAR, WEB)
    change(StcCalculation, StcCalculation.reference == reference, certificates=44)
    page = read(app.test_client().get(f"/stc/{reference}"))
    assert page.heading == "44 STCs"
    assert "Today they give 45 STCs" in page.text


def test_a_result_is_still_shown_when_the_rules_refuse_it(app, monkeypatch):
    reference = calculations.save(GOOD_SOLAR, WEB)
    figure = figures.FIGURES["solar_power_limit"]
    lowered = figure.values[0][1] / 100
    monkeypatch.setitem(
        figures.FIGURES, figure.name, replace(figure, values=((date.min, lowered),))
    )
    answer = app.test_client().get(f"/stc/{reference}")
    assert answer.status_code == 200
    assert read(answer).heading == "45 STCs"
