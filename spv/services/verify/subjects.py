"""Compare the subjects of events, which find the events of a thing, with the events."""

import json

from sqlalchemy import select

from spv.extensions import db
from spv.models import AuditEvent, AuditSubject
from spv.services import audit_log
from spv.services.verify.comparison import read
from spv.services.verify.findings import Findings

KIND = "subjects of events"
Subjects = set[tuple[str, str]]


class SubjectsCheck:
    """The comparison of a chain's events with their subjects, a slice at a time."""

    def __init__(self, chain: str, findings: Findings) -> None:
        self.chain, self.findings = chain, findings
        self.slice: dict[int, tuple[AuditEvent, bool]] = {}

    def add(self, event: AuditEvent, *, is_wrong: bool) -> None:
        """Add an event. If it was changed, its other subjects follow from that."""
        self.slice[event.id] = event, is_wrong
        if len(self.slice) == audit_log.SLICE:
            self.finish()

    def finish(self) -> None:
        """Compare the events of the slice with the subjects that are saved."""
        saved: dict[int, Subjects] = {number: set() for number in self.slice}
        query = select(*AuditSubject.__table__.columns)
        of_slice = query.where(AuditSubject.event_id.in_(saved))
        for kind, key, number in db.session.execute(of_slice):
            saved[number].add((kind, key))
        for number, (event, is_wrong) in self.slice.items():
            if saved[number] != _subjects_of(event):
                self.findings.add(
                    KIND,
                    f"{self.chain}: event {event.sequence} is found by other subjects "
                    "than it tells",
                    follows=is_wrong,
                )
        self.slice.clear()


def check_spare(findings: Findings) -> None:
    """Find subjects whose event is missing. Where a chain has a gap, they follow."""
    query = select(AuditSubject.event_id).outerjoin(AuditEvent).distinct()
    follows = bool(findings.problems)
    for (number,) in read(query.where(AuditEvent.id.is_(None))):
        sentence = f"subjects are saved for event id {number}, which does not exist"
        findings.add(KIND, sentence, follows=follows)


def _subjects_of(event: AuditEvent) -> Subjects | None:
    try:
        return audit_log.subjects_of(event.event, json.loads(event.details))
    except (ValueError, TypeError, AttributeError):
        return None  # the event was changed
