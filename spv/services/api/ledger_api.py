"""What systems do by API: the same as people do on the pages, with the same rules."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from spv import clock
from spv.extensions import db
from spv.models import Invalidation, PanelSerial, Upload
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.formatting import pluralise
from spv.rules.ledger.json_upload import (
    ITEMS,
    BodyRefused,
    ItemsRefused,
    read_items,
    read_object,
    read_serials,
    read_texts,
)
from spv.rules.ledger.reasons import read_reason
from spv.rules.ledger.report import ALREADY_VALID
from spv.rules.ledger.rows import CheckedRows, Fault, Problem, digest, read_serial
from spv.rules.ledger.rows import escape_invisible as readable
from spv.rules.ledger.serial_list import list_of_cells
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction
from spv.services.ledger import (
    declarations,
    invalidations,
    lookup,
    refused_files,
    uploads,
)
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.invalidations import SelectionMoved
from spv.services.ledger.selections import Selection

ALREADY_INVALID = "already_invalid"
NOT_YOURS = "not_yours"
ABOUT_LEDGER = (ALREADY_INVALID, NOT_YOURS)
REASONS = {"reason": "reason", "other_reason": "otherReason"}
_NOT_YOURS = Fault(
    NOT_YOURS,
    "Your account has not uploaded this serial number.",
    "Leave it out, or compare it with the label of the panel.",
)


class Done(NamedTuple):
    """An upload or a marking: its number (none where it was only checked) and rows.

    `is_new`: it was made just now. `until`: the last day of the current declaration.
    """

    number: int | None
    rows: int
    at: datetime | None = None
    is_new: bool = False
    until: date | None = None


def upload(body: bytes, actor: Actor, *, only_check: bool = False) -> Done:
    """Record the items of a body under the current declaration, all or none.

    BodyRefused, ItemsRefused, NotCurrent. The same rows again, all still valid, are
    answered with the upload that they are in. With `only_check` nothing is kept, and no
    declaration is needed.
    """
    checked, held = read_items(body), None
    if only_check:
        return _check(checked, actor)
    if not checked.problems:
        try:
            made = uploads.record(checked, actor)
            return uploaded(made.upload_id, is_new=not made.already)
        except uploads.AlreadyValid as found:
            held = found.already_valid
    problems = refused_files.problems_of(checked, actor.account_id, held)
    with authorised_transaction(actor, Role.UPLOADER):
        at = clock.now()
        declarations.current(actor.account_id, at)
        refused = ItemsRefused(problems, checked.row_count, {ALREADY_VALID})
        audit_log.act(
            "upload.refused", actor, at, body_sha256=hashlib.sha256(body).hexdigest(),
            why=str(refused), rows=checked.row_count, problems=len(problems),
        )  # fmt: skip
    raise refused


def mark(body: bytes, actor: Actor, *, only_check: bool = False) -> Done:
    """Mark serial numbers of the actor's account invalid, all or none of them.

    BodyRefused, ItemsRefused. The same marking again is answered with the first.
    """
    fields = read_object(body, ITEMS, *REASONS.values())
    serials, answers = read_serials(fields), _read_reason(fields)
    rows = _newest_own(serials, actor)
    problems = _problems(serials, rows)
    only_invalid = {each.fault.code for each in problems} <= {ALREADY_INVALID}
    refused = ItemsRefused(problems, len(serials), ABOUT_LEDGER)
    if not only_invalid:
        raise refused
    ids = sorted({row.id for row in rows.values()})
    chosen = Selection(
        ids, [("Chosen", f"By API: {pluralise(len(ids), 'serial number')}")]
    )
    if only_check:
        earlier = problems and invalidations.made_before(chosen, answers, actor)
        if problems and not earlier:
            raise refused
        return marked(earlier) if earlier else Done(None, len(ids))
    try:
        number, is_new = invalidations.mark_once(chosen, answers, actor)
    except SelectionMoved:
        problems = _problems(serials, _newest_own(serials, actor))
        raise ItemsRefused(problems, len(serials), ABOUT_LEDGER) from None
    return marked(number, is_new=is_new)


def marked(invalidation_id: int, *, is_new: bool = False) -> Done:
    """A marking that was made, now or before."""
    made = db.session.get_one(Invalidation, invalidation_id)
    return Done(made.id, made.row_count, made.made_at, is_new)


def uploaded(upload_id: int, *, is_new: bool = False) -> Done:
    """An upload that was made, now or before."""
    made = db.session.get_one(Upload, upload_id)
    until = made.declaration.expires_on
    if not is_new:
        until = declarations.declaration_status(made.account_id).until
    return Done(made.id, made.row_count, made.received_at, is_new, until)


def check(body: bytes, actor: Actor) -> lookup.CheckedList:
    """What the ledger says of each serial number of a body; BodyRefused."""
    serials = read_serials(read_object(body, ITEMS))
    return lookup.check_list(list_of_cells(serials), actor)


def status(serial: str, actor: Actor) -> lookup.Checked:
    """What the ledger says of one serial number."""
    return lookup.check_list(list_of_cells([serial]), actor).entries[0]


def _check(checked: CheckedRows, actor: Actor) -> Done:
    """What would come of an upload."""
    rows, until = checked.row_count, _until(actor)
    if not checked.problems:
        sha256 = digest(checked.panels.values())
        if earlier := uploads.still_valid(actor.account_id, sha256):
            return Done(earlier.upload_id, rows, earlier.at, until=until)
    if problems := refused_files.problems_of(checked, actor.account_id):
        raise ItemsRefused(problems, rows, {ALREADY_VALID})
    return Done(None, rows, until=until)


def _until(actor: Actor) -> date | None:
    stands = declarations.declaration_status(actor.account_id)
    return stands.until if stands.is_current else None


def _read_reason(fields: Mapping[str, Any]) -> dict[str, str]:
    texts = read_texts(fields, [*REASONS.values()])
    answers = {rule: texts[name] for rule, name in REASONS.items()}
    try:
        return read_reason(answers)
    except ValidationError as refusal:
        rule, sentence = next(iter(refusal.problems.items()))
        raise BodyRefused("bad_reason", sentence, REASONS[rule]) from None


def _newest_own(serials: Sequence[str], actor: Actor) -> dict[str, Any]:
    """The actor's row of each serial number that is valid, or else the newest."""
    good = {read for text in serials if isinstance(read := read_serial(text), str)}
    query = (
        select(
            PanelSerial.id, PanelSerial.serial_number, PanelSerial.invalidation_id,
            Invalidation.reason, Invalidation.made_at,
        )
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
        .where(PanelSerial.serial_number.in_(sorted(good)), ledger_rows.visible(actor))
        .order_by(PanelSerial.invalidation_id.is_(None), PanelSerial.id)
    )  # fmt: skip
    return {row.serial_number: row for row in db.session.execute(query)}


def _problems(serials: Sequence[str], rows: Mapping[str, Any]) -> list[Problem]:
    """What keeps serial numbers from being marked."""
    found = []
    for place, text in enumerate(serials, 1):
        serial = read_serial(text)
        if fault := serial if isinstance(serial, Fault) else _fault(rows.get(serial)):
            found.append(Problem(place, "serial_number", fault, readable(text)))
    return found


def _fault(row: Any) -> Fault | None:
    if row is None:
        return _NOT_YOURS
    if row.invalidation_id is None:
        return None
    when = clock.format_moment(row.made_at)
    sentence = f"It was marked as invalid on {when}: {row.reason}."
    return Fault(ALREADY_INVALID, sentence, "Leave it out.")
