"""What systems have asked and were answered: for people to look up, and for retries."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import ApiRequest, SubscriptionKey
from spv.services.actor import Actor
from spv.services.api import subscriptions
from spv.services.api.subscriptions import ApiClient

SHOWN = 100
KEPT_FOR = timedelta(days=30)
# How long an answer is given again; how long one that never came is waited for.
ANSWERS_AGAIN = timedelta(days=1)
UNDER_WAY = timedelta(seconds=5)
# What says how something ended. Any other answer leaves the key to be used again.
FINAL = frozenset({200, 201, 409, 422})
# How exactly it is known when a key was last used.
USED_EVERY = timedelta(minutes=1)


class IdempotencyConflict(Exception):
    """The same idempotency key came before: `code` and a sentence say what with."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


@dataclass
class RequestLogEntry:
    """A request while it is answered; `claim` is the number of its row, if it has one.

    `outcome` is the code of the first error, or what was done, in words.
    """

    request: str
    claim: int | None = None
    item_count: int | None = None
    upload_id: int | None = None
    invalidation_id: int | None = None
    outcome: str = ""

    def answered(self, status: int) -> dict[str, Any]:
        """What is written down of it at its end."""
        return {
            "status": status,
            "outcome": self.outcome[:200],
            "item_count": self.item_count,
            "upload_id": self.upload_id,
            "invalidation_id": self.invalidation_id,
        }


class StoredResponse(Exception):
    """The answer that was given before."""

    def __init__(self, row: ApiRequest) -> None:
        self.row, self.content = row, zlib.decompress(row.answer or b"")


def begin(
    asked: RequestLogEntry, key: str, sha256: str, system: ApiClient
) -> ApiRequest | None:
    """Take an idempotency key for a request, before anything is done.

    StoredResponse where it was answered before; IdempotencyConflict where it came with
    another body, or its twin is under way. A twin that died is no longer waited for
    after 5 seconds: what it did, if anything, is in the row that comes back.
    """
    try:
        with transaction():
            at = clock.now()
            before = _with_key(system.subscription_id, key)
            if before and before.at > at - ANSWERS_AGAIN:
                _look_at(before, sha256, before.at > at - UNDER_WAY)
                if before.upload_id or before.invalidation_id:
                    asked.claim = before.id
                    return before
            if before:
                before.idempotency_key = None
                db.session.flush()
            row = ApiRequest(
                **_who(system),
                at=at,
                request=asked.request,
                idempotency_key=key,
                body_sha256=sha256,
            )
            db.session.add(row)
            db.session.flush()
            asked.claim = row.id
            return None
    except IntegrityError:  # at the very same moment
        raise _under_way() from None


def link_result(actor: Actor, **what: int) -> None:
    """Name what a request does, in its transaction.

    IdempotencyConflict if it is not its own.

    Another has taken its key where it took too long: then nothing must be done twice.
    """
    if actor.request_id is None:
        return
    own = (ApiRequest.id == actor.request_id) & ApiRequest.idempotency_key.is_not(None)
    named = db.session.execute(update(ApiRequest).where(own).values(what))
    if not named.rowcount:  # type: ignore[attr-defined]
        raise _under_way()


def complete(
    asked: RequestLogEntry, status: int, answer: bytes, system: ApiClient
) -> None:
    """Write down how a request was answered; no answer fails because of that."""
    try:
        with transaction():
            _write(asked, status, answer, system)
    except SQLAlchemyError:
        current_app.logger.exception("A request could not be written down.")


def of(subscription_id: int, actor: Actor) -> Sequence[ApiRequest]:
    """The last requests of a subscription, newest first; NotFoundError."""
    subscriptions.find(subscription_id, actor, also_cancelled=True)
    query = select(ApiRequest).where(ApiRequest.subscription_id == subscription_id)
    return db.session.scalars(query.order_by(ApiRequest.id.desc()).limit(SHOWN)).all()


def _with_key(subscription_id: int, key: str) -> ApiRequest | None:
    query = select(ApiRequest).where(
        ApiRequest.subscription_id == subscription_id,
        ApiRequest.idempotency_key == key,
    )
    return db.session.scalar(query.with_for_update())


def _look_at(before: ApiRequest, sha256: str, is_young: bool) -> None:
    """What came with the same key in the last day."""
    if before.body_sha256 != sha256:
        raise IdempotencyConflict(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key came with another body before. Use a new one.",
        )
    if before.status is not None:
        raise StoredResponse(before)
    if is_young:
        raise _under_way()


def _under_way() -> IdempotencyConflict:
    return IdempotencyConflict(
        409,
        "in_flight",
        "A request with this Idempotency-Key is still under way. Send it again soon.",
    )


def _write(
    asked: RequestLogEntry, status: int, answer: bytes, system: ApiClient
) -> None:
    at, values = clock.now(), asked.answered(status)
    if asked.claim is None:
        row = ApiRequest(**_who(system), **values, at=at, request=asked.request)
        db.session.add(row)
    else:
        final = status in FINAL and asked.outcome != "conflict"
        values["answer"] = zlib.compress(answer) if final else None
        values |= {} if final else {"idempotency_key": None}
        changed = update(ApiRequest).where(ApiRequest.id == asked.claim)
        db.session.execute(changed.values(values))
    if system.last_used_at is None or at - system.last_used_at > USED_EVERY:
        used = update(SubscriptionKey).where(SubscriptionKey.id == system.key_id)
        db.session.execute(used.values(last_used_at=at))
    db.session.execute(delete(ApiRequest).where(ApiRequest.at < at - KEPT_FOR))
    old = (ApiRequest.at < at - ANSWERS_AGAIN) & ApiRequest.answer.is_not(None)
    db.session.execute(update(ApiRequest).where(old).values(answer=None))


def _who(system: ApiClient) -> dict[str, Any]:
    return {"subscription_id": system.subscription_id, "key_kind": system.kind}
