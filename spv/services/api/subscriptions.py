"""Subscriptions, and the keys with which an account's systems use the API."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from spv import clock
from spv.extensions import db, secret_keys
from spv.models import Account, Subscription, SubscriptionKey, User
from spv.rules.accounts import KeyKind, Role, alike, read_subscription_name, roles_of
from spv.rules.errors import ConflictError, NotFoundError, ValidationError
from spv.rules.ledger.declaration import TERMS, read_declaration
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.accounts import sessions
from spv.services.accounts.sign_in import is_own_password, own_password
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction

MOST = 20
# How long after signing in a key is shown without the password.
FRESH = timedelta(minutes=5)
ACTIVE = Subscription.cancelled_at.is_(None)


class ApiClient(NamedTuple):
    """The system that has come with a key."""

    actor: Actor
    subscription_id: int
    key_id: int
    kind: KeyKind
    last_used_at: datetime | None


def subscribe(answers: Mapping[str, Any], actor: Actor) -> int:
    """Subscribe the actor's account under a name.

    ValidationError on `name` and `terms`.
    """
    with authorised_transaction(actor, Role.UPLOADER):
        at, others = clock.now(), _names(actor)
        given = read_all(
            answers,
            {
                "name": lambda text: _new_name(text, others),
                "terms": lambda made: _agreed(made, answers.get("terms_version") or ""),
            },
        )
        made = Subscription(
            account_id=actor.account_id,
            user_id=actor.user_id,
            name=given["name"],
            terms_version=given["terms"],
            created_at=at,
        )
        made.keys = [_renew(SubscriptionKey(kind=kind), at) for kind in KeyKind]
        db.session.add(made)
        db.session.flush()
        _tell("subscription.created", made, actor, at, name=made.name,
              terms_version=made.terms_version,
              keys={key.kind: key.digest for key in made.keys})  # fmt: skip
        return made.id


def rename(subscription_id: int, answers: Mapping[str, Any], actor: Actor) -> None:
    """Give a subscription another name; ValidationError, NotFoundError."""
    with authorised_transaction(actor, Role.UPLOADER):
        found = find(subscription_id, actor)
        others = _names(actor) - {alike(found.name)}
        readers = {"name": lambda text: read_subscription_name(text, others)}
        found.name = read_all(answers, readers)["name"]
        _tell("subscription.renamed", found, actor, clock.now(), name=found.name)


def cancel(subscription_id: int, actor: Actor) -> None:
    """End a subscription: its keys are dead at the next request; NotFoundError.

    Like `regenerate` it stops an account's systems, so it is for administrators.
    """
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        found = find(subscription_id, actor)
        found.cancelled_at = clock.now()
        _tell("subscription.cancelled", found, actor, found.cancelled_at)


def regenerate(subscription_id: int, kind: str, actor: Actor) -> None:
    """Make a key anew; the old one is dead at the next request. NotFoundError."""
    with authorised_transaction(actor, Role.ADMINISTRATOR):
        found, at = find(subscription_id, actor), clock.now()
        renewed = _renew(_key(found, kind), at)
        _tell("key.regenerated", found, actor, at, key=kind, digest=renewed.digest)


def show_key(
    subscription_id: int, kind: str, given: tuple[str, str], actor: Actor
) -> str:
    """A key, to be seen by the actor; NotFoundError.

    `given` is the token of the session and a password, which is asked for where the
    sign-in is longer ago than 5 minutes (ValidationError).
    """
    find(subscription_id, actor)  # before a password counts as a try
    token, password = given
    is_fresh = sessions.has_session(token, since=clock.now() - FRESH)
    if not is_fresh and not password:
        sentence = "Enter your password: you signed in more than 5 minutes ago."
        raise ValidationError({"password": sentence})
    user = db.session.get_one(User, actor.user_id)
    good = is_fresh or is_own_password(user, password, "password")
    with authorised_transaction(actor, Role.UPLOADER):
        found, at = find(subscription_id, actor), clock.now()
        key = decrypt_key(_key(found, kind).sealed)
        event = "key.shown" if good else "key.show_refused"
        _tell(event, found, actor, at, key=kind)
        if good and not is_fresh:
            sessions.forget_failures(own_password(user))
    if not good:
        raise ValidationError({"password": "This is not your password."})
    return key


def mine(actor: Actor) -> Sequence[Subscription]:
    """The subscriptions of the actor's account that are not cancelled, oldest first."""
    query = _own(actor).where(ACTIVE).options(selectinload(Subscription.keys))
    return db.session.scalars(query.order_by(Subscription.id)).all()


