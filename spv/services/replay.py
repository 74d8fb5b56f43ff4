"""Replay: recompute every saved calculation from the log and name each difference."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules.installation import read_installation
from spv.rules.refusal import Refusal
from spv.rules.stc import calculate
from spv.services import audit
from spv.services.stc import inputs_of, result_of
from spv.services.stc_batch import Line, digest


@dataclass
class Replay:
    """How many calculations were recomputed, and a sentence for each difference."""

    calculations: int = 0
    differences: list[str] = field(default_factory=list)


def replay() -> Replay:
    """Recompute each logged calculation and compare log, table and today's rules."""
    found = Replay()
    logged: set[str] = set()
    for event in audit.events_of(audit.STC):
        details = json.loads(event.details)
        logged.add(details["reference"])
        compare = _batch if event.event == "stc.batch_calculated" else _single
        found.differences += compare(event, details, found)
    found.differences += [
        f"{reference}: saved, but not in the log"
        for model in (StcBatch, StcCalculation)
        for reference in _saved(model)
        if reference not in logged
    ]
    return found


def _saved(model: type[StcBatch] | type[StcCalculation]) -> Iterator[str]:
    query = select(model.reference)
    if model is StcCalculation:
        query = query.where(StcCalculation.batch_id.is_(None))
    yield from db.session.scalars(query.execution_options(yield_per=1000))


def _single(event: AuditEvent, logged: dict[str, Any], found: Replay) -> Iterator[str]:
    found.calculations += 1
    reference = logged["reference"]
    saved = db.session.scalar(
        select(StcCalculation).where(StcCalculation.reference == reference)
    )
    if saved is None:
        yield f"{reference}: in the log as event {event.sequence}, but not saved"
        return
    if inputs_of(saved) != logged["inputs"]:
        yield f"{reference}: saved with other inputs than event {event.sequence} has"
    if _result(saved) != logged["result"]:
        yield f"{reference}: saved with another result than event {event.sequence} has"
    if sentence := _recomputed(logged["inputs"], logged["result"]):
        yield f"{reference}: {sentence}"


def _batch(event: AuditEvent, logged: dict[str, Any], found: Replay) -> Iterator[str]:
    reference = logged["reference"]
    rows = db.session.scalars(
        select(StcCalculation)
        .join(StcBatch, StcBatch.id == StcCalculation.batch_id)
        .where(StcBatch.reference == reference)
        .order_by(StcCalculation.row_number)
    ).all()
    found.calculations += len(rows)
    lines = [Line(row.row_number, inputs_of(row), _result(row)) for row in rows]
    if digest(lines) != logged["digest"]:
        yield f"{reference}: saved with other rows than event {event.sequence} has"
    for number, inputs, result in lines:
        if sentence := _recomputed(inputs, result):
            yield f"{reference}, row {number}: {sentence}"


def _result(saved: StcCalculation) -> dict[str, Any]:
    names = ("certificates", "zone", "rating", "deeming_years", "years")
    return {name: getattr(saved, name) for name in names}


def _recomputed(inputs: Mapping[str, str], result: dict[str, Any]) -> str:
    try:
        installation = read_installation(inputs)
    except Refusal as refusal:
        return f"the rules now refuse it: {refusal}"
    now = result_of(calculate(installation, installation.installation_date))
    changed = [
        f"{name} {result[name]}, now {now[name]}"
        for name in now
        if now[name] != result[name]
    ]
    return "; ".join(changed)
