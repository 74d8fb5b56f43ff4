"""Kinds of tampering with the log, each at a random place.

A function changes the database as a `Tamperer`, and returns a regular expression for
the first sentence of the verification.
"""

from datetime import timedelta

import sqlalchemy as sa

from spv import clock
from spv.models import AuditChain
from spv.rules.secrets import derive
from spv.services import audit_log
from tests.tampering import EVENT, HEAD

# By name, the function, and whether only the file of checkpoints can show it.
KINDS = {}
COLUMNS = "event actor channel details at hash previous_hash key_id seal format"


def kind(name, *, needs_file=False):
    """Add a function to the kinds."""

    def add(function):
        KINDS[name] = function, needs_file
        return function

    return add


def _wrong(chain, number):
    """Match what is said of an event that is not the one that spv recorded."""
    return (
        rf"{chain}: event {number} (was changed|does not follow event {number - 1}$"
        rf"|was not sealed by spv: it was changed or added$)"
    )


@kind("an event edited")
def edit_event(one):
    chain, events = one.chain()
    event = one.random.choice(events)
    one.alter(EVENT, event, COLUMNS)
    return _wrong(chain, event.sequence)


@kind("an event deleted")
def delete_event(one):
    chain, events = one.chain()
    event = one.random.choice(events)
    one.delete(EVENT, event)
    number = event.sequence
    return (
        rf"{chain}: (event {number} is missing$|the chain ends at event {number - 1}, )"
    )


def _make_room(one, chain, number):
    """Move the numbers of the events from one on by one."""
    later = (EVENT.c.chain == chain) & (EVENT.c.sequence >= number)
    moved = sa.update(EVENT).where(later).values(sequence=-1 - EVENT.c.sequence)
    one.connection.execute(moved)
    later = (EVENT.c.chain == chain) & (EVENT.c.sequence < 0)
    moved = sa.update(EVENT).where(later).values(sequence=-EVENT.c.sequence)
    one.connection.execute(moved)


@kind("an event inserted")
def insert_event(one):
    chain, events = one.chain()
    like, before = one.random.sample(events, 2)
    number = before.sequence
    _make_room(one, chain, number)
    one.insert(EVENT, like, sequence=number)
    if one.random.random() < 0.5:
        one.relink(chain, number)
    return _wrong(chain, number)


@kind("two events swapped")
def swap_events(one):
    chain, events = one.chain()
    first, second = sorted(one.random.sample(events, 2), key=lambda each: each.sequence)
    one.update(EVENT, first, sequence=-1)
    one.update(EVENT, second, sequence=first.sequence)
    one.update(EVENT, first, sequence=second.sequence)
    if one.random.random() < 0.5:
        one.relink(chain, first.sequence)
    return _wrong(chain, first.sequence)


@kind("an event duplicated")
def duplicate_event(one):
    chain, events = one.chain()
    with_head = one.random.random() < 0.5
    return _wrong(
        chain, one.append(chain, one.random.choice(events), with_head=with_head)
    )


@kind("an event renumbered")
def renumber_event(one):
    chain, events = one.chain()
    event = one.random.choice(events)
    one.update(EVENT, event, sequence=len(events) + one.random.randint(1, 50))
    return rf"{chain}: events? {event.sequence} |{_wrong(chain, len(events) + 1)}"


@kind("the tail hashed again")
def rehash(one):
    chain, events = one.chain()
    event = one.random.choice(events)
    one.edit_details(event)
    one.relink(chain, event.sequence)
    return _wrong(chain, event.sequence)


def _cut(one, chain, events):
    last = one.random.randint(0, len(events) - 1)
    cut = (EVENT.c.chain == chain) & (EVENT.c.sequence > last)
    one.connection.execute(sa.delete(EVENT).where(cut))
    return last


@kind("the tail cut")
def cut_tail(one):
    chain, events = one.chain()
    last = _cut(one, chain, events)
    return rf"{chain}: the chain ends at event {last}, but {len(events)} were recorded$"


@kind("the tail cut with the head", needs_file=True)
def cut_tail_with_head(one):
    chain, events = one.chain()
    last = _cut(one, chain, events)
    one.head(chain, sequence=last, hash=events[last - 1].hash if last else "")
    return rf"{chain}: a checkpoint has \d+ events, and the log only {last}: "


