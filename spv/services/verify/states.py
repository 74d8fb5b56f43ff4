"""Verify that users, accounts and other rows are in the state that the log tells."""

import json
from collections.abc import Iterator
from typing import Any

from spv import clock
from spv.models import AuditEvent, StcBatch
from spv.services import audit_log
from spv.services.row_states import ALL, KINDS, SETS, Kind, State, state_of
from spv.services.verify.comparison import differences, rows_of
from spv.services.verify.findings import Findings

KIND = "people and accounts"
BATCHES = StcBatch.__tablename__


class States:
    """The state of each row after the events that were read.

    Memory grows with the rows of these tables, by about a kilobyte each. It does not
    grow with the ledger.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._known: dict[tuple[str, str], tuple[int, str]] = {}

    def take(self, event: AuditEvent, details: dict[str, Any]) -> None:
        """Take over the states that an event tells, if it may set them.

        A baseline tells the states of all rows of the tables that its chain covers.
        """
        if event.event == audit_log.BASELINE:
            is_stc = event.chain == audit_log.STC
            for row in [row for row in self._known if (row[0] == BATCHES) == is_stc]:
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
        name = f"{KINDS[row[0]].name} {row[1]}"
        if may_set is None:
            self._add(f"{name}: event {event.sequence} cannot change it")
        before = self._known.pop(row, None)
        if before is None and event.event == audit_log.COLUMNS_ADDED:
            self._add(f"{name}: no event of before event {event.sequence} made it")
        if state is None:
            return
        self._known[row] = (event.sequence, audit_log.canonical(state))
        if before and may_set is not None and may_set != ALL:
            old = json.loads(before[1])
            other = {each for each in old if old[each] != state.get(each)} - may_set
            if other:
                self._add(
                    f"{name}: its {', '.join(sorted(other))} was changed before event "
                    f"{event.sequence}, and no event says so"
                )
            if link and link != old["link_hash"]:
                self._add(
                    f"{name}: the password link of event {event.sequence} was put into "
                    "the database, and no event made it"
                )

    def compare(self) -> None:
        """Compare the last states with the rows that are saved."""
        for table, kind in KINDS.items():
            for row in rows_of(kind.model):
                self.findings.read(kind.name)
                event, logged = self._known.pop((table, str(row.id)), (0, ""))
                log = json.loads(logged) | {"event": event} if logged else None
                found = _saved(kind, row, log)
                self._add_all(differences(f"{kind.name} {row.id}", log, found))
        for (table, number), (event, _) in self._known.items():
            name = f"{KINDS[table].name} {number}"
            self._add_all(differences(name, {"event": event}, None))

    def _add(self, sentence: str) -> None:
        self.findings.add(KIND, sentence)

    def _add_all(self, sentences: Iterator[str]) -> None:
        self.findings.add_all(KIND, sentences)


def _saved(kind: Kind, row: Any, log: State | None) -> State:
    """Return the state of a saved row. The file of a batch is forgotten after a day."""
    state = state_of(kind, row._mapping)
    is_over = kind.model is StcBatch and row.document_until <= clock.now()
    if is_over and row.document is None and log:
        state["document"] = log["document"]
    return state
