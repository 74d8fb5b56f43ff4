"""Receipts that prove an event of the log, and the check of those that people bring."""

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from flask import current_app
from sqlalchemy import select

from spv.extensions import db
from spv.models import AuditEvent
from spv.rules import notes, receipts
from spv.rules.errors import UseCaseError, ValidationError
from spv.services import audit_log, checkpoints
from spv.services.authorisation import require
from spv.services.checkpoints import InconsistentLog

_CODE = re.compile(r"([rs])([0-9]{1,9})-([0-9a-f]{16})")
_CHAINS = {chain[0]: chain for chain in audit_log.CHAINS}


class Checked(NamedTuple):
    """The result of a check: what the event records, or why its proof does not hold."""

    proven: receipts.Proven | None
    reason: str = ""


class Continued(NamedTuple):
    """The proof that the log continues an older checkpoint, or the reason why not."""

    proof: str
    reason: str = ""


class NoCheckpoint(UseCaseError):
    """The file of checkpoints cannot be written."""

    http_status = 503


def of_calculation(reference: str, at: datetime) -> AuditEvent | None:
    """Return the event of a calculation or of a batch, which has its moment."""
    query = select(AuditEvent).filter_by(chain=audit_log.STC, at=at)
    found = (e for e in db.session.scalars(query) if f'"{reference}"' in e.details)
    return next(found, None)


def find(code: str) -> AuditEvent:
    """Return the event of a receipt's code. Raises NotFoundError for a wrong code."""
    parts = _CODE.fullmatch(code)
    letter, number, _ = parts.groups() if parts else ("", "0", "")
    chain = _CHAINS.get(letter)
    query = select(AuditEvent).filter_by(chain=chain, sequence=int(number))
    event = require(db.session.scalar(query))
    is_it = hmac.compare_digest(event.code.encode(), code.encode())
    return require(event if is_it else None)


def entry(code: str) -> tuple[str, str]:
    """Return the public part of an event, and the name of its file."""
    event = find(code)
    with _from_the_log():
        text = audit_log.entry(event)
        return text, receipts.file_name(text)


def prove(code: str) -> tuple[str, str]:
    """Return the proof of an event, and the name of its file.

    Makes a checkpoint if need be. Raises NoCheckpoint, or ConflictError if the log is
    not ready, or is not the one that was signed.
    """
    event = find(code)
    with _from_the_log():
        found = checkpoints.prove(event.chain, event.sequence)
        return found.proof, receipts.file_name(found.entry)


def check_own(code: str) -> Checked:
    """Check the proof of an event as if somebody had brought it; raises as `prove`."""
    return check(entry(code)[0], prove(code)[0])


def check(entry: str, proof: str) -> Checked:
    """Check an event and its proof."""
    try:
        return Checked(receipts.prove(entry, proof, checkpoints.verifier_keys()))
    except ValueError as error:
        return Checked(None, str(error))


def continuation(text: str) -> str:
    """Return the proof that the log continues a checkpoint, or that of another proof.

    Raises ValidationError if it is no checkpoint of ours, and InconsistentLog if the
    log does not continue it.
    """
    try:
        text = receipts.plain(text)
        is_proof = text.startswith(notes.PROOF)
        note = notes.read_proof(text).note if is_proof else text
        notes.open_checkpoint(note, checkpoints.verifier_keys())
    except ValueError as error:
        raise ValidationError({"checkpoint": str(error)}) from None
    with _from_the_log():
        return checkpoints.consistency(note)


def compare(text: str) -> Continued:
    """Tell whether the log continues a checkpoint; raises as `continuation` else."""
    try:
        return Continued(continuation(text))
    except InconsistentLog as error:
        return Continued("", str(error))


@contextmanager
def _from_the_log() -> Iterator[None]:
    """Say in words why the log gives no proof: it may have been changed, by anybody."""
    try:
        yield
    except OSError as error:
        current_app.logger.error("No checkpoint can be written: %s", error)
        raise NoCheckpoint("No checkpoint can be written. Try again later.") from error
    except (ValueError, LookupError, TypeError) as error:
        current_app.logger.error("The log cannot be read: %r", error)
        raise InconsistentLog("The log cannot be read: it was changed.") from error
