"""Kinds of tampering with rows, each at a random place.

A function changes the database as a `Tamperer`, and returns a regular expression for
the first sentence of the verification.
"""

from spv.models import (
    Account,
    AccountApplication,
    Declaration,
    Invalidation,
    NominatedContact,
    PanelSerial,
    Product,
    StcBatch,
    StcCalculation,
    Subscription,
    SubscriptionKey,
    Suspension,
    Upload,
    UploadProduct,
    User,
)
from spv.services.ledger.rows import product_values
from tests.tampering_log import KINDS, kind

SINGLE = StcCalculation.__table__.c.batch_id.is_(None)


@kind("a row of the ledger edited")
def edit_row(one):
    table = PanelSerial.__table__
    row = one.pick(table)
    column = one.alter(table, row, "serial_number product_id upload_id")
    number = row.upload_id
    if column == "upload_id":  # the first one of both that is read
        return rf"upload ({number}: its rows were changed|\d+: )"
    return rf"upload {number}: its rows were changed$"


@kind("a row of the ledger added or removed")
def add_or_remove_row(one):
    table = PanelSerial.__table__
    row = one.pick(table)
    if one.random.random() < 0.5:
        one.insert(table, row, serial_number=f"ZZ{one.random.random()}")
    else:
        one.delete(table, row)
    return rf"upload {row.upload_id}: its rows (were changed|are missing)$"


@kind("an invalid row revived")
def revive(one):
    table = PanelSerial.__table__
    row = one.pick(table, table.c.invalidation_id.is_not(None))
    one.update(table, row, invalidation_id=None)
    counts = UploadProduct.__table__
    of = (counts.c.upload_id == row.upload_id) & (counts.c.product_id == row.product_id)
    (count,) = one.rows(counts, of)
    one.update(counts, count, valid_count=count.valid_count + 1)
    number = row.invalidation_id
    return rf"invalidation {number}: (its rows were changed|no row is marked by it)$"


@kind("a valid row marked as invalid")
def mark_without_event(one):
    table, counts = PanelSerial.__table__, UploadProduct.__table__
    row = one.pick(table, table.c.invalidation_id.is_(None))
    number = one.pick(Invalidation.__table__).id
    one.update(table, row, invalidation_id=number)
    of = (counts.c.upload_id == row.upload_id) & (counts.c.product_id == row.product_id)
    (count,) = one.rows(counts, of)
    one.update(counts, count, valid_count=count.valid_count - 1)
    return rf"invalidation {number}: its rows were changed$"


def _edited(table, names, words, *where, read="id"):
    """Return a kind that changes one column of a row."""

    def edit(one):
        row = one.pick(table, *where)
        column = one.alter(table, row, names)
        return words.format(row._mapping[read], column)

    return edit


SAVED = r"{} {{0}}: saved with another .*{{1}}"
COUNTED = r"upload {0}: its rows are counted wrongly$"
USERS = (
    "account_id name email password_hash is_staff is_administrator is_demonstration "
    "link_hash link_until created_at removed_at staff_role staff_link_event "
    "closed_link_event"
)
APPLICATIONS = (
    "user_id account_id is_upgrade legal_name abn phone account_types submitted_at "
    "status reason assessed_by_id assessed_at"
)
for name, model, thing, columns in (
    ("a user", User, "user", USERS),
    ("an account", Account, "account", "legal_name abn phone account_types created_at"),
    ("an application", AccountApplication, "application", APPLICATIONS),
    ("a nominated contact", NominatedContact, "nominated contact",
     "legal_name abn email"),
    ("a subscription", Subscription, "subscription",
     "account_id user_id name terms_version created_at cancelled_at"),
    ("a key", SubscriptionKey, "subscription key",
     "subscription_id kind digest sealed created_at"),
    ("a suspension", Suspension, "suspension",
     "account_id user_id reason made_at made_by_id end_reason ended_at"),
    ("an invalidation", Invalidation, "invalidation",
     "reason other_reason criteria"),
    ("a batch or its document", StcBatch, "batch file",
     "row_count calculated certificates reasons warnings document late_certificates "
     "warned document_until rules_version actor calculated_at"),
):  # fmt: skip
    KINDS[f"{name} edited"] = (
        _edited(model.__table__, columns, SAVED.format(thing)), False,
    )  # fmt: skip
