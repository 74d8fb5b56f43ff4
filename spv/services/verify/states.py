"""Verify the row states and the subjects that events record.

The subjects of an event are the things that it is about; events are found by them.
"""

import json
from typing import Any

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent, AuditSubject, StcBatch
from spv.services import audit_log
from spv.services.row_states import ALL, KINDS, SETS, State, state_of
from spv.services.verify.comparison import Findings, differences, read, rows_of

KIND, SUBJECTS = "people and accounts", "subjects of events"


class States:
    """The state of each row after the events that were read: about a kilobyte a row."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._known: dict[tuple[str, str], tuple[int, str]] = {}

    def take(self, event: AuditEvent, details: dict[str, Any]) -> None:
        """Take over the states in an event; report any that it may not set."""
        if event.event == audit_log.BASELINE:  # of all tables that the chain covers
            is_stc, batches = event.chain == audit_log.STC, StcBatch.__tablename__
            for row in [row for row in self._known if (row[0] == batches) == is_stc]:
                del self._known[row]
        may_set = SETS.get(event.event, {})
        for table, rows in details["states"].items():
            for number, state in rows.items():
                link = details.get("link", "")
                self._take_one(event, (table, number), state, may_set.get(table), link)

    def _take_one(
        self, event: AuditEvent, row: tuple[str, str], state: State | None,
        may_set: frozenset[str] | None, link: str,
    ) -> None:  # fmt: skip
        name, number = f"{KINDS[row[0]].name} {row[1]}", event.sequence
        if may_set is None:
            self._add(f"{name}: event {number} cannot change it")
        before = self._known.pop(row, None)
        if before is None and event.event == audit_log.COLUMNS_ADDED:
            self._add(f"{name}: no event before event {number} made it")
        if state is None:
            return
        self._known[row] = (number, audit_log.canonical(state))
        if before and may_set is not None and may_set != ALL:
            old = json.loads(before[1])
            other = {each for each in old if old[each] != state.get(each)} - may_set
            if other:
                self._add(
                    f"{name}: its {', '.join(sorted(other))} was changed before event "
                    f"{number}, and no event says so"
                )
            if link and link != old["link_hash"]:
                self._add(
                    f"{name}: the password link of event {number} was put into the "
                    "database, and no event made it"
                )

    def compare(self) -> None:
        """Compare the last states with the rows that are saved."""
        for table, kind in KINDS.items():
            for row in rows_of(kind.model):
                self.findings.read(kind.name)
                event, logged = self._known.pop((table, str(row.id)), (0, ""))
                log = json.loads(logged) | {"event": event} if logged else None
                state = state_of(kind, row._mapping)
                is_over = kind.model is StcBatch and row.document_until <= clock.now()
                if is_over and row.document is None and log:  # the file was deleted
                    state["document"] = log["document"]
                self._add(*differences(f"{kind.name} {row.id}", log, state))
        for (table, number), (event, _) in self._known.items():
            name = f"{KINDS[table].name} {number}"
            self._add(*differences(name, {"event": event}, None))

    def _add(self, *sentences: str) -> None:
        self.findings.add_all(KIND, sentences)


class SubjectsCheck:
    """The comparison of a chain's events with their subjects, a slice at a time."""

    def __init__(self, chain: str, findings: Findings) -> None:
        self.chain, self.findings = chain, findings
        self.slice: dict[int, tuple[AuditEvent, bool]] = {}

    def add(self, event: AuditEvent, *, is_wrong: bool) -> None:
        """Add an event. If it was changed, wrong subjects follow from that."""
        self.slice[event.id] = event, is_wrong
        if len(self.slice) == audit_log.SLICE:
            self.finish()

    def finish(self) -> None:
        """Compare the events of the slice with the subjects that are saved."""
        saved: dict[int, set[tuple[str, str]]] = {
            number: set() for number in self.slice
        }
        query = select(*AuditSubject.__table__.columns)
        of_slice = query.where(AuditSubject.event_id.in_(saved))
        for kind, key, number in db.session.execute(of_slice):
            saved[number].add((kind, key))
        for number, (event, is_wrong) in self.slice.items():
            try:
                expected = audit_log.subjects_of(event.event, json.loads(event.details))
            except (ValueError, TypeError, AttributeError):
                expected = None  # the event was changed
            if saved[number] != expected:
                where = f"{self.chain}: event {event.sequence}"
                sentence = f"{where} is indexed under other subjects than it records"
                self.findings.add(SUBJECTS, sentence, follows=is_wrong)
        self.slice.clear()


def find_spare_subjects(findings: Findings) -> None:
    """Find subjects without an event; they follow from any problem in the chains."""
    query = select(AuditSubject.event_id).outerjoin(AuditEvent).distinct()
    follows = bool(findings.problems)
    for (number,) in read(query.where(AuditEvent.id.is_(None))):
        sentence = f"subjects are saved for event id {number}, which does not exist"
        findings.add(SUBJECTS, sentence, follows=follows)
