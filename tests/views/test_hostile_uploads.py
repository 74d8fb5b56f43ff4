"""Hostile text in every cell, heading, field and file name of an upload."""

import io

import pytest

from spv import demo
from spv.extensions import db
from spv.models import Product, Upload
from spv.rules.csv_file import csv_text
from spv.rules.ledger.rows import FIELDS
from tests.endurance import some
from tests.people import browser_of
from tests.views.page import read
from tests.views.test_hostile import HOSTILE, KINDS, assert_only_text

TEXTS = {k: v for k, v in HOSTILE.items() if isinstance(v, str) and k != "NUL"}
GOOD = dict(zip(FIELDS, ["Supplier", "Holder", "Model", "SN1"], strict=True))


@pytest.fixture
def vsp(demonstration):
    return browser_of(demonstration, demo.VSP_USER)


def send(vsp, data, filename="panels.csv", **answers):
    form = {"declaration": "yes", "file": (io.BytesIO(data), filename)} | answers
    return vsp.post("/panels/upload", data=form)


@pytest.mark.parametrize("kind", some(TEXTS, KINDS))
def test_hostile_cells_and_headings(vsp, kind):
    """Stored exactly, or refused and shown as text."""
    value = TEXTS[kind]
    for number, field in enumerate(FIELDS):
        row = GOOD | {"serial_number": f"SN{number}00"} | {field: value}
        for lines in (
            [FIELDS.values(), row.values()],
            [[*FIELDS.values(), value], [*row.values(), "x"]],
        ):
            answer = send(vsp, csv_text(lines).encode())
            assert answer.status_code in (303, 422), (kind, field)
            if answer.status_code == 303:
                answer = vsp.get(answer.location)
                assert field != "serial_number"
                db.session.rollback()
                product = db.session.query(Product).order_by(Product.id.desc()).first()
                assert getattr(product, field) == value.strip()
            assert_only_text(answer, (kind, field))
            assert len(answer.data) < 60_000
    assert_only_text(vsp.get("/panels/uploads"), kind)


@pytest.mark.parametrize("kind", some(HOSTILE, KINDS))
def test_hostile_fields(vsp, kind):
    value = HOSTILE[kind]
    data = csv_text([FIELDS.values(), GOOD.values()]).encode()
    for field in ("wording_version", "declaration", "check_only", "csrf_token", "file"):
        form = {"declaration": "yes", "file": (io.BytesIO(data), "x.csv")}
        answer = vsp.post("/panels/upload", data=form | {field: value})
        assert answer.status_code in (200, 303, 422), (kind, field)
        assert_only_text(answer, (kind, field))


@pytest.mark.parametrize("kind", some(TEXTS, KINDS))
def test_hostile_file_names(vsp, kind):
    name = TEXTS[kind].replace("\r", "").replace("\n", "") + ".csv"
    good = csv_text([FIELDS.values(), GOOD.values()])
    for data in (good + "A,B,C,N/A\r\n", good):
        answer = send(vsp, data.encode(), name)
        assert answer.status_code in (303, 422)
        assert_only_text(vsp.get("/panels/uploads"), kind)
    db.session.rollback()
    kept = db.session.query(Upload).order_by(Upload.id.desc()).first().filename
    assert kept.isprintable() or "\u0301" in kept
    assert 0 < len(kept) <= 200
    assert "/" not in kept


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30, "1.5", "１", "2147483648"])
def test_numbers_in_addresses(vsp, number):
    assert vsp.get(f"/panels/uploads/{number}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nno end"),
        ("application/json", b'{"file": "x"}'),
        ("application/x-www-form-urlencoded", b"file=x&declaration=yes"),
        ("text/csv", b"a,b,c,d"),
        ("", b""),
    ],
)  # fmt: skip
def test_bodies_that_are_no_form(vsp, kind, body):
    answer = vsp.post("/panels/upload", data=body, content_type=kind)
    assert answer.status_code == 422
    assert ("#file", "Choose a CSV file.") in read(answer).problems()
