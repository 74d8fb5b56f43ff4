"""Mark rows as invalid: the reason, the users, the receipt, and rows to correct."""

import json

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import UploadProduct
from spv.rules.csv_file import csv_text
from spv.rules.errors import ForbiddenError, NotFoundError, ValidationError
from spv.rules.ledger.rows import FIELDS
from spv.rules.ledger.search import Criteria
from spv.rules.ledger.statements import LONGEST_REASON, MOST_MARKED, REASONS
from spv.services.accounts import users
from spv.services.ledger import invalidations, selections, uploads
from spv.services.ledger.invalidations import MARKED, RowsNoLongerValid, digest_of
from spv.services.ledger.selections import Selection
from tests import brute_force
from tests.panels import mark, panels_csv, upload
from tests.people import acting, events
from tests.proof import log_problems
from tests.views.ledger_pages import count_invalidations

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]
WHY = {"reason": "Ineligible panel"}
# Names that spreadsheets would run, and serial numbers that they would change.
AWKWARD = [
    ("=1+1", "-5", "+A", "0039026007"),
    ("'=1'", "@SUM(A1)", "-1", "123456789012346"),
    ("''", "''x'", "'-1'", "1E5"),
    ("a, b", 'c "d"', "Müller", "2-3-4"),
    ("=HYPERLINK(1)", "=", "007", "+1(2)"),
    ("0", "1/2", "12:3A", "#1A"),
    ("TRUE", "May-12", "1e3", "12)A"),
]


def chosen(actor, beginning="EX"):
    return selections.matching(Criteria(beginning), set(), actor)


def mark_all(actor, beginning="EX"):
    """Mark all valid rows that begin so, and return the id of the invalidation."""
    return invalidations.mark(chosen(actor, beginning), WHY, actor)[0]


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_is_saved_and_logged(vsp, reason):
    number = upload(panels_csv(3), vsp).upload_id
    selection = selections.matching(Criteria(upload=number), set(), vsp)
    given = " As the maker\r\nsays " if reason == "Other" else " \n\u2003"
    answers = {"reason": reason, "other_reason": given}
    invalidation_id, _ = invalidations.mark(selection, answers, vsp)
    receipt = invalidations.show(invalidation_id, vsp)
    made, logged = receipt.invalidation, json.loads(receipt.event.details)
    text = "As the maker\nsays" if reason == "Other" else ""
    assert (made.reason, made.other_reason) == (reason, text)
    assert (made.account_id, made.user_id) == (vsp.account_id, vsp.user_id)
    assert (made.row_count, made.upload_id) == (3, number)
    assert made.criteria == logged["criteria"] == {"Upload number": str(number)}
    assert (logged["reason"], logged["other_reason"]) == (reason, text)
    assert (logged["invalidation"], logged["rows"]) == (made.id, 3)
    assert logged["upload"] == number
    assert logged["sha256"] == digest_of(sorted(selection.row_ids))
    assert (receipt.event.event, receipt.event.at) == (MARKED, made.made_at)
    assert [row.id for row in receipt.rows] == sorted(selection.row_ids)
    assert {(row.invalidation_id, row.reason) for row in receipt.rows} == {
        (made.id, reason)
    }
    assert (receipt.has_more, receipt.parts) == (False, 1)


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [
        ({}, "reason", "Select the reason."),
        ({"reason": ""}, "reason", "Select the reason."),
        ({"reason": "ineligible panel"}, "reason", "Select the reason."),
        ({"reason": "\0"}, "reason", "Select the reason."),
        ({"reason": "Other"}, "other_reason", "Enter the reason."),
        ({"reason": "Other", "other_reason": " \n "}, "other_reason", "Enter the"),
        ({"reason": "Other", "other_reason": "a\0"}, "other_reason", "0000"),
        ({"reason": "Other", "other_reason": "\ud800"}, "other_reason", "D800"),
        ({"reason": "Other", "other_reason": "x" * (LONGEST_REASON + 1)},
         "other_reason", "Shorten the reason"),
        ({"reason": "Ineligible panel", "other_reason": "Sold"}, "other_reason",
         "Select “Other”, or leave the text empty"),
        ({"reason": "Duplicate serial number", "other_reason": "\0"}, "other_reason",
         "Select “Other”"),
        ({"reason": "", "other_reason": "Sold"}, "reason", "Select the reason."),
    ],
)  # fmt: skip
def test_reasons_that_are_refused(vsp, answers, field, words):
    upload(panels_csv(1), vsp)
    before, made = events(), count_invalidations()
    with pytest.raises(ValidationError, match=words) as error:
        invalidations.mark(chosen(vsp), answers, vsp)
    assert error.value.problems.keys() == {field}
    assert (events(), count_invalidations()) == (before, made)
    assert len(chosen(vsp).row_ids) == 1


