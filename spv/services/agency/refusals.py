"""Refused uploads as staff see them. Each time that staff look is logged."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from spv import clock
from spv.database import unindexed
from spv.extensions import db
from spv.models import (
    Account,
    AuditEvent,
    AuditSubject,
    Conflict,
    PanelSerial,
    RefusedSerial,
    RefusedUpload,
    Upload,
)
from spv.rules.accounts import Role
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, require
from spv.services.ledger.refusals import REFUSED

VIEWED = "refusals.viewed"
MOST = 50  # refusals of a serial number, and repetitions of a refusal
SERIALS_SHOWN = 100
_LISTED = (
    RefusedUpload.id, RefusedUpload.account_id, RefusedUpload.refused_at,
    RefusedUpload.filename, RefusedUpload.why, RefusedUpload.row_count,
    RefusedUpload.conflict_count, Account.legal_name,
)  # fmt: skip


class Refused(NamedTuple):
    """A refused upload, and a page of its serial numbers that the ledger had.

    `again` are the moments at which the same upload was refused again, newest first.
    """

    upload: RefusedUpload
    report: dict[str, Any] | None
    serials: Sequence[Any]
    has_more: bool
    again: Sequence[datetime]


class Wanted(NamedTuple):
    """A filter of refused uploads: by account, or by the account that has the rows.

    With `conflicts`, only uploads with serial numbers of another account.
    """

    account: int = 0
    holder: int = 0
    conflicts: bool = False


class Listed(NamedTuple):
    """A page of refused uploads, its filter, and the name of the filter's holder.

    The next page begins before an id; 0 if there is none.
    """

    uploads: Sequence[Any]
    before: int
    wanted: Wanted
    holder: str


def find(wanted: Wanted, actor: Actor, before: int = 0) -> Listed:
    """Return the newest refused uploads, or those before an id."""
    holder = ""
    if wanted.holder:
        holder = require(db.session.get(Account, wanted.holder)).legal_name
    (uploads,) = look([wanted], actor, MOST, before)
    last = uploads[-1].id if len(uploads) == MOST else 0
    next_page = last if last and _newest(wanted, 1, last) else 0
    return Listed(uploads, next_page, wanted, holder)


def look(
    filters: Iterable[Wanted], actor: Actor, most: int, before: int = 0
) -> list[Sequence[Any]]:
    """Return the newest refused uploads of each filter; log all in one event.

    Their reports are not loaded.
    """
    found = [_newest(wanted, most, before) for wanted in filters]
    if seen := [*chain(*found)]:
        with authorised_transaction(actor, Role.STAFF):
            _note(actor, seen)
    return found


def _newest(wanted: Wanted, most: int, before: int) -> Sequence[Any]:
    number = RefusedUpload.id
    query = select(*_LISTED).join(RefusedUpload.account)
    # The newest uploads with serial numbers of another account.
    disputed = select(Conflict.refused_upload_id).distinct()
    if wanted.account:
        query = query.where(RefusedUpload.account_id == wanted.account)
        disputed = disputed.where(Conflict.account_id == wanted.account)
    if before:
        query = query.where(number < before)
        disputed = disputed.where(Conflict.refused_upload_id < before)
    if wanted.holder:
        disputed = disputed.where(Conflict.holder_id == wanted.holder)
    if wanted.holder or wanted.conflicts:
        disputed = disputed.order_by(Conflict.refused_upload_id.desc())
        query = query.where(number.in_(disputed.limit(most)))
    return db.session.execute(query.order_by(number.desc()).limit(most)).all()


def refused_with_row(row_id: int, actor: Actor) -> Sequence[Any]:
    """Return the refused uploads that had the serial number of a row, newest first.

    There is one extra row if there are more than a page shows. Only staff get any.
    """
    if Role.STAFF not in actor.roles:
        return ()
    serial = select(PanelSerial.serial_number).where(PanelSerial.id == row_id)
    query = (
        select(
            RefusedSerial.row, RefusedUpload.id, RefusedUpload.refused_at,
            RefusedUpload.channel, RefusedUpload.filename, RefusedUpload.account_id,
            Account.legal_name, Upload.account_id.label("holder_id"),
        )
        .join(RefusedSerial.upload)
        .join(RefusedSerial.refused_upload)
        .join(RefusedUpload.account)
        .where(RefusedSerial.serial_number == serial.scalar_subquery())
        .order_by(RefusedUpload.id.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    found = db.session.execute(query).all()
    if found:
        with authorised_transaction(actor, Role.STAFF):
            _note(actor, found, row=row_id)
    return found


def show(refused_id: int, actor: Actor, after: int = 0) -> Refused:
    """Return a refused upload with its first serial numbers, or those after a row.

    Raises NotFoundError if there is none with this id.
    """
    is_it = RefusedUpload.id == refused_id
    with authorised_transaction(actor, Role.STAFF):
        owner = select(RefusedUpload.id, RefusedUpload.account_id).where(is_it)
        _note(actor, [require(db.session.execute(owner).one_or_none())])
    people = (RefusedUpload.account, RefusedUpload.user, RefusedUpload.subscription)
    upload = select(RefusedUpload).where(is_it).options(*map(joinedload, people))
    again = (
        select(AuditEvent.at)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditSubject.kind == "refusal", AuditSubject.key == str(refused_id),
               unindexed(AuditEvent.event) == REFUSED)
        .order_by(AuditEvent.id.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    made, serials = db.session.scalars(upload).one(), _serials(refused_id, after)
    return Refused(
        upload=made,
        report=made.report if clock.now() < made.report_until else None,
        serials=serials[:SERIALS_SHOWN],
        has_more=len(serials) > SERIALS_SHOWN,
        again=[at for at in db.session.scalars(again) if at != made.refused_at][:MOST],
    )


def _serials(refused_id: int, after: int) -> Sequence[Any]:
    """Return serial numbers of a refused upload, with the rows that have them."""
    is_same_row = (PanelSerial.serial_number == RefusedSerial.serial_number) & (
        PanelSerial.upload_id == RefusedSerial.upload_id
    )
    query = (
        select(
            RefusedSerial.row, RefusedSerial.serial_number, RefusedSerial.upload_id,
            PanelSerial.id.label("row_id"), Upload.account_id, Account.legal_name,
        )
        .join(PanelSerial, is_same_row)
        .join(RefusedSerial.upload)
        .join(Upload.account)
        .where(RefusedSerial.refused_upload_id == refused_id, RefusedSerial.row > after)
        .order_by(RefusedSerial.row)
        .limit(SERIALS_SHOWN + 1)
    )  # fmt: skip
    return db.session.execute(query).all()


def _note(actor: Actor, found: Sequence[Any], **seen: int) -> None:
    """Log that staff look at refused uploads."""
    audit_log.act(
        VIEWED, actor, clock.now(), refusals=sorted({each.id for each in found}),
        accounts=sorted({each.account_id for each in found}), **seen,
    )  # fmt: skip
