"""Verify everything that is saved: one command and one page prove all of it."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from spv.database import LIMITS, allow_long_statements, snapshot
from spv.extensions import db
from spv.models import AuditChain, AuditEvent, PanelSerial, StcCalculation
from spv.services import audit_log, checkpoints
from spv.services.verify import calculations, ledger, refusals
from spv.services.verify.chain import ChainCheck, Notes
from spv.services.verify.comparison import UNREADABLE, Findings
from spv.services.verify.states import States, find_spare_subjects

OURS = AuditEvent.chain.in_(audit_log.CHAINS)


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
    names = {*db.session.scalars(select(AuditChain.name))}
    names.update(db.session.scalars(select(AuditEvent.chain).where(~OURS).distinct()))
    for name in sorted(names - {*audit_log.CHAINS}):
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
            # What was saved is no text, no moment or no JSON.
            findings.add(kind, f"{kind}: {UNREADABLE}")


def number_to_read() -> int:
    """Return about how many things `verify` reads."""
    newest = (AuditEvent.id, PanelSerial.id, StcCalculation.id)
    return sum(db.session.scalar(select(func.max(each))) or 0 for each in newest)


def contains(head: str) -> bool:
    """Tell whether an event has this hash, which `verify` printed earlier."""
    query = select(AuditEvent.id).where(AuditEvent.hash == head, OURS)
    return db.session.scalar(query) is not None
