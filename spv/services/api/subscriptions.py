"""Subscriptions to the ledger's API, and the keys of an account's API clients."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from cryptography.fernet import InvalidToken
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from spv import clock
from spv.extensions import db
from spv.models import Account, Subscription, SubscriptionKey, Suspension, User
from spv.rules.accounts import KeyKind, Role, alike, read_subscription_name, roles_of
from spv.rules.errors import ConflictError, ValidationError
from spv.rules.ledger.statements import TERMS, read_declaration
from spv.rules.text import read_all
from spv.services import audit_log, authorisation
from spv.services.accounts import sessions
from spv.services.accounts.tries import is_own_password, own_password
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, reason_of, require
from spv.services.encryption import derive, fernet

MOST = 20
FRESH = timedelta(minutes=5)  # since signing in: a key is shown without the password
SEAL = "seal of keys"  # the purpose of the secret that encrypts keys
ACTIVE = Subscription.cancelled_at.is_(None)


class ApiClient(NamedTuple):
    """A program that uses the API, and the key that it sent."""

    actor: Actor
    subscription_id: int
    key_id: int
    kind: KeyKind
    last_used_at: datetime | None


def subscribe(answers: Mapping[str, Any], actor: Actor) -> int:
    """Subscribe the actor's account; return the new id. Raises ValidationError."""
    with authorised_transaction(actor, Role.UPLOADER):
        at, names = clock.now(), _names(actor)

        def read_name(text: str) -> str:
            if len(names) < MOST:
                return read_subscription_name(text, names)
            sentence = f"An account can have {MOST} subscriptions. Cancel one first."
            raise ValueError(sentence)

        read_terms = partial(
            read_declaration, version=answers.get("terms_version") or "", purpose=TERMS,
            field="terms", sentence="Read the terms of use, and agree to them.",
        )  # fmt: skip
        given = read_all(answers, {"name": read_name, "terms": read_terms})
        made = Subscription(
            account_id=actor.account_id, user_id=actor.user_id, name=given["name"],
            terms_version=given["terms"], created_at=at,
        )  # fmt: skip
        made.keys = [_renew(SubscriptionKey(kind=kind), at) for kind in KeyKind]
        db.session.add(made)
        db.session.flush()
        audit_log.act(
            "subscription.created", actor, at, changed=[made, *made.keys],
            subscription=made.id, name=made.name, terms_version=made.terms_version,
            keys={key.kind: key.digest for key in made.keys},
        )  # fmt: skip
        return made.id


