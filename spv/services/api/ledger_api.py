"""The use cases of API clients: the same as in the pages, under the same rules."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from spv import clock
from spv.extensions import db
from spv.models import Invalidation, Upload
from spv.rules.accounts import Role
from spv.rules.csv_file import unprotected
from spv.rules.faults import Fault
from spv.rules.ledger import json_api
from spv.rules.ledger.json_api import ALREADY_INVALID, ItemsRefused
from spv.rules.ledger.report import report
from spv.rules.ledger.rows import CheckedRows, Problem, escape_invisible
from spv.rules.ledger.serial_number import read_serial
from spv.rules.ledger.statements import read_reason
from spv.rules.ledger.warnings import of_log
from spv.rules.text import pluralise
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction
from spv.services.ledger import (
    approved,
    declarations,
    invalidations,
    lookup,
    refusals,
    uploads,
)
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.selections import Selection

REASONS = {"reason": "reason", "other_reason": "otherReason"}
_NOT_YOURS = Fault(
    json_api.NOT_YOURS,
    "Your account has not uploaded this serial number.",
    "Leave it out, or compare it with the label of the panel.",
)


class Done(NamedTuple):
    """An upload or an invalidation, made now or before; no id if it was only checked.

    `until` is the last day of the current declaration; `warnings` are about rows.
    """

    rows: int
    upload_id: int | None = None
    invalidation_id: int | None = None
    at: datetime | None = None
    is_new: bool = False
    until: date | None = None
    warnings: Sequence[Problem] = ()


def upload(body: bytes, actor: Actor, *, only_check: bool = False) -> Done:
    """Record all items of a body, or none, under the current declaration.

    The same rows again, all still valid, are answered with their first upload. With
    `only_check` nothing is kept, and no declaration is needed. Raises BodyRefused,
    ItemsRefused, NotCurrent.
    """
    checked = approved.judge(json_api.read_items(body))
    if only_check:
        return _check_upload(checked, actor)
    try:
        made = uploads.record(checked, actor)
        return _upload_done(made.upload_id, is_new=not made.already)
    except refusals.HasProblems as error:
        found = error
    refused = ItemsRefused(found.problems, checked.row_count)
    sent = {"body_sha256": hashlib.sha256(body).hexdigest()}
    refusal = refusals.Refusal(
        str(refused), report(checked, found.problems), found.taken
    )
    with authorised_transaction(actor, Role.UPLOADER) as event_sequence:
        at = clock.now()
        declarations.current(actor.account_id, at)
        refusals.record(refusal, sent, actor, at, event_sequence)
    raise refused


def mark(body: bytes, actor: Actor, *, only_check: bool = False) -> Done:
    """Mark all serial numbers of a body as invalid, or none.

    The account of the actor must have uploaded them. The same request again is answered
    with the first invalidation. Raises BodyRefused, ItemsRefused.
    """
    fields = json_api.read_object(body, json_api.ITEMS, *REASONS.values())
    serials = json_api.read_serials(fields)
    reason = json_api.read_answers(fields, REASONS, read_reason, "bad_reason")
    ids, problems = _find_own(serials, actor)
    if {each.fault.code for each in problems} - {ALREADY_INVALID}:
        raise ItemsRefused(problems, len(serials))
    words = f"By API: {pluralise(len(ids), 'serial number')}"
    selection = Selection(ids, [("Chosen", words)])
    if only_check:
        if not problems:
            return Done(len(ids))
        if earlier := invalidations.made_before(selection, reason, actor):
            return _invalidation_done(earlier)
        raise ItemsRefused(problems, len(serials))
    try:
        number, is_new = invalidations.mark(selection, reason, actor)
    except invalidations.RowsNoLongerValid:
        _, problems = _find_own(serials, actor)
        raise ItemsRefused(problems, len(serials)) from None
    return _invalidation_done(number, is_new=is_new)


def find_done(upload_id: int | None, invalidation_id: int | None) -> Done | None:
    """Return what an earlier request has done before its server died, if anything."""
    if upload_id:
        return _upload_done(upload_id, is_new=True)
    if invalidation_id:
        return _invalidation_done(invalidation_id, is_new=True)
    return None


def _upload_done(upload_id: int, *, is_new: bool) -> Done:
    made = db.session.get_one(Upload, upload_id)
    until = made.declaration.expires_on
    if not is_new:
        until = declarations.declaration_status(made.account_id).until
    at, warnings = made.received_at, of_log(made.warnings or [])
    done = Done(made.row_count, made.id, at=at, is_new=is_new)
    return done._replace(until=until, warnings=warnings)


def _invalidation_done(invalidation_id: int, *, is_new: bool = False) -> Done:
    made = db.session.get_one(Invalidation, invalidation_id)
    return Done(made.row_count, invalidation_id=made.id, at=made.made_at, is_new=is_new)


def _check_upload(checked: CheckedRows, actor: Actor) -> Done:
    """Return what an upload would do. Raises ItemsRefused."""
    problems, earlier = uploads.compare(checked, actor)
    if problems:
        raise ItemsRefused(problems, checked.row_count)
    declared = declarations.declaration_status(actor.account_id)
    until = declared.until if declared.is_current else None
    upload_id, at, _ = earlier or (None, None, "")
    done = Done(checked.row_count, upload_id, at=at)
    return done._replace(until=until, warnings=checked.warnings)


def _find_own(texts: Sequence[str], actor: Actor) -> tuple[list[int], list[Problem]]:
    """Return the ids of the actor's rows of serial numbers, and problems of others."""
    serials = [read_serial(unprotected(text)) for text in texts]
    good = {serial for serial in serials if isinstance(serial, str)}
    # The row of a serial number is the valid one, or else the newest.
    rows = lookup.newest_rows(good, ledger_rows.visible(actor))
    problems = []
    for number, (text, serial) in enumerate(zip(texts, serials, strict=True), 1):
        fault = serial if isinstance(serial, Fault) else _fault(rows.get(serial))
        if fault:
            found = escape_invisible(text)
            problems.append(Problem(number, "serial_number", fault, found))
    return sorted(row.id for row in rows.values()), problems


def _fault(row: Any) -> Fault | None:
    if row is None:
        return _NOT_YOURS
    if row.invalidation_id is None:
        return None
    marked = f"It was marked as invalid on {clock.format_moment(row.made_at)}"
    return Fault(ALREADY_INVALID, f"{marked}: {row.reason}.", "Leave it out.")
