"""The rows of the ledger: written in the caller's transaction, and looked up."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, undefer

from spv import database
from spv.extensions import Model, db
from spv.models import Account, AuditEvent, Invalidation, PanelSerial, Product, Upload
from spv.rules.accounts import Role
from spv.rules.errors import ConflictError
from spv.rules.ledger.rows import PRODUCT_FIELDS, Panel
from spv.rules.text import search_key
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import require

VALID = PanelSerial.invalidation_id.is_(None)
NAMES = (Product.supplier_name, Product.licensee, Product.model_number)
# The columns of an upload, in the order of the fields of a panel.
PANEL = (*NAMES, PanelSerial.serial_number)
# The columns of the table of rows.
TABLE = (PanelSerial.id, PanelSerial.serial_number, PanelSerial.product_id,
         PanelSerial.upload_id, PanelSerial.invalidation_id)  # fmt: skip
# The columns in which searches look for a name.
KEYS = {name: getattr(Product, f"{name}_key") for name in PRODUCT_FIELDS}
Names = tuple[str, str, str]
Made = TypeVar("Made", Upload, Invalidation)
SHOWN = 50  # uploads or invalidations on a page


def made_by(actor: Actor) -> dict[str, int | None]:
    """Return the columns of an upload or invalidation that name its maker."""
    return {
        "account_id": actor.account_id,
        "user_id": actor.user_id,
        "subscription_id": actor.subscription_id,
    }


def visible(
    actor: Actor, made: type[Upload | Invalidation] = Upload
) -> ColumnElement[bool]:
    """Return the condition for uploads or invalidations that the actor may see.

    Agency staff see all of them, an account sees its own.
    """
    if Role.STAFF in actor.roles:
        return sa.true()
    # Invalidations by staff have no account, and nor has a user without an account.
    return made.account_id == actor.account_id if actor.account_id else sa.false()


def by_product(panels: Iterable[Panel]) -> dict[Names, list[str]]:
    """Return the serial numbers of each product, sorted."""
    serials: defaultdict[Names, list[str]] = defaultdict(list)
    for supplier, licensee, model, serial in panels:
        serials[supplier, licensee, model].append(serial)
    return {names: sorted(of_product) for names, of_product in serials.items()}


def insert(model: type[Model], columns: Mapping[str, Any]) -> int:
    """Insert a row, and return its id. The session would take ten times as long."""
    added = db.session.connection().execute(sa.insert(model), columns)
    return int(added.inserted_primary_key[0])  # type: ignore[index]


def put(upload_id: int, serials: Mapping[Names, Sequence[str]]) -> dict[str, Any]:
    """Add rows, given as `by_product` returns them; return what was already valid.

    If anything is returned, the caller must roll back, because the other rows were
    added. Nobody else can write rows: the registry is locked.
    """
    products = _known_products(serials.keys())
    if missing := sorted(serials.keys() - products.keys()):
        # Look first: an upload that is refused must not use up product ids.
        if valid := already_valid(chain.from_iterable(serials.values()), but=upload_id):
            return valid
        added = [product_values(each) for each in missing]
        db.session.connection().execute(sa.insert(Product), added)
        products |= _known_products(missing)
    of_products = {products[names]: each for names, each in serials.items()}
    counts = {product: len(of_products[product]) for product in sorted(of_products)}
    if _put_rows(upload_id, of_products) == sum(counts.values()):
        parts = [(upload_id, product, n, n) for product, n in counts.items()]
        database.execute_many(_PUT_PARTS, parts)
        return {}
    if valid := already_valid(chain.from_iterable(serials.values()), but=upload_id):
        return valid
    raise ConflictError("The ledger changed just now. Send the file again.")


def _put_rows(upload_id: int, serials: Mapping[int, Sequence[str]]) -> int:
    """Insert the serial numbers of some products, and return how many were new.

    They are sorted, because neighbours in the index are written together.
    """
    if not database.is_sqlite():  # sending row by row would take as long as inserting
        return database.execute_many(_PUT_ALL, [(upload_id, json.dumps(serials))])
    # A statement for each row: SQLite copies every page that changes within a longer
    # one, as it might have to undo it.
    rows = (
        (serial, product, upload_id)
        for product, of_product in serials.items()
        for serial in of_product
    )
    return database.execute_many(_PUT, sorted(rows))


_PUT = (
    "INSERT INTO panel_serials (serial_number, product_id, upload_id) "
    "VALUES (?, ?, ?) ON CONFLICT (serial_number, coalesce(invalidation_id, 0)) "
    "DO NOTHING"
)
_PUT_ALL = _PUT.replace(
    "VALUES (?, ?, ?)",
    "SELECT serials.value, CAST(products.key AS INTEGER), ? FROM json_each(?) "
    "AS products, json_array_elements_text(products.value) AS serials "
    'ORDER BY serials.value COLLATE "C"',
)
_PUT_PARTS = (
    "INSERT INTO upload_products (upload_id, product_id, row_count, valid_count) "
    "VALUES (?, ?, ?, ?)"
)


def product_values(names: Names) -> dict[str, str]:
    """Return the columns of a product: its names, and their keys for searches."""
    by_field = dict(zip(PRODUCT_FIELDS, names, strict=True))
    keys = {KEYS[field].key: search_key(name) for field, name in by_field.items()}
    return by_field | keys


def already_valid(serials: Iterable[str], but: int = 0) -> dict[str, Any]:
    """Return the serial numbers that another upload than `but` has as valid.

    Each has a row with the id, the moment and the account of that upload.
    """
    of_upload = (PanelSerial.upload_id, Upload.received_at, Upload.account_id)
    query = (
        select(PanelSerial.serial_number, *of_upload)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .where(PanelSerial.serial_number.in_(serials), VALID, Upload.id != but)
    )
    return {row.serial_number: row for row in db.session.execute(query)}


def joined_rows(*columns: Any) -> sa.Select[Any]:
    """Select rows of the ledger, with their product, upload, account and invalidation.

    Without columns, the query selects what pages show of a row.
    """
    return (
        select(*columns or _COLUMNS)
        .select_from(PanelSerial)
        .join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .join(Account, Account.id == Upload.account_id)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
    )


_COLUMNS = (
    PanelSerial.id, *PANEL, PanelSerial.upload_id, PanelSerial.invalidation_id,
    Upload.received_at, Upload.account_id, Account.legal_name,
    Invalidation.reason, Invalidation.made_at,
)  # fmt: skip


def with_ids(row_ids: Sequence[int], *order: Any) -> Sequence[Any]:
    """Return the rows with some ids, in the order of their ids or in another order."""
    query = joined_rows().where(PanelSerial.id.in_(row_ids))
    return db.session.execute(query.order_by(*order or [PanelSerial.id])).all()


class Shared(NamedTuple):
    """The product names, uploads and reasons that rows share, each by their id.

    An upload has its moment and the legal name of its account.
    """

    products: dict[int, Any]
    uploads: dict[int, Any]
    reasons: dict[int, Any]


def shared_by(rows: Sequence[Any]) -> Shared:
    """Return what some rows of the table share."""
    of_upload = select(Upload.id, Upload.received_at, Account.legal_name).join(
        Account, Account.id == Upload.account_id
    )
    queries = (
        (select(Product.id, *NAMES), Product.id),
        (of_upload, Upload.id),
        (select(Invalidation.id, Invalidation.reason), Invalidation.id),
    )
    _, _, *columns = zip(*rows, strict=True) if rows else [()] * len(TABLE)
    found: list[Any] = []
    for (query, key), column in zip(queries, columns, strict=True):
        ids = {*column} - {None}
        of_ids = db.session.execute(query.where(key.in_(ids))) if ids else ()
        found.append({row[0]: row[1:] for row in of_ids})
    return Shared(*found)


def first_rows(
    condition: ColumnElement[bool], most: int, after: int = 0, skip: int = 0
) -> Sequence[Any]:
    """Return the first rows that meet a condition, or those that follow an id."""
    query = select(PanelSerial.id).where(condition, PanelSerial.id > after)
    query = query.order_by(PanelSerial.id).offset(skip).limit(most)
    return with_ids(db.session.scalars(query).all())


def newest(
    made: type[Made], actor: Actor, before: int = 0, account: int = 0, most: int = SHOWN
) -> tuple[Sequence[Made], bool]:
    """Return the newest uploads or invalidations, and whether there are more.

    With `before`, only those before an id; with `account`, only those of one account.
    An account gets its own, agency staff get all.
    """
    query = select(made).where(visible(actor, made)).order_by(made.id.desc())
    if before:
        query = query.where(made.id < before)
    if account:
        query = query.where(made.account_id == account)
    if made is Upload:
        query = query.options(undefer(Upload.valid_count))
    found = db.session.scalars(query.options(*_with_maker(made)).limit(most + 1)).all()
    return found[:most], len(found) > most


def with_event(made: Any, row_id: int, actor: Actor) -> sa.Row[Any, AuditEvent]:
    """Return an upload or an invalidation with an id, and its event in the log.

    Raises NotFoundError if there is none that the actor may see.
    """
    of_event = (AuditEvent.chain == audit_log.REGISTRY) & (
        AuditEvent.sequence == made.audit_sequence
    )
    query = select(made, AuditEvent).join(AuditEvent, of_event)
    query = query.where(made.id == row_id, visible(actor, made))
    found = db.session.execute(query.options(*_with_maker(made)))
    return require(found.one_or_none())


def _with_maker(made: Any) -> Iterable[Any]:
    return map(joinedload, (made.account, made.user, made.subscription))


def _known_products(names: Collection[Names]) -> dict[Names, int]:
    values = {"names": sorted(names)}
    found = db.session.connection().execute(_IDS_OF_PRODUCTS, values)
    return {(one, two, three): id for one, two, three, id in found}


# Made once, because to make it takes longer than to execute it.
_IDS_OF_PRODUCTS = select(*NAMES, Product.id).where(
    sa.tuple_(*NAMES).in_(sa.bindparam("names", expanding=True))
)
