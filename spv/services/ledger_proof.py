"""Proof of the ledger: its rows are those that the log tells of, and no others."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from spv.extensions import db
from spv.models import AuditEvent, Declaration, PanelSerial, Product, Upload
from spv.rules.serial_rows import Panel, digest
from spv.services import audit
from spv.services.ledger import NAMES
from spv.services.transaction import snapshot
from spv.services.uploads import PURPOSE

SLICE = 10_000


@dataclass
class LedgerReport:
    """How much was read, and a sentence for each upload that is not right."""

    uploads: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)


def verify() -> LedgerReport:
    """Hash the rows of every upload again, and compare with what the log tells."""
    found = LedgerReport()
    with snapshot():
        try:
            told = dict(_told(found))
            found.problems += _compare(told, dict(_saved()))
            found.problems += _compare_rows(told, found)
            found.problems += _spare_declarations()
        except (ValueError, TypeError, SQLAlchemyError):  # no text, no moment, no JSON
            found.problems.append("what is saved, or the log of it, cannot be read")
    return found


def _compare_rows(
    told: dict[int, dict[str, Any]], found: LedgerReport
) -> Iterator[str]:
    missing = dict(told)
    for upload_id, rows in groupby(_rows(), key=itemgetter(0)):
        panels, invalid = [], 0
        for _, invalidation_id, *cells in rows:
            panels.append(Panel._make(cell or "" for cell in cells))
            invalid += invalidation_id is not None
        found.rows += len(panels)
        facts = missing.pop(upload_id, {"rows": 0, "sha256": ""})
        if (len(panels), digest(panels)) != (facts["rows"], facts["sha256"]):
            yield f"upload {upload_id}: its rows were changed"
        if invalid:
            yield f"upload {upload_id}: rows were marked invalid, and no event says so"
    yield from (f"upload {upload_id}: its rows are missing" for upload_id in missing)


def _told(found: LedgerReport) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each upload as its event tells of it."""
    for event in audit.events_of(audit.REGISTRY, "upload.recorded"):
        found.uploads += 1
        try:
            yield _facts_of(event)
        except (ValueError, KeyError, TypeError):
            found.problems.append(f"event {event.sequence} cannot be read")


def _facts_of(event: AuditEvent) -> tuple[int, dict[str, Any]]:
    details = json.loads(event.details)
    names = ("account", "user", "filename", "rows", "sha256", "declaration",
             "wording_version")  # fmt: skip
    facts = {name: details[name] for name in names}
    facts |= {"event": event.sequence, "at": event.at, "channel": event.channel}
    return details["upload"], facts


def _saved() -> Iterator[tuple[int, dict[str, Any]]]:
    """Each upload as it is saved, with its declaration."""
    query = select(Upload, Declaration).join(Upload.declaration)
    for upload, declared in db.session.execute(query.execution_options(yield_per=1000)):
        same = (
            declared.account_id == upload.account_id
            and declared.user_id == upload.user_id
            and declared.made_at == upload.received_at
            and declared.purpose == PURPOSE
            and declared.expires_on is None
        )
        yield (
            upload.id,
            {
                "account": upload.account_id,
                "user": upload.user_id,
                "filename": upload.filename,
                "rows": upload.row_count,
                "sha256": upload.sha256,
                "declaration": declared.id if same else None,
                "wording_version": declared.wording_version,
                "event": upload.audit_sequence,
                "at": upload.received_at,
                "channel": upload.channel,
            },
        )


def _compare(told: dict[int, Any], saved: dict[int, Any]) -> Iterator[str]:
    for upload_id in sorted(told.keys() | saved.keys()):
        log, table = told.get(upload_id), saved.get(upload_id)
        if log is None:
            yield f"upload {upload_id}: saved, but not in the log"
        elif table is None:
            event = log["event"]
            yield f"upload {upload_id}: in the log as event {event}, but not saved"
        else:
            other = [name for name in log if log[name] != table[name]]
            if other:
                yield f"upload {upload_id}: saved with another {', '.join(other)}"


def _spare_declarations() -> Iterator[str]:
    made = Declaration.purpose == PURPOSE
    query = select(Declaration.id).outerjoin(Upload).where(made, Upload.id.is_(None))
    yield from (
        f"declaration {each}: of no upload" for each in db.session.scalars(query)
    )


def _rows() -> Iterator[tuple[Any, ...]]:
    """Every row of the ledger, those of an upload together."""
    query = (
        select(
            PanelSerial.upload_id,
            PanelSerial.invalidation_id,
            *NAMES,
            PanelSerial.serial_number,
        )
        .outerjoin(Product, Product.id == PanelSerial.product_id)
        .order_by(PanelSerial.upload_id, PanelSerial.id)
    )
    with db.session.execute(query.execution_options(yield_per=SLICE)) as rows:
        yield from rows
