"""Systems that send serial numbers: subscriptions, their keys, what they have asked."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import Model
from spv.models.accounts import Account, User
from spv.models.types import UtcDateTime

ACTIVE = text("cancelled_at IS NULL")


class Subscription(Model):
    """An account's subscription to the Serial Number Ledger product."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index(
            "uq_subscriptions_account_id_name",
            "account_id",
            "name",
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100))
    terms_version: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()
    user: Mapped[User] = relationship()
    keys: Mapped[list["SubscriptionKey"]] = relationship(
        order_by="SubscriptionKey.id", back_populates="subscription"
    )


class SubscriptionKey(Model):
    """One key: found by its digest; `sealed` is the key encrypted, to be shown.

    `kind` is that of `rules.subscription.KeyKind`.
    """

    __tablename__ = "subscription_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscriptions.id"), index=True
    )
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    subscription: Mapped[Subscription] = relationship(back_populates="keys")


class ApiRequest(Model):
    """A request of a subscription and its answer; `status` is null while it runs.

    With an `idempotency_key` the answer is kept (compressed), to be given again. What
    was uploaded or marked is named in the transaction that does it.
    """

    __tablename__ = "api_requests"
    __table_args__ = (
        Index(
            "uq_api_requests_subscription_id_idempotency_key",
            "subscription_id",
            "idempotency_key",
            unique=True,
            sqlite_where=text("idempotency_key IS NOT NULL"),
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(None, "subscription_id", "id"),
        Index(
            "ix_api_requests_answered",
            "at",
            sqlite_where=text("answer IS NOT NULL"),
            postgresql_where=text("answer IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    key_kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    request: Mapped[str] = mapped_column(String(200))
    status: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")
    item_count: Mapped[int | None]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"))
    invalidation_id: Mapped[int | None] = mapped_column(ForeignKey("invalidations.id"))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_sha256: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
