"""Uploading over HTTP: the table of files, what pages say, and what programs try."""

import csv
import io
import time

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import PanelSerial, Product, RefusedSerial, Upload, UploadProduct
from tests.conftest import dispose, make_app
from tests.endurance import sampled
from tests.panels import HEADING, NAMES, panels_csv, upload
from tests.people import acting, browser_of
from tests.serial_files_damage import EVERY_FILE
from tests.views.page import read

HTMX = {"HX-Request": "true"}


@pytest.fixture
def vsp(demonstration):
    """The browser of a user of a VSP account."""
    return browser_of(demonstration, demo.VSP_USER)


def send(browser, data, *, name="panels.csv", headers=None, **answers):
    """Upload a file as a browser does, with the declaration made."""
    form = {"declaration": "yes", "wording_version": "2026-11-22"} | answers
    if data is not None:
        form["file"] = (io.BytesIO(data), name)
    return browser.post("/panels/upload", data=form, headers=headers)


def rows_of(upload_id):
    """The rows of an upload, in the order of their serial numbers."""
    names = (Product.supplier_name, Product.licensee, Product.model_number)
    query = sa.select(*names, PanelSerial.serial_number).join(
        Product, Product.id == PanelSerial.product_id
    )
    return [*map(tuple, db.session.execute(query.filter_by(upload_id=upload_id)))]


def empty_the_ledger():
    """The next file of the table finds no serial number of those before."""
    for model in (RefusedSerial, UploadProduct, PanelSerial, Upload):
        db.session.execute(sa.delete(model))
    db.session.commit()


@sampled
def test_every_file_of_the_table(vsp, step):
    """Each with its exact outcome, none of them a 500."""
    empty_the_ledger()
    for file in EVERY_FILE[::step]:
        answer = send(vsp, file.data, confirm_warnings="yes")
        db.session.rollback()
        uploads = db.session.scalars(sa.select(Upload)).all()
        if file.rows is None:
            assert (answer.status_code, uploads) == (422, []), file.name
            assert "Nothing was stored." in answer.text, file.name
            assert file.refused in answer.text, file.name
        else:
            assert answer.status_code == 303, file.name
            (kept,) = uploads
            assert answer.location == f"/panels/uploads/{kept.id}"
            assert sorted(rows_of(kept.id)) == sorted(file.rows), file.name
            assert kept.row_count == len(file.rows)
            empty_the_ledger()


def test_a_program_need_not_send_the_version_of_the_wording(vsp):
    form = {"declaration": "yes", "file": (io.BytesIO(panels_csv(3)), "panels.csv")}
    assert vsp.post("/panels/upload", data=form).status_code == 303


def test_the_way_of_a_good_file(vsp):
    page = read(vsp.get("/panels/upload"))
    assert page.fields() == {"declaration", "file", "pasted"}
    assert page.hidden()["wording_version"] == "2026-11-22"
    assert "For Example Verification Pty Ltd, I declare that:" in page.text
    answer = send(vsp, panels_csv(120), name="C:\\files\\May <b>.csv")
    page = read(vsp.get(answer.location))
    assert "File upload successful" in page.text
    assert "May <b>.csv" in page.text
    assert "120 recorded, 120 of them valid" in page.text
    assert "EX000100" in page.text
    assert "EX000101" not in page.text
    more = read(vsp.get(page.link("More rows")))
    assert "EX000101" in more.text
    assert "EX000100" not in more.text
    assert more.links("More rows") == []
    again = read(vsp.get(send(vsp, panels_csv(120)).location))
    assert "Already recorded on" in again.text
    assert ", nothing added." in again.text
    assert again.heading == page.heading


def test_htmx_gets_the_receipt_at_once(vsp):
    answer = send(vsp, panels_csv(3), headers=HTMX)
    assert answer.status_code == 200
    assert "File upload successful" in answer.text
    assert answer.headers["HX-Push-Url"].startswith("/panels/uploads/")
    answer = send(vsp, panels_csv(3, "AA") + b"x", headers=HTMX)
    assert (answer.status_code, read(answer).is_whole) == (422, False)


def test_the_page_of_a_file_with_problems(vsp):
    extra = f"{NAMES},1.5E+12\r\n{NAMES},2.5E+12\r\n,B,C,SN1\r\n"
    page = read(send(vsp, panels_csv(10) + extra.encode()))
    sentence = "Correct 3 of 13 rows, then choose the file again."
    assert page.problems() == [("#file", sentence)]
    assert "3 problems in 3 of 13 rows" in page.text
    assert "The same in 2 rows." in page.text
    assert "Row 12 1.5E+12" in page.text
    assert "Row 14 empty" in page.text
    words = "Download your file with “Problem” and “How to fix” beside its rows"
    answer = vsp.get(page.link(words))
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=with-problems.csv"
    )
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][4:] == ["Problem", "How to fix"]
    assert [len(row[4]) > 0 for row in rows[1:]] == [False] * 10 + [True] * 3
    for number, serial in ((11, "EX1-1"), (12, "EX1-2"), (13, "EX1-3")):
        rows[number][0], rows[number][3] = "Mended", serial
    mended = "\ufeff" + "\n".join(",".join(row[:4]) + ",was,x" for row in rows)
    mended = mended.replace("was,x", "Problem,How to fix", 1)
    assert send(vsp, mended.encode()).status_code == 303


