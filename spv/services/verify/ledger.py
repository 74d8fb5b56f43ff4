"""Compare the ledger with the audit log: uploads, rows, invalidations, declarations."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Bundle

from spv.models import (
    Declaration,
    Invalidation,
    PanelSerial,
    Product,
    Upload,
    UploadProduct,
)
from spv.rules.ledger.rows import DIGESTS, Panel, digest
from spv.rules.ledger.statements import API, UPLOAD
from spv.services.ledger.declarations import MADE
from spv.services.ledger.invalidations import MARKED, digest_of
from spv.services.ledger.rows import KEYS, NAMES, PANEL, product_values
from spv.services.ledger.uploads import RECORDED
from spv.services.training import clock as training_clock
from spv.services.verify.comparison import (
    Facts,
    differences,
    groups,
    joined,
    logged_facts,
    read,
    rows_of,
    saved_facts,
)
from spv.services.verify.findings import Findings

KIND = "ledger"
# By product, the number of the rows of an upload, and of those that are valid.
Counts = dict[int, tuple[int, int]]
# The facts that the log tells, and the columns that they are saved in.
_OWNER = {"account": "account_id", "user": "user_id"}
_MADE_BY = _OWNER | {"subscription": "subscription_id"}
OF_UPLOAD = {
    "filename": "filename", "rows": "row_count", "sha256": "sha256",
    "digest_version": "digest_version", **_MADE_BY, "event": "audit_sequence",
    "at": "received_at", "channel": "channel", "warnings": "warnings",
}  # fmt: skip
OF_INVALIDATION = {
    "rows": "row_count", "criteria": "criteria", "upload": "upload_id",
    "reason": "reason", "other_reason": "other_reason", **_MADE_BY,
    "event": "audit_sequence", "at": "made_at",
}  # fmt: skip
OF_DECLARATION = {"wording_version": "wording_version", **_OWNER, "at": "made_at"}


def check(findings: Findings) -> None:
    """Hash all rows again, by upload and by invalidation, and compare with the log.

    Log and tables are read side by side, so memory does not grow with the ledger.
    """
    findings.add_all(KIND, _compare_uploads(findings))
    findings.add_all(KIND, _wrong_keys())
    findings.add_all(KIND, _compare_invalidations(findings))
    names = (*OF_DECLARATION, "expires_on")
    logged = logged_facts(findings, MADE, "declaration", names)
    for number, (log, table) in joined(logged, _saved_declarations()):
        findings.add_all(KIND, differences(f"declaration {number}", log, table))
    findings.add_all(KIND, _spare())


def _compare_uploads(findings: Findings) -> Iterator[str]:
    names = ("declaration", "wording_version", *OF_UPLOAD)
    logged = logged_facts(findings, RECORDED, "upload", names)
    for number, (log, saved, rows, counts) in joined(
        logged, _saved_uploads(), _rows(), _counts()
    ):
        name, of_log = f"upload {number}", log or {"rows": 0, "sha256": ""}
        findings.read("upload")
        yield from differences(name, log, saved)
        if rows is not None:
            total, sha256, by_product = rows
            findings.read("row", total)
            if (total, sha256) != (of_log["rows"], of_log["sha256"]):
                yield f"{name}: its rows were changed"
            if by_product != (counts or {}):
                yield f"{name}: its rows are counted wrongly"
        elif log is not None:
            yield f"{name}: its rows are missing"
        if rows is None and counts is not None:
            yield f"{name}: counted, but has no rows"


def _compare_invalidations(findings: Findings) -> Iterator[str]:
    names = (*OF_INVALIDATION, "sha256")
    logged = logged_facts(findings, MARKED, "invalidation", names)
    saved = (
        (row.id, saved_facts(row, OF_INVALIDATION)) for row in rows_of(Invalidation)
    )
    for number, (log, table, rows) in joined(logged, saved, _invalid_rows()):
        name = f"invalidation {number}"
        findings.read("invalidation")
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
    for number, parts in groups(query):
        yield number, {product: (count, valid) for _, product, count, valid in parts}


def _invalid_rows() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield each invalidation with the number and the digest of its rows."""
    query = (
        select(PanelSerial.invalidation_id, PanelSerial.id)
        .where(PanelSerial.invalidation_id.is_not(None))
        .order_by(PanelSerial.invalidation_id, PanelSerial.id)
    )
    for number, rows in groups(query):
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
    for (number, version), rows in groupby(read(query), key=itemgetter(0, 1)):
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
    moves = training_clock.moves()
    declared: Bundle[Any] = Bundle("declared", *Declaration.__table__.columns)
    query = select(*Upload.__table__.columns, declared).join(Upload.declaration)
    for row in read(query.order_by(Upload.id)):
        facts = saved_facts(row, OF_UPLOAD)
        facts["declaration"] = (
            row.declared.id if _covers(row.declared, row, moves) else None
        )
        facts["wording_version"] = row.declared.wording_version
        yield row.id, facts


def _covers(declared: Any, upload: Any, moves: training_clock.Moves) -> bool:
    """Tell whether an upload could be made under a declaration."""
    at, until = upload.received_at, declared.expires_on
    if declared.account_id != upload.account_id:
        return False
    if upload.subscription_id is None:
        made = (declared.purpose, until, declared.user_id, declared.made_at)
        return made == (UPLOAD, None, upload.user_id, at)
    is_current = until is not None and moves.earliest_day(at) <= until
    return declared.purpose == API and declared.made_at <= at and is_current


def _saved_declarations() -> Iterator[tuple[int, Facts]]:
    """Yield each declaration for API users as it is saved."""
    for row in rows_of(Declaration, Declaration.purpose != UPLOAD):
        until = row.expires_on and row.expires_on.isoformat()
        yield row.id, saved_facts(row, OF_DECLARATION) | {"expires_on": until}


def _spare() -> Iterator[str]:
    """Yield a sentence for each declaration, and each product, of no upload."""
    made = Declaration.purpose == UPLOAD
    query = select(Declaration.id).outerjoin(Upload).where(made, Upload.id.is_(None))
    for (number,) in read(query):
        yield f"declaration {number}: of no upload"
    none = UploadProduct.upload_id.is_(None)
    for (number,) in read(select(Product.id).outerjoin(UploadProduct).where(none)):
        yield f"product {number}: of no upload"


def _wrong_keys() -> Iterator[str]:
    """Yield a sentence for each product whose keys are not those of its names.

    With a wrong key a search would not find the rows of the product.
    """
    query = select(Product.id, *NAMES, *KEYS.values()).order_by(Product.id)
    for number, *names_and_keys in read(query):
        one, two, three = names_and_keys[: len(NAMES)]
        if names_and_keys != [*product_values((one, two, three)).values()]:
            yield f"product {number}: its search key is not that of its names"
