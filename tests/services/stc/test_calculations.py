"""Calculations are saved with every input, and logged, in one transaction."""

import json

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import AuditChain, AuditEvent, StcCalculation
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    NUMBERS,
    REQUIRED,
    SystemType,
    answers_of,
)
from spv.rules.stc.systems import read_installation
from spv.services.actor import visitor
from spv.services.stc import calculations
from tests.examples import BAD, EXAMPLES, GOOD_SOLAR, example_of

WEB = visitor("web")


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_saves_inputs_result_and_log(app, example):
    reference = calculations.save(example.answers, WEB)
    saved = db.session.scalars(sa.select(StcCalculation)).one()
    event = db.session.scalars(sa.select(AuditEvent)).one()
    logged = json.loads(event.details)
    assert saved.reference == reference == logged["reference"]
    assert saved.certificates == example.certificates
    assert logged["result"]["certificates"] == example.certificates
    assert logged["inputs"] == answers_of(saved) == example.answers
    assert (event.actor, event.channel, event.event) == (
        "visitor", "web", "stc.calculated",
    )  # fmt: skip
    assert saved.calculated_at == event.at
    assert logged["rules_version"] == saved.rules_version


def test_the_saved_columns_are_the_answers_and_the_result():
    """A question without a column would be an error when it is saved."""
    columns = StcCalculation.__table__.columns
    others = {"id", "reference", "batch_id", "row_number", "rules_version", "actor",
              "channel", "calculated_at", "solar_reference"}  # fmt: skip
    expected = [*ALL_FIELDS, *calculations.RESULT]
    assert {column.name for column in columns} == others.union(expected)
    assert {name for name in ALL_FIELDS if not columns[name].nullable} == {*REQUIRED}
    longest = "999999.999999"
    assert all(columns[name].type.length == len(longest) for name in NUMBERS)


@pytest.mark.parametrize("system_type", SystemType)
def test_a_saved_installation_is_read_back(app, system_type):
    answers = example_of(system_type).answers | {"stc_price": "38.50"}
    calculations.save(answers, WEB)
    saved = db.session.scalars(sa.select(StcCalculation)).one()
    assert calculations.installation_of(answers_of(saved)) == read_installation(answers)


def test_shows_a_saved_calculation(app):
    result = calculations.show(calculations.save(GOOD_SOLAR, WEB))
    assert result.headline == "45 STCs"
    assert (result.calculation.zone, result.calculation.years) == (3, 5)
    assert result.estimate.dollars == 45 * 40


def test_another_price(app):
    reference = calculations.save(GOOD_SOLAR | {"stc_price": "38.50"}, WEB)
    assert str(calculations.show(reference).estimate.dollars) == "1732.50"
    assert str(calculations.show(reference, "30").estimate.dollars) == "1350"
    refused = calculations.show(reference, "41").estimate
    assert str(refused.price) == "38.50"
    assert "ceiling" in refused.problem


def test_unknown_reference(app):
    with pytest.raises(NotFoundError):
        calculations.show("x" * 16)


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_refused_answers_leave_nothing(app, bad):
    with pytest.raises(ValidationError) as refused:
        calculations.save(bad.answers, WEB)
    assert bad.words in refused.value.problems[bad.field]
    assert not db.session.scalars(sa.select(StcCalculation)).all()
    assert not db.session.scalars(sa.select(AuditEvent)).all()


def test_nothing_is_saved_when_it_cannot_be_logged(app):
    """The event and the calculation are both there, or neither is."""
    db.session.execute(sa.delete(AuditChain))
    db.session.commit()
    with pytest.raises(sa.exc.NoResultFound):
        calculations.save(GOOD_SOLAR, WEB)
    assert not db.session.scalars(sa.select(StcCalculation)).all()