def test_the_rows_that_the_ledger_does_not_have(vsp):
    send(vsp, panels_csv(3))
    page = read(send(vsp, panels_csv(5)))
    link = page.link("Download the 2 rows that the ledger does not have")
    assert send(vsp, vsp.get(link).data).status_code == 303


@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ({"declaration": ""}, ["Make the declaration, and choose the file again."]),
        ({"declaration": "", "data": None},
         ["Make the declaration, and choose the file again.", "Choose a CSV file."]),
        ({"data": None}, ["Choose a CSV file."]),
        ({"name": "panels.xlsx"}, ["Choose a file whose name ends in .csv."]),
        ({"wording_version": "2020-01-01"},
         ["The declaration has a new wording. Read it, then make it again."]),
        ({"data": None, "check_only": "yes", "declaration": ""},
         ["Choose a CSV file."]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(vsp, answers, problems):
    answer = send(vsp, **({"data": panels_csv(1)} | answers))
    assert answer.status_code == 422
    assert [words for _, words in read(answer).problems()] == problems
    assert "Nothing was stored." in answer.text


def test_check_only_needs_no_declaration(vsp):
    answer = send(vsp, panels_csv(4), declaration="", check_only="yes")
    assert answer.status_code == 200
    assert "No problem was found in 4 rows. Nothing was stored" in answer.text
    send(vsp, panels_csv(4))
    page = read(send(vsp, panels_csv(4), check_only="yes"))
    assert "Already recorded on" in page.text
    page = read(send(vsp, panels_csv(5), check_only="yes"))
    assert "The ledger has 4 of the 5 rows already." in page.text


def test_a_check_without_signing_in(demonstration):
    visitor = demonstration.test_client()
    upload(panels_csv(2), acting(demo.VSP_USER))

    def check(data):
        return visitor.post(
            "/check-a-file", data={"file": (io.BytesIO(data), "panels.csv")}
        )

    answer = check(panels_csv(2))  # the ledger is not asked, and so not told
    assert (answer.status_code, "No problem was found in 2 rows." in answer.text) == (
        200,
        True,
    )
    page = read(check(panels_csv(2) + f"{NAMES},N/A\r\n".encode()))
    assert "1 problem in 1 of 3 rows" in page.text
    assert "Row 4 N/A" in page.text
    assert "Download your file" not in page.text
    assert check(b"PK\x03\x04").status_code == 422
    assert visitor.post("/check-a-file").status_code == 422


def test_a_check_without_signing_in_has_a_rate(sqlite_url):
    app = make_app(sqlite_url)
    app.config["WTF_CSRF_ENABLED"] = False
    visitor = app.test_client()
    assert {visitor.post("/check-a-file").status_code for _ in range(20)} == {422}
    answer = visitor.post("/check-a-file")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert visitor.get("/check-a-file").status_code == 200
    dispose(app)


def test_samples(demonstration):
    visitor = demonstration.test_client()
    page = read(visitor.get("/check-a-file"))
    for words, lines in (("a template", 1), ("a good sample", 11), ("a bad sample", 9)):
        answer = visitor.get(page.link(words))
        assert answer.text.startswith(f"\ufeff{HEADING}\r\n")
        assert answer.text.count("\r\n") == lines
        assert answer.mimetype == "text/csv"
    assert visitor.get("/check-a-file/other.csv").status_code == 404


def test_lists_go_on_where_they_ended(vsp):
    for number in range(51):
        upload(panels_csv(1, f"EX{number}-"), acting(demo.VSP_USER), f"{number}.csv")
    page = read(vsp.get("/panels/uploads"))
    assert len(page.links("With its problems helios-again.csv")) == 1
    assert "50.csv" in page.text
    assert " 0.csv" not in page.text
    earlier = read(vsp.get(page.link("Earlier uploads")))
    assert " 0.csv" in earlier.text
    assert "Refused in the last day" not in earlier.text
    for number in ("-1", "x", "9" * 30, "١"):
        for path in ("/panels/uploads?before=", "/panels/uploads/1?after="):
            assert vsp.get(path + number).status_code == 200


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"x" * 5_010_001, 413, "The limit is 5 MB."),
        (b"\n" * 4_990_000, 422, "empty rows"),
        (b'"' * 4_990_000, 422, "does not have our headings"),
        (HEADING.encode() + b"," * 4_900_000 + b"\n1", 422, "The cell is empty."),
        (b"a,b,c,d\n1" + b"," * 4_900_000 + b"1", 422, "does not have our headings"),
        (HEADING.encode() + b"1" + b"," * 4_900_000 + b"1", 422, "has 4,900,0"),
        ((HEADING + "\n" + "A,B,C," + "1" * 130_000).encode() * 38, 422, "row"),
        (HEADING.encode() + b'\n""' * 1_600_000, 422, "empty rows"),
        (b'"a\n' * 1_600_000, 422, "does not have our headings"),
        (HEADING.encode() + b'\n"a' * 1_600_000, 422, "A double quote in row 2"),
    ],
)
def test_as_large_as_it_gets(vsp, data, status, words):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"'
    check = b'\r\n--x\r\nContent-Disposition: form-data; name="check_only"\r\n\r\n1'
    body = head + b"\r\n\r\n" + data + check + b"\r\n--x--\r\n"
    start = time.process_time()
    answer = vsp.post(
        "/panels/upload", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert time.process_time() - start < 2
    assert answer.status_code == status
    assert words in answer.text
