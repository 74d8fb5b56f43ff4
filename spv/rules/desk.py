"""Rules of the agency's desk: findings worth a look, each with a sentence."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain
from typing import NamedTuple

from spv.rules.text import format_date, pluralise, read_optional

WEEKS = 4  # searched for findings, the current one included
USUAL_WEEKS = 8
SOON = timedelta(days=14)  # declarations that lapse
MONTHS = 12  # of the chart
MANY_MARKED, MANY_PERCENT, FEW_MARKED = 1_000, 5, 20
FEW_OTHER = 10
MANY_REFUSED, REFUSED_OF = 10, 4  # so many refused uploads, and more than one in four
WEEK = timedelta(weeks=1)
# Read the note on a finding, which may be empty.
read_note = partial(read_optional, what="the note", most=1_000, lines=True)


class Finding(NamedTuple):
    """Something worth a look: its kind, its accounts and its week.

    `week` is its Monday. `number` grows when there is more of it.
    """

    kind: str
    accounts: tuple[int, ...]
    week: date
    number: int
    sentence: str

    @property
    def key(self) -> str:
        """The part of its name that stays the same when it grows."""
        return f"{self.kind} {'-'.join(map(str, self.accounts))} {self.week}"

    @property
    def name(self) -> str:
        """The finding as it is now, as a note keeps it."""
        return f"{self.key} {self.number}"


class Pair(NamedTuple):
    """The serial numbers that two accounts have in common, as of a week.

    These are serial numbers of refused uploads of the first account that the other one
    has as valid; or serial numbers that look alike, which have no `uploads`.
    """

    account: int
    other: int
    week: date
    serials: int
    uploads: int = 0


class AccountWeek(NamedTuple):
    """The rows that an account recorded and marked in a week, and its refusals."""

    account: int
    week: date
    recorded: int
    marked: int
    marked_other: int
    refused: int


class Counts(NamedTuple):
    """The counts that findings are made from, by the ids of accounts.

    `valid` is the number of valid rows now. `uploads` counts the recorded uploads in
    these weeks, only for accounts with many refusals.
    """

    names: Mapping[int, str]
    conflicts: Sequence[Pair]
    look_alikes: Sequence[Pair]
    weeks: Sequence[AccountWeek]
    valid: Mapping[int, int]
    uploads: Mapping[int, int]


def mondays(today: date) -> list[date]:
    """Return the Mondays of the weeks with findings, newest first."""
    this = today - timedelta(days=today.weekday())
    return [this - number * WEEK for number in range(WEEKS)]


def months(today: date) -> list[date]:
    """Return the first days of the months of the chart, oldest first."""
    number = today.year * 12 + today.month - MONTHS
    return [date(n // 12, n % 12 + 1, 1) for n in range(number, number + MONTHS)]


def usual(marked: int) -> int:
    """Return the usual number of rows marked in a week, from that of USUAL_WEEKS."""
    return round(marked / USUAL_WEEKS)


def findings(counts: Counts) -> list[Finding]:
    """Return all that is worth a look: the newest week first, then by its kind."""
    makers = (_conflicts, _look_alikes, _marked, _other, _refused)
    kinds = (sorted(make(counts), key=lambda f: -f.number) for make in makers)
    return sorted(chain.from_iterable(kinds), key=lambda f: f.week, reverse=True)


def _conflicts(counts: Counts) -> Iterator[Finding]:
    for pair in counts.conflicts:
        yield Finding(
            "conflicts", (pair.account, pair.other), pair.week, pair.serials,
            f"{counts.names[pair.account]} sent "
            f"{pluralise(pair.serials, 'serial number')} that "
            f"{counts.names[pair.other]} had as valid, in "
            f"{pluralise(pair.uploads, 'refused upload')} {_in(pair.week)}.",
        )  # fmt: skip


def _look_alikes(counts: Counts) -> Iterator[Finding]:
    for pair in counts.look_alikes:
        yield Finding(
            "look-alikes", (pair.account, pair.other), pair.week, pair.serials,
            f"{counts.names[pair.account]} has "
            f"{pluralise(pair.serials, 'serial number')} that "
            f"{'differs from one' if pair.serials == 1 else 'differ from those'} of "
            f"{counts.names[pair.other]} only by O for 0, or I for 1. Found "
            f"{_in(pair.week)}.",
        )  # fmt: skip


def _marked(counts: Counts) -> Iterator[Finding]:
    """Yield accounts that had many rows marked in a week.

    Only the number of valid rows today is known, so earlier numbers are computed from
    it, backwards week by week.
    """
    valid = dict(counts.valid)
    for each in sorted(counts.weeks, key=lambda each: each.week, reverse=True):
        were_valid = valid.get(each.account, 0) + each.marked
        valid[each.account] = were_valid - each.recorded
        percent = round(100 * each.marked / max(were_valid, 1))
        is_much = 100 * each.marked > MANY_PERCENT * were_valid
        if each.marked > MANY_MARKED or (is_much and each.marked >= FEW_MARKED):
            yield Finding(
                "marked", (each.account,), each.week, each.marked,
                f"{pluralise(each.marked, 'row')} of {counts.names[each.account]} were "
                f"marked as invalid {_in(each.week)}: {percent} % of its valid rows.",
            )  # fmt: skip


def _other(counts: Counts) -> Iterator[Finding]:
    for account, weeks in _by_account(counts):
        marked = sum(each.marked for each in weeks)
        other = sum(each.marked_other for each in weeks)
        if other >= FEW_OTHER and 2 * other > marked:
            last = max(each.week for each in weeks if each.marked_other)
            yield Finding(
                "other", (account,), last, other,
                f"“Other” is the usual reason for rows of {counts.names[account]}: of "
                f"{pluralise(marked, 'row')} that were marked as invalid in "
                f"{WEEKS} weeks, {other:,} have it.",
            )  # fmt: skip


def _refused(counts: Counts) -> Iterator[Finding]:
    for account, weeks in _by_account(counts):
        refused = sum(each.refused for each in weeks)
        sent = refused + counts.uploads.get(account, 0)
        if refused >= MANY_REFUSED and REFUSED_OF * refused > sent:
            last = max(each.week for each in weeks if each.refused)
            yield Finding(
                "refused", (account,), last, refused,
                f"{refused:,} of {pluralise(sent, 'upload')} of "
                f"{counts.names[account]} were refused in {WEEKS} weeks.",
            )  # fmt: skip


def _by_account(counts: Counts) -> list[tuple[int, list[AccountWeek]]]:
    found = defaultdict[int, list[AccountWeek]](list)
    for each in counts.weeks:
        found[each.account].append(each)
    return sorted(found.items())


def _in(week: date) -> str:
    return f"in the week from {format_date(week)}"


class Seen(NamedTuple):
    """A note that a finding was seen: its text, by whom, and when."""

    finding: str
    note: str
    by: str
    at: datetime


def newest_by_key(notes: Iterable[Seen]) -> dict[str, Seen]:
    """Return the newest note on each finding, by its key. Notes are oldest first."""
    return {seen.finding.rpartition(" ")[0]: seen for seen in notes}


def note_on(finding: Finding, notes: Mapping[str, Seen]) -> tuple[Seen | None, bool]:
    """Return the newest note on a finding, and whether it has grown since."""
    seen = notes.get(finding.key)
    count = seen.finding.rpartition(" ")[2] if seen else finding.number
    return seen, finding.number > int(count)


class Stage(NamedTuple):
    """A stage of the time line of declarations: a day, and the status from that day on.

    `by` is the user who declared; it is empty if the declaration lapsed.
    """

    day: date
    words: str
    by: str = ""


def time_line(declared: Iterable[tuple[date, date, str]], today: date) -> list[Stage]:
    """Return the stages of declarations: made, current until, lapsed; oldest first.

    Each declaration is the day it was made, its last day, and who made it, oldest
    first.
    """
    stages: list[Stage] = []
    lapsed: date | None = None
    # A declaration may be of a later day, to which a trainer had moved the clock.
    for made, until, by in (each for each in declared if each[0] <= today):
        if lapsed and lapsed < made:
            stages.append(Stage(lapsed, "Lapsed"))
        stages.append(Stage(made, f"Made, current until {format_date(until)}", by))
        lapsed = until + timedelta(days=1)
    if lapsed and lapsed <= today:
        stages.append(Stage(lapsed, "Lapsed"))
    return stages


def refused_row(
    row: int, filename: str, refused: str, serial_number: str, *, is_own: bool
) -> str:
    """Return the sentence that staff read out to a caller about a refused row.

    It does not name the account that has the serial number. `refused` is the moment in
    words.
    """
    holder = "the same account" if is_own else "another account"
    sent = filename or "a request to the API"
    return (
        f"Row {row:,} of {sent} was refused on {refused}: the ledger has "
        f"{serial_number} as valid, recorded by {holder}."
    )
