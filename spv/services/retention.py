"""Retention: what the nightly job deletes after some days, never the audit record."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Date, delete, inspect, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from spv import clock, models
from spv.database import transaction
from spv.extensions import db

AT_ONCE = 1_000  # rows in a transaction: others wait for it


class Term(NamedTuple):
    """Rows to delete a number of days after a moment, which is one of their columns.

    Without `setting`, the moment is the deadline itself. With `emptied`, only these
    columns are cleared; the first is set as long as any of them is.
    """

    name: str
    moment: InstrumentedAttribute[Any]
    setting: str = ""
    emptied: tuple[InstrumentedAttribute[Any], ...] = ()


TERMS = (
    Term("refused file", models.RefusedFile.refused_at, "SPV_DAYS_REFUSED_FILES"),
    Term("product list", models.ProductFile.kept_at, "SPV_DAYS_REFUSED_FILES"),
    Term("refusal report", models.RefusedUpload.report_until, "",
         (models.RefusedUpload.report,)),
    Term("batch document", models.StcBatch.document_until, "",
         (models.StcBatch.document,)),
    Term("idempotency key", models.ApiRequest.at, "SPV_DAYS_IDEMPOTENCY",
         (models.ApiRequest.idempotency_key, models.ApiRequest.answer,
          models.ApiRequest.body_sha256)),
    Term("API request", models.ApiRequest.at, "SPV_DAYS_API_REQUESTS"),
    # A session that nobody has used for a day is over: see `sessions.IDLE`.
    Term("ended session", models.UserSession.seen_at, "SPV_DAYS_SESSIONS"),
    Term("known browser", models.KnownBrowser.signed_in_at, "SPV_DAYS_BROWSERS"),
    Term("sign-in counter", models.SignInTries.ends_at),
    Term("visitor counter", models.VisitorRows.day),
    Term("verification", models.AuditCheck.started_at, "SPV_DAYS_VERIFICATIONS"),
)  # fmt: skip


def kept_for(setting: str) -> timedelta:
    """Return how long something is kept, by the name of its setting."""
    return timedelta(days=current_app.config[setting])


def forget(at: datetime) -> dict[str, int]:
    """Delete what has been kept long enough; return the number of each by its name."""
    return {term.name: _forget(term, at) for term in TERMS}


def _forget(term: Term, at: datetime) -> int:
    until: Any = at - (kept_for(term.setting) if term.setting else timedelta())
    if isinstance(term.moment.type, Date):
        until = clock.day_of(at) - timedelta(days=1)
    is_old, table = term.moment <= until, term.moment.class_
    if term.emptied:
        is_old &= term.emptied[0].is_not(None)
    key = inspect(table).primary_key
    some = tuple_(*key).in_(select(*key).where(is_old).limit(AT_ONCE))
    empty = {column.key: None for column in term.emptied}
    change: Any = update(table).values(empty) if empty else delete(table)
    change = change.where(some).execution_options(synchronize_session=False)
    count, changed = 0, AT_ONCE
    while changed == AT_ONCE:
        with transaction():
            changed = db.session.execute(change).rowcount  # type: ignore[attr-defined]
        count += changed
    return count
