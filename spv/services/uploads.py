"""Uploads: a file of panel serial numbers is recorded whole, or nothing of it is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import joinedload

from spv import clock
from spv.extensions import db
from spv.models import AuditEvent, Declaration, PanelSerial, Upload, User
from spv.rules.declaration import WORDINGS, read_declaration
from spv.rules.refusal import Refusal
from spv.rules.roles import Role
from spv.rules.serial_csv import check_csv
from spv.rules.serial_report import Report, report
from spv.rules.serial_rows import CheckedRows, digest
from spv.services import audit, ledger, refused_files
from spv.services.actor import Actor
from spv.services.errors import NotFoundError
from spv.services.refused_files import FileRefused
from spv.services.rights import acting

MOST_SHOWN = 50
ROWS_SHOWN = 100
PURPOSE = "upload"


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody sent it."""

    content: bytes
    filename: str


class Recorded(NamedTuple):
    """Where rows were recorded; `already` is a sentence where that was before."""

    upload_id: int
    already: str = ""


class _AlreadyValid(Exception):
    """The ledger has serial numbers of the file; what was added goes away again."""

    def __init__(self, valid: dict[str, ledger.Held]) -> None:
        self.valid = valid


def save(file: File, answers: Mapping[str, Any], actor: Actor) -> Recorded:
    """Record a file under a declaration; Refusal, and then nothing is recorded.

    The same rows again, all still valid, are answered with the upload that they are in.
    """
    version = read_declaration(answers["declaration"], answers["wording_version"])
    checked = _read(file, actor)
    panels = list(checked.panels.values())
    sha256 = digest(panels)
    try:
        with acting(actor, Role.UPLOADER) as user:
            if earlier := _still_valid(user.account_id, sha256):
                return earlier
            at = clock.now()
            declared = _declare(user, version, at)
            upload = Upload(
                account_id=user.account_id,
                user_id=user.id,
                declaration_id=declared.id,
                channel=actor.channel,
                filename=file.filename,
                sha256=sha256,
                row_count=len(panels),
                received_at=at,
                audit_sequence=0,
            )
            db.session.add(upload)
            db.session.flush()
            if valid := ledger.put(upload, panels):
                raise _AlreadyValid(valid)
            event = audit.act(
                "upload.recorded", actor, at, upload=upload.id, filename=file.filename,
                rows=len(panels), sha256=sha256, declaration=declared.id,
                wording_version=version,
            )  # fmt: skip
            upload.audit_sequence = event.sequence
            return Recorded(upload.id)
    except _AlreadyValid as found:
        problems = refused_files.problems_of(checked, actor.account_id, found.valid)
        raise _refuse(file, actor, report(checked, problems)) from None


def check(file: File, actor: Actor) -> Recorded | int:
    """Check a file as `save` would, and record nothing; Refusal.

    How many rows it has, or where the same are recorded already.
    """
    checked = _read(file, actor, check_only=True)
    earlier = _still_valid(actor.account_id, digest(checked.panels.values()))
    if earlier:
        return earlier
    if problems := refused_files.problems_of(checked, actor.account_id):
        raise _refuse(file, actor, report(checked, problems), check_only=True)
    return checked.row_count


def check_alone(content: bytes) -> int:
    """Check a file without the ledger, for anybody: how many rows it has; Refusal."""
    checked = check_csv(content)
    if checked.problems:
        raise FileRefused(report(checked, checked.problems))
    return checked.row_count


def show(upload_id: int, actor: Actor) -> tuple[Upload, AuditEvent]:
    """An upload and its event in the log; NotFoundError."""
    at_place = (AuditEvent.chain == audit.REGISTRY) & (
        AuditEvent.sequence == Upload.audit_sequence
    )
    found = db.session.execute(
        select(Upload, AuditEvent)
        .join(AuditEvent, at_place)
        .where(Upload.id == upload_id, _visible(actor))
        .options(*(joinedload(name) for name in _SHOWN))
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found[0], found[1]


def wording_of(upload: Upload) -> Sequence[str]:
    """What was declared with an upload."""
    return WORDINGS[upload.declaration.wording_version]


def rows(upload_id: int, after: int = 0) -> Sequence[Any]:
    """Up to 100 rows of an upload that was found, beyond the row with an id."""
    return ledger.rows_of(upload_id, after, ROWS_SHOWN)


def valid_rows(upload_id: int) -> int:
    """How many rows of an upload are valid."""
    count = select(func.count()).select_from(PanelSerial)
    of_upload = PanelSerial.upload_id == upload_id
    return db.session.scalar(count.where(of_upload, ledger.VALID)) or 0


def find(actor: Actor, before: int = 0) -> Sequence[Upload]:
    """Up to 50 uploads, the newest first, older than one with an id."""
    query = select(Upload).where(_visible(actor))
    if before:
        query = query.where(Upload.id < before)
    newest = query.order_by(Upload.id.desc()).limit(MOST_SHOWN)
    names = (joinedload(name) for name in _SHOWN)
    return db.session.scalars(newest.options(*names)).all()


_SHOWN = (Upload.account, Upload.user, Upload.declaration)


def _visible(actor: Actor) -> ColumnElement[bool]:
    """An account sees its own uploads, agency staff see all."""
    if Role.STAFF in actor.roles:
        return true()
    return Upload.account_id == actor.account_id


def _read(file: File, actor: Actor, *, check_only: bool = False) -> CheckedRows:
    """The rows of a file that has no problem in itself; otherwise it is refused."""
    try:
        checked = check_csv(file.content)
    except Refusal as refusal:
        with acting(actor, Role.UPLOADER):
            _log_refused(file, actor, clock.now(), str(refusal), check_only=check_only)
        raise
    if checked.problems:
        problems = refused_files.problems_of(checked, actor.account_id)
        raise _refuse(file, actor, report(checked, problems), check_only=check_only)
    return checked


def _refuse(
    file: File, actor: Actor, found: Report, *, check_only: bool = False
) -> FileRefused:
    """Keep a file so that it can be mended, where its rows could be looked at."""
    reference = ""
    with acting(actor, Role.UPLOADER) as user:
        at = clock.now()
        if not found.about_headings:
            reference = refused_files.keep(
                file.content, file.filename, found, user.account_id or 0, at
            )
        _log_refused(
            file, actor, at, found.sentence, check_only=check_only,
            rows=found.row_count, problems=found.problem_count,
        )  # fmt: skip
    return FileRefused(found, reference)


def _log_refused(
    file: File, actor: Actor, at: datetime, why: str, **details: Any
) -> None:
    file_sha256 = hashlib.sha256(file.content).hexdigest()
    audit.act(
        "upload.refused", actor, at, filename=file.filename, file_sha256=file_sha256,
        why=why, **details,
    )  # fmt: skip


def _still_valid(account_id: int | None, sha256: str) -> Recorded | None:
    """The upload of an account that has just these rows, if all are still valid."""
    query = select(Upload).where(
        Upload.sha256 == sha256, Upload.account_id == account_id
    )
    upload = db.session.scalar(query.order_by(Upload.id.desc()).limit(1))
    if upload is None or valid_rows(upload.id) < upload.row_count:
        return None
    when = clock.written_moment(upload.received_at)
    return Recorded(upload.id, f"Already recorded on {when}, nothing added.")


def _declare(user: User, version: str, at: datetime) -> Declaration:
    made = Declaration(
        account_id=user.account_id,
        user_id=user.id,
        purpose=PURPOSE,
        wording_version=version,
        made_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made