KINDS["an upload edited"] = (
    _edited(Upload.__table__, "filename sha256 row_count channel audit_sequence",
            r"upload {0}: saved with another "), False,
)  # fmt: skip
KINDS["a calculation edited"] = (
    _edited(
        StcCalculation.__table__,
        "system_type installation_date postcode rated_power_kw certificates zone "
        "rating deeming_years rules_version actor channel calculated_at",
        r"{0}: differs from event \d+ in its ", SINGLE, read="reference",
    ), False,
)  # fmt: skip
KINDS["counts of an upload edited"] = (
    _edited(UploadProduct.__table__, "row_count valid_count", COUNTED,
            read="upload_id"), False,
)  # fmt: skip
KINDS["a product's name or search key edited"] = (
    _edited(Product.__table__,
            "supplier_name licensee model_number supplier_name_key licensee_key "
            "model_number_key",
            r"(upload \d+: its rows were changed|product {0}: its search key is )"),
    False,
)  # fmt: skip


@kind("a row of a batch edited or removed")
def edit_row_of_batch(one):
    table, batches = StcCalculation.__table__, StcBatch.__table__
    row = one.pick(table, table.c.batch_id.is_not(None))
    (batch,) = one.rows(batches, batches.c.id == row.batch_id)
    if one.random.random() < 0.2:
        one.delete(table, row)
    else:
        one.alter(table, row, "certificates row_number system_type installation_date")
    return rf"{batch.reference}: differs from event \d+ in its rows$"


@kind("a calculation added or removed")
def add_or_remove_calculation(one):
    table = StcCalculation.__table__
    row = one.pick(table, SINGLE)
    if one.random.random() < 0.5:
        one.delete(table, row)
        return rf"{row.reference}: in the log as event \d+, but not saved$"
    reference = f"S-{one.random.randrange(10**9)}"
    one.insert(table, row, reference=reference)
    return rf"{reference}: saved, but not in the log$"


@kind("staff inserted")
def insert_staff(one):
    table = User.__table__
    new = {"email": f"eve{one.random.random()}@x.au", "is_staff": True,
           "account_id": None, "link_hash": None}  # fmt: skip
    return (
        rf"user {one.insert(table, one.pick(table), **new)}: saved, but not in the log$"
    )


@kind("an account, application, contact, subscription or key inserted")
def insert_other(one):
    model, thing, column = one.random.choice([
        (Account, "account", "abn"), (AccountApplication, "application", "abn"),
        (NominatedContact, "nominated contact", "abn"),
        (Subscription, "subscription", "name"),
        (SubscriptionKey, "subscription key", "digest"),
    ])  # fmt: skip
    table = model.__table__
    new = {column: f"{one.random.randrange(10**11):011}"}
    if model is AccountApplication:
        new |= {"user_id": 999, "account_id": None}
    number = one.insert(table, one.pick(table), **new)
    return rf"{thing} {number}: saved, but not in the log$"


@kind("a user, account, application, contact, subscription or key deleted")
def delete_other(one):
    model, thing = one.random.choice([
        (User, "user"), (Account, "account"), (AccountApplication, "application"),
        (NominatedContact, "nominated contact"), (Subscription, "subscription"),
        (SubscriptionKey, "subscription key"),
    ])  # fmt: skip
    row = one.pick(model.__table__)
    one.delete(model.__table__, row)
    return rf"{thing} {row.id}: in the log as event \d+, but not saved$"


@kind("a date changed")
def change_date(one):
    model, column, words = one.random.choice([
        (Declaration, "made_at", r"(upload \d+|declaration {}): saved with another "),
        (Upload, "received_at", r"upload {}: saved with another .*at"),
        (Invalidation, "made_at", r"invalidation {}: saved with another at"),
        (User, "created_at", r"user {}: saved with another created_at"),
        (StcBatch, "calculated_at", r"batch file {}: saved with another calculated_at"),
    ])  # fmt: skip
    row = one.pick(model.__table__)
    one.alter(model.__table__, row, column)
    return words.format(row.id)


@kind("a declaration inserted")
def insert_declaration(one):
    table = Declaration.__table__
    row = one.pick(table)
    number = one.insert(table, row)
    unlogged, spare = "saved, but not in the log", "belongs to no upload"
    return f"declaration {number}: {spare if row.expires_on is None else unlogged}$"


@kind("a product inserted that no row has")
def insert_product(one):
    table = Product.__table__
    names = ("Supplier", "Holder", f"M{one.random.random()}")
    number = one.insert(table, one.pick(table), **product_values(names))
    return rf"product {number}: belongs to no upload$"


@kind("counts added or removed")
def add_or_remove_counts(one):
    table = UploadProduct.__table__
    row = one.pick(table)
    if one.random.random() < 0.5:
        one.delete(table, row)
    else:
        one.insert(table, row, product_id=row.product_id + 1000)
    return COUNTED.format(row.upload_id)
