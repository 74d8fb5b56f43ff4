"""Verify everything that is saved: at once, in the background, and every night.

Runs come one at a time; the row of a run is its state for all processes.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from spv import clock
from spv.database import LIMITS, allow_long_statements, snapshot
from spv.extensions import db
from spv.models import (
    AuditChain,
    AuditCheck,
    AuditEvent,
    AuditTile,
    PanelSerial,
    StcCalculation,
)
from spv.rules.errors import UseCaseError
from spv.rules.text import format_age, join_words, pluralise
from spv.services import audit_log, checkpoints, retention
from spv.services.actor import Actor
from spv.services.ledger import look_alikes
from spv.services.verify import calculations, ledger, refusals
from spv.services.verify.chain import ChainCheck, Notes
from spv.services.verify.comparison import UNREADABLE, Findings
from spv.services.verify.states import States, find_spare_subjects

NIGHTLY = "the nightly job"
THREAD = "verification"
STOPPED_AFTER = timedelta(minutes=2)  # without progress
LATE_AFTER = timedelta(days=2)
MOVES_EVERY = 1.0  # seconds between two notes of progress
_HAS_ENDED = AuditCheck.finished_at.is_not(None)
_IS_NIGHTLY = AuditCheck.started_by == NIGHTLY
Parts = dict[str, Callable[[], str]]  # each says in a sentence what it has done


def verify(
    files: Iterable[Iterable[str]] = (),
    progress: Callable[[int], None] = lambda _done: None,
) -> Findings:
    """Compare all that is saved with the log, and the log with its checkpoints.

    The checkpoints are those of the database, of the file SPV_CHECKPOINTS, and of
    `files`, by lines. `progress` is called with the number of things read.
    """
    findings = Findings(progress=progress)
    try:
        with closing(sqlite3.connect("")) as temporary:
            notes = Notes(temporary, findings)
            # Before the snapshot, so that it has the events of all these checkpoints.
            for lines in (checkpoints.lines_of_file(), *files):
                notes.read_file(lines)
            with snapshot():
                allow_long_statements(LIMITS)  # also within a request
                notes.read_database()
                _verify(findings, notes)
    except sqlite3.Error as error:
        raise OSError(f"Checkpoints need a temporary file: {error}") from error
    return findings


def _verify(findings: Findings, notes: Notes) -> None:
    states = States(findings)
    for chain in audit_log.CHAINS:
        ChainCheck(chain, findings, states, notes).run()
    find_spare_subjects(findings)
    names: set[str] = set()
    for column in (AuditChain.name, AuditEvent.chain, AuditTile.chain):
        others = select(column).where(column.not_in(audit_log.CHAINS))
        names.update(db.session.scalars(others.distinct()))
    for name in sorted(names):
        findings.add("other chains", f"{name}: this chain is not one of spv's")
    for kind, part in (
        ("people and accounts", states.compare),
        (ledger.KIND, lambda: ledger.check(findings)),
        ("refusals", lambda: refusals.check(findings)),
        (ledger.PRODUCTS, lambda: ledger.check_products(findings)),
        ("calculations", lambda: calculations.check(findings)),
    ):
        try:
            part()
        except (ValueError, TypeError, SQLAlchemyError):
            # Something that was saved is not a text, a moment or JSON, as it should be.
            findings.add(kind, f"{kind}: {UNREADABLE}")


def contains(head: str) -> bool:
    """Tell whether an event has this hash, which `verify` printed earlier."""
    is_ours = AuditEvent.chain.in_(audit_log.CHAINS)
    query = select(AuditEvent.id).where(AuditEvent.hash == head, is_ours)
    return db.session.scalar(query) is not None


def status() -> dict[str, Any]:
    """Return the current or interrupted run, and the last results."""
    newest = db.session.scalar(_newest(AuditCheck))
    is_open = newest is not None and newest.finished_at is None
    runs = is_open and newest.seen_at > clock.now() - STOPPED_AFTER
    return {
        "running": newest if runs else None,
        "stopped": newest if is_open and not runs else None,
        "last": db.session.scalar(_newest(AuditCheck, _HAS_ENDED)),
        "nightly": db.session.scalar(_newest(AuditCheck, _HAS_ENDED, _IS_NIGHTLY)),
        "checkpoints": {each: checkpoints.newest(each) for each in audit_log.CHAINS},
    }


def alarms() -> list[tuple[str, bool]]:
    """Return alarms for all staff, each with whether something was changed."""
    last = _newest(AuditCheck.id, _HAS_ENDED).scalar_subquery()
    nightly = _newest(AuditCheck.id, _HAS_ENDED, _IS_NIGHTLY).scalar_subquery()
    query = select(AuditCheck).where(AuditCheck.id.in_([last, nightly]))
    found = db.session.scalars(query.order_by(AuditCheck.id)).all()
    alarms = []
    if found and found[-1].report and (count := found[-1].problem_count):
        number, first = pluralise(count, "problem"), found[-1].report["first"]
        alarms.append((f"The verification found {number}. The first: {first}.", True))
    ages = [clock.now() - each.seen_at for each in found if each.started_by == NIGHTLY]
    is_late = not ages or ages[0] > LATE_AFTER
    if is_late and current_app.config["SPV_ENVIRONMENT"] == "production":
        when = f"last ran {format_age(ages[0])}" if ages else "has never run"
        alarms.append((f"The nightly job {when}.", False))
    return alarms


def begin(by: str, actor: Actor | None = None) -> int | None:
    """Note that a run begins; return its id, or None if another is in progress."""
    with audit_log.registry_transaction():
        at = clock.now()
        is_open = AuditCheck.finished_at.is_(None)
        moves = AuditCheck.seen_at > at - STOPPED_AFTER
        if db.session.scalar(_newest(AuditCheck.id, is_open, moves)):
            return None
        check = AuditCheck(started_by=by, started_at=at, seen_at=at)
        ids = AuditEvent.id, PanelSerial.id, StcCalculation.id  # a rough total
        check.total = sum(
            db.session.scalar(select(func.max(each))) or 0 for each in ids
        )
        db.session.add(check)
        db.session.flush()
        if actor:
            audit_log.act("verification.started", actor, at, check=check.id)
        return check.id


def start(actor: Actor) -> bool:
    """Verify everything in the background; return False if a run is in progress."""
    number = begin(actor.name, actor)
    if number is None:
        return False
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def work() -> None:
        with app.app_context():
            _run(number, {})

    Thread(target=work, name=THREAD, daemon=True).start()
    return True


def nightly() -> tuple[str, int]:
    """Verify everything, find look-alikes, sign the log, and delete old data.

    Return a line that sums it up, and the exit code: 0 if all is proved, 1 if
    there are problems, 2 if nothing could be verified.
    """
    while (number := begin(NIGHTLY)) is None:
        sleep(MOVES_EVERY)  # another run ends, or counts as stopped
    parts = {"look-alikes": _search, "checkpoints": _sign, "retention": _forget}
    findings, done = _run(number, parts)
    first = [f"First: {sentence}." for sentence in findings.sentences[:1]]
    line = " ".join([findings.conclusion(), *first, *done])
    return line, 2 if findings.broke_off else min(findings.problem_count, 1)


def _run(number: int, parts: Parts) -> tuple[Findings, list[str]]:
    """Verify everything, then run some parts; note the progress and the end."""
    noted = monotonic()

    def progress(read: int) -> None:
        nonlocal noted
        if monotonic() - noted >= MOVES_EVERY:
            noted = monotonic()
            with suppress(SQLAlchemyError):
                _note(number, done=read)

    # An error is a problem. Its first line says enough: the other lines have values.
    findings, done = Findings(broke_off=True), []
    try:
        findings = verify(progress=progress)
    except (SQLAlchemyError, OSError, ValueError) as error:
        current_app.logger.exception("The verification broke off.")
        findings.add("verification", str(error).partition("\n")[0])
    for kind, part in parts.items():
        try:
            done.append(part())
        except (UseCaseError, ValueError, OSError, SQLAlchemyError) as error:
            findings.add(kind, str(error).partition("\n")[0])
    values = {"done": findings.done, "problem_count": findings.problem_count}
    _note(number, finished_at=clock.now(), report=findings.to_json(), **values)
    return findings, done


def _note(number: int, **values: Any) -> None:
    """Save values of a run, while another connection may read for the verification."""
    this = update(AuditCheck).where(AuditCheck.id == number)
    with db.engine.connect() as connection:
        connection.execution_options(spv_immediate=True)
        with connection.begin():
            connection.execute(this.values(seen_at=clock.now(), **values))


def _search() -> str:
    return f"Found: {pluralise(look_alikes.search(), 'look-alike')}."


def _sign() -> str:
    sizes = []
    for chain in audit_log.CHAINS:
        with suppress(checkpoints.EmptyLog):
            size = checkpoints.unverified(checkpoints.make(chain)).size
            sizes.append(f"{chain} {size:,}")
    return f"Signed: {join_words(sizes or ['nothing'])}."


def _forget() -> str:
    counts = retention.forget(clock.now())
    words = [pluralise(count, name) for name, count in counts.items() if count]
    return f"Deleted: {join_words(words or ['nothing'])}."


def _newest(what: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(what).where(*conditions).order_by(AuditCheck.id.desc()).limit(1)
