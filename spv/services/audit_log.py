"""The audit log: append events to a chain, each sealed with a secret.

The details and the actor of an event are private. Its seal is an HMAC of all of it with
a key outside the database: whoever can only write to the database cannot add an event.
Its entry is public: the facts that a receipt shows, and the seal. The hash of the entry
links the chain, and is a leaf of the Merkle tree that checkpoints sign.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, insert, select, update

from spv.database import check_in_time, execute_many, take_lock, transaction
from spv.extensions import db
from spv.models import AuditChain, AuditEvent
from spv.rules.secrets import LogKey, derive
from spv.services.actor import Actor
from spv.services.row_states import states_of

Details = Mapping[str, Any]
STC, REGISTRY = CHAINS = ("stc", "registry")
FORMAT = 2
SLICE = 1_000  # events, or rows, that are in memory at the same time
BASELINE = "log.baseline"
COLUMNS_ADDED = "log.columns_added"  # by an upgrade, to rows that are there
# The details that are public, in events that a receipt proves. They are part of the
# format: the names must never change, because the hash of an entry depends on them.
PUBLIC = {
    "upload.recorded": ("upload", "rows", "sha256", "digest_version"),
    "rows.marked_invalid": ("invalidation", "rows", "sha256", "reason"),
    "stc.calculated": ("reference", "inputs", "result", "rules_version"),
    "stc.batch_calculated": ("reference", "row_count", "calculated", "certificates",
                             "digest", "rules_version"),
}  # fmt: skip

# The details, and the tables of states, that name the subjects of an event.
SUBJECTS = {
    "account": "account", "user": "user", "subject": "user", "applicant": "user",
    "subscription": "subscription", "upload": "upload", "invalidation": "invalidation",
    "application": "application", "reference": "reference", "refusal": "refusal",
}  # fmt: skip
# The same for details that are lists.
SUBJECT_LISTS = {"accounts": "account", "refusals": "refusal"}
TABLES = {
    "users": "user", "accounts": "account", "subscriptions": "subscription",
    "account_applications": "application",
}  # fmt: skip


def record(
    chain: str, event: str, actor: Actor, at: datetime, details: Details
) -> None:
    """Append an event to a chain, as the last step of the caller's transaction.

    `details` are JSON values, except `changed`: rows whose states are logged. The head
    of the chain is locked and numbers the events, so a chain cannot fork or have gaps.
    """
    _append(_locked_head(chain), event, actor, at, details)


@contextmanager
def registry_transaction() -> Iterator[int]:
    """Begin a transaction of the registry; they run one after the other.

    What it reads stays true until it ends, and two of them cannot wait for each other's
    rows. Yields the sequence number that its event will have.
    """
    with transaction():
        yield _locked_head(REGISTRY).sequence + 1


def act(event: str, actor: Actor, at: datetime, **details: Any) -> None:
    """Append an event to the registry's chain, with the ids of the actor."""
    ids = {
        "user": actor.user_id, "account": actor.account_id,
        "subscription": actor.subscription_id, "ip": actor.ip,
    }  # fmt: skip
    known = {name: value for name, value in ids.items() if value}
    _append(_head(REGISTRY), event, actor, at, known | details)


def events_of(chain: str, only: str = "") -> Iterator[AuditEvent]:
    """Yield the events of a chain, or those with one name, oldest first, by slices."""
    query = select(*AuditEvent.__table__.columns).where(AuditEvent.chain == chain)
    if only:
        query = query.where(AuditEvent.event == only)
    query = query.order_by(AuditEvent.sequence).execution_options(yield_per=SLICE)
    # `with`: a caller that stops early must not leave a cursor open on the server.
    with db.session.execute(query) as events:
        yield from events  # type: ignore[misc]


