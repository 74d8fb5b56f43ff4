"""Find valid serial numbers of two accounts that differ only by O for 0, or I for 1.

The nightly job does this. The last event of a search says how far it came.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, func, insert, select

from spv import clock
from spv.database import one_of
from spv.extensions import db
from spv.models import AuditEvent, LookAlike, PanelSerial, Upload
from spv.rules.ledger.search import misread
from spv.services import audit_log
from spv.services.actor import OPERATOR
from spv.services.ledger.rows import VALID

SEARCHED = "look_alikes.searched"
UPLOADS_AT_ONCE = 5
_PANELS = select(
    PanelSerial.id, PanelSerial.serial_number, Upload.account_id
).join(Upload, Upload.id == PanelSerial.upload_id)  # fmt: skip


def search() -> int:
    """Search the uploads since the last search; return the number of pairs found.

    A row is compared with the rows before it, and paired with the oldest one that it
    looks like. Nothing is locked while the ledger is read, and every slice is saved on
    its own.
    """
    last, found = db.session.scalar(select(func.max(Upload.id))) or 0, 0
    since = _searched()
    while since < last:
        numbers = select(Upload.id).where(Upload.id > since, Upload.id <= last)
        some = numbers.order_by(Upload.id).limit(UPLOADS_AT_ONCE)
        until = max(db.session.scalars(some))
        pairs = _pairs(_PANELS.where(VALID, Upload.id > since, Upload.id <= until))
        if pairs or until == last:
            _save(pairs, until)
        since, found = until, found + len(pairs)
    return found


def _pairs(new_rows: Executable) -> list[tuple[Any, Any]]:
    """Return new rows that look like an older row of another account, in pairs."""
    alike = defaultdict(list)
    for row in db.session.execute(new_rows):
        for serial in {*misread(row.serial_number)} - {row.serial_number}:
            alike[serial].append(row)
    is_alike = one_of(PanelSerial.serial_number, sorted(alike))
    pairs: dict[int, tuple[Any, Any]] = {}
    older = _PANELS.where(VALID, is_alike).order_by(PanelSerial.id)
    for other in db.session.execute(older) if alike else ():
        for row in alike[other.serial_number]:
            if other.id < row.id and other.account_id != row.account_id:
                pairs.setdefault(row.id, (row, other))
    return [pairs[number] for number in sorted(pairs)]


def _save(pairs: list[tuple[Any, Any]], until: int) -> None:
    """Save the pairs of a slice with the event that says how far the search came."""
    with audit_log.registry_transaction():
        at = clock.now()
        rows = [
            {"row_id": row.id, "other_row_id": other.id, "found_at": at,
             "account_id": row.account_id, "other_account_id": other.account_id}
            for row, other in pairs
        ]  # fmt: skip
        if rows:
            db.session.execute(insert(LookAlike), rows)
        accounts = {each.account_id for pair in pairs for each in pair}
        audit_log.act(
            SEARCHED, OPERATOR, at, last_upload=until, accounts=sorted(accounts),
            pairs=[[row.id, other.id] for row, other in pairs],
        )  # fmt: skip


def _searched() -> int:
    """Return the last upload that was searched."""
    query = (
        select(AuditEvent.details)
        .where(AuditEvent.chain == audit_log.REGISTRY, AuditEvent.event == SEARCHED)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    details: Mapping[str, int] = json.loads(db.session.scalar(query) or "{}")
    return details.get("last_upload", 0)
