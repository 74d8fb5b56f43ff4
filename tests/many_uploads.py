"""Very many uploads of one row, with their log: made in bulk, at once, for tests."""

import json

from spv import clock
from spv.extensions import db
from spv.models import (
    AuditChain,
    AuditEvent,
    AuditSubject,
    Declaration,
    PanelSerial,
    Product,
    Upload,
    UploadProduct,
)
from spv.rules.ledger.rows import Panel, digest
from spv.rules.ledger.statements import UPLOAD, current_wording
from spv.services import audit_log
from spv.services.ledger import account_days
from spv.services.ledger.rows import product_values
from spv.services.ledger.uploads import RECORDED

NAMES = ("Example Supplier", "Example Holder", "EX-440")
AT_ONCE = 10_000


def add_uploads(count, actor, prefix="MU"):
    """Add so many uploads of one row each, as the services would have made them."""
    values = product_values(NAMES)
    product = db.session.query(Product).filter_by(**values).one_or_none()
    if product is None:
        product = Product(**values)
        db.session.add(product)
        db.session.flush()
    first = (db.session.query(db.func.max(Upload.id)).scalar() or 0) + 1
    numbers = range(first, first + count)
    for start in range(0, count, AT_ONCE):
        _add(numbers[start : start + AT_ONCE], product.id, actor, prefix)
    db.session.commit()


def _add(numbers, product_id, actor, prefix):
    head = db.session.get_one(AuditChain, audit_log.REGISTRY)
    declared = (db.session.query(db.func.max(Declaration.id)).scalar() or 0) + 1
    rows = {table: [] for table in (Declaration, Upload, PanelSerial, UploadProduct,
                                    AuditEvent)}  # fmt: skip
    who = {"account_id": actor.account_id, "user_id": actor.user_id}
    for declaration, number in enumerate(numbers, declared):
        at, panel = clock.now(), Panel(*NAMES, f"{prefix}{number:08}")
        facts = {"filename": "one.csv", "sha256": digest([panel])}
        version = {"wording_version": current_wording(UPLOAD)[0]}
        rows[Declaration].append(
            who | version | {"id": declaration, "purpose": UPLOAD, "made_at": at}
        )
        rows[Upload].append(
            who | facts | {"id": number, "declaration_id": declaration, "row_count": 1,
            "channel": "web", "received_at": at, "audit_sequence": head.sequence + 1}
        )  # fmt: skip
        of = {"upload_id": number, "product_id": product_id}
        rows[PanelSerial].append(of | {"serial_number": panel.serial_number})
        rows[UploadProduct].append(of | {"row_count": 1, "valid_count": 1})
        details = facts | version | {
            "upload": number, "rows": 1, "declaration": declaration, "ip": actor.ip,
            "digest_version": 1,
            "user": actor.user_id, "account": actor.account_id,
        }  # fmt: skip
        rows[AuditEvent].append(_next_event(head, actor, at, details))
    for table, values in rows.items():
        db.session.execute(db.insert(table), values)
    account_days.add(clock.now(), {actor.account_id: {"recorded": len(numbers)}})
    db.session.flush()
    columns = (AuditEvent.id, AuditEvent.event, AuditEvent.details)
    is_new = AuditEvent.sequence > head.sequence - len(numbers)
    added = db.select(*columns).where(AuditEvent.chain == head.name, is_new)
    subjects = [
        {"kind": kind, "key": key, "event_id": number}
        for number, event, details in db.session.execute(added)
        for kind, key in audit_log.subjects_of(event, json.loads(details))
    ]
    db.session.execute(db.insert(AuditSubject), subjects)


def _next_event(head, actor, at, details):
    event = AuditEvent(
        chain=head.name, sequence=head.sequence + 1, at=at, event=RECORDED,
        actor=actor.name, channel="web", details=audit_log.canonical(details),
        previous_hash=head.hash, format=audit_log.FORMAT, key_id=audit_log.log_key().id,
    )  # fmt: skip
    event.seal = audit_log.seal(event, audit_log.log_key())
    event.hash = audit_log.hash_of(event)
    head.sequence, head.hash = event.sequence, event.hash
    columns = AuditEvent.__table__.columns.keys()
    return {name: getattr(event, name) for name in columns if name != "id"}
