"""Compare the ledger with the audit log: uploads, declarations and invalidations."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import Bundle

from spv import models
from spv.database import is_sqlite, plain_rows
from spv.extensions import Model, db
from spv.models import Declaration, PanelSerial, Product, Upload, UploadProduct
from spv.rules.ledger import product_list
from spv.rules.ledger.approval import Approved
from spv.rules.ledger.rows import DIGESTS, Texts, digest
from spv.rules.ledger.statements import API, UPLOAD
from spv.services.audit_log import SLICE
from spv.services.ledger import approved
from spv.services.ledger.declarations import MADE
from spv.services.ledger.invalidations import MARKED, digest_of
from spv.services.ledger.rows import KEYS, NAMES, product_values
from spv.services.ledger.uploads import RECORDED
from spv.services.training import clock as training_clock
from spv.services.verify import comparison
from spv.services.verify.comparison import Facts, Findings, Stream

KIND, PRODUCTS = "ledger", "approved products"
NEIGHBOURS = 500  # products or uploads that are read together
MOST_KEPT = 20_000  # of them, in memory
MOST_READ = 50  # products of uploads, each with all its serial numbers
SEPARATOR = "\n"
# By product, the number of the rows of an upload, and of its valid rows.
Counts = dict[int, tuple[int, int]]
# The facts in the log, and the columns that they are saved in.
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
    """Hash all rows again, by upload and by invalidation, and compare with the log."""
    for part in (_uploads, _wrong_keys, _invalidations, _declarations, _spare):
        findings.add_all(KIND, part(findings))


def _logged(findings: Findings, event_name: str, thing: str, *names: str) -> Stream:
    """Yield the id of each thing of a kind, with the named facts that its event has."""

    def facts_of(own: Facts, details: Facts) -> Stream:
        if type(details[thing]) is not int:
            raise TypeError
        yield details[thing], {n: (details | own)[n] for n in (*names, "event")}

    return comparison.read_events(findings, KIND, event_name, facts_of)


def _uploads(findings: Findings) -> Iterator[str]:
    names = ("declaration", "wording_version", *OF_UPLOAD)
    logged = _logged(findings, RECORDED, "upload", *names)
    streams = logged, _saved_uploads(), _rows(), _counts()
    for number, (log, saved, rows, counts) in comparison.joined(*streams):
        name, of_log = f"upload {number}", log or {"rows": 0, "sha256": ""}
        findings.read("upload")
        yield from comparison.differences(name, log, saved)
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


def _invalidations(findings: Findings) -> Iterator[str]:
    logged = _logged(findings, MARKED, "invalidation", *OF_INVALIDATION, "sha256")
    rows_of = comparison.rows_of(models.Invalidation)
    saved = ((row.id, comparison.saved_facts(row, OF_INVALIDATION)) for row in rows_of)
    for number, (log, table, rows) in comparison.joined(logged, saved, _invalid_rows()):
        name = f"invalidation {number}"
        findings.read("invalidation")
        yield from comparison.differences(name, log, table)
        if log is None and rows is not None:
            yield f"{name}: rows were marked, and no event says so"
        elif log is not None and rows is None:
            yield f"{name}: no row is marked by it"
        elif log is not None and rows != (log["rows"], log["sha256"]):
            yield f"{name}: its rows were changed"


def _declarations(findings: Findings) -> Iterator[str]:
    """Compare the declarations for API users."""
    logged = (
        (number, facts | {"purpose": API})
        for number, facts in _logged(
            findings, MADE, "declaration", *OF_DECLARATION, "expires_on"
        )
    )
    saved = (
        (row.id, comparison.saved_facts(row, OF_DECLARATION)
         | {"expires_on": row.expires_on and row.expires_on.isoformat(),
            "purpose": row.purpose})
        for row in comparison.rows_of(Declaration, Declaration.purpose != UPLOAD)
    )  # fmt: skip
    for number, (log, table) in comparison.joined(logged, saved):
        yield from comparison.differences(f"declaration {number}", log, table)


def _counts() -> Iterator[tuple[int, Counts]]:
    """Yield each upload with the numbers of its rows, and valid rows, by product."""
    query = select(*UploadProduct.__table__.columns).order_by(UploadProduct.upload_id)
    for number, parts in groupby(comparison.read(query), itemgetter(0)):
        yield number, {product: (count, valid) for _, product, count, valid in parts}


def _invalid_rows() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield each invalidation with the number and the digest of its rows."""
    c = PanelSerial.__table__.c
    query = select(c.invalidation_id, c.id).where(c.invalidation_id.is_not(None))
    ordered = plain_rows(query.order_by(c.invalidation_id, c.id), SLICE)
    for number, rows in groupby(ordered, itemgetter(0)):
        row_ids = [row_id for _, row_id in rows]
        yield number, (len(row_ids), digest_of(row_ids))


