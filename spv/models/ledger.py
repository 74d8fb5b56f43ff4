"""The ledger of panel serial numbers: declarations, uploads, rows and invalidations.

A serial number is valid while its `invalidation_id` is null. No row is ever deleted.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String, Text, orm
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from spv.extensions import partial_index
from spv.models.accounts import Account, User
from spv.models.columns import (
    BIG,
    AccountId,
    InvalidationId,
    Numbered,
    ProductId,
    ProductNames,
    SerialNumber,
    SubscriptionId,
    Table,
    UploadId,
    UserId,
)
from spv.models.subscriptions import Subscription


class Declaration(Numbered):
    """A declaration that a user made for an account, in a version of the wording.

    `purpose` is "upload" or "api". A declaration for the API expires.
    """

    # Every page of a signed-in user reads until when the account's one is current.
    __table_args__ = (
        partial_index(
            "ix_declarations_expiring", "account_id", "expires_on",
            where="expires_on IS NOT NULL",
        ),
    )  # fmt: skip

    account_id: Mapped[AccountId] = mapped_column(index=True)
    user_id: Mapped[UserId]
    purpose: Mapped[str] = mapped_column(String(10))
    wording_version: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    expires_on: Mapped[date | None]

    user: Mapped[User] = relationship()


class MadeBy:
    """An act of a user, or of a system with a subscription key, on rows of the ledger.

    `audit_sequence` is the number of its event in the registry's log.
    """

    user_id: Mapped[UserId | None]
    subscription_id: Mapped[SubscriptionId | None]
    row_count: Mapped[int]
    audit_sequence: Mapped[int]

    @declared_attr
    def user(cls) -> Mapped[User | None]:  # noqa: N805
        """The user, if it was one."""
        return relationship()

    @declared_attr
    def subscription(cls) -> Mapped[Subscription | None]:  # noqa: N805
        """The subscription of the system, if it was one."""
        return relationship()

    @property
    def maker(self) -> str:
        """The name of the user or the subscription."""
        name = self.subscription.name if self.subscription else ""
        return self.user.name if self.user else f"API, subscription {name}"


class UploadProduct(Table):
    """The number of rows of an upload that have a product, and of the valid ones.

    A ledger of ten million rows has some ten thousand of these counts, so searches by
    anything but serial numbers use this table.
    """

    __table_args__ = (
        # The counts with rows that were marked as invalid.
        partial_index(
            "ix_upload_products_marked", "upload_id", "product_id",
            where="valid_count < row_count",
        ),
    )  # fmt: skip

    upload_id: Mapped[UploadId] = mapped_column(primary_key=True)
    product_id: Mapped[ProductId] = mapped_column(primary_key=True, index=True)
    row_count: Mapped[int]
    valid_count: Mapped[int]


class Upload(MadeBy, Numbered):
    """Rows that were recorded together.

    `sha256` is their digest, in a version of `rules.ledger.rows.DIGESTS`. `warnings`
    are those that its user has confirmed, or its API client was told; null if there
    were none. `valid_count` is the number of its rows that are valid now.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(index=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declarations.id"))
    channel: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    digest_version: Mapped[int] = mapped_column(server_default="1")
    warnings: Mapped[list[dict[str, Any]] | None] = mapped_column(
        sa.JSON(none_as_null=True)
    )

    account: Mapped[Account] = relationship()
    declaration: Mapped[Declaration] = relationship()
    valid_count: Mapped[int] = orm.column_property(
        sa.select(sa.func.coalesce(sa.func.sum(UploadProduct.valid_count), 0))
        .where(UploadProduct.upload_id == id)
        .scalar_subquery(),
        deferred=True,
    )


class RefusedFile(Numbered):
    """A file with problems, kept for some days so that its account can fix it."""

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    account_id: Mapped[AccountId] = mapped_column(index=True)
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(deferred=True)
    row_count: Mapped[int]
    problem_count: Mapped[int]
    refused_at: Mapped[datetime] = mapped_column(index=True)


class Product(ProductNames, Numbered):
    """A kind of panel, stored once for all its serial numbers."""

    __table_args__ = (
        Index(
            "uq_products_supplier_name_licensee_model_number", "supplier_name",
            "licensee", "model_number", unique=True,
        ),
    )  # fmt: skip


class Invalidation(MadeBy, Numbered):
    """An act that marked rows as invalid, with its reason.

    `account_id` is null if agency staff did it. `criteria` tells how the rows were
    chosen.
    """

    # The list of an account, the newest first.
    __table_args__ = (Index(None, "account_id", "id"),)

    account_id: Mapped[AccountId | None]
    upload_id: Mapped[UploadId | None]
    reason: Mapped[str] = mapped_column(String(60))
    other_reason: Mapped[str] = mapped_column(Text, default="")
    criteria: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship()


class PanelSerial(Numbered):
    """A serial number of an upload; designed for a hundred million of them.

    The unique index lets a serial number be valid only once. Searches use it as well,
    for a whole serial number or its beginning (the order is that of bytes).
    """

    __table_args__ = (
        Index(
            "uq_panel_serials_serial_number", "serial_number",
            sa.text("coalesce(invalidation_id, 0)"), unique=True,
        ),
        # The rows of an upload, of some products, from a serial number on.
        Index(None, "upload_id", "product_id", "serial_number"),
        # The same for the few rows that were marked as invalid.
        partial_index(
            "ix_panel_serials_marked", "upload_id", "product_id", "serial_number",
            where="invalidation_id IS NOT NULL",
        ),
        # The rows of an invalidation. Valid rows are not in this index.
        partial_index(
            "ix_panel_serials_invalidation_id", "invalidation_id",
            where="invalidation_id IS NOT NULL",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    serial_number: Mapped[SerialNumber]
    product_id: Mapped[ProductId]
    upload_id: Mapped[UploadId]
    invalidation_id: Mapped[InvalidationId | None]
