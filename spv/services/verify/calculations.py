"""Recompute every saved calculation and compare it with the log."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from spv.database import snapshot
from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules.errors import ValidationError
from spv.rules.stc.system_types import answers_of
from spv.rules.stc.systems import read_installation
from spv.services import audit_log
from spv.services.stc.batches import TOTALS, Line, digest
from spv.services.stc.calculations import Numbers, installation_of, numbers_of


@dataclass
class Replay:
    """The number of calculations recomputed, and a sentence for each difference."""

    calculations: int = 0
    differences: list[str] = field(default_factory=list)
    logged: set[str] = field(default_factory=set)


def replay() -> Replay:
    """Recompute each logged calculation and compare log, table and today's rules."""
    found = Replay()
    with snapshot():
        try:
            for event in audit_log.events_of(audit_log.STC):
                found.differences += _event(event, found)
            found.differences += _never_logged(found.logged)
        except ValueError:  # a date and time that cannot be read
            found.differences.append("the log cannot be read: see flask audit verify")
    return found


def _event(event: AuditEvent, found: Replay) -> list[str]:
    try:
        logged = json.loads(event.details)
        found.logged.add(logged["reference"])
        sentences = list(_compare(event, logged, found))
    except (ValueError, KeyError, TypeError, AttributeError):
        return [f"event {event.sequence}, or what was saved for it, cannot be read"]
    return [f"{logged['reference']}: {sentence}" for sentence in sentences]


def _never_logged(logged: set[str]) -> Iterator[str]:
    """Yield a sentence for each batch, calculation and row without an event."""
    without_batch = or_(StcCalculation.batch_id.is_(None), StcBatch.id.is_(None))
    calculations = (
        select(StcCalculation.reference).outerjoin(StcBatch).where(without_batch)
    ).execution_options(yield_per=1000)
    for query in (select(StcBatch.reference), calculations):
        for reference in db.session.scalars(query):
            if reference not in logged:
                name = reference or "a row without a batch"
                yield f"{name}: saved, but not in the log"


_MODELS: dict[str, Any] = {
    "stc.calculated": StcCalculation,
    "stc.batch_calculated": StcBatch,
}


def _compare(event: AuditEvent, logged: dict[str, Any], found: Replay) -> Iterator[str]:
    """Yield a sentence for each difference between an event and what is saved."""
    model, number = _MODELS[event.event], event.sequence
    found.calculations += model is StcCalculation
    query = select(model).filter_by(reference=logged["reference"])
    if (saved := db.session.scalar(query)) is None:
        yield f"in the log as event {number}, but not saved"
        return
    if model is StcBatch:
        of_batch = select(StcCalculation).filter_by(batch_id=saved.id)
        rows = [*db.session.scalars(of_batch.order_by(StcCalculation.row_number))]
        lines = [Line(row.row_number, answers_of(row), numbers_of(row)) for row in rows]
        found.calculations += len(rows)
        totals = {name: getattr(saved, name) for name in TOTALS}
        is_other = {
            "with other totals": totals != {name: logged[name] for name in TOTALS},
            "with other rows": digest(lines) != logged["digest"],
        }
    else:
        rows, lines = [saved], [Line(None, logged["inputs"], logged["result"])]
        is_other = {
            "with other inputs": answers_of(saved) != logged["inputs"],
            "with another result": numbers_of(saved) != logged["result"],
            "with other solar": saved.solar_reference != logged.get("solar_reference"),
        }
    origins = {(r.actor, r.channel, r.calculated_at, r.rules_version) for r in rows}
    of_event = (event.actor, event.channel, event.at, logged["rules_version"])
    is_other["as by another or at another time"] = origins != {of_event}
    for words in is_other:
        if is_other[words]:
            yield f"saved {words} than event {number} has"
    for line in lines:
        of_row = f"row {line.number}: " if model is StcBatch else ""
        yield from (f"{of_row}{s}" for s in _recomputed(line.inputs, line.result))


def _recomputed(inputs: Mapping[str, str], result: Numbers) -> Iterator[str]:
    try:
        installation = read_installation(inputs)
    except ValidationError as error:
        if [*error.problems] != ["installation_date"]:
            yield f"the rules now refuse it: {error}"
            return
        # A day from before the first day of STCs was taken until November 2026.
        installation = installation_of(inputs)
    now = numbers_of(installation.calculate(installation.installation_date))
    changed = [f"{n} {result[n]}, now {now[n]}" for n in now if now[n] != result[n]]
    if changed:
        yield "; ".join(changed)
