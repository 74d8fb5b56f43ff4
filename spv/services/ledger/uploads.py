"""Uploads: all rows of a file of panel serial numbers are recorded, or none is."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from spv import clock
from spv.database import unindexed
from spv.extensions import db
from spv.models import AuditEvent, Invalidation, PanelSerial, Upload
from spv.rules.accounts import Role
from spv.rules.errors import ValidationError
from spv.rules.ledger.csv_upload import accept_headings, check_csv, guess_headings
from spv.rules.ledger.report import Group, Report, groups_of, report
from spv.rules.ledger.rows import DIGEST_VERSION, DIGESTS, CheckedRows, Problem
from spv.rules.ledger.statements import WORDINGS, read_declaration
from spv.rules.ledger.warnings import of_log, to_log
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, link_result
from spv.services.ledger import (
    account_days,
    approved,
    declarations,
    refusals,
    refused_files,
)
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.invalidations import invalidations_of
from spv.services.ledger.refusals import HasProblems, Refusal, has_problems
from spv.services.ledger.refused_files import NO_FILE, File, RowsRefused

ROWS_SHOWN = 100
RECORDED = "upload.recorded"


class Recorded(NamedTuple):
    """The upload that has the rows.

    `already` says when the rows were recorded, if that was earlier.
    """

    upload_id: int
    at: datetime
    already: str = ""


class Receipt(NamedTuple):
    """An upload with its event in the log, its declaration, and some of its rows.

    `marked_by` are the invalidations of its rows, the oldest first.
    """

    upload: Upload
    event: AuditEvent
    wording: Sequence[str]
    valid: int
    marked_by: Sequence[Invalidation]
    rows: Sequence[Any]
    has_more: bool
    warnings: Sequence[Group]


def save(file: File, answers: Mapping[str, Any], actor: Actor) -> Recorded:
    """Record a file under a declaration that the user makes with it.

    With the answer `accept_headings`, headings that plainly mean ours are accepted;
    with `confirm_warnings`, rows with warnings. If the same rows were recorded before,
    and all are still valid, return that upload. Raises ValidationError if anything is
    wrong; then nothing is recorded.
    """
    wording = read_declaration(answers["declaration"], answers["wording_version"])
    try:
        if answers.get("accept_headings"):
            file = file._replace(content=accept_headings(file.content))
        checked = approved.judge(check_csv(file.content))
        return record(
            checked, actor, file, wording_version=wording,
            confirmed=bool(answers.get("confirm_warnings")),
        )  # fmt: skip
    except ValidationError as error:
        _refuse(file, actor, Refusal(str(error)))
        raise
    except HasProblems as error:
        found = report(checked, error.problems, file.content)
        refusal = Refusal(found.sentence, found, error.taken)
    guesses = guess_headings(file.content)
    reference = _refuse(file, actor, refusal, keep=bool(guesses))
    raise RowsRefused(found, reference, guesses)


def record(
    checked: CheckedRows, actor: Actor, file: File = NO_FILE, *,
    wording_version: str = "", confirmed: bool = True,
) -> Recorded:  # fmt: skip
    """Record rows as one transaction.

    A user declares with each upload, in a version of the wording. An upload by API has
    none, and is made under the current declaration of the account. Raises NotCurrent if
    that has lapsed, and HasProblems if a row has a problem or is in the ledger already,
    or has a warning that was not `confirmed`.
    """
    if checked.problems:
        raise has_problems(checked, actor)
    digests = _digests(checked)  # before the transaction, which others wait for
    serials = ledger_rows.by_product(checked.panels.values())
    with authorised_transaction(actor, Role.UPLOADER) as event_sequence:
        at, declared = clock.now(), None
        if not wording_version:
            declared = declarations.current(actor.account_id, at)
        refused_files.mark_as_recorded(file, actor)
        if earlier := _still_valid(digests, actor):
            return earlier
        if checked.not_approved or (checked.warnings and not confirmed):
            raise has_problems(checked, actor)
        declared = declared or declarations.of_upload(wording_version, actor, at)
        upload = {
            **ledger_rows.made_by(actor), "declaration_id": declared.id,
            "filename": file.filename, "channel": actor.channel, "sha256": digests[0],
            "digest_version": DIGEST_VERSION, "row_count": len(checked.panels),
            "warnings": to_log(checked.warnings) or None, "received_at": at,
            "audit_sequence": event_sequence,
        }  # fmt: skip
        upload_id = ledger_rows.insert(Upload, upload)
        link_result(actor, upload_id=upload_id)
        if valid := ledger_rows.put(upload_id, serials):
            raise has_problems(checked, actor, valid)
        account_days.add(at, {actor.account_id: {"recorded": len(checked.panels)}})
        _log(upload_id, upload, declared.wording_version, actor)
        return Recorded(upload_id, at)


def _log(
    upload_id: int, upload: Mapping[str, Any], wording_version: str, actor: Actor
) -> None:
    warnings = {"warnings": upload["warnings"]} if upload["warnings"] else {}
    audit_log.act(
        RECORDED, actor, upload["received_at"], upload=upload_id,
        filename=upload["filename"], rows=upload["row_count"], sha256=upload["sha256"],
        digest_version=upload["digest_version"], declaration=upload["declaration_id"],
        wording_version=wording_version, **warnings,
    )  # fmt: skip


def check(
    content: bytes, actor: Actor | None = None, *, headings: bool = False
) -> tuple[Report, Recorded | None]:
    """Check a file as `save` would, without keeping any of it.

    Return a report with its warnings, and the earlier upload of the same rows. With
    `headings`, headings that plainly mean ours are accepted. Without an actor, as for
    visitors, the file is not compared with the ledger. Raises ValidationError if
    anything is wrong.
    """
    content_read = accept_headings(content) if headings else content
    checked = approved.judge(check_csv(content_read))
    problems, earlier = checked.problems + checked.not_approved, None
    if actor:
        problems, earlier = compare(checked, actor)
    found = report(checked, problems, content)
    if problems:
        raise RowsRefused(found, guesses=guess_headings(content))
    return found, earlier


def compare(
    checked: CheckedRows, actor: Actor
) -> tuple[list[Problem], Recorded | None]:
    """Return all problems of rows, or the earlier upload that `record` would return."""
    if not checked.problems and (earlier := _still_valid(_digests(checked), actor)):
        return [], earlier
    return refused_files.problems_of(checked, actor), None


def show(upload_id: int, actor: Actor, after: int = 0) -> Receipt:
    """Return an upload with its first rows, or those after the row with an id.

    Raises NotFoundError if the actor may not see it.
    """
    upload, event = ledger_rows.with_event(Upload, upload_id, actor)
    wordings = WORDINGS[upload.declaration.purpose]
    is_of_it = PanelSerial.upload_id == upload_id
    rows = ledger_rows.first_rows(is_of_it, ROWS_SHOWN + 1, after)
    valid = upload.valid_count
    return Receipt(
        upload=upload,
        event=event,
        wording=wordings.get(upload.declaration.wording_version, ()),
        valid=valid,
        marked_by=invalidations_of(upload_id) if valid < upload.row_count else (),
        rows=rows[:ROWS_SHOWN],
        has_more=len(rows) > ROWS_SHOWN,
        warnings=groups_of(of_log(upload.warnings or [])),
    )


find = partial(ledger_rows.newest, Upload)


def _refuse(file: File, actor: Actor, refusal: Refusal, keep: bool = False) -> str:
    """Record that a file is refused, and keep it if its rows can be corrected.

    With `keep`, it is kept even if only its headings can be. Return the reference of
    the kept file, or an empty text.
    """
    reference, found = "", refusal.report
    sha256 = hashlib.sha256(file.content).hexdigest()
    sent = {"filename": file.filename, "file_sha256": sha256}
    with authorised_transaction(actor, Role.UPLOADER) as event_sequence:
        at = clock.now()
        if found and (keep or not found.about_headings):
            reference = refused_files.keep(file, found, actor, at)
        refusals.record(refusal, sent, actor, at, event_sequence)
    return reference


def _digests(checked: CheckedRows) -> list[str]:
    """Return the digests of rows by every version of the format, the newest first."""
    versions, panels = sorted(DIGESTS, reverse=True), checked.panels.values()
    return [DIGESTS[version](panels) for version in versions]


def _still_valid(digests: Sequence[str], actor: Actor) -> Recorded | None:
    """Return the account's upload of exactly these rows, if all are still valid."""
    values = {"digests": digests, "account": actor.account_id}
    found = db.session.connection().execute(_NEWEST_OF_ROWS, values).one_or_none()
    if found is None or found.valid_count < found.row_count:
        return None
    when = clock.format_moment(found.received_at)
    already = f"Already recorded on {when}, nothing added."
    return Recorded(found.id, found.received_at, already)


# Made once, because to make it takes longer than to execute it.
_NEWEST_OF_ROWS = (
    select(Upload.id, Upload.row_count, Upload.received_at)
    .add_columns(Upload.valid_count.label("valid_count"))
    .where(Upload.sha256.in_(bindparam("digests", expanding=True)))
    .where(unindexed(Upload.account_id) == bindparam("account"))
    .order_by(Upload.id.desc())
    .limit(1)
)
