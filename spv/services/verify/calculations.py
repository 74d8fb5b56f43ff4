"""Compare saved calculations and batches with the log, and recompute them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from spv.database import snapshot
from spv.extensions import db
from spv.models import AuditEvent, AuditSubject, StcBatch, StcCalculation
from spv.rules.errors import ValidationError
from spv.rules.stc.system_types import answers_of
from spv.rules.stc.systems import read_installation
from spv.services import audit_log
from spv.services.stc.batches import TOTALS, Line, digest
from spv.services.stc.calculations import Numbers, installation_of, numbers_of
from spv.services.verify import comparison
from spv.services.verify.comparison import UNREADABLE, Findings, differences

KIND = "calculations"
CALCULATED, BATCH = "stc.calculated", "stc.batch_calculated"
NO_BATCH = "a row without a batch"
Logged = tuple[AuditEvent, dict[str, Any]]


def replay() -> Findings:
    """Recompute each calculation, and compare log, table and today's rules."""
    findings = Findings()
    try:
        with snapshot():
            check(findings, recompute=True)
    except ValueError:  # a date and time that cannot be read
        findings.add(KIND, f"{KIND}: {UNREADABLE}")
    return findings


def replay_one(reference: str) -> list[str]:
    """Recompute a calculation or a batch; return its differences from its event."""
    findings = Findings()
    check = _Check(findings, recompute=True)
    with snapshot():
        events = (
            select(AuditEvent)
            .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
            .where(AuditSubject.kind == "reference", AuditSubject.key == reference)
            .where(AuditEvent.event.in_((CALCULATED, BATCH)))
        )
        logged = dict(check.readable(db.session.scalars(events))).get(reference)
        query = select(*StcCalculation.__table__.columns)
        one = query.where(StcCalculation.reference == reference)
        rows = [*db.session.execute(one)]
        saved = rows[0] if rows else None
        if saved is None:
            saved = db.session.scalar(select(StcBatch).filter_by(reference=reference))
            query = query.filter_by(batch_id=saved.id if saved else 0)
            rows = [*db.session.execute(query.order_by(StcCalculation.row_number))]
        check.one(reference, logged, saved, rows)
    return findings.sentences


def check(findings: Findings, *, recompute: bool = False) -> None:
    """Compare each calculation and batch with its event, and recompute it if asked."""
    check = _Check(findings, recompute)
    calculations = comparison.rows_of(StcCalculation, StcCalculation.batch_id.is_(None))
    saved = ((row.reference or NO_BATCH, row) for row in calculations)
    logged_ones = check.logged(CALCULATED)
    for reference, (logged, row) in comparison.joined(logged_ones, saved):
        check.one(reference, logged, row, [row])
    batches = ((row.reference, row) for row in comparison.rows_of(StcBatch))
    streams = check.logged(BATCH), batches, _rows_of_batches()
    for reference, (logged, batch, rows) in comparison.joined(*streams):
        if batch is None and rows is not None and logged is None:
            findings.add(KIND, f"{NO_BATCH}: saved, but not in the log")
        else:
            check.one(reference, logged, batch, rows or [])


def _rows_of_batches() -> Iterator[tuple[Any, list[Any]]]:
    """Yield the reference of each batch, or None, with the rows that belong to it."""
    query = (
        select(StcBatch.reference.label("of_batch"), *StcCalculation.__table__.columns)
        .outerjoin(StcBatch, StcBatch.id == StcCalculation.batch_id)
        .where(StcCalculation.batch_id.is_not(None))
        .order_by(StcCalculation.batch_id, StcCalculation.row_number)
    )
    for _batch_id, rows in groupby(comparison.read(query), key=attrgetter("batch_id")):
        found = list(rows)
        yield found[0].of_batch, found


class _Check:
    def __init__(self, findings: Findings, recompute: bool) -> None:
        self.findings, self.recompute = findings, recompute

    def logged(self, event_name: str) -> Iterator[tuple[str, Logged]]:
        """Yield the reference of each calculation or batch, with its event."""
        return self.readable(audit_log.events_of(audit_log.STC, event_name))

    def readable(self, events: Iterable[AuditEvent]) -> Iterator[tuple[str, Logged]]:
        """Yield the reference of each event that can be read, with the event."""
        for event in events:
            try:
                details = json.loads(event.details)
                yield details["reference"], (event, details)
            except (ValueError, KeyError, TypeError):
                self._unreadable(event)

    def one(
        self, reference: str, logged: Logged | None, saved: Any, rows: list[Any]
    ) -> None:
        """Compare a calculation or a batch, which may be missing in log or table."""
        if logged is None or saved is None:
            log = {"event": logged[0].sequence} if logged else None
            self.findings.add_all(KIND, differences(reference, log, saved and {}))
            return
        try:
            sentences = list(self._compare(logged, saved, rows))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._unreadable(logged[0])
        else:
            self.findings.add_all(KIND, (f"{reference}: {s}" for s in sentences))

    def _unreadable(self, event: AuditEvent) -> None:
        sentence = f"event {event.sequence}, or what was saved for it, cannot be read"
        self.findings.add(KIND, sentence)

    def _compare(self, logged: Logged, saved: Any, rows: list[Any]) -> Iterator[str]:
        """Yield a sentence for each difference between an event and what is saved."""
        event, details = logged
        is_batch = event.event == BATCH
        self.findings.read("calculation", len(rows))
        if is_batch:
            lines = [Line(r.row_number, answers_of(r), numbers_of(r)) for r in rows]
            totals = {name: getattr(saved, name) for name in TOTALS}
            differs = {
                "totals": totals != {name: details[name] for name in TOTALS},
                "rows": digest(lines) != details["digest"],
                "references": any(row.reference or row.solar_reference for row in rows),
            }
        else:
            lines = [Line(None, details["inputs"], details["result"])]
            solar = details.get("solar_reference")
            differs = {
                "inputs": answers_of(saved) != details["inputs"],
                "result": numbers_of(saved) != details["result"],
                "solar calculation": saved.solar_reference != solar,
                "row number": saved.row_number is not None,
            }
        origins = {(r.actor, r.channel, r.calculated_at, r.rules_version) for r in rows}
        of_event = (event.actor, event.channel, event.at, details["rules_version"])
        differs["actor, channel, time or version of the rules"] = origins != {of_event}
        for words in differs:
            if differs[words]:
                yield f"differs from event {event.sequence} in its {words}"
        for line in lines if self.recompute else ():
            of_row = f"row {line.number}: " if is_batch else ""
            yield from (f"{of_row}{s}" for s in _recomputed(line.inputs, line.result))


def _recomputed(inputs: Mapping[str, str], result: Numbers) -> Iterator[str]:
    try:
        installation = read_installation(inputs)
    except ValidationError as error:
        if [*error.problems] != ["installation_date"]:
            yield f"the rules now refuse it: {error}"
            return
        # A day from before the first day of STCs was accepted until November 2026.
        installation = installation_of(inputs)
    now = numbers_of(installation.calculate(installation.installation_date))
    changed = [f"{n} {result[n]}, now {now[n]}" for n in now if now[n] != result[n]]
    if changed:
        yield "; ".join(changed)
