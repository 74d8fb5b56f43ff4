"""Mark as invalid over HTTP: just the rows that were shown, or none."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import current_app

from spv import demo
from tests.panels import HEADING, mark, panels_csv, stored, upload
from tests.people import acting, browser_of, events
from tests.proof import log_problems
from tests.views.ledger_pages import (
    REASON,
    asked,
    confirm,
    count_invalidations,
    found,
    ids_of,
)
from tests.views.page import read

HTMX = {"HX-Request": "true"}


def first_of(browser):
    return ids_of(found(browser, serial_number="EX000001"))["EX000001"]


def post(browser, **form):
    """Send rows and a reason without the dialog, as a program might."""
    return browser.post("/panels/invalidate", data=REASON | form)


def test_numbers_that_are_no_rows(sixty):
    for text in ("x", "-1", "9" * 18, "9" * 400, "1,2", "\0", "\u0663"):
        page = asked(sixty, selected=text)
        assert "None of the selected rows is valid and yours to mark." in page.text
        assert post(sixty, selected=text).status_code in (409, 422)
    assert count_invalidations() == 0


def test_the_dialog_marks_just_the_rows_that_it_shows(sixty):
    page = asked(sixty, all_matching="yes", serial_number="EX00000", status="valid")
    assert "9 rows will be marked as invalid." in page.text
    assert "Serial number begins with EX00000" in page.text
    assert "Status Valid" in page.text
    assert [*page.options("reason")][-1] == "Other"
    before = events()
    answer = confirm(sixty, page, reason="Other", other_reason=" The pallet.\r\nAll ")
    assert answer.location == f"/panels/invalidations/{count_invalidations()}"
    receipt = read(sixty.get(answer.location))
    assert "9 rows marked as invalid" in receipt.text
    assert "Other: The pallet. All" in receipt.text
    assert events() == [*before, "rows.marked_invalid"]
    assert len(ids_of(found(sixty, serial_number="EX"))) == 41
    assert log_problems() == []


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [({"reason": ""}, "reason", "Select the reason."),
     ({"reason": "Because"}, "reason", "Select the reason."),
     ({"reason": "Other"}, "other_reason", "Enter the reason."),
     ({"reason": "Other", "other_reason": " \n "}, "other_reason", "Enter the reason."),
     ({"reason": "Other", "other_reason": "x" * 1001}, "other_reason", "Shorten"),
     ({"reason": "Other", "other_reason": "\u200b"}, "other_reason", "an invisible"),
     ({"reason": "Ineligible panel", "other_reason": "Sold twice"}, "other_reason",
      "Select “Other”, or leave the text empty.")],
)  # fmt: skip
def test_a_reason_is_needed(sixty, answers, field, words):
    answer = confirm(sixty, asked(sixty, selected=first_of(sixty)), **answers)
    page = read(answer)
    assert answer.status_code == 422
    assert words in page.error_beside(field)
    assert page.hidden()["selection"]
    assert count_invalidations() == 0


def test_the_second_click_gives_the_same_receipt(sixty):
    page, before = asked(sixty, all_matching="yes", serial_number="EX"), events()
    first, second = (confirm(sixty, page).location for _ in range(2))
    assert first == second
    assert events() == [*before, "rows.marked_invalid"]
    other = confirm(sixty, page, reason="Duplicate serial number")
    assert other.status_code == 409
    assert "60 of the 60 rows have been marked invalid in the meantime by" in other.text


def test_what_was_shown_is_what_is_marked(sixty):
    page = asked(sixty, all_matching="yes", serial_number="EX00000")
    upload(panels_csv(1, "EX00000X"), acting(demo.VSP_USER))
    assert confirm(sixty, page).status_code == 303
    assert [*ids_of(found(sixty, serial_number="EX00000"))] == ["EX00000X000001"]


def test_nothing_is_marked_where_a_row_has_been(sixty):
    page = asked(sixty, all_matching="yes", serial_number="EX00000")
    mark(["EX000002"], acting(demo.STAFF))
    answer = confirm(sixty, page)
    assert answer.status_code == 409
    again = read(answer)
    assert again.problems() == [(
        "#selection", "1 of the 9 rows has been marked invalid in the meantime by "
        "agency staff. Nothing was done.")]  # fmt: skip
    assert "8 rows will be marked as invalid." in again.text
    assert confirm(sixty, again).status_code == 303
    assert count_invalidations() == 2


def test_a_search_cannot_be_marked_unseen(sixty):
    answer = post(sixty, all_matching="yes", serial_number="EX00000")
    assert answer.status_code == 409
    assert "9 rows will be marked as invalid." in read(answer).text
    assert count_invalidations() == 0


def test_a_selection_is_signed_and_belongs_to_its_user(demonstration, sixty):
    signed = asked(sixty, selected=first_of(sixty)).hidden()["selection"]
    others = browser_of(demonstration, demo.VSP_ADMIN)
    for browser, text in ((others, signed), (sixty, signed[:-1]), (sixty, "x" + signed),
                          (sixty, "W10"), (sixty, "\0"), (sixty, "{}")):  # fmt: skip
        answer = post(browser, selection=text)
        assert answer.status_code == 400
        assert "This list of rows has expired" in answer.text
    assert count_invalidations() == 0


def test_a_selection_is_kept_for_a_day(sixty):
    """The answer to a page that was left open longer leads back to the search."""
    page = asked(sixty, selected=first_of(sixty))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, seconds=2)):
        browser = browser_of(current_app, demo.VSP_USER)
        answer = confirm(browser, page)
        assert answer.status_code == 400
        text = read(answer).text
        assert "This list of rows has expired: it is kept for a day." in text
        assert "Back to the search" in text
        form = {"selection": page.hidden()["selection"]} | REASON
        answer = browser.post("/panels/invalidate", data=form, headers=HTMX)
        assert answer.headers["HX-Retarget"] == "#content"
        assert answer.headers["HX-Reswap"].startswith("innerHTML")
    assert count_invalidations() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23)):
        browser = browser_of(current_app, demo.VSP_USER)
        assert confirm(browser, page).status_code == 303


def test_the_rows_of_another_account(demonstration, sixty, staff):
    other = browser_of(demonstration, demo.OTHER_VSP)
    own = ids_of(found(sixty, serial_number="EX"))["EX000001"]
    assert "No row matches." in found(other, serial_number="EX").text
    assert "Nothing" not in found(staff, serial_number="EX").text
    assert "None of the selected rows" in asked(other, selected=own).text
    answer = post(other, selected=own)
    assert answer.status_code == 409
    assert "1 of the 1 row cannot be marked: there is no such row." in answer.text
    assert "Tom Okafor" not in answer.text
    assert other.get(f"/panels/serials/{own}").status_code == 404
    mark(["EX000001"], acting(demo.VSP_USER))
    assert "Tom Okafor" not in post(other, selected=own).text
    assert other.get("/panels/invalidations/1").status_code == 404
    assert staff.get("/panels/invalidations/1").status_code == 200


def test_rows_that_are_only_named_are_not_shown(demonstration, sixty):
    other = browser_of(demonstration, demo.OTHER_VSP)
    own = first_of(sixty)
    for reason in ("", "Other", "Because"):
        answer = post(other, selected=[own, "1"], reason=reason)
        assert answer.status_code == 422
        assert "Nothing was done." in answer.text
        for words in ("EX000001", "Example Supplier", "EX-440", "HE440"):
            assert words not in answer.text
    assert count_invalidations() == 0


def test_no_more_than_ten_thousand_can_be_named(sixty):
    answer = post(sixty, selected=[str(n) for n in range(1, 10_002)])
    assert answer.status_code == 422
    assert "More than 10,000 rows were chosen." in answer.text
    assert count_invalidations() == 0


def test_agency_staff_mark_any_and_accounts_see_why_but_not_the_rest(sixty, staff):
    upload(panels_csv(2, "EX9"), acting(demo.OTHER_VSP))
    page = asked(staff, all_matching="yes", account="verification", serial_number="EX")
    assert "62 rows" in page.text
    address = confirm(staff, page).location
    assert "agency staff" in read(staff.get(address)).text
    assert sixty.get(address).status_code == 404
    (row,) = found(sixty, serial_number="EX000001").links("EX000001")
    page = read(sixty.get(row))
    assert "Ineligible panel By agency staff" in page.text
    assert "62" not in page.text
    assert "Avery" not in page.text


def test_the_rows_to_correct_are_accepted_as_they_are(sixty):
    actor = acting(demo.VSP_USER)
    awkward = (
        f'{HEADING}\r\n=1+1,"@ Müller, ""M""",-7,007\r\n+x,-1,12-2024,1E5\r\n'
        "a,b,c,EX2/12/2024\r\n"
    )
    upload(awkward.encode(), actor)
    mark(["007", "1E5", "EX2/12/2024", *(f"EX0000{n}" for n in range(10, 60))], actor)
    answer = sixty.get("/panels/invalidations/1/rows-1.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=to-c")
    before = stored()
    upload(answer.data, actor)
    assert stored() == before + 51
    assert sixty.get("/panels/invalidations/1/rows-2.csv").status_code == 404
    assert sixty.get("/panels/invalidations/1/rows-0.csv").status_code == 404
