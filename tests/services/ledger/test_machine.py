"""Whatever people do to the ledger, in any order, it is as a dictionary says."""

import itertools
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from spv import clock, demo
from spv.rules.errors import ValidationError
from spv.rules.ledger.search import Criteria
from spv.services.ledger import invalidations, search, selections, uploads
from spv.services.ledger.refused_files import RowsRefused
from tests import brute_force
from tests.brute_force import Row
from tests.endurance import repeated
from tests.ledger_model import LedgerModel, csv_of
from tests.panels import upload
from tests.people import acting, user_of
from tests.proof import log_problems

pytestmark = pytest.mark.every_database(long=True)

# Two of one account, and one of another.
ACCOUNTS = [demo.VSP_USER, demo.SUPPLIER, demo.VSP_ADMIN]
PRODUCTS = [
    ("Sun", "Müller GmbH", "M-1"),
    ("Sun", "100%_", "M-2"),
    ("Moon", "X", "M-1"),
]
REASONS = ["Incorrect model number", "Ineligible panel"]
STAFF = "agency staff"
TAGS = itertools.count(1)
# What is tried: few of each, so that people come across each other.
numbers = st.integers(0, 15)
uploaders = st.sampled_from(ACCOUNTS)
people = st.sampled_from([demo.STAFF, *ACCOUNTS])
files = st.dictionaries(numbers, st.sampled_from(PRODUCTS), min_size=1, max_size=3)
statuses = st.sampled_from(["", "valid", "invalid", ""])
parts_of_names = st.sampled_from(["", "MÜLLER", "%_", "_", "x", "", ""])
numbers_of_things = st.integers(0, 40)


