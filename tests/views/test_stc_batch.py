"""The batch pages: a file is sent, and its certificates are downloaded."""

import csv
import io

import pytest
import sqlalchemy as sa
import time_machine

from spv.extensions import db
from spv.models import AuditEvent, StcBatch, StcCalculation
from spv.rules.stc.system_types import SystemType
from tests.examples import BAD, EXAMPLES, example_of
from tests.rules.stc.test_batch import FILES, HEADING, ROW, as_csv, many
from tests.views.page import read


def send(client, data, name="systems.csv", **options):
    """Send a file as a browser does, already encoded: the client would spool it."""
    disposition = f'form-data; name="file"; filename="{name}"'
    head = f"--line\r\nContent-Disposition: {disposition}\r\n\r\n"
    body = head.encode() + data + b"\r\n--line--\r\n"
    kind = "multipart/form-data; boundary=line"
    return client.post("/stc/batch", data=body, content_type=kind, **options)


def certificates(client, address):
    answer = client.get(address + ".csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


# The certificates of the three examples whose 12 months are over.
LATE = 82 + 62 + 125


@time_machine.travel("2026-11-28")
def test_every_example(client):
    answer = send(client, as_csv(e.answers for e in EXAMPLES))
    assert answer.status_code == 303
    rows = certificates(client, answer.location)
    assert [int(r["certificates"]) for r in rows] == [e.certificates for e in EXAMPLES]
    page = read(client.get(answer.location))
    total = sum(example.certificates for example in EXAMPLES)
    assert page.heading == f"{total - LATE:,} STCs"
    assert f"{LATE:,} more STCs can no longer be created" in page.text
    every = len(EXAMPLES)
    assert f"Calculated, saved and logged: {every} of {every} systems" in page.text


@pytest.mark.parametrize("system_type", SystemType)
def test_every_system_type(client, system_type):
    example = example_of(system_type)
    answer = send(client, as_csv([example.answers]))
    (row,) = certificates(client, answer.location)
    assert (row["certificates"], row["reason"]) == (str(example.certificates), "")


def test_the_template_can_be_sent_as_it_is(client):
    template = client.get("/stc/batch/template.csv")
    answer = send(client, template.data)
    every = len(SystemType)
    assert f"{every} of {every} systems" in read(client.get(answer.location)).text


@pytest.mark.parametrize("bad", [b for b in BAD if b.field != "stc_price"], ids=str)
def test_bad_answers(client, bad):
    answer = send(client, as_csv([bad.answers]))
    assert answer.status_code == 422
    text = read(answer).text
    assert bad.words in text or "far too long" in text
    for model in (StcBatch, StcCalculation, AuditEvent):
        assert not db.session.scalars(sa.select(model)).all()


def test_a_file_of_a_spreadsheet_program(client):
    labels = "Small Generation Unit or battery,Rated power output (kW)"
    text = f"""{labels},Post code,Install date,Period,Crew
solar_deemed,6.6,'0800,2026-06-30 00:00:00,5.0,North
solar_deemed,6.6,800.0,30/06/2026 14:30,5.0,South
"""
    answer = send(client, text.encode())
    page = read(client.get(answer.location))
    assert "Calculated, saved and logged: 1 of 2 systems" in page.text
    assert "has a time of day that is not 00:00" in page.text
    assert "A spreadsheet program has turned the postcode into a number." in page.text
    good, _bad = certificates(client, answer.location)
    assert [*good.values()] == [
        "solar_deemed", "6.6", "'0800", "2026-06-30 00:00:00", "5.0", "North",
        good["certificates"], "2", "5", "", "",
    ]  # fmt: skip
    saved = db.session.scalars(sa.select(StcCalculation)).one()
    assert (saved.postcode, saved.calculation_period) == ("0800", "5")


def test_headings_that_are_not_understood(client):
    answer = send(client, b"system_type,<b>sort</b>\nbattery,1\n")
    assert answer.status_code == 422
    sentence = "“<b>sort</b>” is not a column of the calculator."
    assert sentence in read(answer).error_beside("file")


@pytest.mark.parametrize(
    ("field", "text"),
    [("installation_date", "2026-06-30 00:00"), ("calculation_period", "5.0"),
     ("postcode", "'2150")],
)  # fmt: skip
def test_single_calculations_take_no_cells_of_spreadsheets(client, field, text):
    answers = example_of(SystemType.SOLAR).answers | {field: text}
    assert client.post("/stc", data=answers).status_code == 422
    address = "/api/stc/v1/calculation"
    assert client.get(address, query_string=answers).status_code == 422


def test_a_bad_row_among_good_ones_has_its_reason(client):
    text = f"{HEADING}\n{ROW}\n{ROW.replace('2150', '21')}\n"
    answer = send(client, text.encode())
    page = read(client.get(answer.location))
    assert "1 row could not be calculated" in page.text
    assert "four digits" in page.text
    assert "Row 3" in page.text
    rows = certificates(client, answer.location)
    assert [row["certificates"] for row in rows] == ["45", ""]
    assert "four digits" in rows[1]["reason"]


@pytest.mark.parametrize(("data", "words"), FILES, ids=[words for _, words in FILES])
def test_files_that_are_refused(client, data, words):
    answer = send(client, data)
    assert answer.status_code == 422
    page = read(answer)
    assert [href for href, _words in page.problems()] == ["#file"]
    assert words in page.error_beside("file")


@pytest.mark.parametrize(
    ("name", "words"), [("", "Choose a CSV file."), ("systems.xlsx", "ends in .csv")]
)
def test_no_file_or_another_one(client, name, words):
    answer = send(client, b"x", name)
    assert answer.status_code == 422
    assert words in read(answer).error_beside("file")


@pytest.mark.parametrize("data", [{}, {"file": "a text field"}])
def test_no_file_at_all(client, data):
    answer = client.post("/stc/batch", data=data)
    assert answer.status_code == 422
    assert "Choose a CSV file." in read(answer).error_beside("file")


def test_too_many_rows(client):
    answer = send(client, many(5001, "\n"))
    assert answer.status_code == 422
    assert "5,001 rows. The limit is 5,000" in read(answer).error_beside("file")


def test_too_large(client):
    answer = send(client, b"x" * 5_010_001)
    assert answer.status_code == 413
    assert "The limit is 5 MB" in read(answer).text


def test_every_row_wrong_in_another_way(client):
    rows = [ROW.replace("2150", "21").replace("6.6", f"{n + 101}") for n in range(200)]
    wide = [f"{row},,{'x'}" for row in rows]
    answer = send(client, "\n".join([HEADING, *rows, *wide]).encode())
    assert answer.status_code == 422
    text = read(answer).text
    assert "Rows 202, 203, 204, 205, 206, 207, 208, 209, 210, 211 and 190 more" in text


def test_htmx_gets_the_summary_with_its_address(client):
    answer = send(client, many(1, "\n"), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert read(answer).heading == "45 STCs"
    assert answer.headers["HX-Push-Url"].startswith("/stc/batch/")


def test_unknown_addresses(client):
    assert client.get("/stc/batch/0000000000000000").status_code == 404
    assert client.get("/stc/batch/0000000000000000.csv").status_code == 404