def cancelled(actor: Actor) -> Sequence[Subscription]:
    """Those that are cancelled, newest first."""
    query = _own(actor).where(~ACTIVE).order_by(Subscription.id.desc())
    return db.session.scalars(query).all()


def find(
    subscription_id: int, actor: Actor, *, also_cancelled: bool = False
) -> Subscription:
    """A subscription of the actor's account; NotFoundError."""
    query = _own(actor).where(Subscription.id == subscription_id)
    found = db.session.scalar(query if also_cancelled else query.where(ACTIVE))
    if found is None:
        raise NotFoundError
    return found


def find_client(key: str, ip: str) -> ApiClient | None:
    """The system that has a key, unless that is dead or never was one."""
    found = db.session.execute(
        select(
            SubscriptionKey.id, SubscriptionKey.kind, SubscriptionKey.last_used_at,
            Subscription.id.label("subscription_id"), Subscription.account_id,
            Account.account_types,
        )
        .join(SubscriptionKey.subscription)
        .join(Subscription.account)
        .where(
            SubscriptionKey.digest.in_(digests_of_key(key)),
            ACTIVE,
        )
    ).one_or_none()  # fmt: skip
    if found is None:
        return None
    actor = Actor(
        f"subscription {found.subscription_id}",
        "api",
        roles_of(staff=False, administrator=False, account_types=found.account_types),
        account_id=found.account_id,
        subscription_id=found.subscription_id,
        ip=ip,
    )
    kind = KeyKind(found.kind)
    return ApiClient(actor, found.subscription_id, found.id, kind, found.last_used_at)


def _own(actor: Actor) -> Select[Subscription]:
    return select(Subscription).where(Subscription.account_id == actor.account_id)


def _names(actor: Actor) -> set[str]:
    return {alike(each.name) for each in db.session.scalars(_own(actor).where(ACTIVE))}


def _new_name(text: str, others: set[str]) -> str:
    if len(others) >= MOST:
        raise ValueError(f"An account can have {MOST} subscriptions. Cancel one first.")
    return read_subscription_name(text, others)


def _agreed(made: str, version: str) -> str:
    sentence = "Read the terms of use, and agree to them."
    try:
        return read_declaration(made, version, TERMS, field="terms", sentence=sentence)
    except ValidationError as refusal:
        raise ValueError(str(refusal)) from None


def _key(found: Subscription, kind: str) -> SubscriptionKey:
    return next(key for key in found.keys if key.kind == kind)


def _renew(key: SubscriptionKey, at: datetime) -> SubscriptionKey:
    text = new_key()
    key.digest, key.sealed = digest_of_key(text), encrypt_key(text)
    key.created_at, key.last_used_at = at, None
    return key


def _tell(
    event: str, of: Subscription, actor: Actor, at: datetime, **more: Any
) -> None:
    audit_log.act(event, actor, at, subscription=of.id, **more)


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_hex(16)


def digest_of_key(key: str) -> str:
    """The digest that is stored of a new key: HMAC-SHA256, in hexadecimal."""
    return digests_of_key(key)[0]


def digests_of_key(key: str) -> list[str]:
    """The digests that a key may be found by, that under the present secret first.

    A stored digest is never written again under another secret: the log has it too.
    """
    text = key.encode("utf-8", "replace")
    return [
        hmac.digest(secret, text, "sha256").hex()
        for secret in _derived("digest of keys")
    ]


def encrypt_key(key: str) -> str:
    """A key encrypted (Fernet), as its page can show it again."""
    return _fernet().encrypt(key.encode()).decode()


def decrypt_key(text: str) -> str:
    """The key that was sealed; ConflictError if its secret is not known any more."""
    try:
        return _fernet().decrypt(text).decode()
    except InvalidToken:
        raise ConflictError(
            "This key was made under another secret key of the app, and no longer "
            "works. Regenerate it."
        ) from None


def _fernet() -> MultiFernet:
    """Encrypt with the present secret; decrypt with each that is still good."""
    seals = [base64.urlsafe_b64encode(key) for key in _derived("seal of keys")]
    return MultiFernet([Fernet(seal) for seal in seals])


def _derived(purpose: str) -> list[bytes]:
    """Return 32 bytes of each secret for a purpose, the present secret first."""
    return [
        HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
        for secret in reversed(secret_keys())
    ]
