"""Tables of the agency: refused uploads, conflicts, suspensions, approved products."""

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import partial_index
from spv.models.accounts import Account, User
from spv.models.columns import (
    AccountId,
    Numbered,
    PanelId,
    ProductNames,
    SerialNumber,
    SubscriptionId,
    Table,
    UploadId,
    UserId,
)
from spv.models.ledger import MadeBy, Upload

RefusedUploadId = Annotated[int, mapped_column(ForeignKey("refused_uploads.id"))]


class RefusedUpload(MadeBy, Numbered):
    """An upload that was refused, by page or API: nothing of it is in the ledger.

    `why` is the sentence that the account read. `report` are the problems as it saw
    them, kept until `report_until`. `sha256` is the digest of the rows that were sent
    and of why they were refused. `conflict_count` is the number of its serial numbers
    that the ledger had as valid.
    """

    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "account_id", "sha256"),
        partial_index(
            "ix_refused_uploads_report_until", "report_until",
            where="report IS NOT NULL",
        ),
    )  # fmt: skip

    account_id: Mapped[AccountId]
    channel: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)
    problem_count: Mapped[int]
    conflict_count: Mapped[int]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    report_until: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    refused_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[Account] = relationship()


class RefusedSerial(Table):
    """A serial number of a refused upload that another upload has as valid."""

    refused_upload_id: Mapped[RefusedUploadId] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    serial_number: Mapped[SerialNumber] = mapped_column(index=True)
    upload_id: Mapped[UploadId]

    refused_upload: Mapped[RefusedUpload] = relationship()
    upload: Mapped[Upload] = relationship()


class Conflict(Table):
    """The serial numbers of a refused upload that one other account has as valid.

    `account_id` is the account that was refused, and `holder_id` the other one.
    """

    # The conflicts of a holder and of an account, the newest first.
    __table_args__ = (
        Index(None, "holder_id", "refused_upload_id"),
        Index(None, "account_id", "refused_upload_id"),
    )

    refused_upload_id: Mapped[RefusedUploadId] = mapped_column(primary_key=True)
    holder_id: Mapped[AccountId] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId]
    serial_count: Mapped[int]
    refused_at: Mapped[datetime] = mapped_column(index=True)


class AccountDay(Table):
    """The work of an account on a day in Sydney, counted so that pages need not count.

    `marked` are rows of the account that were marked as invalid, by anybody, and
    `marked_other` those with the reason Other. `conflicts` are serial numbers
    that were refused because another account has them.
    """

    day: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(primary_key=True, index=True)
    recorded: Mapped[int] = mapped_column(default=0)
    marked: Mapped[int] = mapped_column(default=0)
    marked_other: Mapped[int] = mapped_column(default=0)
    refused_uploads: Mapped[int] = mapped_column(default=0)
    conflicts: Mapped[int] = mapped_column(default=0)


class LookAlike(Numbered):
    """Two valid rows of two accounts whose serial numbers differ by O for 0, I for 1.

    The nightly job finds them. `row_id` is the newer of the two.
    """

    __table_args__ = (UniqueConstraint("row_id", "other_row_id"),)

    row_id: Mapped[PanelId]
    other_row_id: Mapped[PanelId]
    account_id: Mapped[AccountId] = mapped_column(index=True)
    other_account_id: Mapped[AccountId] = mapped_column(index=True)
    found_at: Mapped[datetime]


class Suspension(Numbered):
    """An account, a person or a subscription that the agency has suspended, and why.

    It lasts until `ended_at`. Exactly one of `account_id`, `user_id` and
    `subscription_id` is set: each can be suspended once at a time.
    """

    __table_args__ = tuple(
        partial_index(f"uq_suspensions_{column}", column, where="ended_at IS NULL")
        for column in ("account_id", "user_id", "subscription_id")
    )

    account_id: Mapped[AccountId | None]
    user_id: Mapped[UserId | None]
    subscription_id: Mapped[SubscriptionId | None]
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by_id: Mapped[UserId] = mapped_column()
    end_reason: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UserId | None] = mapped_column()

    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])


class DeskNote(Numbered):
    """A note by a member of staff who has seen a finding on the desk.

    `finding` names the finding, so that it is not shown as new again.
    """

    finding: Mapped[str] = mapped_column(String(120), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    user_id: Mapped[UserId]

    user: Mapped[User] = relationship()


class ApprovedProduct(ProductNames, Numbered):
    """The names of an approved product, and the first and last day of its approval."""

    __table_args__ = (
        Index(
            "uq_approved_products_names", "supplier_name", "licensee", "model_number",
            "approved_from", unique=True,
        ),
        Index(None, "model_number_key"),
    )  # fmt: skip

    approved_from: Mapped[date]
    approved_until: Mapped[date | None]


class ProductFile(Numbered):
    """A list of approved products that staff have looked at, kept until they load it.

    `list_sha256` is the digest of the list that it was compared with.
    """

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    user_id: Mapped[UserId] = mapped_column(index=True)
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes]
    list_sha256: Mapped[str] = mapped_column(String(64))
    kept_at: Mapped[datetime] = mapped_column(index=True)