def rename(subscription_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Give a subscription another name. Raises ValidationError, NotFoundError."""
    with authorised_transaction(actor, Role.UPLOADER):
        found = find(subscription_id, actor)
        others = _names(actor) - {alike(found.name)}
        readers = {"name": lambda text: read_subscription_name(text, others)}
        found.name = read_all(answers, readers)["name"]
        names = {"subscription": found.id, "name": found.name}
        audit_log.act(
            "subscription.renamed", actor, clock.now(), changed=[found], **names
        )


def cancel(subscription_id: int, actor: Actor) -> None:
    """End a subscription: its keys stop working at once. Raises NotFoundError."""
    # This stops the API clients of the account, so only administrators can do it.
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        found, at = find(subscription_id, actor), clock.now()
        found.cancelled_at = at
        audit_log.act(
            "subscription.cancelled", actor, at, changed=[found], subscription=found.id
        )


def regenerate(subscription_id: int, kind: str, actor: Actor) -> None:
    """Replace a key: the old one stops working at once. Raises NotFoundError."""
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        found, at = find(subscription_id, actor), clock.now()
        key = _renew(_key(found, kind), at)
        audit_log.act(
            "key.regenerated", actor, at, changed=[key], subscription=found.id,
            key=kind, digest=key.digest,
        )  # fmt: skip


def show_key(
    subscription_id: int, kind: str, given: tuple[str, str], actor: Actor
) -> str:
    """Return a key for the actor to see. Raises NotFoundError, ValidationError.

    `given` is the token of the session, and a password: it is required if the actor
    signed in more than 5 minutes ago.
    """
    find(subscription_id, actor)  # before a password is counted as an attempt
    token, password = given
    session = sessions.find(token)
    is_fresh = session is not None and session.started_at >= clock.now() - FRESH
    if not is_fresh and not password:
        sentence = "Enter your password: you signed in more than 5 minutes ago."
        raise ValidationError({"password": sentence})
    user = db.session.get_one(User, actor.user_id)
    is_allowed = is_fresh or is_own_password(user, password, "password")
    with authorised_transaction(actor, Role.UPLOADER):
        found = find(subscription_id, actor)
        key = decrypt_key(_key(found, kind).sealed)
        event = "key.shown" if is_allowed else "key.show_refused"
        audit_log.act(event, actor, clock.now(), subscription=found.id, key=kind)
        if is_allowed and not is_fresh:
            sessions.forget_failures(own_password(user))
    if not is_allowed:
        raise ValidationError({"password": "This is not your password."})
    return key


def test_key(subscription: str, actor: Actor) -> str:
    """Return the test key of a subscription. Raises ValidationError, ConflictError."""
    found = next((s for s in mine(actor) if str(s.id) == subscription), None)
    if found is None:
        raise ValidationError({"subscription": "Choose one of your subscriptions."})
    key = decrypt_key(_key(found, KeyKind.TEST).sealed)
    db.session.rollback()  # the request needs a connection of its own
    return key


def mine(actor: Actor) -> Sequence[Subscription]:
    """Return the active subscriptions of the actor's account, oldest first."""
    query = _own(actor).where(ACTIVE).options(selectinload(Subscription.keys))
    return db.session.scalars(query.order_by(Subscription.id)).all()


def in_short(actor: Actor) -> tuple[int, datetime | None]:
    """Return the number of active subscriptions, and when a key was last used."""
    counted = func.count(Subscription.id.distinct())
    query = select(counted, func.max(SubscriptionKey.last_used_at))
    query = query.join(SubscriptionKey.subscription).where(ACTIVE)
    own = query.where(Subscription.account_id == actor.account_id)
    number, last_used = db.session.execute(own).one()
    return number, last_used


def cancelled(actor: Actor) -> Sequence[Subscription]:
    """Return the cancelled subscriptions of the actor's account, newest first."""
    query = _own(actor).where(~ACTIVE).order_by(Subscription.id.desc())
    return db.session.scalars(query).all()


def of_account(account_id: int) -> Sequence[Subscription]:
    """Return the subscriptions of an account, newest first, for agency staff."""
    query = select(Subscription).where(Subscription.account_id == account_id)
    query = query.options(selectinload(Subscription.keys))
    return db.session.scalars(query.order_by(Subscription.id.desc())).all()


def find(
    subscription_id: int, actor: Actor, *, also_cancelled: bool = False
) -> Subscription:
    """Return a subscription of the actor's account. Raises NotFoundError."""
    query = _own(actor).where(Subscription.id == subscription_id)
    return require(db.session.scalar(query if also_cancelled else query.where(ACTIVE)))


def find_client(key: str, ip: str) -> ApiClient | None:
    """Return the API client of a key, if the key still works. Raises Suspended."""
    query = (
        select(
            SubscriptionKey, Subscription.account_id, Account.account_types,
            reason_of(Suspension.account_id, Subscription.account_id),
            reason_of(Suspension.subscription_id, Subscription.id),
        )
        .join(SubscriptionKey.subscription)
        .join(Subscription.account)
        .where(SubscriptionKey.digest.in_(_digests(key)), ACTIVE)
    )  # fmt: skip
    found = db.session.execute(query).one_or_none()
    if found is None:
        return None
    row, account_id, types, of_account, of_subscription = found
    reasons = {
        authorisation.YOUR_ACCOUNT: of_account,
        authorisation.SUBSCRIPTION: of_subscription,
    }
    if error := authorisation.suspension(reasons):
        raise error
    number, kind = row.subscription_id, KeyKind(row.kind)
    actor = Actor(
        f"subscription {number}", "api", roles_of(types), account_id=account_id,
        subscription_id=number, ip=ip,
    )  # fmt: skip
    return ApiClient(actor, number, row.id, kind, row.last_used_at)


def decrypt_key(encrypted: str) -> str:
    """Return the text of a key. Raises ConflictError if its secret is not known."""
    try:
        return fernet(SEAL).decrypt(encrypted).decode()
    except InvalidToken:
        sentence = "This key was made under another secret key of the app, and no "
        raise ConflictError(sentence + "longer works. Regenerate it.") from None


def _own(actor: Actor) -> Select[Subscription]:
    return select(Subscription).where(Subscription.account_id == actor.account_id)


def _names(actor: Actor) -> set[str]:
    return {alike(each.name) for each in db.session.scalars(_own(actor).where(ACTIVE))}


def _key(found: Subscription, kind: str) -> SubscriptionKey:
    return next(key for key in found.keys if key.kind == kind)


def _renew(key: SubscriptionKey, at: datetime) -> SubscriptionKey:
    """Give a key a new text, of which only a digest and an encrypted copy are kept."""
    text = secrets.token_hex(16)
    key.digest = _digests(text)[0]
    key.sealed = fernet(SEAL).encrypt(text.encode()).decode()
    key.created_at, key.last_used_at = at, None
    return key


def _digests(text: str) -> list[str]:
    """Return HMAC-SHA256 of a key under each secret, the present secret first."""
    # A stored digest is never replaced by that of another secret: the log has it too.
    data, all_secrets = text.encode("utf-8", "replace"), derive("digest of keys")
    return [hmac.digest(secret, data, "sha256").hex() for secret in all_secrets]
