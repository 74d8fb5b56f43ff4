"""A search finds the same rows as a look at each row, and only the actor's own."""

import itertools
from datetime import date

import pytest

from spv import demo
from spv.rules.errors import ValidationError
from spv.rules.ledger.rows import PRODUCT_FIELDS
from spv.rules.ledger.search import Criteria
from spv.services.ledger import invalidations, search, search_query, selections
from spv.services.ledger.rows import with_ids
from tests import brute_force
from tests.endurance import sampled, some
from tests.panels import NAMES, panels_csv, upload
from tests.panels_planted import ACCOUNTS, VALUES, plant
from tests.people import acting

pytestmark = pytest.mark.every_database

STAFF = pytest.param(demo.STAFF, marks=pytest.mark.long)
ACTORS = [demo.VSP_USER, demo.GENERAL, demo.STAFF, demo.OTHER_VSP]
# How many rows are shown and counted: the real limits, and fewer than are found.
AS_IN_LIFE, FEW = (search.ROWS_SHOWN, search_query.MOST_COUNTED), (9, 10)


@pytest.fixture
def planted(made_once, demonstration):
    return made_once(plant)


def count_to(limits, monkeypatch):
    rows, most = limits
    monkeypatch.setattr(search, "ROWS_SHOWN", rows)
    for name in ("MOST_COUNTED", "LOOKED_THROUGH"):
        monkeypatch.setattr(search_query, name, most)


@pytest.fixture(params=[pytest.param(AS_IN_LIFE, marks=pytest.mark.long), FEW], ids=str)
def counted(request, monkeypatch):
    count_to(request.param, monkeypatch)


@pytest.fixture
def few_counted(monkeypatch):
    count_to(FEW, monkeypatch)


def singles(planted):
    """Return the values of each criterion; the uploads are of both accounts."""
    numbers = sorted({row.upload for row in planted})[-4:]
    values = VALUES | {"upload": [*numbers, numbers[-1] + 1]}
    return {name: [{name: value} for value in of] for name, of in values.items()}


def pairs(planted):
    """Return the first value of each criterion with the first two of each other."""
    return [
        first | second
        for one, two in itertools.combinations(singles(planted).values(), 2)
        for first, second in itertools.product(one[:1], two[:2])
    ]


@sampled
@pytest.mark.parametrize("email", some(ACTORS, [demo.VSP_USER]))
def test_each_criterion_alone(planted, email, counted, step):
    actor = acting(email)
    brute_force.check(Criteria(), actor, planted)
    every = [*itertools.chain(*singles(planted).values())]
    for asked in every[::step]:
        brute_force.check(Criteria(**asked), actor, planted)


@sampled
@pytest.mark.parametrize("email", [demo.VSP_USER, STAFF])
def test_criteria_in_pairs(planted, email, few_counted, step):
    actor = acting(email)
    found = [
        brute_force.check(Criteria(**asked), actor, planted)
        for asked in pairs(planted)[::step]
    ]
    assert sum(map(bool, found)) > len(found) / 4


@pytest.mark.every_database(long=True)
@pytest.mark.parametrize("email", [demo.VSP_USER, STAFF])
def test_row_by_row_of_a_common_beginning(planted, email, monkeypatch):
    """The rows that match are not among the next ones that begin so."""
    monkeypatch.setattr(search_query, "LOOKED_THROUGH", 1)
    upload(panels_csv(120, "A/9", names="Else,Else,Else"), acting(demo.VSP_USER))
    actor, rows = acting(email), brute_force.every_row()
    for asked in pairs(planted):
        if asked.get("serial_number") == "A":
            criteria, found, after = Criteria(**asked), [], 0
            while ids := search_query.ids(criteria, actor, 1, after):
                found, after = found + ids, ids[0]
            of_it = brute_force.expected(criteria, actor, rows)
            assert found == [row.id for row in of_it], criteria


def test_each_criterion_finds_rows_of_both_accounts(planted):
    """Only then would the tests above notice a row of another account."""
    staff, both = acting(demo.STAFF), {acting(e).account_id for e in ACCOUNTS.values()}
    of = singles(planted)
    for asked in itertools.chain(
        *(of[n] for n in of if n not in ("upload", "account"))
    ):
        found = brute_force.expected(Criteria(**asked), staff, planted)
        accounts = {row.account_id for row in found}
        assert accounts >= both or not accounts & both, asked


def test_known_totals(planted):
    """The slow search must not be wrong in the same way: these totals are known."""
    staff = acting(demo.STAFF)

    def count(**asked):
        return len(brute_force.check(Criteria(**asked), staff, planted))

    assert count(supplier_name="MÜLLER") == count(supplier_name="müller") == 48
    assert count(licensee="100%") == count(licensee="100x") == 48
    assert count(model_number="a_b") == 96
    assert count(serial_number="Z") == 32
    assert count(serial_number="A/") == 16
    assert count(serial_number="(") == count(serial_number="#") == 16
    assert count(recorded_to=date(2026, 4, 4)) == 24
    for day in (date(2026, 4, 5), date(2026, 10, 4)):  # of 25 and of 23 hours
        assert count(recorded_from=day, recorded_to=day) == 48


