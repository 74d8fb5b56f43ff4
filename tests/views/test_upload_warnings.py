"""Warnings and headings that nearly fit: shown once, confirmed, and kept."""

import io

import pytest
import time_machine

from spv import demo
from spv.extensions import db
from spv.models import Upload
from spv.services.ledger import uploads
from spv.services.ledger.refused_files import File
from tests.people import acting, browser_of
from tests.proof import log_problems
from tests.serial_files import A, B, row, text
from tests.services.test_audit_log import tamper
from tests.views.page import read
from tests.views.test_uploads import send

pytestmark = pytest.mark.every_database
WARNED = text(A, row("1234567890"), row("0000000000")).encode()
NEARLY = text(A, B, head=("Supplier", "Certificate holder", "Model", "S/N")).encode()


@pytest.fixture
def vsp(demonstration):
    """The browser of a user of a VSP account."""
    return browser_of(demonstration, demo.VSP_USER)


def again(browser, page, **answers):
    """Send the form again, as the page has it, without a file."""
    form = {"declaration": "yes", **page.hidden(), **answers}
    return browser.post("/panels/upload", data=form)


def stored():
    db.session.rollback()
    return db.session.query(Upload).order_by(Upload.id.desc()).first()


def test_warnings_are_confirmed_once_and_stay_with_the_upload(vsp):
    before = stored().id
    answer = send(vsp, WARNED)
    page = read(answer)
    assert (answer.status_code, stored().id) == (422, before)
    assert "2 warnings" in page.text
    assert "Record these rows as they are" in page.text
    assert again(vsp, page).status_code == 422  # the box is not ticked
    answer = again(vsp, page, confirm_warnings="yes")
    assert answer.status_code == 303
    upload = stored()
    assert [each["code"] for each in upload.warnings] == ["perhaps_filler"] * 2
    receipt = read(vsp.get(answer.location)).text
    assert "Warnings that were confirmed" in receipt
    staff = browser_of(vsp.application, demo.STAFF)
    assert "Warnings that were confirmed" in read(staff.get(answer.location)).text
    again_sent = send(vsp, WARNED)  # the same rows: the first receipt, no question
    assert again_sent.location == answer.location


def test_a_file_that_is_sent_with_the_box_ticked(vsp):
    assert send(vsp, WARNED, confirm_warnings="yes").status_code == 303


def test_a_changed_warning_is_noticed(vsp):
    send(vsp, WARNED, confirm_warnings="yes")
    assert log_problems() == []
    upload = stored().id
    db.session.rollback()
    tamper(f"UPDATE uploads SET warnings = NULL WHERE id = {upload}")
    (problem,) = log_problems()
    assert problem == f"upload {upload}: saved with another warnings"


def test_headings_that_nearly_fit_are_taken_on_one_click(vsp):
    waiting = vsp.get("/").text.count("needs to be corrected")
    answer = send(vsp, NEARLY)
    page = read(answer)
    assert answer.status_code == 422
    assert "Take these headings" in page.text
    assert "Certificate holder → Licensee/Certificate holder" in page.text
    taken = again(vsp, page, accept_headings="yes")
    assert taken.status_code == 303
    assert stored().row_count == 2
    number = stored().id
    assert vsp.get("/").text.count("needs to be corrected") == waiting
    assert again(vsp, page, accept_headings="yes").status_code == 303  # a second click
    assert stored().id == number


def test_a_kept_file_of_another_account_or_of_yesterday(vsp, demonstration):
    page = read(send(vsp, WARNED))
    other = browser_of(demonstration, demo.OTHER_VSP)
    answer = again(other, page, confirm_warnings="yes")
    assert answer.status_code == 422
    assert "The file is no longer kept. Choose it again." in answer.text
    with time_machine.travel(3600 * 25 + stored().received_at.timestamp()):
        late = browser_of(demonstration, demo.VSP_USER)
        answer = again(late, page, confirm_warnings="yes")
    assert "The file is no longer kept. Choose it again." in answer.text


