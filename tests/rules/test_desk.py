"""The rules of the desk: thresholds, sentences, notes, time lines."""

import time
from datetime import date, datetime, timedelta

import pytest

from spv.rules import desk
from spv.rules.desk import AccountWeek, Counts, Pair, Seen, Stage

TODAY = date(2026, 11, 28)
MONDAY, BEFORE = date(2026, 11, 23), date(2026, 11, 16)
NAMES = {1: "First Pty Ltd", 2: "Second Pty Ltd"}


def found(conflicts=(), look_alikes=(), weeks=(), valid=None, uploads=None):
    """The findings that follow from some counts."""
    counts = Counts(NAMES, conflicts, look_alikes, weeks, valid or {}, uploads or {})
    return desk.findings(counts)


def week(marked=0, other=0, refused=0, recorded=0, monday=MONDAY, account=1):
    return AccountWeek(account, monday, recorded, marked, other, refused)


def test_the_weeks_and_the_months():
    assert desk.mondays(TODAY)[:2] == [MONDAY, BEFORE]
    assert desk.mondays(MONDAY)[0] == MONDAY
    assert len(desk.mondays(TODAY)) == 4
    months = desk.months(TODAY)
    assert (months[0], months[-1], len(months)) == (
        date(2025, 12, 1), date(2026, 11, 1), 12,
    )  # fmt: skip
    assert desk.months(date(2026, 12, 31))[0] == date(2026, 1, 1)
    assert [desk.usual(marked) for marked in (0, 8, 100)] == [0, 1, 12]


def test_pairs_of_accounts():
    conflict = Pair(1, 2, MONDAY, 14, 2)
    alike = Pair(2, 1, BEFORE, 1)
    first, second = found(conflicts=[conflict], look_alikes=[alike])
    assert first.sentence == (
        "First Pty Ltd sent 14 serial numbers that Second Pty Ltd had as valid, in 2 "
        "refused uploads in the week from 23 November 2026."
    )
    assert first.name == "conflicts 1-2 2026-11-23 14"
    assert second.sentence == (
        "Second Pty Ltd has 1 serial number that differs from one of First Pty "
        "Ltd only by O for 0, or I for 1. Found in the week from 16 November 2026."
    )


@pytest.mark.parametrize(
    ("marked", "valid", "is_found"),
    [(1_001, 1_000_000, True), (1_000, 1_000_000, False), (51, 949, True),
     (50, 950, False), (20, 100, True), (19, 0, False), (20, 0, True)],
)  # fmt: skip
def test_much_that_is_marked(marked, valid, is_found):
    findings = found(weeks=[week(marked)], valid={1: valid})
    assert [each.kind for each in findings] == ["marked"] * is_found


def test_rows_that_were_valid_in_an_earlier_week():
    """An account that lost 900 of 1,000 rows lost 30 of 1,030 in the week before."""
    weeks = [week(30, recorded=20, monday=BEFORE), week(900, recorded=0)]
    (only,) = found(weeks=weeks, valid={1: 100})
    assert only.sentence == (
        "900 rows of First Pty Ltd were marked as invalid in the week from 23 November "
        "2026: 90 % of its valid rows."
    )


def test_other_as_the_usual_reason():
    weeks = [week(4, 4), week(6, 6, monday=BEFORE)]
    (only,) = found(weeks=weeks, valid={1: 10_000})
    assert (only.kind, only.number, only.week) == ("other", 10, MONDAY)
    assert "of 10 rows that were marked as invalid in 4 weeks, 10 have it" in (
        only.sentence
    )
    for few in ([week(9, 9)], [week(20, 10)]):
        assert found(weeks=few, valid={1: 10_000}) == []
    weeks = [week(refused=1), week(15, 15, monday=BEFORE)]
    assert found(weeks=weeks, valid={1: 10_000})[0].week == BEFORE


def test_many_refused_uploads():
    weeks = [week(refused=6, monday=BEFORE), week(refused=4), week(3, account=2)]
    (only,) = found(weeks=weeks, uploads={1: 29}, valid={2: 1_000})
    assert only.sentence == (
        "10 of 39 uploads of First Pty Ltd were refused in 4 weeks."
    )
    assert only.week == MONDAY
    assert found(weeks=weeks, uploads={1: 30}) == []
    assert found(weeks=[week(refused=9)]) == []