class LedgerMachine(RuleBasedStateMachine):
    """People, a ledger, what it has to hold, and what somebody is about to mark.

    What an example does has a tag of its own: the ledger keeps what others did.
    """

    def __init__(self):
        super().__init__()
        self.model = LedgerModel(f"T{next(TAGS):06}-")
        self.shown = []
        self.actors = {email: acting(email) for email in (*ACCOUNTS, demo.STAFF)}
        users = {email: user_of(email) for email in self.actors}
        self.names = {u.id: u.name for email, u in users.items() if email in ACCOUNTS}
        self.accounts = {e: u.account for e, u in users.items() if u.account}

    # What people do.

    @initialize()
    def begin(self):
        """Two accounts have rows, and somebody is about to mark most of them."""
        for email, first in ((demo.VSP_USER, 0), (demo.SUPPLIER, 4)):
            file = {n: PRODUCTS[n % 3] for n in range(first, first + 4)}
            self.send(email, self.model.panels_of(file))
        self.choose(demo.STAFF, {1, 2, 5, 6})

    @rule(email=uploaders, file=files)
    def upload(self, email, file):
        self.send(email, self.model.panels_of(file))

    @rule(email=uploaders, which=numbers_of_things)
    def upload_again(self, email, which):
        """The same rows once more, whoever had them first and whatever came of them."""
        number = sorted(self.model.files)[which % len(self.model.files)]
        self.send(email, self.model.files[number][1])

    def send(self, email, panels):
        actor = self.actors[email]
        already_valid = self.model.already_valid(panels)
        earlier = self.model.earlier(panels, actor)
        try:
            recorded = upload(csv_of(panels), actor)
        except RowsRefused as refusal:
            self.check_refused(refusal.report, already_valid, earlier)
            return
        if earlier:
            assert recorded.upload_id == earlier
            assert recorded.already
            return
        assert not already_valid
        assert recorded.upload_id not in self.model.files
        self.model.files[recorded.upload_id] = (actor.account_id, panels)
        receipt = uploads.show(recorded.upload_id, actor)
        day, account = clock.day_of(receipt.upload.received_at), self.accounts[email]
        for row_id, *names, serial in (row[:5] for row in receipt.rows):
            whose = account.id, account.legal_name, account.abn
            of_upload = recorded.upload_id, *whose, day
            self.model.rows[row_id] = Row(row_id, serial, *names, *of_upload)

    @rule(email=uploaders, file=files)
    def check_only(self, email, file):
        actor, panels = self.actors[email], self.model.panels_of(file)
        already_valid = self.model.already_valid(panels)
        earlier = self.model.earlier(panels, actor)
        try:
            found, recorded = uploads.check(csv_of(panels), actor)
        except RowsRefused as refusal:
            self.check_refused(refusal.report, already_valid, earlier)
            return
        assert found.row_count == len(panels)
        assert (recorded and recorded.upload_id) == earlier
        assert earlier or not already_valid

    @rule(email=people, some=st.sets(numbers_of_things, min_size=1, max_size=6))
    def choose(self, email, some):
        """Also rows of others, and rows that are marked: those are left out."""
        ids = {sorted(self.model.rows)[n % len(self.model.rows)] for n in some}
        self.selected(email, selections.chosen(ids, self.actors[email]), ids)

    @rule(email=people, some=st.sets(numbers, min_size=2, max_size=6))
    def choose_by_list(self, email, some):
        serials = [f"{self.model.tag}{n}" for n in some]
        selection = selections.listed(serials, self.actors[email])
        ids = [r.id for r in self.model.rows.values() if r.serial_number in serials]
        self.selected(email, selection, ids)

    @rule(
        email=people, name=parts_of_names, status=statuses,
        but=st.sets(numbers_of_things, max_size=2),
    )  # fmt: skip
    def choose_all(self, email, name, status, but):
        criteria = Criteria(supplier_name=self.model.tag, licensee=name, status=status)
        left_out = {sorted(self.model.rows)[n % len(self.model.rows)] for n in but}
        actor = self.actors[email]
        selection = selections.matching(criteria, left_out, actor)
        found = brute_force.expected(criteria, actor, self.model.rows.values())
        ids = [row.id for row in found if row.id not in left_out]
        self.selected(email, selection, ids)

    @rule(email=people, which=numbers_of_things)
    def choose_an_upload(self, email, which):
        number = sorted(self.model.files)[which % len(self.model.files)]
        actor = self.actors[email]
        selection = selections.matching(Criteria(upload=number), set(), actor)
        ids = [row.id for row in self.model.rows.values() if row.upload == number]
        assert selection.upload_id == number
        self.selected(email, selection, ids)

    @precondition(lambda self: self.shown)
    @rule(reason=st.sampled_from(REASONS))
    def mark(self, reason):
        self.confirm(*self.shown[-1], reason)

    @precondition(lambda self: self.shown)
    @rule(back=st.integers(1, 3), reason=st.sampled_from(REASONS))
    def mark_later(self, back, reason):
        self.confirm(*self.shown[-1 - back % len(self.shown)], reason)

    @precondition(lambda self: self.shown)
    @rule(reason=st.sampled_from(REASONS))
    def mark_but_the_first(self, reason):
        """Fewer rows than were shown, which is another invalidation."""
        email, selection = self.shown[-1]
        if fewer := selection.row_ids[1:]:
            self.confirm(email, selection._replace(row_ids=fewer), reason)

    def confirm(self, email, selection, reason):
        """All that was shown is marked, or nothing is."""
        actor, ids = self.actors[email], set(selection.row_ids)
        rows = [self.model.rows[row_id] for row_id in ids]
        gone = [row for row in rows if row.invalidation_id]
        made = {row.invalidation_id for row in rows}
        facts = (actor.user_id, reason, frozenset(ids))
        again = made.pop() if len(made) == 1 else None
        try:
            number, is_new = invalidations.mark(selection, {"reason": reason}, actor)
        except invalidations.RowsNoLongerValid as moved:
            assert self.model.invalidations.get(again) != facts
            self.check_moved(str(moved), gone, ids)
            self.selected(email, moved.rest, ids)
            return
        assert is_new == (not gone)
        if gone:
            assert (number, self.model.invalidations[number]) == (again, facts)
            return
        assert number not in self.model.invalidations
        self.model.invalidations[number] = facts
        marked = {"invalidation_id": number, "reason": reason}
        self.model.rows |= {n: self.model.rows[n]._replace(**marked) for n in ids}

    @rule(
        email=people, serial=st.sampled_from(["", "0", "1"]), name=parts_of_names,
        status=statuses, which=numbers_of_things,
    )  # fmt: skip
    def search(self, email, serial, name, status, which):
        """One or several of what can be asked, always with the tag of the example."""
        asked = {"supplier_name": self.model.tag, "licensee": name, "status": status}
        if serial:
            asked["serial_number"] = self.model.tag + serial
        if which < len(self.model.files):
            asked["upload"] = sorted(self.model.files)[which]
        self.check_search(Criteria(**asked), email)

    # What has to be so.

    @invariant()
    def the_ledger_has_what_was_acknowledged(self):
        rows = brute_force.every_row(self.model.tag)
        assert rows == [self.model.rows[row_id] for row_id in sorted(self.model.rows)]
        valid = Counter(row.serial_number for row in rows if row.status == "valid")
        assert {*valid.values()} <= {1}

    def teardown(self):
        """Everybody looks for everything, and the whole ledger is proven."""
        for email, status in itertools.product(self.actors, ["valid", "invalid"]):
            self.check_search(
                Criteria(supplier_name=self.model.tag, status=status), email
            )
        for email in self.actors:
            self.check_search(Criteria(serial_number=self.model.tag), email)
        assert log_problems() == []

    # What is compared.

    def selected(self, email, selection, ids):
        """What somebody has been shown: the valid rows of some that are theirs."""
        rows = [self.model.rows[row_id] for row_id in ids]
        ours = [row for row in rows if brute_force.sees(self.actors[email], row)]
        valid = sorted(row.id for row in ours if row.status == "valid")
        assert sorted(selection.row_ids) == valid
        if valid:
            self.shown.append((email, selection))
            return
        with pytest.raises(ValidationError, match="Choose at least one row"):
            invalidations.mark(selection, {"reason": REASONS[0]}, self.actors[email])

    def check_refused(self, report, already_valid, earlier):
        wrong = len(already_valid)
        assert (report.problem_count, report.wrong_rows) == (wrong, wrong)
        assert already_valid
        assert earlier is None

    def check_moved(self, sentence, gone, ids):
        verb = "has" if len(gone) == 1 else "have"
        rows = f"{len(ids)} row" if len(ids) == 1 else f"{len(ids)} rows"
        people = {
            self.names.get(self.model.invalidations[r.invalidation_id][0], STAFF)
            for r in gone
        }
        said = f"{len(gone)} of the {rows} {verb} been marked invalid in the meantime"
        assert sentence.startswith(f"{said} by ")
        assert sentence.endswith(". Nothing was done.")
        named = {name for name in (*self.names.values(), STAFF) if name in sentence}
        assert named == people

    def check_search(self, criteria, email):
        brute_force.check(criteria, self.actors[email], self.model.rows.values())


@repeated(4, 300)
def test_the_ledger_is_as_a_dictionary_says(demonstration, monkeypatch, times):
    monkeypatch.setattr(search, "ROWS_SHOWN", 5)
    monkeypatch.setattr(search, "EXPORT_SLICE", 7)
    before = len(brute_force.every_row())
    machines = []

    def begin():
        machines.append(LedgerMachine())
        return machines[-1]

    deep = settings(max_examples=times, stateful_step_count=30)
    run_state_machine_as_test(begin, settings=deep)
    stored = sum(len(machine.model.rows) for machine in machines)
    assert len(brute_force.every_row()) == before + stored
    assert log_problems() == []
