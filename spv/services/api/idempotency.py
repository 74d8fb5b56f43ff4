"""The log of API requests, and idempotency keys: a retry gets the first response."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from flask import current_app
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import ApiRequest, Subscription, SubscriptionKey
from spv.models.subscriptions import REFUSED, SUCCESSFUL
from spv.rules.errors import IdempotencyConflict, IdempotencyKeyReused, UseCaseError
from spv.services.api.subscriptions import ApiClient
from spv.services.retention import kept_for

SHOWN = 100
FILTERS = {"successful": SUCCESSFUL, "refused": REFUSED}
# How long a retry is refused while there is no response.
UNDER_WAY = timedelta(seconds=5)
# Errors that decide a request. After any other error its key can be used again.
FINAL = frozenset({409, 422})
USED_EVERY = timedelta(minutes=1)  # the precision of a key's last use
LOGGED = ("item_count", "upload_id", "invalidation_id", "x_request_id", "summary")


@dataclass
class RequestLogEntry:
    """A request of an API client, and what is logged of its response.

    `row_id` is set once the request has taken its idempotency key; otherwise the row is
    made at the end. `outcome` is the code of the first error, or says what was done.
    `is_final` says that a retry must get the same response. `summary` is the body of
    the response without data.
    """

    client: ApiClient
    request: str
    row_id: int | None = None
    item_count: int | None = None
    upload_id: int | None = None
    invalidation_id: int | None = None
    outcome: str = ""
    is_final: bool = False
    x_request_id: str | None = None
    summary: dict[str, Any] | None = None
    started: float = field(default_factory=perf_counter)

    def new_row(self, at: datetime) -> ApiRequest:
        """Make the row of the log, without the response."""
        number, kind = self.client.subscription_id, self.client.kind
        return ApiRequest(
            subscription_id=number, key_kind=kind, at=at, request=self.request
        )


@contextmanager
def once(
    entry: RequestLogEntry, key: str | None, sha256: str
) -> Iterator[tuple[int, bytes] | None]:
    """Hold an idempotency key, if there is one, while a request is done.

    Yields the status and the body of the stored response if the request came before:
    then nothing may be done. If its server died before it responded, the entry says
    what was done. Raises IdempotencyKeyReused if the earlier request had another body,
    and IdempotencyConflict if it may still be in progress.
    """
    stored = _take(entry, key, sha256) if key else None
    try:
        yield stored
        entry.is_final = True
    except UseCaseError as error:
        entry.is_final = error.http_status in FINAL and bool(error.errors)
        raise


def _take(entry: RequestLogEntry, key: str, sha256: str) -> tuple[int, bytes] | None:
    """Take an idempotency key, or return the stored response."""
    try:
        with transaction():
            at, number = clock.now(), entry.client.subscription_id
            query = select(ApiRequest).with_for_update()
            query = query.filter_by(subscription_id=number, idempotency_key=key)
            earlier = db.session.scalar(query)
            if earlier and earlier.at > at - kept_for("SPV_DAYS_IDEMPOTENCY"):
                if earlier.body_sha256 != sha256:
                    raise IdempotencyKeyReused
                if earlier.status is None and earlier.at > at - UNDER_WAY:
                    raise IdempotencyConflict
                entry.item_count = earlier.item_count
                entry.upload_id = earlier.upload_id
                entry.invalidation_id = earlier.invalidation_id
                if earlier.status is not None:
                    return earlier.status, zlib.decompress(earlier.answer or b"")
                if earlier.upload_id or earlier.invalidation_id:
                    entry.row_id = earlier.id
                    return None
            if earlier:
                earlier.idempotency_key = earlier.answer = None
                db.session.flush()
            row = entry.new_row(at)
            row.idempotency_key, row.body_sha256 = key, sha256
            db.session.add(row)
            db.session.flush()
            entry.row_id = row.id
            return None
    except IntegrityError:  # another request took the key at the same moment
        raise IdempotencyConflict from None


def complete(entry: RequestLogEntry, status: int, body: bytes) -> None:
    """Log the response to a request. A response never fails because of the log."""
    try:
        with transaction():
            _write(entry, status, body)
    except SQLAlchemyError:
        current_app.logger.exception("A request could not be logged.")


def requests_of(subscription: Subscription, only: str) -> Sequence[ApiRequest]:
    """Return the last requests of a subscription, newest first: all, or by a filter."""
    is_kept = ApiRequest.at > clock.now() - kept_for("SPV_DAYS_API_REQUESTS")
    query = select(ApiRequest).filter_by(subscription_id=subscription.id).where(is_kept)
    if only in FILTERS:
        query = query.where(text(FILTERS[only]))
    return db.session.scalars(query.order_by(ApiRequest.id.desc()).limit(SHOWN)).all()


def _write(entry: RequestLogEntry, status: int, body: bytes) -> None:
    at, client = clock.now(), entry.client
    row = db.session.get(ApiRequest, entry.row_id) if entry.row_id else None
    row = row or entry.new_row(at)
    row.status, row.outcome = status, entry.outcome[:200]
    for name in LOGGED:
        setattr(row, name, getattr(entry, name))
    row.milliseconds = round((perf_counter() - entry.started) * 1000)
    if not entry.is_final:
        row.idempotency_key = None
    elif row.idempotency_key is not None:
        row.answer = zlib.compress(body)
    db.session.add(row)
    if client.last_used_at is None or at - client.last_used_at > USED_EVERY:
        key = update(SubscriptionKey).where(SubscriptionKey.id == client.key_id)
        db.session.execute(key.values(last_used_at=at))