def canonical(value: Any) -> str:
    """Write JSON in the one form that is hashed: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def log_keys() -> dict[str, LogKey]:
    """Return every valid key of the log by its id, the current one first."""
    config = current_app.config
    secrets = (config["SPV_LOG_KEY"], *config["SPV_LOG_KEY_FALLBACKS"])
    return {key.id: key for key in map(derive, secrets)}


def log_key() -> LogKey:
    """Return the key with which events are sealed now."""
    return derive(current_app.config["SPV_LOG_KEY"])


def entry(event: AuditEvent) -> str:
    """Return the public part of an event, as JSON. Its SHA-256 is the event's hash."""
    facts = {}
    if names := PUBLIC.get(event.event):
        details = json.loads(event.details)
        facts = {name: details[name] for name in names}
    return canonical({
        "format": event.format, "chain": event.chain, "sequence": event.sequence,
        "at": event.at.isoformat(), "event": event.event, "channel": event.channel,
        "facts": facts, "key": event.key_id, "seal": event.seal,
        "previous": event.previous_hash,
    })  # fmt: skip


def subjects_of(event: str, details: Details) -> set[tuple[str, str]]:
    """Return what an event is about: pairs of a kind, and an id or a reference."""
    if event in {BASELINE, COLUMNS_ADDED}:  # about every row of a table
        return set()
    named = {(SUBJECTS[name], str(value)) for name, value in details.items()
             if value is not None and name in SUBJECTS}  # fmt: skip
    named |= {(kind, str(value)) for name, kind in SUBJECT_LISTS.items()
              for value in details.get(name, ())}  # fmt: skip
    states = details.get("states", {})
    return named | {(kind, number) for table, kind in TABLES.items()
                    for number in states.get(table, ())}  # fmt: skip


def seal(event: AuditEvent, key: LogKey) -> str:
    """Return the seal of an event; any change of the event changes the seal."""
    return key.seal(canonical([FORMAT, key.id, *_content(event)]))


def hashed_text(event: AuditEvent) -> str:
    """Return the text whose SHA-256 is the hash of an event, by its format."""
    return canonical(_content(event)) if event.format == 1 else entry(event)


def hash_of(event: AuditEvent) -> str:
    """Return the hash that an event must have."""
    return hashlib.sha256(hashed_text(event).encode()).hexdigest()


def _content(event: AuditEvent) -> list[Any]:
    return [
        event.chain, event.sequence, event.at.isoformat(), event.event, event.actor,
        event.channel, event.details, event.previous_hash,
    ]  # fmt: skip


def _locked_head(chain: str) -> Any:
    take_lock(chain)
    return _head(chain)


def _head(chain: str) -> Any:
    return db.session.connection().execute(_HEAD, {"chain": chain}).one()


# Made once, because to make them takes longer than to execute them.
_HEAD = (
    select(AuditChain.name, AuditChain.sequence, AuditChain.hash)
    .where(AuditChain.name == bindparam("chain"))
    .with_for_update()
)
_MOVE_HEAD = (
    update(AuditChain)
    .where(AuditChain.name == bindparam("chain"))
    .values(sequence=bindparam("last"), hash=bindparam("last_hash"))
)
_INSERT = insert(AuditEvent).returning(AuditEvent.id)
_INSERT_SUBJECTS = "INSERT INTO audit_subjects (kind, key, event_id) VALUES (?, ?, ?)"


def _append(
    head: Any, event: str, actor: Actor, at: datetime, details: Details
) -> None:
    """Append an event after the head of its chain.

    The connection executes the statements: the session would take twice as long.
    """
    if "changed" in details:
        db.session.flush()
        details = {**details, "states": states_of(details["changed"])}
        del details["changed"]
    check_in_time()  # the last step before the commit
    key = log_key()
    columns = {
        "format": FORMAT, "key_id": key.id, "chain": head.name,
        "sequence": head.sequence + 1, "at": at, "event": event, "actor": actor.name,
        "channel": actor.channel, "details": canonical(details),
        "previous_hash": head.hash,
    }  # fmt: skip
    added = AuditEvent(**columns)
    added.seal = columns["seal"] = seal(added, key)
    columns["hash"] = hash_of(added)
    connection = db.session.connection()
    link = {"last": added.sequence, "last_hash": columns["hash"], "chain": head.name}
    connection.execute(_MOVE_HEAD, link)
    event_id = connection.execute(_INSERT, columns).scalar_one()
    if about := sorted(subjects_of(event, details)):
        execute_many(_INSERT_SUBJECTS, [(*subject, event_id) for subject in about])
