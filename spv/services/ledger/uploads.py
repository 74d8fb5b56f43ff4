"""Uploads: a file of panel serial numbers is recorded whole, or nothing of it is."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent, Declaration, Upload
from spv.rules.accounts import Role
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.declaration import UPLOAD, WORDINGS, read_declaration
from spv.rules.ledger.report import report
from spv.rules.ledger.rows import CheckedRows, digest
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, link_result
from spv.services.ledger import refused_files
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.refused_files import RowsRefused

UPLOADS_SHOWN = 50
ROWS_SHOWN = 100
RECORDED = "upload.recorded"


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody sent it."""

    content: bytes
    filename: str


class Recorded(NamedTuple):
    """Where and when rows were recorded; `already` is a sentence if that was before."""

    upload_id: int
    at: datetime
    already: str = ""


class Checked(NamedTuple):
    """How many rows a file has, none of them wrong; `earlier` has the same already."""

    row_count: int
    earlier: Recorded | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """An upload, its event in the log, what was declared, and some of its rows."""

    upload: Upload
    event: AuditEvent
    wording: Sequence[str]
    valid: int
    rows: Sequence[Any]
    has_more: bool


class AlreadyValid(Exception):
    """The ledger has serial numbers of the file; what was added goes away again."""

    def __init__(self, held: dict[str, ledger_rows.ValidRow]) -> None:
        self.held = held


def save(file: File, answers: Mapping[str, Any], actor: Actor) -> Recorded:
    """Record a file under a declaration; ValidationError, and then nothing is recorded.

    The same rows again, all still valid, are answered with the upload that they are in.
    """
    version = read_declaration(answers["declaration"], answers["wording_version"])
    checked = _read(file, actor)

    def declare(at: datetime) -> Declaration:
        return Declaration(
            account_id=actor.account_id,
            user_id=actor.user_id,
            purpose=UPLOAD,
            wording_version=version,
            made_at=at,
        )

    try:
        return record(checked, file.filename, declare, actor)
    except AlreadyValid as found:
        raise _refuse(file, actor, checked, found.held) from None


def record(
    checked: CheckedRows,
    filename: str,
    declare: Callable[[datetime], Declaration],
    actor: Actor,
) -> Recorded:
    """Record rows that have no problem in themselves; AlreadyValid.

    `declare` is asked, at the moment of the upload and in its transaction, for the
    declaration under which it is made.
    """
    panels = list(checked.panels.values())
    sha256 = digest(panels)
    with authorised_transaction(actor, Role.UPLOADER) as place:
        at = clock.now()
        declared = declare(at)
        if earlier := still_valid(actor.account_id, sha256):
            return earlier
        refused_files.forget_old(at)
        upload = Upload(
            **ledger_rows.made_by(actor),
            declaration=declared,
            channel=actor.channel,
            filename=filename,
            sha256=sha256,
            row_count=len(panels),
            received_at=at,
            audit_sequence=place,
        )
        db.session.add(upload)
        db.session.flush()
        link_result(actor, upload_id=upload.id)
        if held := ledger_rows.put(upload, panels):
            raise AlreadyValid(held)
        audit_log.act(
            RECORDED, actor, at, upload=upload.id, filename=filename,
            rows=len(panels), sha256=sha256, declaration=upload.declaration_id,
            wording_version=declared.wording_version,
        )  # fmt: skip
        return Recorded(upload.id, at)


def check(content: bytes, actor: Actor) -> Checked:
    """Check a file as `save` would, and keep nothing of it; ValidationError."""
    checked = check_csv(content)
    if not checked.problems:
        sha256 = digest(checked.panels.values())
        if earlier := still_valid(actor.account_id, sha256):
            return Checked(checked.row_count, earlier)
    if problems := refused_files.problems_of(checked, actor.account_id):
        raise RowsRefused(report(checked, problems))
    return Checked(checked.row_count)


def check_alone(content: bytes) -> Checked:
    """Check a file without the ledger, for anybody; ValidationError."""
    checked = check_csv(content)
    if checked.problems:
        raise RowsRefused(report(checked, checked.problems))
    return Checked(checked.row_count)