@kind("the head changed")
def change_head(one):
    chain, events = one.chain()
    head, count = one.pick(HEAD, HEAD.c.name == chain), len(events)
    if one.random.random() < 0.2:
        one.delete(HEAD, head)
        return rf"{chain}: the head of the chain is missing$"
    column = one.random.choice(["sequence", "hash"])
    number = one.random.choice([n for n in range(count + 9) if n != count])
    values = {"sequence": number, "hash": one.other(HEAD.c.hash, head.hash)}
    one.head(chain, **{column: values[column]})
    return (
        rf"{chain}: (the chain ends at event {count}, but {number} were recorded$"
        rf"|event {count} is not the one that was recorded last$)"
    )


@kind("actor or time of an event changed")
def change_actor_or_time(one):
    chain, events = one.chain()
    event = one.random.choice(events)
    one.alter(EVENT, event, "actor at channel")
    if one.random.random() < 0.5:
        one.relink(chain, event.sequence)
    return _wrong(chain, event.sequence)


def _forge(one, seal):
    """Append an event of today: the copy of one, which other facts make a forgery."""
    chain, events = one.chain()
    new = {"at": clock.now(), "actor": "casey@agency.example"}
    event = one.random.choice(events)
    return chain, one.append(chain, event, forge=seal, **new)


@kind("a forged event appended")
def append_forged(one):
    key = derive(f"guessed {one.random.random()}")

    def seal(event):
        event.seal = audit_log.seal(event, key)

    return _wrong(*_forge(one, seal))


@kind("an event of another key, or without one, appended")
def append_without_key(one):
    key, is_sealed = derive("of another log"), one.random.random() < 0.5

    def seal(event):
        event.key_id = key.id if is_sealed else None
        event.format = 2 if is_sealed else 1
        event.seal = audit_log.seal(event, key) if is_sealed else None

    chain, number = _forge(one, seal)
    words = "was sealed with an unknown log key" if is_sealed else "has no seal"
    return rf"{chain}: event {number} {words}$"


@kind("an event of the past or future appended with the key")
def append_at_another_time(one):
    chain, events = one.chain()
    minutes = one.random.choice([-1, 1]) * one.random.randint(10, 4_000_000)

    def seal(event):
        event.seal = audit_log.seal(event, audit_log.log_key())

    at = clock.now() + timedelta(minutes=minutes)
    event = one.random.choice(events)
    number = one.append(chain, event, forge=seal, at=at)
    return rf"{chain}: event {number} has the wrong time: {at:%Y-%m-%d %H:%M} UTC$"


def _rewrite(one, seal):
    """Change an event, and make the whole chain again."""
    chain, events = one.chain()
    one.edit_details(one.random.choice(events))
    one.relink(chain, forge=seal)
    return chain


def _without_seal(event):
    event.format, event.key_id, event.seal = 1, None, None


@kind("the whole log made again without seals")
def rewrite_without_seals(one):
    chain = _rewrite(one, _without_seal)
    return rf"{chain}: the last event has no seal: "


@kind("the whole log made again, sealed with another key")
def rewrite_with_another_key(one):
    key, tells = derive("of another log"), one.random.random() < 0.5

    def seal(event):
        event.key_id = key.id if tells else event.key_id
        event.seal = audit_log.seal(event, key)

    chain = _rewrite(one, seal)
    words = "was sealed with an unknown log key$" if tells else "was not sealed by spv"
    return rf"{chain}: event 1 {words}"


@kind("the whole log made again with the key", needs_file=True)
def rewrite_with_the_key(one):
    def seal(event):
        event.seal = audit_log.seal(event, audit_log.log_key())

    chain = _rewrite(one, seal)
    return rf"{chain}: events up to \d+ are not those of its checkpoint: "


@kind("an older copy put back", needs_file=True)
def put_back(one):
    one.connection.rollback()
    one.history.copies.put_back(one.random.choice(one.history.backups))
    one.connection.execute(sa.text("DELETE FROM audit_checkpoints"))
    return (
        r"\w+: a checkpoint has \d+ events, and the log only \d+: its end was cut off"
    )


@kind("another chain added")
def insert_chain(one):
    _chain, events = one.chain()
    one.connection.execute(
        sa.insert(AuditChain).values(name="old", sequence=0, hash="")
    )
    if one.random.random() < 0.5:
        one.insert(EVENT, one.random.choice(events), chain="old")
    return r"old: this chain is not one of spv's$"
