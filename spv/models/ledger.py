"""The ledger of panel serial numbers: who declared and uploaded what, what is valid.

A serial number is valid while `invalidation_id` is null. Nothing is ever deleted.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from spv.extensions import Model
from spv.models.accounts import Account, User
from spv.models.subscriptions import Subscription
from spv.models.types import UtcDateTime


class Declaration(Model):
    """What somebody declared for an account, and in which wording.

    `purpose` is "upload" or "api"; those for the API expire.
    """

    __tablename__ = "declarations"
    __table_args__ = (
        # Every page of a person asks until when the account's is current.
        Index(
            "ix_declarations_expiring",
            "account_id",
            "expires_on",
            sqlite_where=text("expires_on IS NOT NULL"),
            postgresql_where=text("expires_on IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(10))
    wording_version: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_on: Mapped[date | None]

    user: Mapped[User] = relationship()


class MadeBy:
    """Made by a person, or by a system with the key of a subscription."""

    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"))

    @declared_attr
    def user(cls) -> Mapped[User | None]:  # noqa: N805
        """The person."""
        return relationship()

    @declared_attr
    def subscription(cls) -> Mapped[Subscription | None]:  # noqa: N805
        """The subscription."""
        return relationship()

    @property
    def maker(self) -> str:
        """Who it was, in words."""
        name = self.subscription.name if self.subscription else ""
        return self.user.name if self.user else f"API, subscription {name}"


class Upload(MadeBy, Model):
    """Rows that came together. `sha256` is the digest of `rules.ledger.rows`.

    `audit_sequence` is the number of its event in the registry's log.
    """

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declarations.id"))
    channel: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    row_count: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    audit_sequence: Mapped[int]

    account: Mapped[Account] = relationship()
    declaration: Mapped[Declaration] = relationship()


class RefusedFile(Model):
    """A file with problems, kept for a day so that its account can mend it."""

    __tablename__ = "refused_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    row_count: Mapped[int]
    problem_count: Mapped[int]
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Product(Model):
    """What a panel is: its names are stored once, however many serial numbers."""

    __tablename__ = "products"
    __table_args__ = (
        Index(
            "uq_products_supplier_name_licensee_model_number",
            "supplier_name",
            "licensee",
            "model_number",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_name: Mapped[str] = mapped_column(String(200))
    licensee: Mapped[str] = mapped_column(String(200))
    model_number: Mapped[str] = mapped_column(String(200))


class UploadProduct(Model):
    """How many rows of an upload are of a product, and how many of those are valid.

    A ledger of ten million rows has some ten thousand of these: what is not asked of
    serial numbers is asked here.
    """

    __tablename__ = "upload_products"
    __table_args__ = (
        # Those with rows that were marked.
        Index(
            "ix_upload_products_marked",
            "upload_id",
            "product_id",
            sqlite_where=text("valid_count < row_count"),
            postgresql_where=text("valid_count < row_count"),
        ),
    )

    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id"), primary_key=True, index=True
    )
    row_count: Mapped[int]
    valid_count: Mapped[int]


class Invalidation(MadeBy, Model):
    """Why rows are no longer valid: one marking, of one row or of many.

    `account_id` is null where agency staff marked. `criteria` is how the rows were
    chosen, `audit_sequence` the number of the event in the registry's log.
    """

    __tablename__ = "invalidations"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"))
    reason: Mapped[str] = mapped_column(String(60))
    other_reason: Mapped[str] = mapped_column(Text, default="")
    criteria: Mapped[dict[str, Any]] = mapped_column(JSON)
    row_count: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    audit_sequence: Mapped[int]

    account: Mapped[Account | None] = relationship()


class PanelSerial(Model):
    """One serial number of one upload, designed for a hundred million of them.

    The unique index lets a serial number be valid only once, and is the one by which it
    is found, exactly or from its beginning (the order is that of bytes).
    """

    __tablename__ = "panel_serials"
    __table_args__ = (
        Index(
            "uq_panel_serials_serial_number",
            "serial_number",
            text("coalesce(invalidation_id, 0)"),
            unique=True,
        ),
        # The rows of an upload, of some products, from a serial number on.
        Index(None, "upload_id", "product_id", "serial_number"),
        # The same of those that were marked: few.
        Index(
            "ix_panel_serials_marked",
            "upload_id",
            "product_id",
            "serial_number",
            sqlite_where=text("invalidation_id IS NOT NULL"),
            postgresql_where=text("invalidation_id IS NOT NULL"),
        ),
        # The rows of a marking. Rows that are valid are not in it.
        Index(
            "ix_panel_serials_invalidation_id",
            "invalidation_id",
            sqlite_where=text("invalidation_id IS NOT NULL"),
            postgresql_where=text("invalidation_id IS NOT NULL"),
        ),
    )

    # Numbers are used up by what is refused, too.
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    serial_number: Mapped[str] = mapped_column(
        String(60).with_variant(String(60, collation="C"), "postgresql")
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    invalidation_id: Mapped[int | None] = mapped_column(ForeignKey("invalidations.id"))
