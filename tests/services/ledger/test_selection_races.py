"""A user is about to mark the rows shown, while others upload and mark."""

import itertools
import threading
import time

import pytest

from spv import demo
from spv.database import nested_batch
from spv.extensions import db
from spv.rules.ledger.search import Criteria
from spv.services.ledger import invalidations, selections
from spv.services.ledger.invalidations import MARKED, RowsNoLongerValid
from tests import brute_force
from tests.endurance import repeated
from tests.panels import panels_csv, upload
from tests.people import acting, at_once, events, user_of
from tests.proof import log_problems

pytestmark = [
    pytest.mark.every_database,
    pytest.mark.usefixtures("demonstration", "proven"),
]
WHY = {"reason": "Ineligible panel"}
# All orders of two steps of one person and two steps of another.
ORDERS = sorted({"".join(order) for order in itertools.permutations("aabb")})
OTHERS = [demo.VSP_ADMIN, demo.STAFF]


class Person:
    """A person who is shown rows and confirms, and the results."""

    def __init__(self, email):
        self.actor = acting(email)
        self.name = "agency staff" if email == demo.STAFF else user_of(email).name
        self.begin()

    def begin(self, selection=None):
        self.selection, self.numbers, self.moved = selection, [], []

    @property
    def shown(self):
        return set(self.selection.row_ids)

    def search(self, tag):
        criteria = Criteria(supplier_name=tag)
        self.begin(selections.matching(criteria, set(), self.actor))

    def choose(self, tag, *numbers):
        serials = [f"{tag}{number:06}" for number in numbers]
        self.begin(selections.listed(serials, self.actor))

    def confirm(self, why=WHY):
        try:
            number, _ = invalidations.mark(self.selection, why, self.actor)
            self.numbers.append(number)
        except RowsNoLongerValid as moved:
            self.moved.append(moved)

    def send(self, tag, start, count):
        upload(panels_csv(count, tag, start, f"{tag} Solar,Holder,X"), self.actor)

    def check(self, tag):
        """Either all rows shown, and no others, have one invalidation, or none has."""
        found = marked(tag)
        if self.numbers:
            assert (len({*self.numbers}), self.moved) == (1, [])
            assert {n for n in found if found[n] == self.numbers[0]} == self.shown
            return
        (moved,) = self.moved
        gone = {row_id for row_id in self.shown if found[row_id]}
        assert set(moved.rest.row_ids) == self.shown - gone
        self.check_sentence(len(gone))

    def check_sentence(self, count, *people):
        verb = "has" if count == 1 else "have"
        said = f"{count} of the {len(self.shown)} rows {verb} been marked invalid "
        sentence = str(self.moved[0])
        assert sentence.startswith(f"{said}in the meantime by ")
        assert sentence.endswith(". Nothing was done.")
        assert all(person.name in sentence for person in people)


@pytest.fixture
def tom(demonstration):
    return Person(demo.VSP_USER)


@pytest.fixture
def proven(demonstration):
    """Verify afterwards that the log and the rows agree."""
    yield
    db.session.rollback()
    assert log_problems() == []


def rounds(times, person, count):
    """Yield the tag of each round, of which a person has uploaded rows."""
    for n in range(times):
        tag = f"R{n:02}"
        person.send(tag, 1, count)
        yield tag


def marked(tag):
    """Return the invalidation of each row, by the row's id."""
    return {row.id: row.invalidation_id for row in brute_force.every_row(tag)}


@pytest.mark.parametrize("email", OTHERS)
@pytest.mark.parametrize("order", ORDERS)
def test_another_uploads_and_marks_in_any_order(tom, order, email):
    """a: search, then confirm; b: three more rows are uploaded, then three marked."""
    another, supplier = Person(email), Person(demo.VSP_ADMIN)
    tom.send("R00", 1, 5)

    def search_and_confirm():
        yield tom.search("R00")
        yield tom.confirm()

    def upload_and_mark():
        yield supplier.send("R00", 6, 3)
        another.choose("R00", 4, 5, 6)
        if another.selection.row_ids:
            another.confirm()
            another.check("R00")
        yield

    steps = {"a": search_and_confirm(), "b": upload_and_mark()}
    for step in order:
        next(steps[step])
    tom.check("R00")
    assert len(tom.shown) == (8 if order in ("baab", "baba") else 5)
    assert bool(tom.moved) == (order in ("abba", "baba"))
    if tom.moved:
        tom.check_sentence({5: 2, 8: 3}[len(tom.shown)], another)