def show(upload_id: int, actor: Actor, after: int = 0) -> Receipt:
    """An upload with its first rows, or those after the row with an id; NotFoundError.

    An account sees its own uploads, agency staff see all.
    """
    at_place = (AuditEvent.chain == audit_log.REGISTRY) & (
        AuditEvent.sequence == Upload.audit_sequence
    )
    found = db.session.execute(
        select(Upload, AuditEvent)
        .join(AuditEvent, at_place)
        .where(Upload.id == upload_id, ledger_rows.visible(actor))
        .options(*(joinedload(name) for name in _NAMED))
    ).one_or_none()
    if found is None:
        raise NotFoundError
    upload, event = found
    declared = upload.declaration
    rows = ledger_rows.rows_of(upload_id, after, ROWS_SHOWN + 1)
    return Receipt(
        upload=upload,
        event=event,
        wording=WORDINGS[declared.purpose].get(declared.wording_version, ()),
        valid=ledger_rows.count_valid(upload_id),
        rows=rows[:ROWS_SHOWN],
        has_more=len(rows) > ROWS_SHOWN,
    )


def find(actor: Actor, before: int = 0) -> tuple[Sequence[Upload], bool]:
    """Up to 50 uploads, newest first, older than one with an id; if there are more."""
    query = select(Upload).where(ledger_rows.visible(actor))
    if before:
        query = query.where(Upload.id < before)
    newest = query.order_by(Upload.id.desc()).limit(UPLOADS_SHOWN + 1)
    names = (joinedload(name) for name in _NAMED)
    found = db.session.scalars(newest.options(*names)).all()
    return found[:UPLOADS_SHOWN], len(found) > UPLOADS_SHOWN


_NAMED = (Upload.account, Upload.user, Upload.subscription, Upload.declaration)


def _read(file: File, actor: Actor) -> CheckedRows:
    """The rows of a file that has no problem in itself; otherwise it is refused."""
    try:
        checked = check_csv(file.content)
    except ValidationError as refusal:
        with authorised_transaction(actor, Role.UPLOADER):
            _log_refused(file, actor, clock.now(), str(refusal))
        raise
    if checked.problems:
        raise _refuse(file, actor, checked)
    return checked


def _refuse(
    file: File,
    actor: Actor,
    checked: CheckedRows,
    held: dict[str, ledger_rows.ValidRow] | None = None,
) -> RowsRefused:
    """Keep a file so that it can be mended, where its rows could be looked at."""
    problems = refused_files.problems_of(checked, actor.account_id, held)
    found, reference = report(checked, problems), ""
    with authorised_transaction(actor, Role.UPLOADER):
        at = clock.now()
        if not found.about_headings:
            reference = refused_files.keep(
                file.content, file.filename, found, actor.account_id or 0, at
            )
        _log_refused(
            file, actor, at, found.sentence, rows=found.row_count,
            problems=found.problem_count,
        )  # fmt: skip
    return RowsRefused(found, reference)


def _log_refused(
    file: File, actor: Actor, at: datetime, why: str, **counts: int
) -> None:
    file_sha256 = hashlib.sha256(file.content).hexdigest()
    audit_log.act(
        "upload.refused", actor, at, filename=file.filename, file_sha256=file_sha256,
        why=why, **counts,
    )  # fmt: skip


def still_valid(account_id: int | None, sha256: str) -> Recorded | None:
    """The upload of an account that has just these rows, if all are still valid."""
    rows = {"sha256": sha256, "account_id": account_id}
    found = db.session.execute(_SAME_ROWS, rows).one_or_none()
    if found is None or ledger_rows.count_valid(found.id) < found.row_count:
        return None
    when = clock.format_moment(found.received_at)
    already = f"Already recorded on {when}, nothing added."
    return Recorded(found.id, found.received_at, already)


_SAME_ROWS = (
    select(Upload.id, Upload.row_count, Upload.received_at)
    .where(
        Upload.sha256 == bindparam("sha256"),
        Upload.account_id == bindparam("account_id"),
    )
    .order_by(Upload.id.desc())
    .limit(1)
)
