"""Receipts that prove an event of the log, and the checking of receipts."""

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from spv.extensions import db
from spv.models import AuditEvent
from spv.rules import proofs
from spv.rules.errors import ConflictError, ValidationError
from spv.services import audit_log, checkpoints
from spv.services.authorisation import require

_CODE = re.compile(r"([rs])([0-9]{1,9})-[0-9a-f]{16}")


def of_calculation(reference: str, at: datetime) -> AuditEvent | None:
    """Return the event of a calculation or of a batch, found by its moment."""
    query = select(AuditEvent).filter_by(chain=audit_log.STC, at=at)
    found = (e for e in db.session.scalars(query) if f'"{reference}"' in e.details)
    return next(found, None)


def files(code: str, *, with_proof: bool = True) -> tuple[str, str, str]:
    """Return the event of a receipt's code, its proof, and the name of their files.

    Raises NotFoundError for a wrong code, and ConflictError if there is no proof now.
    """
    letter, number = require(_CODE.fullmatch(code)).groups()
    chain = audit_log.STC if letter == "s" else audit_log.REGISTRY
    query = select(AuditEvent).filter_by(chain=chain, sequence=int(number))
    event = require(db.session.scalar(query))
    require(hmac.compare_digest(event.code, code) or None)
    with _from_the_log():
        entry, proof = audit_log.entry(event), ""
        if with_proof:
            proof = checkpoints.prove(event.chain, event.sequence).proof
        return entry, proof, proofs.file_name(entry)


def check(entry: str, proof: str) -> proofs.Proven | str:
    """Return what an event records, or the reason why its proof does not hold."""
    try:
        return proofs.prove(entry, proof, checkpoints.verifier_keys())
    except ValueError as error:
        return str(error)


def continuation(text: str) -> str:
    """Return the proof that the log continues a checkpoint.

    `text` is the checkpoint, or a proof that contains it. Raises ValidationError if
    this log did not sign it, and InconsistentLog if the log does not continue it.
    """
    try:
        text = proofs.plain(text)
        is_proof = text.startswith(proofs.PROOF)
        note = proofs.read_proof(text).note if is_proof else text
        proofs.open_checkpoint(note, checkpoints.verifier_keys())
    except ValueError as error:
        raise ValidationError({"checkpoint": str(error)}) from None
    with _from_the_log():
        return checkpoints.consistency(note)


def contradiction(text: str) -> str:
    """Return why the log does not continue a checkpoint; "" if it does."""
    try:
        continuation(text)
    except checkpoints.InconsistentLog as error:
        return str(error)
    return ""


@contextmanager
def _from_the_log() -> Iterator[None]:
    """Say that the log gives no proof if it was damaged, or its file is missing."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError) as error:
        current_app.logger.error("The log gives no proof: %r", error)
        raise ConflictError(
            "The log gives no proof at the moment: it cannot be read, or no checkpoint "
            "can be written. Try again later."
        ) from error
