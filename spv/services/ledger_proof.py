"""Proof of the ledger: its rows are those that the log tells of, and no others."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from spv import clock
from spv.extensions import db
from spv.models import (
    Declaration,
    Invalidation,
    PanelSerial,
    Product,
    Upload,
    UploadProduct,
)
from spv.rules.declaration import API, UPLOAD
from spv.rules.serial_rows import Panel, digest
from spv.services import subscription_proof
from spv.services.declarations import MADE
from spv.services.invalidations import MARKED, digest_of
from spv.services.ledger import NAMES
from spv.services.proof import Facts, LedgerReport, compare, told
from spv.services.transaction import snapshot
from spv.services.uploads import RECORDED

SLICE = 10_000
# What the log tells of an upload and of a marking, under these names.
OF_UPLOAD = ("filename", "rows", "sha256", "declaration", "wording_version")
OF_MARKING = ("rows", "sha256", "criteria", "upload", "reason", "other_reason")
OF_DECLARATION = ("wording_version", "expires_on")


def verify() -> LedgerReport:
    """Hash all rows again, by upload and by marking, and compare with the log."""
    found = LedgerReport()
    with snapshot():
        try:
            uploads = dict(told(found, RECORDED, "upload", OF_UPLOAD))
            markings = dict(told(found, MARKED, "invalidation", OF_MARKING))
            found.uploads, found.markings = len(uploads), len(markings)
            found.problems += compare("upload", uploads, dict(_saved()))
            found.problems += compare("marking", markings, dict(_saved_markings()))
            found.problems += _compare_rows(uploads, found)
            found.problems += _compare_marked(markings)
            declared = dict(told(found, MADE, "declaration", OF_DECLARATION))
            found.problems += compare("declaration", declared, dict(_declarations()))
            found.problems += _spare_declarations()
            found.problems += subscription_proof.problems(found)
        except (ValueError, TypeError, SQLAlchemyError):  # no text, no moment, no JSON
            found.problems.append("what is saved, or the log of it, cannot be read")
    return found


def _compare_rows(logged: Facts, found: LedgerReport) -> Iterator[str]:
    missing, counts = dict(logged), _counts()
    for upload_id, rows in groupby(_rows(), key=itemgetter(0)):
        panels, seen, valid = [], Counter[int](), Counter[int]()
        for _, invalidation_id, product_id, *cells in rows:
            panels.append(Panel._make(cell or "" for cell in cells))
            seen[product_id] += 1
            valid[product_id] += invalidation_id is None
        found.rows += len(panels)
        facts = missing.pop(upload_id, {"rows": 0, "sha256": ""})
        if (len(panels), digest(panels)) != (facts["rows"], facts["sha256"]):
            yield f"upload {upload_id}: its rows were changed"
        if {n: (seen[n], valid[n]) for n in seen} != counts.pop(upload_id, {}):
            yield f"upload {upload_id}: its rows are counted wrongly"
    yield from (f"upload {upload_id}: its rows are missing" for upload_id in missing)
    yield from (f"upload {upload_id}: counted, but has no rows" for upload_id in counts)


def _counts() -> dict[int, dict[int, tuple[int, int]]]:
    """How many rows, and valid ones, each upload has of each product."""
    counts: dict[int, dict[int, tuple[int, int]]] = {}
    for part in db.session.execute(select(*UploadProduct.__table__.columns)):
        of_upload = counts.setdefault(part.upload_id, {})
        of_upload[part.product_id] = part.row_count, part.valid_count
    return counts


def _compare_marked(logged: Facts) -> Iterator[str]:
    missing = dict(logged)
    query = (
        select(PanelSerial.invalidation_id, PanelSerial.id)
        .where(PanelSerial.invalidation_id.is_not(None))
        .order_by(PanelSerial.invalidation_id, PanelSerial.id)
    )
    with db.session.execute(query.execution_options(yield_per=SLICE)) as marked:
        for number, rows in groupby(marked, key=itemgetter(0)):
            row_ids = [row_id for _, row_id in rows]
            facts = missing.pop(number, None)
            if facts is None:
                yield f"marking {number}: rows were marked, and no event says so"
            elif (len(row_ids), digest_of(row_ids)) != (facts["rows"], facts["sha256"]):
                yield f"marking {number}: its rows were changed"
    yield from (f"marking {number}: no row is marked by it" for number in missing)


def _saved_markings() -> Iterator[tuple[int, dict[str, Any]]]:
    """Each marking as it is saved."""
    query = select(Invalidation).execution_options(yield_per=1000)
    for made in db.session.scalars(query):
        yield (
            made.id,
            {
                "account": made.account_id,
                "user": made.user_id,
                "subscription": made.subscription_id,
                "rows": made.row_count,
                "criteria": made.criteria,
                "upload": made.upload_id,
                "reason": made.reason,
                "other_reason": made.other_reason,
                "event": made.audit_sequence,
                "at": made.made_at,
            },
        )


def _saved() -> Iterator[tuple[int, dict[str, Any]]]:
    """Each upload as it is saved, with its declaration."""
    query = select(Upload, Declaration).join(Upload.declaration)
    for upload, declared in db.session.execute(query.execution_options(yield_per=1000)):
        yield (
            upload.id,
            {
                "account": upload.account_id,
                "user": upload.user_id,
                "subscription": upload.subscription_id,
                "filename": upload.filename,
                "rows": upload.row_count,
                "sha256": upload.sha256,
                "declaration": declared.id if _covers(declared, upload) else None,
                "wording_version": declared.wording_version,
                "event": upload.audit_sequence,
                "at": upload.received_at,
                "channel": upload.channel,
            },
        )


def _covers(declared: Declaration, upload: Upload) -> bool:
    """Whether an upload could be made under a declaration."""
    if declared.account_id != upload.account_id:
        return False
    if upload.subscription_id is None:
        made = (declared.purpose, declared.expires_on, declared.user_id)
        return made == (UPLOAD, None, upload.user_id) and (
            declared.made_at == upload.received_at
        )
    until = declared.expires_on
    return (
        declared.purpose == API
        and declared.made_at <= upload.received_at
        and until is not None
        and clock.day_of(upload.received_at) <= until
    )


def _declarations() -> Iterator[tuple[int, dict[str, Any]]]:
    """Each declaration for API users as it is saved."""
    query = select(Declaration).where(Declaration.purpose != UPLOAD)
    for declared in db.session.scalars(query):
        until = declared.expires_on
        yield (
            declared.id,
            {
                "account": declared.account_id,
                "user": declared.user_id,
                "wording_version": declared.wording_version,
                "expires_on": until.isoformat() if until else None,
                "at": declared.made_at,
            },
        )


def _spare_declarations() -> Iterator[str]:
    made = Declaration.purpose == UPLOAD
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
            PanelSerial.product_id,
            *NAMES,
            PanelSerial.serial_number,
        )
        .outerjoin(Product, Product.id == PanelSerial.product_id)
        .order_by(PanelSerial.upload_id, PanelSerial.id)
    )
    with db.session.execute(query.execution_options(yield_per=SLICE)) as rows:
        yield from rows
