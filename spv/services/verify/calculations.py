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
from spv.services.stc.batches import Line, digest
from spv.services.stc.calculations import Numbers, numbers_of, saved_numbers


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
        sentences = list(_COMPARE[event.event](event, logged, found))
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


def _single(event: AuditEvent, logged: dict[str, Any], found: Replay) -> Iterator[str]:
    found.calculations += 1
    query = select(StcCalculation).filter_by(reference=logged["reference"])
    saved = db.session.scalar(query)
    if saved is None:
        yield f"in the log as event {event.sequence}, but not saved"
        return
    if answers_of(saved) != logged["inputs"]:
        yield f"saved with other inputs than event {event.sequence} has"
    if saved_numbers(saved) != logged["result"]:
        yield f"saved with another result than event {event.sequence} has"
    if _origin(saved) != _logged_origin(event, logged):
        yield f"saved as by another or at another time than event {event.sequence} has"
    yield from _recomputed(logged["inputs"], logged["result"])


def _batch(event: AuditEvent, logged: dict[str, Any], found: Replay) -> Iterator[str]:
    query = select(StcBatch).filter_by(reference=logged["reference"])
    saved = db.session.scalar(query)
    if saved is None:
        yield f"in the log as event {event.sequence}, but not saved"
        return
    rows = db.session.scalars(
        select(StcCalculation)
        .filter_by(batch_id=saved.id)
        .order_by(StcCalculation.row_number)
    ).all()
    found.calculations += len(rows)
    lines = [Line(row.row_number, answers_of(row), saved_numbers(row)) for row in rows]
    totals = ("row_count", "calculated", "certificates")
    if any(getattr(saved, name) != logged[name] for name in totals):
        yield f"saved with other totals than event {event.sequence} has"
    if digest(lines) != logged["digest"]:
        yield f"saved with other rows than event {event.sequence} has"
    if {_origin(row) for row in rows} != {_logged_origin(event, logged)}:
        yield f"saved as by another or at another time than event {event.sequence} has"
    for number, inputs, result in lines:
        yield from (f"row {number}: {s}" for s in _recomputed(inputs, result))


_COMPARE = {"stc.calculated": _single, "stc.batch_calculated": _batch}


def _origin(saved: StcCalculation) -> tuple[Any, ...]:
    return saved.actor, saved.channel, saved.calculated_at, saved.rules_version


def _logged_origin(event: AuditEvent, logged: dict[str, Any]) -> tuple[Any, ...]:
    return event.actor, event.channel, event.at, logged["rules_version"]


def _recomputed(inputs: Mapping[str, str], result: Numbers) -> Iterator[str]:
    try:
        installation = read_installation(inputs)
    except ValidationError as error:
        yield f"the rules now refuse it: {error}"
        return
    now = numbers_of(installation.calculate(installation.installation_date))
    changed = [f"{n} {result[n]}, now {now[n]}" for n in now if now[n] != result[n]]
    if changed:
        yield "; ".join(changed)
