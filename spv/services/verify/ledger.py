"""Prove that the ledger and the subscriptions are what the audit log tells of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Bundle, selectinload

from spv import clock
from spv.database import snapshot
from spv.extensions import Model, db
from spv.models import (
    Declaration,
    Invalidation,
    PanelSerial,
    Product,
    Subscription,
    Upload,
    UploadProduct,
)
from spv.rules.ledger.declaration import API, UPLOAD
from spv.rules.ledger.rows import DIGESTS, Panel, digest
from spv.services.ledger.declarations import MADE
from spv.services.ledger.invalidations import MARKED, digest_of
from spv.services.ledger.rows import PANEL
from spv.services.ledger.uploads import RECORDED
from spv.services.verify import (
    Facts,
    compare,
    differences,
    joined,
    logged_facts,
    saved_facts,
)

SLICE = 1_000
# By product, the number of the rows of an upload, and of those that are valid.
Counts = dict[int, tuple[int, int]]
# The facts that the log tells, and the columns that they are saved in.
_OWNER = {"account": "account_id", "user": "user_id"}
_MADE_BY = _OWNER | {"subscription": "subscription_id"}
OF_UPLOAD = {
    "filename": "filename", "rows": "row_count", "sha256": "sha256",
    "digest_version": "digest_version", **_MADE_BY, "event": "audit_sequence",
    "at": "received_at", "channel": "channel",
}  # fmt: skip
OF_INVALIDATION = {
    "rows": "row_count", "criteria": "criteria", "upload": "upload_id",
    "reason": "reason", "other_reason": "other_reason", **_MADE_BY,
    "event": "audit_sequence", "at": "made_at",
}  # fmt: skip
OF_DECLARATION = {"wording_version": "wording_version", **_OWNER, "at": "made_at"}
OF_SUBSCRIPTION = {
    "name": "name", "terms_version": "terms_version", **_OWNER, "at": "created_at",
}  # fmt: skip


@dataclass
class LedgerReport:
    """The numbers of things that were read, and a sentence for each problem."""

    uploads: int = 0
    rows: int = 0
    invalidations: int = 0
    problems: list[str] = field(default_factory=list)


def verify() -> LedgerReport:
    """Hash all rows again, by upload and by invalidation, and compare with the log.

    Log and tables are read side by side, so memory does not grow with the ledger.
    """
    found = LedgerReport()
    with snapshot():
        try:
            found.problems += _compare_uploads(found)
            found.problems += _compare_invalidations(found)
            names = (*OF_DECLARATION, "expires_on")
            logged = logged_facts(found.problems, MADE, "declaration", names)
            found.problems += compare("declaration", logged, _saved_declarations())
            found.problems += _spare_declarations()
            subscriptions = _logged_subscriptions(found.problems).items()
            saved = _saved_subscriptions()
            found.problems += compare("subscription", subscriptions, saved)
        except (ValueError, TypeError, SQLAlchemyError):  # no text, no moment, no JSON
            found.problems.append("what is saved, or the log of it, cannot be read")
    return found


def _compare_uploads(found: LedgerReport) -> Iterator[str]:
    names = ("declaration", "wording_version", *OF_UPLOAD)
    logged = logged_facts(found.problems, RECORDED, "upload", names)
    for number, (log, saved, rows, counts) in joined(
        logged, _saved_uploads(), _rows(), _counts()
    ):
        name, of_log = f"upload {number}", log or {"rows": 0, "sha256": ""}
        found.uploads += log is not None
        yield from differences(name, log, saved)
        if rows is not None:
            total, sha256, by_product = rows
            found.rows += total
            if (total, sha256) != (of_log["rows"], of_log["sha256"]):
                yield f"{name}: its rows were changed"
            if by_product != (counts or {}):
                yield f"{name}: its rows are counted wrongly"
        elif log is not None:
            yield f"{name}: its rows are missing"
        if rows is None and counts is not None:
            yield f"{name}: counted, but has no rows"


def _compare_invalidations(found: LedgerReport) -> Iterator[str]:
    names = (*OF_INVALIDATION, "sha256")
    logged = logged_facts(found.problems, MARKED, "invalidation", names)
    saved = ((row.id, saved_facts(row, OF_INVALIDATION)) for row in _all(Invalidation))
    for number, (log, table, rows) in joined(logged, saved, _invalid_rows()):
        name = f"invalidation {number}"
        found.invalidations += log is not None
        yield from differences(name, log, table)
        if log is None and rows is not None:
            yield f"{name}: rows were marked, and no event says so"
        elif log is not None and rows is None:
            yield f"{name}: no row is marked by it"
        elif log is not None and rows != (log["rows"], log["sha256"]):
            yield f"{name}: its rows were changed"


def _counts() -> Iterator[tuple[int, Counts]]:
    """Yield each upload with the numbers of its rows, and valid rows, by product."""
    query = select(*UploadProduct.__table__.columns).order_by(UploadProduct.upload_id)
    for number, parts in _groups(query):
        yield number, {product: (count, valid) for _, product, count, valid in parts}


def _invalid_rows() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield each invalidation with the number and the digest of its rows."""
    query = (
        select(PanelSerial.invalidation_id, PanelSerial.id)
        .where(PanelSerial.invalidation_id.is_not(None))
        .order_by(PanelSerial.invalidation_id, PanelSerial.id)
    )
    for number, rows in _groups(query):
        row_ids = [row_id for _, row_id in rows]
        yield number, (len(row_ids), digest_of(row_ids))


