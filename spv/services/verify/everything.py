"""Verify everything that is saved: one command and one page prove all of it."""

from collections.abc import Callable, Iterable

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from spv.database import LIMITS, allow_long_statements, snapshot
from spv.extensions import db
from spv.models import AuditChain, AuditEvent, PanelSerial, StcCalculation
from spv.rules.proofs import read_notes
from spv.services import audit_log, checkpoints
from spv.services.verify import calculations, ledger, products, refusals, subjects
from spv.services.verify.chain import ChainCheck
from spv.services.verify.findings import UNREADABLE, Findings
from spv.services.verify.states import States

READ_IN_ALL = (AuditEvent.id, PanelSerial.id, StcCalculation.id)


def verify(
    files: Iterable[str] = (), progress: Callable[[int], None] = lambda _done: None
) -> Findings:
    """Compare all that is saved with the log, and the log with its checkpoints.

    The checkpoints are those of the database, of the file SPV_CHECKPOINTS, and of
    `files`, which are texts. `progress` is called with the number of things read.
    """
    findings = Findings(progress=progress)
    notes: set[str] = set()
    for text in (checkpoints.text_of_file(), *files):
        try:
            notes.update(read_notes(text))
        except ValueError as error:
            findings.add("checkpoints", str(error))
    with snapshot():
        allow_long_statements(LIMITS)  # those of a request, whose connection this was
        states = States(findings)
        for chain in audit_log.CHAINS:
            ChainCheck(chain, findings, states).run(notes)
        subjects.check_spare(findings)
        findings.add_all("other chains", _foreign_chains())
        for kind, part in (
            ("people and accounts", states.compare),
            ("ledger", lambda: ledger.check(findings)),
            ("refusals", lambda: refusals.check(findings)),
            (products.KIND, lambda: products.check(findings)),
            ("calculations", lambda: calculations.check(findings)),
        ):
            try:
                part()
            except (ValueError, TypeError, SQLAlchemyError):
                # What was saved is no text, no moment or no JSON.
                findings.add(kind, f"{kind}: {UNREADABLE}")
    return findings


def number_to_read() -> int:
    """Return about how many things `verify` reads."""
    found = (db.session.scalar(select(func.max(each))) or 0 for each in READ_IN_ALL)
    return sum(found)


def contains(head: str) -> bool:
    """Tell whether an event has this hash, which `verify` printed earlier."""
    ours = AuditEvent.chain.in_(audit_log.CHAINS)
    query = select(AuditEvent.id).where(AuditEvent.hash == head, ours)
    return db.session.scalar(query) is not None


def _foreign_chains() -> list[str]:
    """Return a sentence for each chain that spv has not."""
    heads = select(AuditChain.name)
    events = select(AuditEvent.chain).where(AuditEvent.chain.not_in(audit_log.CHAINS))
    names = {*db.session.scalars(heads), *db.session.scalars(events.distinct())}
    foreign = sorted(names - {*audit_log.CHAINS})
    return [f"{name}: this chain is not one of spv's" for name in foreign]
