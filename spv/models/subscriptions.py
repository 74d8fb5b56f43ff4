"""Subscriptions to the ledger's API, their keys, and the log of requests."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spv.extensions import partial_index
from spv.models.accounts import Account, User
from spv.models.columns import (
    AccountId,
    InvalidationId,
    Numbered,
    SubscriptionId,
    UploadId,
    UserId,
)

# Conditions on the status of requests, each with its own index.
SUCCESSFUL, REFUSED = "status < 400", "status >= 400"


class Subscription(Numbered):
    """An account's subscription to the Serial Number Ledger product."""

    __table_args__ = (
        partial_index(
            "uq_subscriptions_account_id_name", "account_id", "name",
            where="cancelled_at IS NULL",
        ),
    )  # fmt: skip

    account_id: Mapped[AccountId]
    user_id: Mapped[UserId]
    name: Mapped[str] = mapped_column(String(100))
    terms_version: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
    user: Mapped[User] = relationship()
    keys: Mapped[list["SubscriptionKey"]] = relationship(
        order_by="SubscriptionKey.id", back_populates="subscription"
    )


class SubscriptionKey(Numbered):
    """A key of a subscription, found by its `digest`. `sealed` is the encrypted key.

    `kind` is a `rules.accounts.KeyKind`.
    """

    subscription_id: Mapped[SubscriptionId] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    subscription: Mapped[Subscription] = relationship(back_populates="keys")


class ApiRequest(Numbered):
    """A request to the API, and its response; `status` is null while it is in progress.

    `x_request_id` is the header X-Request-Id of the response, and `summary` its body
    without data. With an `idempotency_key` the whole body is kept, compressed, to be
    replayed. `upload_id` and `invalidation_id` are set in the transaction that makes
    the upload or the invalidation.
    """

    __table_args__ = (
        partial_index(
            "uq_api_requests_subscription_id_idempotency_key", "subscription_id",
            "idempotency_key", where="idempotency_key IS NOT NULL",
        ),
        Index(None, "subscription_id", "id"),
        partial_index("ix_api_requests_answered", "at", where="answer IS NOT NULL"),
        partial_index(
            "ix_api_requests_successful", "subscription_id", "id", where=SUCCESSFUL
        ),
        partial_index(
            "ix_api_requests_refused", "subscription_id", "id", where=REFUSED
        ),
    )  # fmt: skip

    subscription_id: Mapped[SubscriptionId]
    key_kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(index=True)
    request: Mapped[str] = mapped_column(String(200))
    status: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")
    item_count: Mapped[int | None]
    upload_id: Mapped[UploadId | None]
    invalidation_id: Mapped[InvalidationId | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_sha256: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[bytes | None] = mapped_column(deferred=True)
    x_request_id: Mapped[str | None] = mapped_column(String(64))
    milliseconds: Mapped[int | None]
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
