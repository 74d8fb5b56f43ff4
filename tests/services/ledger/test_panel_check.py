"""Panels checked against a ledger with a past, as a replay of its events finds them."""

import itertools
import random
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest
import time_machine

from spv import demo
from spv.rules.ledger.panel_check import Result, read_body, read_question
from spv.rules.text import search_key
from spv.services.ledger import lookup
from tests.brute_force import SYDNEY
from tests.panels import HEADING, mark, panels_csv, upload
from tests.people import acting, events

pytestmark = pytest.mark.every_database

FIRST = date(2026, 3, 1)
NOW = datetime(2026, 4, 20, 15, tzinfo=SYDNEY)
SERIALS = [f"EX{n:06}" for n in range(1, 7)]
MODELS = ("EX-440", "ex  440", "EX-500")


@pytest.fixture
def today():
    with time_machine.travel(NOW, tick=False):
        yield NOW.date()


def checked(*serials, **answers):
    return lookup.check_panels(read_question, {"serials": ",".join(serials)} | answers)


def results(*serials, **answers):
    return [each.result for each in checked(*serials, **answers).entries]


def past(seed, vsp, other):
    """Record and mark rows on random days; return the events of each serial number.

    Many moments are the last or first seconds of a day, in both offsets of Sydney.
    """
    choose, log = random.Random(seed), defaultdict(list)
    actors = itertools.cycle([vsp, other])
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=SYDNEY)
    owner = {}
    for number in range(45):
        moment = midnight + timedelta(days=number)
        moment += timedelta(seconds=choose.choice([0, 1, 3600, 43_200, -1]))
        with time_machine.travel(moment, tick=False):
            serial = choose.choice(SERIALS)
            if serial in owner:
                mark([serial], owner.pop(serial))
                log[serial].append((moment, ""))
            else:
                owner[serial], model = next(actors), choose.choice(MODELS)
                row = f"{HEADING}\nExample Supplier,Example Holder,{model},{serial}"
                upload(row.encode(), owner[serial])
                log[serial].append((moment, model))
    return log


def expected(log, serial, day, model):
    """Replay what happened until the end of a day: "" if the last event marked it."""
    state = None
    for moment, recorded in log[serial]:
        if moment.astimezone(SYDNEY).date() <= day:
            state = recorded
    if not state:
        return Result.NOT_FOUND if state is None else Result.INVALID
    is_other = model and search_key(model) != search_key(state)
    return Result.OTHER_MODEL if is_other else Result.VALID


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_day_is_as_a_replay_finds_it(vsp, other, seed):
    log, seen = past(seed, vsp, other), set()
    with time_machine.travel(NOW, tick=False):
        for number in range(-2, 50):
            day = FIRST + timedelta(days=number)
            for model in ("", "ex 440", "EX-500"):
                found = results(*SERIALS, as_at=str(day), model_number=model)
                assert found == [expected(log, s, day, model) for s in SERIALS], day
                seen |= {*found}
        assert results(*SERIALS) == results(*SERIALS, as_at=str(NOW.date()))
    assert seen == {*Result}


def test_valid_on_a_day_and_marked_later(vsp, today):
    with time_machine.travel(datetime(2026, 3, 1, 23, 59, tzinfo=SYDNEY)):
        upload(panels_csv(1), vsp)
    with time_machine.travel(datetime(2026, 4, 9, 0, 0, tzinfo=SYDNEY)):
        mark(["EX000001"], vsp)
    (then,) = checked("EX000001", as_at="2026-04-08").entries
    assert (then.result, then.is_valid_now) == (Result.VALID, False)
    assert then.marked_at.astimezone(SYDNEY).date() == date(2026, 4, 9)
    assert results("EX000001", as_at="2026-02-28") == [Result.NOT_FOUND]
    assert results("EX000001", as_at="2026-04-09") == [Result.INVALID]
    assert results("EX000001") == [Result.INVALID]
    upload(panels_csv(1), vsp)
    assert checked("EX000001", as_at="2026-04-08").entries[0].is_valid_now
    assert results("EX000001") == [Result.VALID]


def test_hints_are_the_same_whatever_the_ledger_holds(vsp, other):
    """So nobody learns of a serial number by trying one that is like it."""
    typed = ["LO000001", "L0000001", "391", "EX000001", "ex-000001", "4006381333931",
             "A B", "1.23457E+12", "EXOOOOO1", "OO391", "12345678901234500000",
             "EX000002"]  # fmt: skip
    before = [each.hints for each in checked(*typed).entries]
    upload(panels_csv(3, "L0") + b"a,b,c,000391\r\na,b,c,4006381333931\r\n", vsp)
    upload(panels_csv(3), other)
    mark(["EX000002"], other)
    upload(panels_csv(1, "ex-"), other)
    after = checked(*typed, model_number="EX-440").entries
    assert [each.hints for each in after] == before
    assert [each.listed.entry for each in after] == typed
    assert {each.result for each in after} == {*Result}


def test_nothing_is_stored(vsp):
    upload(panels_csv(6), vsp)
    before = events()
    assert results(*SERIALS, as_at="2020-01-01") == [Result.NOT_FOUND] * 6
    found = lookup.check_panels(read_body, b'{"serialNumbers": ["EX000001"]}')
    assert found.entries[0].result is Result.VALID
    assert events() == before


def test_a_thousand_panels(demonstration):
    upload(panels_csv(500), acting(demo.VSP_USER))
    found = checked(*(f"EX{n:06}" for n in range(1, 1_001)))
    assert (found.valid_count, found.total) == (500, 1_000)