@pytest.mark.parametrize("reference", ["a\0b", "\0", "x" * 5_000])
def test_a_reference_that_no_kept_file_has(vsp, demonstration, reference):
    staff = browser_of(demonstration, demo.STAFF)
    for browser, page in ((vsp, "/panels/upload"), (staff, "/staff/products")):
        sent = {"declaration": "yes", "kept_file": reference}
        answer = browser.post(page, data=sent)
        assert answer.status_code == 422
        assert "The file is no longer kept. Choose it again." in answer.text
    file = {"file": (io.BytesIO(text(A).encode()), "panels.csv")}
    assert vsp.post("/panels/upload", data={**sent, **file}).status_code == 303


def test_problems_and_warnings_are_shown_together(vsp):
    page = read(send(vsp, WARNED + b"Acme,Bright,M-450,1.2E+12\r\n"))
    assert "1 problem in 1 of 4 rows" in page.text
    assert "2 warnings" in page.text
    assert "Record these rows as they are" not in page.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (WARNED, "2 warnings, and no other problem, in 3 rows."),
        (NEARLY, "Certificate holder → Licensee/Certificate holder"),
    ],
)
def test_a_file_is_only_checked(vsp, client, data, words):
    answer = send(vsp, data, check_only="yes")
    assert words in read(answer).text
    form = {"file": (io.BytesIO(data), "panels.csv")}
    checked = client.post("/check-a-file", data=form)
    assert words in read(checked).text
    assert "Take these headings" not in checked.text
    assert checked.status_code == answer.status_code == (200 if data is WARNED else 422)


def test_the_same_rows_under_an_earlier_format_are_answered_with_their_upload(
    demonstration, monkeypatch
):
    """A new version of the digest must not make a ledger forget its uploads."""
    actor = acting(demo.VSP_USER)
    answers = {"declaration": "yes", "wording_version": ""}
    file = File(text(A, B).encode(), "panels.csv")
    first = uploads.save(file, answers, actor)
    versions = {**uploads.DIGESTS, 2: lambda panels: "2" * 64}
    monkeypatch.setattr(uploads, "DIGESTS", versions)
    monkeypatch.setattr("spv.rules.ledger.rows.DIGESTS", versions)
    again_sent = uploads.save(file, answers, actor)
    assert (again_sent.upload_id, bool(again_sent.already)) == (first.upload_id, True)


def test_a_box_counts_for_the_file_that_it_was_ticked_for(vsp):
    page, before = read(send(vsp, WARNED)), stored().id
    ticked = {**page.hidden(), "confirm_warnings": "yes"}
    other = text(A, row("999999999999")).encode()
    answer = send(vsp, other, **ticked)
    assert (answer.status_code, stored().id) == (422, before)
    assert "1 warning" in read(answer).text
    assert send(vsp, WARNED, **ticked).status_code == 303  # the same file, chosen again
    nearly = NEARLY.replace(b"SN000001", b"SN000901")
    page, before = read(send(vsp, nearly)), stored().id
    taken = {**page.hidden(), "accept_headings": "yes"}
    other = nearly.replace(b"Supplier,", b"Importer,")
    assert (send(vsp, other, **taken).status_code, stored().id) == (422, before)
    assert send(vsp, nearly, **taken).status_code == 303


@pytest.mark.parametrize("only", [{}, {"check_only": "yes"}])
def test_a_file_and_pasted_rows_are_not_both_taken(vsp, only):
    before = stored().id
    answer = send(vsp, text(A).encode(), pasted="Acme\tBright\tM-450\tSN1", **only)
    page = read(answer)
    assert (answer.status_code, stored().id) == (422, before)
    assert "only one of them can be used" in page.error_beside("file")
    assert "SN1" in answer.text  # what was pasted is still there
    listed = {"serial_numbers": "SN1", "file": (io.BytesIO(b"SN2"), "list.csv")}
    answer = vsp.post("/panels/check", data=listed)
    assert answer.status_code == 422
    assert "only one of them can be used" in read(answer).error_beside("file")


def test_a_list_that_was_looked_up_makes_room_for_the_next(vsp):
    page = vsp.post("/panels/check", data={"serial_numbers": "NONE-1"})
    assert "NONE-1" in read(page).text
    assert "NONE-1</textarea>" not in page.text