def test_the_newest_week_comes_first_and_then_the_kind():
    findings = found(
        conflicts=[Pair(1, 2, MONDAY, 1, 1), Pair(2, 1, MONDAY, 5, 1)],
        look_alikes=[Pair(1, 2, BEFORE, 1), Pair(1, 2, MONDAY, 9)],
        weeks=[week(30, 30)],
    )
    assert [(each.kind, each.week, each.number) for each in findings] == [
        ("conflicts", MONDAY, 5), ("conflicts", MONDAY, 1), ("look-alikes", MONDAY, 9),
        ("marked", MONDAY, 30), ("other", MONDAY, 30), ("look-alikes", BEFORE, 1),
    ]  # fmt: skip


def test_a_finding_that_was_seen_comes_back_when_it_grows():
    (finding,) = found(conflicts=[Pair(1, 2, MONDAY, 14, 2)])
    at = datetime(2026, 11, 28)
    of_other = Seen("conflicts 1-3 2026-11-23 14", "", "Avery", at)
    seen = Seen(finding.name, "Asked both.", "Avery", at)
    before = seen._replace(finding="conflicts 1-2 2026-11-23 12")
    assert desk.note_on(finding, {}) == (None, False)
    assert desk.note_on(finding, desk.newest_by_key([of_other])) == (None, False)
    notes = desk.newest_by_key([before, seen, of_other])
    assert desk.note_on(finding, notes) == (seen, False)
    assert desk.note_on(finding._replace(number=15), notes) == (seen, True)


def test_many_findings_and_notes_take_no_longer_each():
    accounts, at = range(1, 3_001), datetime(2026, 11, 28)
    weeks = [week(30, 30, 20, account=account) for account in accounts]
    counts = Counts(dict.fromkeys(accounts, "A"), (), (), weeks, {}, {})
    began = time.process_time()
    findings = desk.findings(counts)
    notes = desk.newest_by_key(Seen(each.name, "", "Avery", at) for each in findings)
    assert all(desk.note_on(each, notes)[0] for each in findings)
    assert len(findings) == 9_000
    assert time.process_time() - began < 1  # each with each took many times as long


def test_a_note():
    assert desk.read_note("  ") == ""
    assert desk.read_note(" Asked both.\r\n") == "Asked both."
    with pytest.raises(ValueError, match="Shorten the note"):
        desk.read_note("x" * 1_001)


def test_a_time_line():
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    day = timedelta(days=1)
    made = Stage(may, "Made, current until 1 June 2026", "Tom")
    assert desk.time_line([], TODAY) == []
    assert desk.time_line([(may, june, "Tom")], june) == [made]
    assert desk.time_line([(may, june, "Tom")], may - day) == []  # it is to come
    lapsed = Stage(june + day, "Lapsed")
    assert desk.time_line([(may, june, "Tom")], june + day) == [made, lapsed]
    renewed = [(may, june, "Tom"), (june + day, TODAY, "Kim")]
    words = "Made, current until 28 November 2026"
    again = Stage(june + day, words, "Kim")
    assert desk.time_line(renewed, TODAY) == [made, again]
    late = [(may, june, "Tom"), (june + 2 * day, TODAY, "Kim")]
    again = again._replace(day=june + 2 * day)
    assert desk.time_line(late, TODAY) == [made, lapsed, again]


def test_the_sentence_to_read_out():
    when = "25 November 2026, 11:29 AEDT"
    said = desk.refused_row(54, "may.csv", when, "BS/415/0000580", is_own=False)
    assert said == (
        "Row 54 of may.csv was refused on 25 November 2026, 11:29 AEDT: the ledger has "
        "BS/415/0000580 as valid, recorded by another account."
    )
    said = desk.refused_row(1_054, "", when, "X1", is_own=True)
    assert said.startswith("Row 1,054 of a request to the API was refused on ")
    assert said.endswith("recorded by the same account.")