@pytest.mark.parametrize("asked", [{}, {"serial_number": "A"}, {"model_number": "_"}])
def test_all_that_an_account_can_mark_is_its_own(planted, asked):
    other = acting(demo.OTHER_VSP)
    selection = selections.matching(Criteria(**asked), set(), other)
    reason = {"reason": "Ineligible panel"}
    number, _ = invalidations.mark(selection, reason, other)
    before = {row.id: row for row in planted}
    for row in brute_force.every_row():
        if row.invalidation_id != number:
            assert row == before[row.id]
        assert (row.invalidation_id == number) == (
            row.account_id == other.account_id
            and brute_force.matches(before[row.id], Criteria(**asked))
            and before[row.id].status == "valid"
        )


def test_rows_of_others_cannot_be_selected(planted):
    vsp, other = acting(demo.VSP_USER), acting(demo.OTHER_VSP)
    theirs = [row for row in planted if row.account_id == vsp.account_id]
    ids, serials = [r.id for r in theirs], [r.serial_number for r in theirs]
    numbers = {row.upload for row in theirs}
    assert selections.chosen(ids, other).row_ids == []
    assert selections.listed(serials, other).row_ids == []
    for number in numbers:
        asked = Criteria(upload=number)
        assert selections.matching(asked, set(), other).row_ids == []
        assert search.find(asked, other) == ([], False, 0)
        assert [*search.every(asked, other)] == []


def test_a_user_without_an_account_finds_nothing(planted, kim):
    for asked in ({}, {"serial_number": "A"}, {"status": "valid"}):
        assert search.find(Criteria(**asked), kim) == ([], False, 0)
        assert selections.matching(Criteria(**asked), set(), kim).row_ids == []
    assert selections.chosen([row.id for row in planted], kim).row_ids == []


@pytest.mark.parametrize("rows", [10, 11, 12])
def test_more_than_are_counted(vsp, rows, monkeypatch):
    monkeypatch.setattr(search_query, "MOST_COUNTED", 10)
    monkeypatch.setattr(search, "ROWS_SHOWN", 4)
    upload(panels_csv(rows, names="Q7,Q8,Q9"), vsp)
    for actor in (vsp, acting(demo.STAFF)):
        for asked in ({"serial_number": "EX"}, {"supplier_name": "Q7"}):
            for more in ({}, {"status": "valid"}, {"licensee": "q8"}):
                first = search.find(Criteria(**asked, **more), actor)
                last = search.find(Criteria(**asked, **more), actor, first.rows[-1].id)
                assert (first.total, last.total) == (min(rows, 11),) * 2


def test_an_upload_of_many_products(vsp):
    """It has more products than are looked at first."""
    rows = [f"Q7 {n},Holder,Model,EX{n:04}" for n in range(250)]
    heading = panels_csv(0).decode()
    upload((heading + "\n".join(rows)).encode(), vsp)
    brute_force.check(Criteria(supplier_name="Q7"), vsp, brute_force.every_row("EX"))


def test_more_than_can_be_marked(vsp, monkeypatch):
    monkeypatch.setattr(selections, "MOST_MARKED", 5)
    upload(panels_csv(6), vsp)
    ids = [row.id for row in brute_force.every_row("EX")]
    asked, serials = Criteria(serial_number="EX"), [f"EX{n:06}" for n in range(1, 7)]
    words = "More than 5 rows were chosen."
    for choose in (
        lambda: selections.chosen(ids, vsp),
        lambda: selections.matching(asked, set(), vsp),
        lambda: selections.matching(asked, {1}, vsp),  # which was not found
        lambda: selections.listed(serials, vsp),
    ):
        with pytest.raises(ValidationError, match=words) as error:
            choose()
        assert error.value.problems.keys() == {"selection"}
    for selection in (
        selections.chosen(ids[1:], vsp),
        selections.matching(asked, {ids[0], 1}, vsp),
        selections.listed(serials[1:], vsp),
    ):
        assert set(selection.row_ids) == {*ids[1:]}


def test_a_selection_says_how_rows_were_chosen(vsp):
    number = upload(panels_csv(3), vsp).upload_id
    ids = [row.id for row in brute_force.every_row("EX")]
    whole = selections.matching(Criteria(upload=number), set(), vsp)
    assert (whole.how, whole.upload_id) == ([("Upload number", str(number))], number)
    fewer = selections.matching(Criteria(upload=number), {ids[0], 1}, vsp)
    assert fewer.how == [*whole.how, ("Left out", "1 row")]
    narrow = selections.matching(Criteria("EX", upload=number), set(), vsp)
    assert narrow.how[0] == ("Serial number begins with", "EX")
    everything = selections.matching(Criteria(), set(), vsp)
    assert everything.how == [("Searched for", "Everything")]
    assert (fewer.upload_id, narrow.upload_id, everything.upload_id) == (None,) * 3
    listed = selections.listed(["EX000001", "EX9"], vsp)
    assert listed.how == [("Chosen", "By a list of 2 serial numbers")]
    assert selections.matching(Criteria(status="invalid"), set(), vsp).row_ids == []
    shown = with_ids(whole.row_ids)
    assert [row.id for row in shown] == ids
    assert ",".join(getattr(shown[0], name) for name in PRODUCT_FIELDS) == NAMES
