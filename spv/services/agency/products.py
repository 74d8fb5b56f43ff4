"""The list of approved products: look at what a file changes, load it, search it."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, or_, select

from spv import clock
from spv.database import execute_many
from spv.extensions import db
from spv.models import ApprovedProduct, AuditEvent, ProductFile
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.ledger import product_list as rules
from spv.rules.ledger.approval import Approved
from spv.rules.text import search_key, search_text
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction
from spv.services.ledger import approved
from spv.services.ledger.approved import LOADED
from spv.services.ledger.refused_files import File
from spv.services.retention import kept_for

SHOWN = 100
_KEYS = (ApprovedProduct.supplier_name_key, ApprovedProduct.licensee_key,
         ApprovedProduct.model_number_key)  # fmt: skip
_PUT = (
    "INSERT INTO approved_products (supplier_name, licensee, model_number, "
    "approved_from, approved_until, supplier_name_key, licensee_key, model_number_key) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Preview(NamedTuple):
    """The changes that a file makes, its rows, and the reference of the kept file."""

    filename: str
    rows: int
    changes: rules.Changes
    reference: str


class Found(NamedTuple):
    """The first matching lines of the list, and the number of all matching lines.

    `event` is the last time that a list was loaded.
    """

    lines: Sequence[Any]
    total: int
    event: AuditEvent | None


def find(text: str = "") -> Found:
    """Return the lines of the list in which one of the names has a text."""
    key = search_key(text.replace("\0", ""))
    has_it = or_(*(column.contains(key, autoescape=True) for column in _KEYS))
    query = select(ApprovedProduct).where(has_it).limit(SHOWN)
    order = (_KEYS[2], _KEYS[1], _KEYS[0], ApprovedProduct.approved_from)
    total = select(func.count()).select_from(ApprovedProduct).where(has_it)
    event = select(AuditEvent).filter_by(event=LOADED).order_by(AuditEvent.id.desc())
    return Found(
        db.session.scalars(query.order_by(*order)).all(),
        db.session.scalar(total) or 0,
        db.session.scalar(event.limit(1)),
    )


def preview(file: File, actor: Actor) -> Preview:
    """Keep a file, and return the changes it makes. Raises ValidationError."""
    products = rules.read_products(file.content)
    with authorised_transaction(actor, Role.STAFF_ADMINISTRATOR):
        before = approved.current()
        kept = ProductFile(
            content=file.content,
            filename=file.filename,
            reference=secrets.token_urlsafe(12),
            user_id=actor.user_id,
            list_sha256=rules.digest(before),
            kept_at=clock.now(),
        )
        db.session.execute(delete(ProductFile).filter_by(user_id=actor.user_id))
        db.session.add(kept)
    changes = rules.compare(before, products)
    return Preview(file.filename, len(products), changes, kept.reference)


def load(reference: str, actor: Actor) -> int:
    """Replace the list by a kept file; return the number of its products.

    Raises ValidationError on `file` if the file is gone, or the list has changed since
    the user looked at what the file changes.
    """
    is_kept = ProductFile.kept_at > clock.now() - kept_for("SPV_DAYS_REFUSED_FILES")
    query = select(ProductFile).filter_by(user_id=actor.user_id)
    is_it = ProductFile.reference == search_text(reference)
    kept = db.session.scalar(query.where(is_kept, is_it))
    if kept is None:
        raise ValidationError({"file": "The file is no longer kept. Choose it again."})
    filename, content, seen = kept.filename, kept.content, kept.list_sha256
    products = rules.read_products(content)
    with authorised_transaction(actor, Role.STAFF_ADMINISTRATOR):
        before = approved.current()
        if rules.digest(before) != seen:
            sentence = "The list has changed since you looked at it."
            raise ValidationError({"file": f"{sentence} Choose the file again."})
        db.session.execute(delete(ApprovedProduct))
        if products:
            execute_many(_PUT, [*map(_values, products)])
        db.session.execute(delete(ProductFile).where(is_it))
        changes = rules.compare(before, products)
        audit_log.act(
            LOADED, actor, clock.now(), filename=filename, rows=len(products),
            file_sha256=hashlib.sha256(content).hexdigest(), before=seen,
            after=rules.digest(products), added=len(changes.added),
            altered=len(changes.changed), gone=len(changes.gone),
        )  # fmt: skip
    return len(products)


def export() -> str:
    """Return the list as a CSV file that can be loaded again."""
    return rules.as_csv(approved.current())


def _values(product: Approved) -> tuple[Any, ...]:
    *names, first, last = product
    days = first.isoformat(), last.isoformat() if last else None
    return (*names, *days, *product.keys)
