"""Calculate many systems at once: one file in, one batch saved, one event logged."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import StcBatch, StcCalculation
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.stc.batch import Batch, calculate_batch, template_text, write_batch
from spv.rules.stc.figures import RULES_VERSION
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.stc import visitor_quota
from spv.services.stc.calculations import Numbers, new_reference, numbers_of, row_of

KEPT_FOR = timedelta(days=1)
ROWS_NAMED = 10


class FileRefused(ValidationError):
    """A file that cannot be read, or in which no row could be calculated."""

    def __init__(self, sentence: str, reasons: list["Reason"] | None = None) -> None:
        super().__init__({"file": sentence})
        self.reasons = reasons or []


class Line(NamedTuple):
    """One calculated row of a file: its row number, inputs and result."""

    number: int | None
    inputs: dict[str, str]
    result: Numbers


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were not calculated: how many, and the first of them."""

    reason: str
    count: int
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Summary:
    """A batch as its page shows it."""

    reference: str
    row_count: int
    calculated: int
    certificates: int
    reasons: list[Reason]
    calculated_at: datetime
    document_until: datetime
    has_document: bool


def save(data: bytes, actor: Actor) -> str:
    """Calculate, save and log a file; the reference of the batch.

    Raises FileRefused or QuotaError, and then nothing is saved.
    """
    at = clock.now()
    batch = _calculate(data, clock.day_of(at))
    saved = StcBatch(
        reference=new_reference(),
        row_count=len(batch.outcomes),
        calculated=batch.calculated,
        certificates=batch.certificates,
        reasons=json.dumps([astuple(reason) for reason in _reasons(batch)]),
        document=write_batch(batch),
        document_until=at + KEPT_FOR,
        rules_version=RULES_VERSION,
        actor=actor.name,
        calculated_at=at,
    )
    lines = _lines(batch)
    rows = [_row(line, actor, at) for line in lines]
    details = {
        "reference": saved.reference,
        "row_count": saved.row_count,
        "calculated": saved.calculated,
        "certificates": saved.certificates,
        "digest": digest(lines),
        "rules_version": saved.rules_version,
    }
    with transaction():
        _forget_old_documents(at)
        db.session.add(saved)
        db.session.flush()
        for row in rows:
            row["batch_id"] = saved.id
        # Through Core, not the ORM, which would send each row alone.
        db.session.connection().execute(insert(StcCalculation), rows)
        visitor_quota.claim(_size(saved), actor, at, is_batch=True)
        audit_log.record(audit_log.STC, "stc.batch_calculated", actor, at, details)
        return saved.reference


def _size(batch: StcBatch) -> int:
    """The rows of a batch; of a file with very long rows, its kilobytes."""
    return max(batch.calculated, len(batch.document or "") // 1_000)


def _calculate(data: bytes, day: date) -> Batch:
    try:
        batch = calculate_batch(data, day)
    except ValidationError as refusal:
        raise FileRefused(str(refusal)) from None
    if not batch.calculated:
        sentence = "None of the rows could be calculated."
        raise FileRefused(sentence, _reasons(batch))
    return batch


def _reasons(batch: Batch) -> list[Reason]:
    return [Reason(r, len(rows), rows[:ROWS_NAMED]) for r, rows in batch.reasons()]


def template() -> str:
    """A CSV file to start from."""
    return template_text()


def show(reference: str) -> Summary:
    """A saved batch; NotFoundError where there is none."""
    saved = _find(reference)
    return Summary(
        reference=saved.reference,
        row_count=saved.row_count,
        calculated=saved.calculated,
        certificates=saved.certificates,
        reasons=[Reason(*each) for each in json.loads(saved.reasons)],
        calculated_at=saved.calculated_at,
        document_until=saved.document_until,
        has_document=_has_document(saved),
    )


def document(reference: str) -> str:
    """The file of a batch with its certificates; NotFoundError after a day."""
    saved = _find(reference)
    if not _has_document(saved):
        raise NotFoundError
    return saved.document or ""


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 of the calculated rows of a batch."""
    return hashlib.sha256(audit_log.canonical(lines).encode()).hexdigest()


def _find(reference: str) -> StcBatch:
    saved = db.session.scalar(select(StcBatch).where(StcBatch.reference == reference))
    if saved is None:
        raise NotFoundError
    return saved


def _has_document(saved: StcBatch) -> bool:
    return saved.document is not None and clock.now() < saved.document_until


def _lines(batch: Batch) -> list[Line]:
    return [
        Line(o.row.number, o.installation.answers(), numbers_of(o.calculation))
        for o in batch.outcomes
        if o.installation and o.calculation
    ]


def _row(line: Line, actor: Actor, at: datetime) -> dict[str, Any]:
    """The columns of a calculation, the same in every row."""
    row = dict.fromkeys(_COLUMNS) | row_of(line.inputs, line.result, actor, at)
    row["row_number"] = line.number
    return row


_COLUMNS = [c.name for c in StcCalculation.__table__.columns if c.name != "id"]


def _forget_old_documents(at: datetime) -> None:
    """A file may hold more than we ask for: it is not kept beyond its day."""
    expired = StcBatch.document_until < at
    kept = StcBatch.document.is_not(None)
    db.session.execute(update(StcBatch).where(expired, kept).values(document=None))
