"""The desk: what is new for the agency, and what staff have seen of it.

Everything is read from counts that are kept as things happen, never from the ledger's
rows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, case, func, select

from spv import clock
from spv.database import unindexed
from spv.extensions import db
from spv.models import (
    AccountApplication,
    AccountDay,
    Conflict,
    DeskNote,
    LookAlike,
    Upload,
    User,
)
from spv.rules import desk as rules
from spv.rules.accounts import Role, Status
from spv.rules.csv_file import csv_text
from spv.rules.desk import AccountWeek, Counts, Finding, Pair, Seen
from spv.rules.errors import ConflictError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.agency import overview
from spv.services.authorisation import authorised_transaction

SHOWN = 20  # findings
MOST_NOTES = 1_000
LONGEST_NAME = 120  # of a finding
MOST_LOOK_ALIKES = 10_000  # only this many of the newest are read
DAYS = timedelta(days=7)


class Figures(NamedTuple):
    """The five numbers of the desk. `usual` is the usual number of marked rows."""

    waiting: int
    oldest: datetime | None
    conflicts: int
    marked: int
    usual: int
    refused: int
    lapsing: int


class Noted(NamedTuple):
    """A finding with the last note on it, if there is one."""

    finding: Finding
    seen: Seen | None


class Month(NamedTuple):
    """The rows that were recorded and marked in a month."""

    first: date
    recorded: int
    marked: int


class Desk(NamedTuple):
    """The figures, the first new findings, the seen findings, and the months."""

    figures: Figures
    new: Sequence[Noted]
    more: int
    seen: Sequence[Noted]
    months: Sequence[Month]


def show() -> Desk:
    """Return the desk as it is now."""
    today, accounts, notes = clock.real_day(), overview.every(), _notes()
    new: list[Noted] = []
    seen: list[Noted] = []
    for finding in rules.findings(_counts(today, accounts)):
        note, has_grown = rules.note_on(finding, notes)
        (seen if note and not has_grown else new).append(Noted(finding, note))
    days = _days(today)
    lapsing = sum(overview.lapses_soon(each.until) for each in accounts)
    figures, months = _figures(days, today, lapsing), _months(days, today)
    return Desk(figures, new[:SHOWN], len(new[SHOWN:]), seen, months)


def months() -> str:
    """Return the rows recorded and marked by month as a CSV file."""
    today = clock.real_day()
    counted = _months(_days(today), today)
    headings = ("Month", "Recorded", "Marked as invalid")
    rows = [(f"{m.first:%Y-%m}", str(m.recorded), str(m.marked)) for m in counted]
    return csv_text([headings, *rows])


def see(answers: Mapping[str, Any], actor: Actor) -> None:
    """Note that a finding was seen, as it was on the desk.

    Raises ValidationError, and ConflictError if the finding is gone.
    """
    note = read_all(answers, {"note": rules.read_note})["note"]
    name = answers.get("finding") or ""
    key, _, count = name.rpartition(" ")
    findings = rules.findings(_counts(clock.real_day(), overview.every()))
    found = {each.key: each for each in findings}.get(key)
    is_number = count.isdecimal() and name.isascii() and len(name) <= LONGEST_NAME
    if not found or not is_number or not 0 < int(count) <= found.number:
        raise ConflictError("This is not on the desk any more. Nothing was done.")
    with authorised_transaction(actor, Role.ASSESSOR):
        at = clock.now()
        sent = found._replace(number=int(count))  # there may be more by now
        seen, has_grown = rules.note_on(sent, _notes())
        if seen and not has_grown:
            raise ConflictError(f"{seen.by} has seen this already. Nothing was done.")
        about = {"about": found.sentence} if sent == found else {}
        made = DeskNote(finding=name, note=note, made_at=at, user_id=actor.user_id)
        db.session.add(made)
        audit_log.act("finding.seen", actor, at, finding=name, changed=[made], **about)


def _days(today: date) -> Mapping[date, Any]:
    """Return the counts of all accounts together on each day of the chart."""
    sums = (func.sum(getattr(AccountDay, name)).label(name) for name in
            ("recorded", "marked", "refused_uploads", "conflicts"))  # fmt: skip
    query = select(AccountDay.day, *sums).where(
        AccountDay.day >= rules.months(today)[0]
    )
    return {row.day: row for row in db.session.execute(query.group_by(AccountDay.day))}


def _total(days: Mapping[date, Any], name: str, begin: date, end: date) -> int:
    return sum(int(getattr(row, name)) for day, row in days.items()
               if begin <= day < end)  # fmt: skip


def _figures(days: Mapping[date, Any], today: date, lapsing: int) -> Figures:
    tomorrow = today + timedelta(days=1)
    begin = tomorrow - DAYS
    before = _total(days, "marked", begin - rules.USUAL_WEEKS * DAYS, begin)
    is_waiting = AccountApplication.status == Status.SUBMITTED
    query = select(func.count(), func.min(AccountApplication.submitted_at))
    waiting, oldest = db.session.execute(query.where(is_waiting)).one()
    return Figures(
        waiting=waiting,
        oldest=oldest,
        conflicts=_total(days, "conflicts", begin, tomorrow),
        marked=_total(days, "marked", begin, tomorrow),
        usual=rules.usual(before),
        refused=_total(days, "refused_uploads", today, tomorrow),
        lapsing=lapsing,
    )


def _months(days: Mapping[date, Any], today: date) -> list[Month]:
    begins = rules.months(today)
    ends = [*begins[1:], today + timedelta(days=1)]
    return [
        Month(first, *(_total(days, name, first, end) for name in Month._fields[1:]))
        for first, end in zip(begins, ends, strict=True)
    ]


def _counts(today: date, accounts: Sequence[Any]) -> Counts:
    weeks = rules.mondays(today)
    worked = _weeks(weeks)
    refused = Counter[int]()
    for each in worked:
        refused[each.account] += each.refused
    many = {account: n for account, n in refused.items() if n >= rules.MANY_REFUSED}
    return Counts(
        names={each.Account.id: each.Account.legal_name for each in accounts},
        conflicts=_conflicts(weeks),
        look_alikes=_look_alikes(weeks),
        weeks=worked,
        valid=_valid({each.account for each in worked if each.marked}),
        uploads=_uploads(many, weeks[-1]),
    )


def _conflicts(weeks: Sequence[date]) -> list[Pair]:
    pair = unindexed(Conflict.account_id), Conflict.holder_id
    counts = func.sum(Conflict.serial_count), func.count()
    found = _by_week(weeks, Conflict.refused_at, pair, *counts)
    return [Pair(*each) for each in found]


def _look_alikes(weeks: Sequence[date]) -> list[Pair]:
    """Count the newest look-alikes of each pair; they have an index by id, not time."""
    newest = select(LookAlike).order_by(LookAlike.id.desc()).limit(MOST_LOOK_ALIKES)
    found = newest.subquery().c
    pair = found.account_id, found.other_account_id
    return [Pair(*each) for each in _by_week(weeks, found.found_at, pair, func.count())]


def _weeks(weeks: Sequence[date]) -> list[AccountWeek]:
    day = AccountDay
    counts = day.recorded, day.marked, day.marked_other, day.refused_uploads
    account = (unindexed(day.account_id),)
    found = _by_week(weeks, day.day, account, *map(func.sum, counts))
    return [AccountWeek(*each) for each in found]


def _by_week(
    weeks: Sequence[date], moment: Any, accounts: Sequence[Any], *counts: Any
) -> Iterator[tuple[Any, ...]]:
    """Yield accounts with a week and its counts; `moment` is the column of the time."""
    begins: Sequence[Any] = weeks
    if not isinstance(moment.type, Date):
        begins = [*map(clock.first_moment_of, weeks)]
    later = [(moment >= begin, number) for number, begin in enumerate(begins)]
    week = case(*later[:-1], else_=len(weeks) - 1).label("week")
    query = select(*accounts, week, *counts).where(moment >= begins[-1])
    for row in db.session.execute(query.group_by(*accounts, week)):
        ids, (number, *sums) = row[: len(accounts)], row[len(accounts) :]
        yield *ids, weeks[number], *map(int, sums)


def _valid(accounts: Iterable[int]) -> dict[int, int]:
    """Return the number of valid rows of some accounts."""
    day = AccountDay
    count: ColumnElement[int] = func.sum(day.recorded - day.marked)
    query = select(day.account_id, count).where(day.account_id.in_([*accounts]))
    return dict(db.session.execute(query.group_by(day.account_id)).all())


def _uploads(refused: Mapping[int, int], since: date) -> dict[int, int]:
    """Return how many uploads of some accounts were recorded since a day.

    `refused` has each account's refused uploads; counting stops once they are below the
    threshold.
    """
    begin, found = clock.first_moment_of(since), {}
    query = select(Upload.received_at).order_by(Upload.id.desc())
    for account, count in refused.items():
        newest = query.filter_by(account_id=account).limit(rules.REFUSED_OF * count)
        is_late = newest.subquery().c.received_at >= begin
        found[account] = db.session.scalar(select(func.count()).where(is_late)) or 0
    return found


def _notes() -> Mapping[str, Seen]:
    """Return the newest note on each finding, by its key."""
    query = select(DeskNote.finding, DeskNote.note, User.name, DeskNote.made_at)
    query = query.join(DeskNote.user).order_by(DeskNote.id.desc()).limit(MOST_NOTES)
    newest = [Seen(*row) for row in db.session.execute(query)]
    return rules.newest_by_key(reversed(newest))
