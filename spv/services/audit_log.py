"""The audit log: append to a chain, and prove that no event was changed or removed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from spv.database import check_in_time, snapshot, transaction, wait_for
from spv.extensions import db
from spv.models import AuditChain, AuditEvent
from spv.services.actor import Actor

STC = "stc"
REGISTRY = "registry"
CHAINS = (STC, REGISTRY)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of `verify` for one chain; `problem` is "" if it is intact."""

    chain: str
    events: int
    head: str
    problem: str


def record(
    chain: str, event: str, actor: Actor, at: datetime, details: Mapping[str, Any]
) -> None:
    """Append an event to a chain, as the last step of the caller's transaction.

    The head of the chain is locked and numbers the events, so a chain cannot fork or
    have gaps.
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
    """Append an event to the registry's chain, with the actor's numbers and address."""
    numbers = {
        "user": actor.user_id,
        "account": actor.account_id,
        "subscription": actor.subscription_id,
        "ip": actor.ip,
    }
    known = {name: value for name, value in numbers.items() if value}
    head = db.session.get_one(AuditChain, REGISTRY)  # locked by registry_transaction
    _append(head, event, actor, at, known | details)


def verify() -> list[ChainReport]:
    """Read every chain from its beginning, and name the first event that is wrong."""
    with snapshot():
        reports = [_verify_chain(name) for name in CHAINS]
        heads = select(AuditChain.name)
        events = select(AuditEvent.chain).where(AuditEvent.chain.not_in(CHAINS))
        names = {*db.session.scalars(heads), *db.session.scalars(events.distinct())}
        for name in sorted(names - {*CHAINS}):
            reports.append(ChainReport(name, 0, "", "this chain is not one of spv's"))
        return reports


def contains(head: str) -> bool:
    """Tell whether an event has this hash, which `verify` printed earlier."""
    ours = AuditEvent.chain.in_(CHAINS)
    query = select(AuditEvent.id).where(AuditEvent.hash == head, ours)
    return db.session.scalar(query) is not None


def events_of(chain: str, only: str = "") -> Iterator[AuditEvent]:
    """Yield the events of a chain, or those with one name, oldest first.

    They are not all in memory at the same time.
    """
    query = select(AuditEvent).where(AuditEvent.chain == chain)
    if only:
        query = query.where(AuditEvent.event == only)
    query = query.order_by(AuditEvent.sequence).execution_options(yield_per=1000)
    # `with`: a caller that stops early must not leave a cursor open on the server.
    with db.session.scalars(query) as events:
        yield from events


def canonical(value: Any) -> str:
    """Write JSON in the one form that is hashed: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _locked_head(chain: str) -> AuditChain:
    wait_for(chain)
    query = select(AuditChain).where(AuditChain.name == chain).with_for_update()
    return db.session.scalars(query).one()


def _append(
    head: AuditChain, event: str, actor: Actor, at: datetime, details: Mapping[str, Any]
) -> None:
    check_in_time()  # the last step before the commit
    added = AuditEvent(
        chain=head.name, sequence=head.sequence + 1, at=at, event=event,
        actor=actor.name, channel=actor.channel, details=canonical(details),
        previous_hash=head.hash,
    )  # fmt: skip
    added.hash = _hash_of(added)
    head.sequence, head.hash = added.sequence, added.hash
    db.session.add(added)


def _hash_of(event: AuditEvent) -> str:
    content = [event.chain, event.sequence, event.at.isoformat(), event.event]
    content += [event.actor, event.channel, event.details, event.previous_hash]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _verify_chain(name: str) -> ChainReport:
    head = db.session.get(AuditChain, name)
    if head is None:
        return ChainReport(name, 0, "", "the head of the chain is missing")
    count, previous, problem = 0, "", ""
    try:
        for event in events_of(name):
            if problem := _problem(event, count, previous):
                break
            count, previous = count + 1, event.hash
    except ValueError:  # such as a time that is no time
        problem = f"an event after event {count} cannot be read"
    if not problem and (count, previous) != (head.sequence, head.hash):
        problem = (
            f"the chain ends at event {count}, but {head.sequence} were recorded"
            if count != head.sequence
            else f"event {count} is not the one that was recorded last"
        )
    return ChainReport(name, count, head.hash, problem)


def _problem(event: AuditEvent, count: int, previous: str) -> str:
    if event.sequence != count + 1:
        return f"event {count + 1} is missing"
    if event.previous_hash != previous:
        return f"event {event.sequence} does not follow event {count}"
    if event.hash != _hash_of(event):
        return f"event {event.sequence} was changed"
    return ""
