"""Calculate a file of systems: one batch is saved, and one event is logged."""

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
from spv.rules.stc.batch import Batch, Numbered, calculate_batch, write_batch
from spv.rules.stc.figures import RULES_VERSION
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import require
from spv.services.stc import visitor_quota
from spv.services.stc.calculations import Numbers, new_reference, numbers_of, row_of

KEPT_FOR = timedelta(days=1)
ROWS_NAMED = 10
TOTALS = ("row_count", "calculated", "certificates")


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
    """A reason or warning: the number of its rows, and the first of them."""

    reason: str
    count: int
    rows: list[int]


class Summary(NamedTuple):
    """A saved batch for its page."""

    saved: StcBatch
    reasons: list[Reason]
    warnings: list[Reason]
    has_document: bool


def save(data: bytes, actor: Actor) -> str:
    """Calculate, save and log a file; return the reference of the batch.

    Raises FileRefused or QuotaError, and then nothing is saved.
    """
    at = clock.now()
    batch = _calculate(data, clock.day_of(at))
    lines = _lines(batch)
    totals = {name: getattr(batch, name) for name in TOTALS}
    totals |= {"reference": new_reference(), "rules_version": RULES_VERSION}
    saved = StcBatch(
        **totals,
        reasons=_to_json(batch.reasons()),
        late_certificates=batch.late_certificates,
        warned=batch.warned,
        warnings=_to_json(batch.warnings()),
        document=write_batch(batch),
        document_until=at + KEPT_FOR,
        actor=actor.name,
        calculated_at=at,
    )
    rows = [
        row_of(inputs, result, actor, at) | {"row_number": number}
        for number, inputs, result in lines
    ]
    details: dict[str, Any] = totals | {"digest": digest(lines)}
    with transaction():
        _forget_old_documents(at)
        db.session.add(saved)
        db.session.flush()
        for row in rows:
            row["batch_id"] = saved.id
        # The ORM would send each row by itself.
        db.session.connection().execute(insert(StcCalculation), rows)
        visitor_quota.claim(_counted(saved), actor, at, is_batch=True)
        details["changed"] = [saved]
        audit_log.record(audit_log.STC, "stc.batch_calculated", actor, at, details)
        return saved.reference


def _counted(batch: StcBatch) -> int:
    """Return the rows of a batch, or its kilobytes if its rows are very long."""
    return max(batch.calculated, len(batch.document or "") // 1_000)


def _lines(batch: Batch) -> list[Line]:
    return [
        Line(o.row.number, o.installation.answers(), numbers_of(o.calculation))
        for o in batch.outcomes
        if o.installation and o.calculation
    ]


def _calculate(data: bytes, day: date) -> Batch:
    try:
        batch = calculate_batch(data, day)
    except ValidationError as error:
        raise FileRefused(str(error)) from None
    if not batch.calculated:
        sentence = "None of the rows could be calculated."
        raise FileRefused(sentence, _counted_rows(batch.reasons()))
    return batch


def _counted_rows(sentences: Numbered) -> list[Reason]:
    return [Reason(s, len(rows), rows[:ROWS_NAMED]) for s, rows in sentences]


def _to_json(sentences: Numbered) -> str:
    return json.dumps([astuple(each) for each in _counted_rows(sentences)])


def _of_json(text: str) -> list[Reason]:
    return [Reason(*each) for each in json.loads(text)]


def show(reference: str) -> Summary:
    """Return a saved batch. Raises NotFoundError if there is none."""
    saved = _find(reference)
    reasons, warnings = _of_json(saved.reasons), _of_json(saved.warnings or "[]")
    return Summary(saved, reasons, warnings, _has_document(saved))


def document(reference: str) -> str:
    """Return the file of a batch with its certificates.

    Raises NotFoundError after a day.
    """
    saved = _find(reference)
    if not _has_document(saved):
        raise NotFoundError
    return saved.document or ""


def digest(lines: Sequence[Line]) -> str:
    """Return the SHA-256 of the calculated rows of a batch."""
    return hashlib.sha256(audit_log.canonical(lines).encode()).hexdigest()


def _find(reference: str) -> StcBatch:
    query = select(StcBatch).where(StcBatch.reference == reference)
    return require(db.session.scalar(query))


def _has_document(saved: StcBatch) -> bool:
    return saved.document is not None and clock.now() < saved.document_until


def _forget_old_documents(at: datetime) -> None:
    """Remove files after a day: they may hold more than the calculator asks for."""
    expired = StcBatch.document_until < at
    kept = StcBatch.document.is_not(None)
    db.session.execute(update(StcBatch).where(expired, kept).values(document=None))