def _rows() -> Iterator[tuple[int, tuple[int, str, Counts]]]:
    """Yield each upload with the number of its rows, their digest and their counts.

    The database joins the serial numbers of each product to one text: a million rows
    are then read in half of the time.
    """
    names = _ById(Product, [each.name for each in NAMES], ("", "", ""))
    versions = _ById(Upload, ["digest_version"], (None,))
    for number, parts in groupby(plain_rows(_products(), MOST_READ), itemgetter(0)):
        panels: list[Texts] = []
        row_count, by_product = 0, {}
        for _, product, serials, count, marked, blobs in parts:
            if blobs:
                raise TypeError  # not all serial numbers are texts
            supplier, licensee, model = names[product]
            panels += [
                (supplier, licensee, model, serial)
                for serial in serials.split(SEPARATOR)
            ]
            row_count += count
            by_product[product] = count, count - marked
        version = versions[number][0] or 1
        # A serial number with a separator in it would count as two.
        is_whole = len(panels) == row_count and version in DIGESTS
        sha256 = digest(panels, version) if is_whole else ""
        yield number, (row_count, sha256, by_product)


def _products() -> Select[Any]:
    """Select the products of all uploads, each with its serial numbers and counts."""
    c, count = PanelSerial.__table__.c, func.count()
    is_blob = func.typeof(c.serial_number) == "blob" if is_sqlite() else false()
    serials = func.aggregate_strings(func.coalesce(c.serial_number, ""), SEPARATOR)
    product = c.upload_id, c.product_id
    counts = count, func.count(c.invalidation_id), count.filter(is_blob)
    query = select(*product, serials, *counts)
    return query.group_by(*product).order_by(*product)


class _ById(dict[int, tuple[Any, ...]]):
    """Columns of the rows of a table by their id, read when they are needed.

    Neighbours are read together, as uploads and their products come in order.
    """

    def __init__(self, model: type[Model], names: list[str], none: tuple[Any, ...]):
        super().__init__()
        self.id, self.none = model.__table__.c.id, none
        self.query = select(self.id, *map(model.__table__.c.__getitem__, names))

    def __missing__(self, number: int) -> tuple[Any, ...]:
        if len(self) > MOST_KEPT:
            self.clear()
        neighbours = self.id.between(number, number + NEIGHBOURS)
        for row in db.session.execute(self.query.where(neighbours)):
            self[row[0]] = row[1:]
        return self.setdefault(number, self.none)


def _saved_uploads() -> Iterator[tuple[int, Facts]]:
    """Yield each upload as it is saved, with its declaration."""
    moves = training_clock.moves()
    declared: Bundle[Any] = Bundle("declared", *Declaration.__table__.columns)
    query = select(*Upload.__table__.columns, declared).join(Upload.declaration)
    for row in comparison.read(query.order_by(Upload.id)):
        facts = comparison.saved_facts(row, OF_UPLOAD)
        is_covered = _covers(row.declared, row, moves)
        facts["declaration"] = row.declared.id if is_covered else None
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


def _spare(_findings: Findings) -> Iterator[str]:
    """Yield a sentence for each declaration or product that belongs to no upload."""
    made = Declaration.purpose == UPLOAD
    query = select(Declaration.id).outerjoin(Upload).where(made, Upload.id.is_(None))
    for (number,) in comparison.read(query):
        yield f"declaration {number}: belongs to no upload"
    none = UploadProduct.upload_id.is_(None)
    for (number,) in comparison.read(
        select(Product.id).outerjoin(UploadProduct).where(none)
    ):
        yield f"product {number}: belongs to no upload"


def _wrong_keys(_findings: Findings) -> Iterator[str]:
    """Yield a sentence for each product that searches would not find, by its keys."""
    query = select(Product.id, *NAMES, *KEYS.values()).order_by(Product.id)
    for number, *names_and_keys in comparison.read(query):
        one, two, three = names_and_keys[: len(NAMES)]
        if names_and_keys != [*product_values((one, two, three)).values()]:
            yield f"product {number}: its search key is not that of its names"


def check_products(findings: Findings) -> None:
    """Compare the list of approved products, which is small, with the log."""
    name, expected = "the list of approved products", product_list.digest([])

    def before_and_after(own: Facts, details: Facts) -> Stream:
        yield details["before"], (details["after"], own["event"])

    logged = comparison.read_events(
        findings, PRODUCTS, approved.LOADED, before_and_after
    )
    for before, (after, number) in logged:
        if before != expected:
            sentence = f"event {number} replaced a list that was not loaded"
            findings.add(PRODUCTS, f"{name}: {sentence}")
        expected = after
    key = models.ApprovedProduct.__table__.c
    keys = (key.supplier_name_key, key.licensee_key, key.model_number_key)
    lines, wrong_keys = [], 0
    for row in comparison.read(select(*approved.COLUMNS, *keys)):
        findings.read("approved product")
        line = Approved._make(row[: -len(keys)])
        lines.append(line)
        wrong_keys += line.keys != tuple(row[-len(keys) :])
    if product_list.digest(lines) != expected:
        findings.add(PRODUCTS, f"{name}: not the list that the log recorded")
    if wrong_keys:
        findings.add(PRODUCTS, f"{name}: the search keys of names were changed")
