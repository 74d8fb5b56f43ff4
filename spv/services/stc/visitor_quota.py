"""The rows that visitors may save in a day, by network and in all.

Users who have signed in have no quota. No address is stored: a network is counted by a
hash that changes every day, and is deleted when the next day's first row is saved.
"""

import hmac
from datetime import date, datetime, timedelta

from flask import current_app
from sqlalchemy import delete

from spv import clock, database
from spv.extensions import db
from spv.models import VisitorRows
from spv.rules.errors import ValidationError
from spv.rules.text import network_of
from spv.services.actor import Actor

EVERYBODY = "all"


class QuotaError(ValidationError):
    """Raised when visitors have saved as many rows as they may in a day."""

    http_status = 429

    def __init__(self, most: int, at: datetime, is_batch: bool, in_all: bool) -> None:
        visitors = "Visitors" if in_all else "Visitors from one network"
        instead = "calculate one system at a time, " if in_all else ""
        sentence = (
            f"{visitors} can save {most:,} rows a day, and this would be more. "
            f"Sign in, {instead}or try again after midnight in Sydney."
        )
        super().__init__({"file" if is_batch else "system_type": sentence})
        self.errors = [{"code": "too_many_rows", "message": sentence}]
        tomorrow = clock.first_moment_of(clock.day_of(at) + timedelta(days=1))
        self.retry_after = int((tomorrow - at).total_seconds()) + 1


def claim(rows: int, actor: Actor, at: datetime, *, is_batch: bool = False) -> None:
    """Count the rows that an actor saves, in the transaction that saves them.

    Raises QuotaError if there are too many. A single calculation counts among the rows
    of all visitors too, but is never refused because of them.
    """
    if actor.user_id:
        return
    most = current_app.config["SPV_VISITOR_ROWS"]
    most_in_all = current_app.config["SPV_VISITOR_ROWS_IN_ALL"]
    day = clock.day_of(at)
    db.session.execute(delete(VisitorRows).where(VisitorRows.day < day))
    text = f"rows of {network_of(actor.ip)} on {day}".encode()
    network = hmac.digest(str(current_app.secret_key).encode(), text, "sha256").hex()
    if not _add(day, network, rows, most):
        raise QuotaError(most, at, is_batch, in_all=False)
    if not _add(day, EVERYBODY, rows, most_in_all if is_batch else None):
        raise QuotaError(most_in_all, at, is_batch, in_all=True)


def _add(day: date, network: str, rows: int, most: int | None) -> bool:
    """Add rows to a count in one statement, unless it would become more than `most`."""
    if most is not None and rows > most:
        return False
    total, key = VisitorRows.row_count + rows, {"day": day, "network": network}
    added = database.insert(VisitorRows).values(**key, row_count=rows)
    added = added.on_conflict_do_update(
        index_elements=[*key], set_={"row_count": total},
        where=None if most is None else total <= most,
    )  # fmt: skip
    return db.session.execute(added.returning(VisitorRows.day)).first() is not None