def test_a_selection_without_a_valid_row(vsp, other):
    upload(panels_csv(2), vsp)
    mark(["EX000001"], vsp)
    ids = [row.id for row in brute_force.every_row("EX")]
    before = events()
    for selection, actor in (
        (selections.chosen([], vsp), vsp),
        (selections.chosen([ids[0]], vsp), vsp),
        (selections.chosen(ids, other), other),
        (selections.chosen([10**6], vsp), vsp),
        (selections.listed(["EX000001", "EX9"], vsp), vsp),
        (selections.matching(Criteria("NONE"), set(), vsp), vsp),
    ):
        with pytest.raises(ValidationError, match="Choose at least one row"):
            invalidations.mark(selection, WHY, actor)
    assert events() == before


@pytest.mark.every_database(long=True)
def test_the_most_rows_at_once(vsp):
    """Ten thousand can be marked; one more is refused when they are selected."""
    for n in range(MOST_MARKED // 1000):
        upload(panels_csv(1000, f"EX{n:02}-"), vsp)
    selection = chosen(vsp)
    upload(panels_csv(1, "EX99-"), vsp)
    with pytest.raises(ValidationError, match="More than 10,000 rows"):
        chosen(vsp)
    number, is_new = invalidations.mark(selection, WHY, vsp)
    assert is_new
    assert invalidations.mark(selection, WHY, vsp) == (number, False)
    receipt = invalidations.show(number, vsp)
    assert (receipt.invalidation.row_count, receipt.parts) == (MOST_MARKED, 10)
    assert (len(receipt.rows), receipt.has_more) == (100, True)
    assert len(chosen(vsp).row_ids) == 1
    assert log_problems() == []


def test_rows_of_another_account_are_not_marked(vsp, other):
    """The error does not say what became of them either."""
    upload(panels_csv(2), vsp)
    upload(panels_csv(3, "EXO"), other)
    mark(["EXO000001"], other)
    mine = chosen(vsp).row_ids
    theirs = [row.id for row in brute_force.every_row("EXO")]
    before = brute_force.every_row()
    for ids in (theirs[:1], theirs[1:], theirs, [*mine, *theirs]):
        with pytest.raises(RowsNoLongerValid) as moved:
            invalidations.mark(Selection(ids, [("Chosen", "x")]), WHY, vsp)
        assert set(moved.value.rest.row_ids) == {*ids} & {*mine}
        assert "Luca Romano" not in str(moved.value)
    assert brute_force.every_row() == before


def test_staff_mark_rows_of_any_account(vsp, other):
    staff = acting(demo.STAFF)
    upload(panels_csv(2), vsp)
    upload(panels_csv(2, "EXO"), other)
    number = mark_all(staff)
    made = invalidations.show(number, staff)
    assert (made.invalidation.account_id, made.invalidation.row_count) == (None, 4)
    assert {row.legal_name for row in made.rows} == {
        "Example Verification Pty Ltd", "Other Verification Pty Ltd",
    }  # fmt: skip
    assert {row.invalidation_id for row in brute_force.every_row("EX")} == {number}
    with pytest.raises(RowsNoLongerValid, match="by agency staff"):
        invalidations.mark(Selection([made.rows[0].id], []), WHY, vsp)


def test_a_receipt_is_for_its_account_and_staff(vsp, other, kim):
    staff = acting(demo.STAFF)
    upload(panels_csv(2), vsp)
    own, by_staff = mark(["EX000001"], vsp), mark(["EX000002"], staff)
    for number, may_not in (
        (own, [other, acting(demo.GENERAL), kim]),
        (by_staff, [vsp, other, acting(demo.GENERAL), kim]),
        (by_staff + 1, [vsp, staff, kim]),
    ):
        for actor in may_not:
            with pytest.raises(NotFoundError):
                invalidations.show(number, actor)
            with pytest.raises(NotFoundError):
                invalidations.rows_to_correct(number, 1, actor)
    for number, may in (
        (own, [vsp, acting(demo.VSP_ADMIN), staff]),
        (by_staff, [staff]),
    ):
        for actor in may:
            assert invalidations.show(number, actor).invalidation.id == number
            assert "EX00000" in invalidations.rows_to_correct(number, 1, actor)


def test_pages_of_a_receipt(vsp):
    upload(panels_csv(250), vsp)
    number, seen, after = mark_all(vsp), [], 0
    for count, has_more in ((100, True), (100, True), (50, False)):
        receipt = invalidations.show(number, vsp, after)
        assert (len(receipt.rows), receipt.has_more) == (count, has_more)
        seen += [row.id for row in receipt.rows]
        after = seen[-1]
    assert seen == [row.id for row in brute_force.every_row("EX")]


def test_rows_to_correct_upload_again_as_they_are(vsp):
    """Each part of a thousand rows is a file."""
    for n in range(3):
        upload(panels_csv(700, f"EX{n}-"), vsp)
    before = brute_force.every_row("EX")
    number = mark_all(vsp)
    assert invalidations.show(number, vsp).parts == 3
    for part, count in ((1, 1000), (2, 1000), (3, 100)):
        text = invalidations.rows_to_correct(number, part, vsp)
        again = upload(text.encode(), vsp)
        assert uploads.show(again.upload_id, vsp).upload.row_count == count
    for part in (0, -1, 4, 10**6):
        with pytest.raises(NotFoundError):
            invalidations.rows_to_correct(number, part, vsp)
    valid = [row for row in brute_force.every_row("EX") if row.status == "valid"]
    assert [row[1:5] for row in valid] == [row[1:5] for row in before]
    assert log_problems() == []


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_awkward_rows_to_correct_upload_again_as_they_are(vsp, coding):
    file = csv_text([FIELDS.values(), *AWKWARD], as_text=True)
    first = upload(file.encode(), vsp).upload_id
    selection = selections.matching(Criteria(upload=first), set(), vsp)
    number, _ = invalidations.mark(selection, WHY, vsp)
    text = invalidations.rows_to_correct(number, 1, vsp)
    assert (
        "\r\n'=1+1,'-5,'+A,'0039026007\r\n" in text
    )  # apostrophes keep spreadsheets from changing it
    second = upload(text.encode(coding), vsp).upload_id
    assert second > first
    for upload_id in (first, second):
        rows = uploads.show(upload_id, vsp).rows
        assert sorted(tuple(row[1:5]) for row in rows) == sorted(AWKWARD)


def test_a_user_who_was_removed_meanwhile_marks_nothing(vsp, private_people):
    admin = acting(demo.VSP_ADMIN)
    upload(panels_csv(2), vsp)
    selection, before = chosen(vsp), count_invalidations()
    users.remove(vsp.user_id, admin)
    with pytest.raises(ForbiddenError, match="the role that this needs"):
        invalidations.mark(selection, WHY, vsp)
    assert count_invalidations() == before
    assert events()[-1] == "user.removed"
    assert invalidations.mark(selection, WHY, admin)[1]


def test_only_uploaders_and_staff_mark(vsp, kim):
    upload(panels_csv(2), vsp)
    for actor in (acting(demo.GENERAL), kim):
        with pytest.raises(ForbiddenError):
            invalidations.mark(chosen(vsp), WHY, actor)
    assert len(chosen(vsp).row_ids) == 2


def test_valid_rows_are_counted_by_upload_and_product(vsp):
    """The counts of other uploads and other products do not change."""
    lines = [f"S{n % 2},L,M,EX{n:03}" for n in range(6)]
    heading = panels_csv(0).decode()
    first = upload((heading + "\n".join(lines)).encode(), vsp).upload_id
    second = upload(panels_csv(4, "EXB", names="S0,L,M"), vsp).upload_id

    def counts():
        db.session.rollback()
        ours = UploadProduct.upload_id.in_([first, second])
        query = sa.select(*UploadProduct.__table__.columns).where(ours)
        order = (UploadProduct.upload_id, UploadProduct.product_id)
        return [row[2:] for row in db.session.execute(query.order_by(*order))]

    assert counts() == [(3, 3), (3, 3), (4, 4)]
    mark(["EX000", "EX001", "EX002", "EXB000001"], vsp)
    assert counts() == [(3, 1), (3, 2), (4, 3)]
    assert uploads.show(first, vsp).valid == 3
    mark(["EX003", "EX004", "EX005"], vsp)
    assert counts() == [(3, 0), (3, 0), (4, 3)]
    third = upload((heading + "\n".join(lines[:1])).encode(), vsp).upload_id
    assert uploads.show(third, vsp).valid == 1
    assert counts() == [(3, 0), (3, 0), (4, 3)]
