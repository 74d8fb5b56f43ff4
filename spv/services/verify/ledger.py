"""Proof of the ledger: its rows are those that the log tells of, and no others."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Executable, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Bundle

from spv import clock
from spv.database import snapshot
from spv.extensions import db
from spv.models import (
    Declaration,
    Invalidation,
    PanelSerial,
    Product,
    Upload,
    UploadProduct,
)
from spv.rules.ledger.declaration import API, UPLOAD
from spv.rules.ledger.rows import Panel, digest
from spv.services.ledger.declarations import MADE
from spv.services.ledger.invalidations import MARKED, digest_of
from spv.services.ledger.rows import NAMES
from spv.services.ledger.uploads import RECORDED
from spv.services.verify import subscriptions
from spv.services.verify.comparison import (
    Facts,
    LedgerReport,
    compare,
    differences,
    joined,
    told,
)

SLICE = 1_000
# What the log tells of an upload and of a marking, under these names.
OF_UPLOAD = ("filename", "rows", "sha256", "declaration", "wording_version")
OF_MARKING = ("rows", "sha256", "criteria", "upload", "reason", "other_reason")
OF_DECLARATION = ("wording_version", "expires_on")


class UploadRows(NamedTuple):
    """The rows that an upload has: of each product so many, and so many valid ones."""

    total: int
    sha256: str
    by_product: dict[int, tuple[int, int]]


def verify() -> LedgerReport:
    """Hash all rows again, by upload and by marking, and compare with the log.

    Everything is read side by side, so memory does not grow with the ledger.
    """
    found = LedgerReport()
    with snapshot():
        try:
            found.problems += _compare_uploads(found)
            found.problems += _compare_markings(found)
            declared = told(found, MADE, "declaration", OF_DECLARATION)
            found.problems += compare("declaration", declared, _declarations())
            found.problems += _spare_declarations()
            found.problems += subscriptions.problems(found)
        except (ValueError, TypeError, SQLAlchemyError):  # no text, no moment, no JSON
            found.problems.append("what is saved, or the log of it, cannot be read")
    return found


def _compare_uploads(found: LedgerReport) -> Iterator[str]:
    logged = told(found, RECORDED, "upload", OF_UPLOAD)
    for number, (log, saved, rows, counts) in joined(
        logged, _saved(), _rows(), _counts()
    ):
        name, told_rows = f"upload {number}", log or {"rows": 0, "sha256": ""}
        found.uploads += log is not None
        yield from differences(name, log, saved)
        if rows is not None:
            found.rows += rows.total
            if (rows.total, rows.sha256) != (told_rows["rows"], told_rows["sha256"]):
                yield f"{name}: its rows were changed"
            if rows.by_product != (counts or {}):
                yield f"{name}: its rows are counted wrongly"
        elif log is not None:
            yield f"{name}: its rows are missing"
        if rows is None and counts is not None:
            yield f"{name}: counted, but has no rows"


def _compare_markings(found: LedgerReport) -> Iterator[str]:
    logged = told(found, MARKED, "invalidation", OF_MARKING)
    for number, (log, saved, rows) in joined(logged, _saved_markings(), _marked_rows()):
        name = f"marking {number}"
        found.markings += log is not None
        yield from differences(name, log, saved)
        if log is None and rows is not None:
            yield f"{name}: rows were marked, and no event says so"
        elif log is not None and rows is None:
            yield f"{name}: no row is marked by it"
        elif log is not None and rows != (log["rows"], log["sha256"]):
            yield f"{name}: its rows were changed"


def _counts() -> Iterator[tuple[int, dict[int, tuple[int, int]]]]:
    """How many rows, and valid ones, each upload has of each product."""
    query = select(*UploadProduct.__table__.columns).order_by(UploadProduct.upload_id)
    for number, parts in _groups(query):
        yield number, {product: (count, valid) for _, product, count, valid in parts}


def _marked_rows() -> Iterator[tuple[int, tuple[int, str]]]:
    """The count and digest of the rows that each marking has marked."""
    query = (
        select(PanelSerial.invalidation_id, PanelSerial.id)
        .where(PanelSerial.invalidation_id.is_not(None))
        .order_by(PanelSerial.invalidation_id, PanelSerial.id)
    )
    for number, rows in _groups(query):
        row_ids = [row_id for _, row_id in rows]
        yield number, (len(row_ids), digest_of(row_ids))


def _saved_markings() -> Iterator[tuple[int, Facts]]:
    """Each marking as it is saved."""
    query = select(*Invalidation.__table__.columns).order_by(Invalidation.id)
    for made in _read(query):
        yield (
            made.id,
            _made_by(made)
            | {
                "rows": made.row_count,
                "criteria": made.criteria,
                "upload": made.upload_id,
                "reason": made.reason,
                "other_reason": made.other_reason,
                "event": made.audit_sequence,
                "at": made.made_at,
            },
        )


def _saved() -> Iterator[tuple[int, Facts]]:
    """Each upload as it is saved, with its declaration."""
    declared: Bundle[Any] = Bundle("declared", *Declaration.__table__.columns)
    query = select(*Upload.__table__.columns, declared).join(Upload.declaration)
    for upload in _read(query.order_by(Upload.id)):
        declaration = upload.declared
        yield (
            upload.id,
            _made_by(upload)
            | {
                "filename": upload.filename,
                "rows": upload.row_count,
                "sha256": upload.sha256,
                "declaration": declaration.id if _covers(declaration, upload) else None,
                "wording_version": declaration.wording_version,
                "event": upload.audit_sequence,
                "at": upload.received_at,
                "channel": upload.channel,
            },
        )


def _made_by(made: Any) -> Facts:
    return {
        "account": made.account_id,
        "user": made.user_id,
        "subscription": made.subscription_id,
    }


def _covers(declared: Any, upload: Any) -> bool:
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


def _declarations() -> Iterator[tuple[int, Facts]]:
    """Each declaration for API users as it is saved."""
    query = select(*Declaration.__table__.columns).order_by(Declaration.id)
    for declared in _read(query.where(Declaration.purpose != UPLOAD)):
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


def _rows() -> Iterator[tuple[int, UploadRows]]:
    """The rows of each upload."""
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
    for number, rows in _groups(query):
        panels, seen, valid = [], Counter[int](), Counter[int]()
        for _, invalidation_id, product_id, *cells in rows:
            panels.append(Panel._make(cell or "" for cell in cells))
            seen[product_id] += 1
            valid[product_id] += invalidation_id is None
        by_product = {each: (seen[each], valid[each]) for each in seen}
        yield number, UploadRows(len(panels), digest(panels), by_product)


def _groups(query: Executable) -> Iterator[tuple[int, Iterator[Any]]]:
    """The rows of a query by their first column, in whose order they come."""
    return groupby(_read(query), key=itemgetter(0))


def _read(query: Executable) -> Iterator[Any]:
    """The rows of a query, a slice at a time."""
    # `with`: a reader that stops early must not leave a cursor open on the server.
    with db.session.execute(query.execution_options(yield_per=SLICE)) as rows:
        yield from rows