@pytest.mark.every_database(long=True)
@repeated(10, 100)
@pytest.mark.parametrize("searched", ["before", "at the same time"])
def test_another_uploads_and_marks_at_once(tom, searched, times):
    """Either all rows shown are marked, or none is."""
    priya, won = Person(demo.VSP_ADMIN), {tom.name: 0, "Priya Nair": 0}

    def search_and_confirm():
        if searched == "at the same time":
            tom.search(tag)
        tom.confirm()

    def upload_and_mark():
        priya.send(tag, 4, 2)
        priya.confirm()

    for tag in rounds(times, tom, 3):
        tom.search(tag)
        priya.choose(tag, 2, 3)
        assert at_once(search_and_confirm, upload_and_mark) == []
        tom.check(tag)
        priya.check(tag)
        for person in (tom, priya):
            won[person.name] += bool(person.numbers)
    assert sum(won.values()) >= times


@pytest.mark.every_database(long=True)
@repeated(5, 50)
@pytest.mark.parametrize("email", OTHERS)
def test_two_confirm_selections_that_overlap(tom, email, times):
    """One marks all rows; the other learns by whom, and can go on with the rest."""
    another = Person(email)
    for tag in rounds(times, tom, 6):
        tom.choose(tag, 1, 2, 3, 4)
        another.choose(tag, 3, 4, 5, 6)
        assert at_once(tom.confirm, another.confirm) == []
        first, second = (tom, another) if tom.numbers else (another, tom)
        assert (len(first.numbers), second.numbers) == (1, [])
        first.check(tag)
        second.check(tag)
        second.check_sentence(2, first)
        second.selection = second.moved.pop().rest
        second.confirm()
        second.check(tag)
        found = sorted(marked(tag).values())
        assert found == first.numbers * 4 + second.numbers * 2


@repeated(5, 50)
def test_two_people_confirm_the_same(tom, times):
    """One marks the rows. The other is not told to have marked them."""
    priya = Person(demo.VSP_ADMIN)
    for tag in rounds(times, tom, 3):
        tom.search(tag)
        priya.search(tag)
        assert at_once(tom.confirm, priya.confirm) == []
        first, second = (tom, priya) if tom.numbers else (priya, tom)
        assert (len(first.numbers), second.numbers) == (1, [])
        first.check(tag)
        second.check_sentence(3, first)
        assert second.moved[0].rest.row_ids == []


@repeated(5, 50)
def test_a_double_click_is_one_invalidation(tom, times):
    """Three clicks at once, and a fourth later."""
    before = events().count(MARKED)
    for tag in rounds(times, tom, 3):
        tom.search(tag)
        assert at_once(tom.confirm, tom.confirm, tom.confirm) == []
        tom.confirm()
        assert len(tom.numbers) == 4
        tom.check(tag)
    assert events().count(MARKED) == before + times


@repeated(5, 50)
def test_two_clicks_with_two_reasons_are_no_double_click(tom, times):
    """Otherwise the second reason would be lost without a word."""
    other = {"reason": "Other", "other_reason": "Broken"}
    for tag in rounds(times, tom, 3):
        tom.search(tag)
        assert at_once(tom.confirm, lambda: tom.confirm(other)) == []
        assert (len(tom.numbers), len(tom.moved)) == (1, 1)
        tom.check_sentence(3, tom)
        assert {*marked(tag).values()} == {*tom.numbers}


@pytest.mark.parametrize("email", OTHERS)
def test_a_confirmation_waits_for_an_invalidation_that_has_begun(tom, email):
    """The rows are read again once the other transaction has ended."""
    another, has_marked = Person(email), threading.Event()
    tom.send("R00", 1, 3)
    tom.search("R00")
    another.choose("R00", 3)

    def mark_slowly():
        with nested_batch():
            another.confirm()
            has_marked.set()
            time.sleep(0.3)
            assert (tom.numbers, tom.moved) == ([], [])

    def confirm():
        assert has_marked.wait(10)
        tom.confirm()

    assert at_once(mark_slowly, confirm) == []
    tom.check("R00")
    tom.check_sentence(1, another)
