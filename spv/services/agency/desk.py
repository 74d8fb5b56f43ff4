"""The desk: what is new for the agency, and what staff have seen of it.

Everything is read from counts that are kept as things happen, never from the ledger.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, select

from spv import clock
from spv.extensions import db
from spv.models import (
    Account,
    AccountApplication,
    AccountDay,
    Conflict,
    DeskNote,
    LookAlike,
    Upload,
    User,
)
from spv.rules import desk as rules
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.desk import AccountWeek, Counts, Finding, Pair, Seen
from spv.rules.errors import ConflictError
from spv.rules.text import read_all
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.agency.declared import lapsing
from spv.services.agency.newest import unindexed
from spv.services.authorisation import authorised_transaction

SHOWN = 20  # findings
MOST_NOTES = 1_000
LONGEST_NAME = 120  # of a finding
MOST_LOOK_ALIKES = 10_000  # the newest, of which the weeks are looked at
DAYS = timedelta(days=7)


class Figures(NamedTuple):
    """The five numbers of the desk. `usual` is that of rows marked in seven days."""

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
    """The numbers, the first findings to look at, those seen, and the months."""

    figures: Figures
    new: Sequence[Noted]
    more: int
    seen: Sequence[Noted]
    months: Sequence[Month]


def show() -> Desk:
    """Return the desk as it is now."""
    today = clock.real_day()
    days = _days(rules.months(today)[0])
    new: list[Noted] = []
    seen: list[Noted] = []
    notes = _notes()
    for finding in rules.findings(_counts(today)):
        note, has_grown = rules.note_on(finding, notes)
        (seen if note and not has_grown else new).append(Noted(finding, note))
    months = _months(days, today)
    return Desk(_figures(days, today), new[:SHOWN], len(new[SHOWN:]), seen, months)


def months() -> str:
    """Return the rows recorded and marked by month as a CSV file."""
    today = clock.real_day()
    counted = _months(_days(rules.months(today)[0]), today)
    headings = ("Month", "Recorded", "Marked as invalid")
    rows = [(f"{m.first:%Y-%m}", str(m.recorded), str(m.marked)) for m in counted]
    return csv_text([headings, *rows])


def see(answers: Mapping[str, Any], actor: Actor) -> None:
    """Note that a finding was seen, as it was on the desk.

    Raises ValidationError, and ConflictError if it is not there any more.
    """
    note = read_all(answers, {"note": rules.read_note})["note"]
    name = answers.get("finding") or ""
    key, _, count = name.rpartition(" ")
    findings = rules.findings(_counts(clock.real_day()))
    found = {each.key: each.number for each in findings}
    is_number = count.isdecimal() and len(name) <= LONGEST_NAME
    if not is_number or not 0 < int(count) <= found.get(key, 0):
        raise ConflictError("This is not on the desk any more. Nothing was done.")
    with authorised_transaction(actor, Role.ASSESSOR):
        at = clock.now()
        made = DeskNote(finding=name, note=note, made_at=at, user_id=actor.user_id)
        db.session.add(made)
        audit_log.act("finding.seen", actor, at, finding=name, changed=[made])


def _days(since: date) -> Mapping[date, Any]:
    """Return the counts of all accounts together on each day."""
    sums = (func.sum(getattr(AccountDay, name)).label(name) for name in
            ("recorded", "marked", "refused_uploads", "conflicts"))  # fmt: skip
    query = select(AccountDay.day, *sums).where(AccountDay.day >= since)
    return {row.day: row for row in db.session.execute(query.group_by(AccountDay.day))}


def _figures(days: Mapping[date, Any], today: date) -> Figures:
    def total(name: str, begin: date, end: date) -> int:
        return sum(int(getattr(row, name)) for day, row in days.items()
                   if begin <= day < end)  # fmt: skip

    tomorrow = today + timedelta(days=1)
    begin = tomorrow - DAYS
    before = total("marked", begin - rules.USUAL_WEEKS * DAYS, begin)
    is_waiting = AccountApplication.status == "submitted"
    query = select(func.count(), func.min(AccountApplication.submitted_at))
    waiting, oldest = db.session.execute(query.where(is_waiting)).one()
    return Figures(
        waiting=waiting,
        oldest=oldest,
        conflicts=total("conflicts", begin, tomorrow),
        marked=total("marked", begin, tomorrow),
        usual=rules.usual(before),
        refused=total("refused_uploads", today, tomorrow),
        lapsing=len(lapsing()),
    )


def _months(days: Mapping[date, Any], today: date) -> list[Month]:
    counts = {first: [0, 0] for first in rules.months(today)}
    for day, row in days.items():
        of_month = counts.get(day.replace(day=1), [0, 0])
        of_month[0] += int(row.recorded)
        of_month[1] += int(row.marked)
    return [Month(first, *of_month) for first, of_month in counts.items()]


def _counts(today: date) -> Counts:
    weeks = rules.mondays(today)
    conflicts, look_alikes = _conflicts(weeks), _look_alikes(weeks)
    worked = _weeks(weeks)
    refused = Counter[int]()
    for each in worked:
        refused[each.account] += each.refused
    many = [account for account, n in refused.items() if n >= rules.MANY_REFUSED]
    pairs = [*conflicts, *look_alikes]
    accounts = {each.account for each in worked} | {each.account for each in pairs}
    accounts |= {each.other for each in pairs}
    names = select(Account.id, Account.legal_name).where(Account.id.in_(accounts))
    return Counts(
        names=_by_id(names),
        conflicts=conflicts,
        look_alikes=look_alikes,
        weeks=worked,
        valid=_valid({each.account for each in worked if each.marked}),
        uploads=_uploads(many, weeks[-1]),
    )


def _week_of(column: Any, weeks: Sequence[date], begins: Iterable[Any]) -> Any:
    """Return the number of the week, 0 for this one, that a moment or a day is in."""
    later = [(column >= begin, number) for number, begin in enumerate(begins)]
    return case(*later[:-1], else_=len(weeks) - 1).label("week")


def _conflicts(weeks: Sequence[date]) -> list[Pair]:
    begins = [clock.first_moment_of(week) for week in weeks]
    week = _week_of(Conflict.refused_at, weeks, begins)
    account = unindexed(Conflict.account_id)
    query = (
        select(account, Conflict.holder_id, week,
               func.sum(Conflict.serial_count), func.count())
        .where(Conflict.refused_at >= begins[-1])
        .group_by(account, Conflict.holder_id, week)
    )  # fmt: skip
    return [Pair(account, other, weeks[number], int(serials), uploads)
            for account, other, number, serials, uploads
            in db.session.execute(query)]  # fmt: skip


def _look_alikes(weeks: Sequence[date]) -> list[Pair]:
    """Count the look-alikes of each pair. They have no index by time, but by number."""
    begins = [clock.first_moment_of(week) for week in weeks]
    newest = select(LookAlike).order_by(LookAlike.id.desc()).limit(MOST_LOOK_ALIKES)
    found = newest.subquery().c
    week = _week_of(found.found_at, weeks, begins)
    query = (
        select(found.account_id, found.other_account_id, week, func.count())
        .where(found.found_at >= begins[-1])
        .group_by(found.account_id, found.other_account_id, week)
    )
    return [Pair(account, other, weeks[number], serials)
            for account, other, number, serials
            in db.session.execute(query)]  # fmt: skip


def _weeks(weeks: Sequence[date]) -> list[AccountWeek]:
    days = AccountDay
    account, week = unindexed(days.account_id), _week_of(days.day, weeks, weeks)
    sums = map(func.sum, (days.recorded, days.marked, days.marked_other,
                          days.refused_uploads))  # fmt: skip
    query = (
        select(account, week, *sums)
        .where(days.day >= weeks[-1])
        .group_by(account, week)
    )
    return [AccountWeek(account, weeks[number], *map(int, counts))
            for account, number, *counts in db.session.execute(query)]  # fmt: skip


def _valid(accounts: Iterable[int]) -> dict[int, int]:
    """Return the number of valid rows of some accounts."""
    days = AccountDay
    count: ColumnElement[int] = func.sum(days.recorded - days.marked)
    query = select(days.account_id, count).where(days.account_id.in_([*accounts]))
    return _by_id(query.group_by(days.account_id))


def _by_id(query: Any) -> dict[int, Any]:
    return {row[0]: row[1] for row in db.session.execute(query)}


def _uploads(accounts: Iterable[int], since: date) -> dict[int, int]:
    """Return the number of uploads of some accounts that were recorded since a day."""
    is_late = Upload.received_at >= clock.first_moment_of(since)
    account = unindexed(Upload.account_id)
    query = select(account, func.count()).where(account.in_([*accounts]), is_late)
    return _by_id(query.group_by(account))


def _notes() -> Mapping[str, Seen]:
    """Return the newest note on each finding, by its key."""
    query = (
        select(DeskNote.finding, DeskNote.note, User.name, DeskNote.made_at)
        .join(User, User.id == DeskNote.user_id)
        .order_by(DeskNote.id.desc())
        .limit(MOST_NOTES)
    )
    newest = [Seen(*row) for row in db.session.execute(query)]
    return rules.newest_by_key(reversed(newest))