def _rows() -> Iterator[tuple[int, tuple[int, str, Counts]]]:
    """Yield each upload with the number, the digest and the counts of its rows.

    The digest is of the version that the upload was recorded with.
    """
    query = (
        select(
            PanelSerial.upload_id, func.coalesce(Upload.digest_version, 1),
            PanelSerial.invalidation_id, PanelSerial.product_id, *PANEL,
        )
        .outerjoin(Product, Product.id == PanelSerial.product_id)
        .outerjoin(Upload, Upload.id == PanelSerial.upload_id)
        .order_by(PanelSerial.upload_id, PanelSerial.id)
    )  # fmt: skip
    for (number, version), rows in groupby(_read(query), key=itemgetter(0, 1)):
        panels, seen, valid = [], Counter[int](), Counter[int]()
        for _, _, invalidation_id, product_id, *cells in rows:
            panels.append(Panel._make(cell or "" for cell in cells))
            seen[product_id] += 1
            valid[product_id] += invalidation_id is None
        sha256 = digest(panels, version) if version in DIGESTS else ""
        by_product = {each: (seen[each], valid[each]) for each in seen}
        yield number, (len(panels), sha256, by_product)


def _saved_uploads() -> Iterator[tuple[int, Facts]]:
    """Yield each upload as it is saved, with its declaration."""
    declared: Bundle[Any] = Bundle("declared", *Declaration.__table__.columns)
    query = select(*Upload.__table__.columns, declared).join(Upload.declaration)
    for row in _read(query.order_by(Upload.id)):
        facts = saved_facts(row, OF_UPLOAD)
        facts["declaration"] = row.declared.id if _covers(row.declared, row) else None
        facts["wording_version"] = row.declared.wording_version
        yield row.id, facts


def _covers(declared: Any, upload: Any) -> bool:
    """Tell whether an upload could be made under a declaration."""
    at, until = upload.received_at, declared.expires_on
    if declared.account_id != upload.account_id:
        return False
    if upload.subscription_id is None:
        made = (declared.purpose, until, declared.user_id, declared.made_at)
        return made == (UPLOAD, None, upload.user_id, at)
    is_current = until is not None and clock.day_of(at) <= until
    return declared.purpose == API and declared.made_at <= at and is_current


def _saved_declarations() -> Iterator[tuple[int, Facts]]:
    """Yield each declaration for API users as it is saved."""
    for row in _all(Declaration, Declaration.purpose != UPLOAD):
        until = row.expires_on and row.expires_on.isoformat()
        yield row.id, saved_facts(row, OF_DECLARATION) | {"expires_on": until}


def _spare_declarations() -> Iterator[str]:
    made = Declaration.purpose == UPLOAD
    query = select(Declaration.id).outerjoin(Upload).where(made, Upload.id.is_(None))
    for number in db.session.scalars(query):
        yield f"declaration {number}: of no upload"


def _logged_subscriptions(problems: list[str]) -> dict[int, Facts]:
    """Return each subscription as the log tells it was made and then changed."""

    def events(name: str, *facts: str) -> Iterator[tuple[int, Facts]]:
        return logged_facts(problems, name, "subscription", facts)

    logged = dict(events("subscription.created", *OF_SUBSCRIPTION, "keys"))
    for facts in logged.values():
        facts["cancelled"] = False
    unknown: Facts = {"keys": {}}
    for number, facts in events("subscription.renamed", "name"):
        logged.get(number, unknown)["name"] = facts["name"]
    for number, facts in events("key.regenerated", "key", "digest"):
        logged.get(number, unknown)["keys"][facts["key"]] = facts["digest"]
    for number, _ in events("subscription.cancelled"):
        logged.get(number, unknown)["cancelled"] = True
    return logged


def _saved_subscriptions() -> Iterator[tuple[int, Facts]]:
    """Yield each subscription as it is saved."""
    query = select(Subscription).options(selectinload(Subscription.keys))
    for made in db.session.scalars(query):
        facts = saved_facts(made, OF_SUBSCRIPTION)
        facts["keys"] = {key.kind: key.digest for key in made.keys}
        facts["cancelled"] = made.cancelled_at is not None
        yield made.id, facts


def _all(model: type[Model], *where: Any) -> Iterator[Any]:
    """Yield the rows of a table in the order of their ids."""
    query = select(*model.__table__.columns).where(*where)
    yield from _read(query.order_by(model.__table__.c.id))


def _groups(query: Executable) -> Iterator[tuple[int, Iterator[Any]]]:
    """Group the rows of a query by their first column, by which they are sorted."""
    return groupby(_read(query), key=itemgetter(0))


def _read(query: Executable) -> Iterator[Any]:
    """Yield the rows of a query, a slice at a time."""
    # `with`: a reader that stops early must not leave a cursor open on the server.
    with db.session.execute(query.execution_options(yield_per=SLICE)) as rows:
        yield from rows
