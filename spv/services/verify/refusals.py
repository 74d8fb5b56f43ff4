"""Compare refused uploads, conflicts, look-alikes and daily counts with the log."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import aliased

from spv import clock, models
from spv.models import AuditEvent, AuditSubject, PanelSerial, Upload
from spv.rules.ledger.statements import OTHER
from spv.services.audit_log import REGISTRY
from spv.services.ledger.account_days import COUNTS
from spv.services.ledger.look_alikes import SEARCHED
from spv.services.ledger.refusals import REFUSED, digest_of
from spv.services.verify import comparison, ledger, states
from spv.services.verify.comparison import Facts, Findings, Stream

KIND = "refusals"
# If these have problems, wrong counts of days follow from them.
COUNTED_FROM = {KIND, ledger.KIND, states.SUBJECTS}
SENT = ("filename", "file_sha256", "body_sha256")
OF_REFUSAL = {
    "why": "why", "rows": "row_count", "problems": "problem_count", "sha256": "sha256",
    "filename": "filename", "account": "account_id", "user": "user_id",
    "subscription": "subscription_id", "event": "audit_sequence", "at": "refused_at",
    "channel": "channel",
}  # fmt: skip


def check(findings: Findings) -> None:
    """Compare the saved refusals, look-alikes and daily counts with the log."""
    logged = comparison.read_events(findings, KIND, REFUSED, _read_refusal)
    for number, (log, saved) in comparison.joined(logged, _saved_refusals()):
        findings.read("refused upload")
        words = _compare(f"refused upload {number}", log, *(saved or ([], [], [])))
        findings.add_all(KIND, words)
    logged = comparison.read_events(findings, KIND, SEARCHED, _read_pairs)
    for (row, other), (log, table) in comparison.joined(logged, _saved_pairs()):
        name = f"look-alikes {row} and {other}"
        findings.add_all(KIND, comparison.differences(name, log, table))
    follows = not COUNTED_FROM.isdisjoint(findings.problems)
    for sentence in _wrong_days():
        findings.add(KIND, sentence, follows=follows)


def _read_refusal(own: Facts, details: Facts) -> Stream:
    """Yield a refused upload.

    A repeated one, or one from before migration 0016, is only counted.
    """
    if "refusal" not in details or details.get("again"):
        return
    taken = details.get("already_valid", [])
    sent = {name: details[name] for name in SENT if name in details}
    facts = {"filename": ""} | details | own | {"conflicts": len(taken)}
    names = (*OF_REFUSAL, "report_until", "conflicts")
    log = {name: facts[name] for name in names} | {"taken": taken, "sent": sent}
    yield int(details["refusal"]), log


def _saved_refusals() -> Iterator[tuple[Any, list[Any]]]:
    """Yield each refused upload with its row, its serial numbers and its conflicts."""
    serials = (
        select(*models.RefusedSerial.__table__.columns, Upload.account_id)
        .outerjoin(Upload, Upload.id == models.RefusedSerial.upload_id)
        .order_by(models.RefusedSerial.refused_upload_id, models.RefusedSerial.row)
    )
    conflict = models.Conflict
    query = select(*conflict.__table__.columns).order_by(conflict.refused_upload_id)
    return comparison.merged(
        ((row.id, row) for row in comparison.rows_of(models.RefusedUpload)),
        ((row[0], row) for row in comparison.read(serials)),
        ((row[0], row) for row in comparison.read(query)),
    )


def _compare(
    name: str, log: Facts | None, rows: list[Any], serials: list[Any],
    conflicts: list[Any],
) -> Iterator[str]:  # fmt: skip
    saved = comparison.saved_facts(rows[0], OF_REFUSAL) if rows else None
    if saved:
        saved["report_until"] = rows[0].report_until.isoformat()
        saved["conflicts"] = rows[0].conflict_count
    yield from comparison.differences(name, log, saved)
    taken = log["taken"] if log else []
    if [[each.row, each.serial_number, each.upload_id] for each in serials] != taken:
        yield f"{name}: its serial numbers were changed"
        return
    if not rows:
        if conflicts:
            yield f"{name}: its conflicts are saved, but not in the log"
        return
    (row, *_), holders = rows, Counter(each.account_id for each in serials)
    holders.pop(row.account_id, None)
    same = row.account_id, row.refused_at
    found = {
        c.holder_id: (c.serial_count, c.account_id, c.refused_at) for c in conflicts
    }
    if found != {holder: (count, *same) for holder, count in holders.items()}:
        yield f"{name}: its conflicts were changed"
    if log and _lacks_its_report(log, row.report):
        yield f"{name}: its report was changed or removed"


def _lacks_its_report(log: Facts, report: Any) -> bool:
    """Tell whether a report was changed, or was removed before its time."""
    if report is None:
        return bool(log["report_until"] > clock.now().isoformat())
    expected: str = log["sha256"]
    return digest_of(log["sent"], log["why"], report, log["taken"]) != expected


def _read_pairs(own: Facts, details: Facts) -> Stream:
    for row, other in details["pairs"]:
        yield (row, other), own | {"accounts": True}


def _saved_pairs() -> Stream:
    """Yield each pair of look-alikes, and whether it has the accounts of its rows."""
    query = select(*models.LookAlike.__table__.columns)
    for side in (models.LookAlike.row_id, models.LookAlike.other_row_id):
        row, upload = aliased(PanelSerial), aliased(Upload)
        query = query.outerjoin(row, row.id == side)
        query = query.outerjoin(upload, upload.id == row.upload_id)
        query = query.add_columns(upload.account_id)
    for pair in comparison.read(query.order_by(models.LookAlike.id)):
        is_right = [*pair[-2:]] == [pair.account_id, pair.other_account_id]
        key = pair.row_id, pair.other_row_id
        yield key, {"at": pair.found_at, "accounts": is_right}


def _wrong_days() -> Iterator[str]:
    """Yield a sentence for each day of an account with wrong counts."""
    query = select(*models.AccountDay.__table__.columns).order_by(models.AccountDay.day)
    saved_days = (
        (row.day, (row.account_id, {name: getattr(row, name) for name in COUNTS}))
        for row in comparison.read(query)
    )
    for day, (saved, *counted) in comparison.merged(saved_days, *_counted()):
        totals = [_by_account(saved), _by_account(chain(*counted))]
        for account in sorted(totals[0].keys() | totals[1].keys()):
            if totals[0].get(account) != totals[1].get(account):
                yield f"the counts of account {account} on {day.isoformat()} are wrong"


def _by_account(counts: Iterable[tuple[int, Facts]]) -> dict[int, Counter[str]]:
    totals = defaultdict[int, Counter[str]](Counter)
    for account, counted in counts:
        totals[account].update(counted)
    return totals


def _counted() -> Iterator[Stream]:
    """Yield streams of what accounts did: a moment, the account, and the counts."""
    recorded = Upload.row_count.label("recorded")
    yield _by_day(select(Upload.received_at, Upload.account_id, recorded))
    invalidation, count = models.Invalidation, func.count()
    marked_other = count.filter(invalidation.reason == OTHER).label("marked_other")
    key = invalidation.made_at, Upload.account_id
    yield _by_day(
        select(*key, count.label("marked"), marked_other).select_from(PanelSerial)
        .join(invalidation, invalidation.id == PanelSerial.invalidation_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .group_by(invalidation.id, *key)
    )  # fmt: skip
    # Subjects, because the details of these events are long.
    yield _by_day(
        select(AuditEvent.at, AuditSubject.key, literal(1).label("refused_uploads"))
        .join(AuditSubject).where(AuditSubject.kind == "account")
        .where(AuditEvent.chain == REGISTRY, AuditEvent.event == REFUSED)
    )  # fmt: skip
    conflict, conflicts = (
        models.Conflict,
        models.Conflict.serial_count.label("conflicts"),
    )
    yield _by_day(select(conflict.refused_at, conflict.account_id, conflicts))


def _by_day(query: Select[*tuple[Any, ...]]) -> Stream:
    """Yield the sum of each account for each day, so that few of them are in memory."""
    every = comparison.read(query.order_by(query.selected_columns[0]))
    names = [name for name in COUNTS if name in query.selected_columns]
    for day, rows in groupby(every, key=lambda row: clock.day_of(row[0])):
        counts = (
            (int(row[1]), {name: getattr(row, name) for name in names}) for row in rows
        )
        yield from ((day, each) for each in _by_account(counts).items())
