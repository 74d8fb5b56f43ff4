"""Record refused uploads, and the accounts that already have their serial numbers."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from spv import database
from spv.extensions import db
from spv.models import Conflict, RefusedUpload
from spv.rules.ledger.report import Report, to_json
from spv.rules.ledger.rows import CheckedRows, Problem, escape_invisible
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.ledger import account_days, refused_files
from spv.services.ledger.rows import already_valid, made_by
from spv.services.retention import kept_for

REFUSED = "upload.refused"
SAME_WITHIN = timedelta(days=1)
LONGEST_WHY = 1_000


class Taken(NamedTuple):
    """A row whose serial number an upload of an account has as valid already."""

    row: int
    serial_number: str
    upload_id: int
    account_id: int


class HasProblems(Exception):
    """Rows have problems, or conflict with the ledger, so none was recorded.

    Without problems, the rows have warnings that the user has not confirmed. `taken`
    are the rows whose serial numbers the ledger has.
    """

    def __init__(self, problems: list[Problem], taken: Sequence[Taken]) -> None:
        self.problems, self.taken = problems, taken


class Refusal(NamedTuple):
    """The sentence that says why an upload is refused, with a report of its rows.

    There is no report if the upload could not be read.
    """

    why: str
    report: Report | None = None
    taken: Sequence[Taken] = ()


def has_problems(
    checked: CheckedRows, actor: Actor, valid: Mapping[str, Any] | None = None
) -> HasProblems:
    """Return the error of rows that cannot be recorded.

    `valid` are their serial numbers that are valid in the ledger, with their rows. If
    it is not given, they are looked up.
    """
    valid = already_valid(checked.serials) if valid is None else valid
    taken = [
        Taken(checked.serials[serial], serial, row.upload_id, row.account_id)
        for serial, row in valid.items()
    ]
    problems = refused_files.problems_of(checked, actor, valid)
    return HasProblems(problems, sorted(taken))


def digest_of(
    sent: Mapping[str, str], why: str, report: Any, taken: Sequence[Sequence[Any]]
) -> str:
    """Return the SHA-256 of a refusal, and of the names and the hash of what was sent.

    `taken` has the row, the serial number and the upload of each.
    """
    content = json.dumps([sent, why, report, taken], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def record(
    refusal: Refusal, sent: Mapping[str, str], actor: Actor, at: datetime,
    event_sequence: int,
) -> None:  # fmt: skip
    """Record a refused upload with its event, as the last step of a transaction.

    `sent` has the SHA-256 of what was sent, and the filename of a file. The same
    upload, refused for the same reasons within a day, is counted again, but not stored
    again.
    """
    why, report = escape_invisible(refusal.why, LONGEST_WHY), refusal.report
    taken = [list(each[:3]) for each in refusal.taken]
    said = to_json(report, for_programs=actor.channel == "api") if report else {}
    made = RefusedUpload(
        **made_by(actor), channel=actor.channel, why=why,
        filename=sent.get("filename", ""),
        row_count=report.row_count if report else 0,
        problem_count=report.problem_count if report else 1,
        conflict_count=len(taken), report=said, refused_at=at,
        report_until=at + kept_for("SPV_DAYS_REFUSAL_REPORTS"),
        sha256=digest_of(sent, why, said, taken), audit_sequence=event_sequence,
    )  # fmt: skip
    holders = Counter(each.account_id for each in refusal.taken)
    holders.pop(made.account_id, None)  # its own rows are no conflict
    if earlier := _earlier(made):
        facts = {"refusal": earlier, "again": True}
        holders.clear()
    else:
        facts = _put(made, taken, holders)
    counts = {"refused_uploads": 1, "conflicts": holders.total()}
    account_days.add(at, {made.account_id: counts})
    audit_log.act(
        REFUSED, actor, at, **sent, why=why, rows=made.row_count,
        problems=made.problem_count, **facts,
    )  # fmt: skip


def _earlier(made: RefusedUpload) -> int | None:
    """Return the id of the same refusal within the day before, if there is one."""
    query = (
        select(RefusedUpload.id)
        .filter_by(account_id=made.account_id, sha256=made.sha256)
        .where(RefusedUpload.refused_at > made.refused_at - SAME_WITHIN)
        .order_by(RefusedUpload.id.desc())
    )
    return db.session.scalar(query.limit(1))


def _put(
    made: RefusedUpload, taken: Sequence[Sequence[Any]], holders: Counter[int]
) -> dict[str, Any]:
    """Insert a refused upload, with its serial numbers and a conflict for each holder.

    Return the facts for its event.
    """
    db.session.add(made)
    db.session.flush()
    if taken:
        database.execute_many(_PUT_SERIALS, [(made.id, *each) for each in taken])
    db.session.add_all(
        Conflict(
            refused_upload_id=made.id, holder_id=holder, account_id=made.account_id,
            serial_count=count, refused_at=made.refused_at,
        )
        for holder, count in sorted(holders.items())
    )  # fmt: skip
    facts = {"refusal": made.id, "sha256": made.sha256}
    facts["report_until"] = made.report_until.isoformat()
    return facts | ({"already_valid": taken} if taken else {})


_PUT_SERIALS = (
    "INSERT INTO refused_serials (refused_upload_id, row, serial_number, upload_id) "
    "VALUES (?, ?, ?, ?)"
)
