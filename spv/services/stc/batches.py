"""Calculate a file of systems: one batch is saved, and one event is logged."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from spv import clock
from spv.database import as_stored, execute_many, transaction
from spv.extensions import db
from spv.models import StcBatch, StcCalculation
from spv.rules.errors import ValidationError
from spv.rules.stc.batch import Reason, calculate_batch, write_batch
from spv.rules.stc.figures import RULES_VERSION
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import require
from spv.services.retention import kept_for
from spv.services.stc import visitor_quota
from spv.services.stc.calculations import Numbers, new_reference, numbers_of, row_of

TOTALS = ("row_count", "calculated", "certificates")  # in the log


class Line(NamedTuple):
    """One calculated row of a file: its row number, inputs and result."""

    number: int | None
    inputs: dict[str, str]
    result: Numbers


class Summary(NamedTuple):
    """A saved batch for its page. After some days there is no document."""

    saved: StcBatch
    reasons: list[Reason]
    warnings: list[Reason]
    document: str | None


def save(data: bytes, actor: Actor) -> str:
    """Calculate, save and log a file; return the reference of the batch.

    Raises QuotaError, or ValidationError with the reasons; then nothing is saved.
    """
    at = clock.now()
    batch = calculate_batch(data, clock.today(at))
    lines = [
        Line(o.row.number, o.installation.answers(), numbers_of(o.calculation))
        for o in batch.outcomes
        if o.installation and o.calculation
    ]
    if not lines:
        refused = ValidationError({"file": "None of the rows could be calculated."})
        refused.details = {"reasons": batch.reasons()}
        raise refused
    totals, document = batch.totals(), write_batch(batch)
    names = {"reference": new_reference(), "rules_version": RULES_VERSION}
    reasons, warnings = json.dumps(batch.reasons()), json.dumps(batch.warnings())
    saved = StcBatch(
        **totals, **names, reasons=reasons, warnings=warnings, document=document,
        document_until=at + kept_for("SPV_DAYS_BATCH_DOCUMENTS"),
        actor=actor.name, calculated_at=at,
    )  # fmt: skip
    details: dict[str, Any] = names | {"digest": digest(lines), "changed": [saved]}
    details |= {name: totals[name] for name in TOTALS}
    with transaction():
        db.session.add(saved)
        db.session.flush()
        _add_rows(saved, lines, actor)
        # Very long rows are counted by their kilobytes.
        count = max(len(lines), len(document) // 1_000)
        visitor_quota.claim(count, actor, at, is_batch=True)
        audit_log.record(audit_log.STC, "stc.batch_calculated", actor, at, details)
        return saved.reference


def _add_rows(saved: StcBatch, lines: Sequence[Line], actor: Actor) -> None:
    """Insert the rows of a batch by the driver alone, which is quicker."""
    at = as_stored(StcCalculation.__table__.c.calculated_at, saved.calculated_at)
    shared = {"batch_id": saved.id, "calculated_at": at}
    rows = []
    for line in lines:
        row = row_of(line.inputs, line.result, actor, saved.calculated_at) | shared
        row["row_number"] = line.number
        row["installation_date"] = line.inputs["installation_date"]  # as text
        rows.append(tuple(map(row.get, _COLUMNS)))
    execute_many(_ADD_ROWS, rows)


_COLUMNS = [column.name for column in StcCalculation.__table__.c if column.name != "id"]
_ADD_ROWS = (
    f"INSERT INTO stc_calculations ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def show(reference: str) -> Summary:
    """Return a saved batch. Raises NotFoundError if there is none."""
    query = select(StcBatch).where(StcBatch.reference == reference)
    saved = require(db.session.scalar(query))
    texts = (saved.reasons, saved.warnings or "[]")
    reasons, warnings = ([Reason(*each) for each in json.loads(t)] for t in texts)
    is_kept = clock.now() < saved.document_until
    return Summary(saved, reasons, warnings, saved.document if is_kept else None)


def document(reference: str) -> str:
    """Return the file of a batch. Raises NotFoundError when it is no longer kept."""
    return require(show(reference).document)


def digest(lines: Sequence[Line]) -> str:
    """Return the SHA-256 of the calculated rows of a batch."""
    return hashlib.sha256(audit_log.canonical(lines).encode()).hexdigest()
