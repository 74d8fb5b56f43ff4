"""The criteria of a search: read as they were typed, or refused field by field."""

from datetime import date

import pytest

from spv.rules.errors import ValidationError
from spv.rules.ledger.search import LABELS, Criteria, read_criteria

GOOD = [
    ({}, Criteria()),
    (dict.fromkeys(LABELS, "  \t") | {"status": ""}, Criteria()),
    ({"serial_number": " ab-01\u00a0"}, Criteria(serial_number="AB-01")),
    ({"serial_number": "~!"}, Criteria(serial_number="~!")),
    ({"supplier_name": " Mu\u0308ller "}, Criteria(supplier_name="Müller")),
    ({"licensee": "100%_"}, Criteria(licensee="100%_")),
    ({"model_number": "x" * 200}, Criteria(model_number="x" * 200)),
    ({"status": "valid"}, Criteria(status="valid")),
    ({"recorded_from": "1/5/2026"}, Criteria(recorded_from=date(2026, 5, 1))),
    ({"recorded_to": " 2099-12-31 "}, Criteria(recorded_to=date(2099, 12, 31))),
    ({"recorded_from": "2000-01-01"}, Criteria(recorded_from=date(2000, 1, 1))),
    ({"upload": " 017 "}, Criteria(upload=17)),
    ({"upload": "999999999"}, Criteria(upload=999_999_999)),
    ({"account": "Pty"}, Criteria(account="Pty")),
    ({"recorded_from": "2026-05-01", "recorded_to": "2026-05-01"},
     Criteria(recorded_from=date(2026, 5, 1), recorded_to=date(2026, 5, 1))),
]  # fmt: skip
NAMES = ["supplier_name", "licensee", "model_number", "account", "serial_number"]
BAD = [
    *[(name, text, words) for name in NAMES for text, words in [
        ("a\0b", "U+0000"), ("\ud800", "U+D800"), ("x\udfff", "U+DFFF"),
        ("a\nb", "U+000A"), ("x" * 201, "Shorten"), ("x" * 1_000_000, "Shorten"),
        ("a\u200db", "U+200D"), ("\ufdd0", "U+FDD0"),
    ]],
    ("serial_number", "1" * 61, "60 is the limit"),
    ("serial_number", "MÜ1", "the letters A to Z"),
    ("serial_number", "１２３", "the letters A to Z"),
    ("serial_number", "Z\u0131", "the letters A to Z"),
    ("serial_number", "\u00df1", "the letters A to Z"),  # which is SS in capitals
    ("serial_number", "\u017f1", "the letters A to Z"),
    ("serial_number", "\ufb011", "the letters A to Z"),
    ("status", "Valid", "Select a status."),
    ("status", "\0", "Select a status."),
    ("status", "\ud800", "Select a status."),
    *[(name, text, words) for name in ("recorded_from", "recorded_to")
      for text, words in [
        ("0001-01-01", "from 2000 to 2099"), ("1/1/0001", "from 2000 to 2099"),
        ("1999-12-31", "from 2000 to 2099"), ("2100-01-01", "from 2000 to 2099"),
        ("9999-12-31", "from 2000 to 2099"), ("31/12/9999", "from 2000 to 2099"),
        ("2026-02-29", "not a real date"), ("0000-01-01", "not a real"),
        ("2026-1-1", "as 2026-07-31"), ("２０２６-01-01", "as 2026-07-31"),
        ("\0", "as 2026-07-31"), ("2026-01-01\0", "as 2026-07-31"),
        ("\ud800", "as 2026-07-31"), ("9" * 1_000_000, "as 2026-07-31"),
    ]],
    *[("upload", text, "Enter the number of an upload") for text in (
        "9" * 30, "1000000000", "-1", "+1", "1.0", "1e3", "１", "²", "x", "\0", "1\0",
        "\ud800", "9" * 1_000_000, "0", "000",
    )],
]  # fmt: skip


@pytest.mark.parametrize(("answers", "criteria"), GOOD)
def test_good_criteria(answers, criteria):
    assert read_criteria(answers) == criteria


@pytest.mark.parametrize(("name", "text", "words"), BAD)
def test_bad_criteria(name, text, words):
    with pytest.raises(ValidationError) as error:
        read_criteria({name: text})
    assert error.value.problems.keys() == {name}
    sentence = error.value.problems[name]
    assert words in sentence
    assert sentence.encode()  # it can be sent


def test_every_problem_at_once_and_days_in_their_order():
    asked = {"serial_number": "Ü", "status": "x", "upload": "x", "recorded_to": "x"}
    with pytest.raises(ValidationError) as error:
        read_criteria(asked)
    assert error.value.problems.keys() == asked.keys()
    with pytest.raises(ValidationError) as error:
        read_criteria({"recorded_from": "2026-05-02", "recorded_to": "2026-05-01"})
    assert error.value.problems.keys() == {"recorded_to"}


@pytest.mark.parametrize("criteria", [criteria for _, criteria in GOOD])
def test_criteria_as_answers_are_read_as_the_same(criteria):
    assert read_criteria(criteria.answers()) == criteria
    assert len(criteria.in_words()) == len(criteria.answers())


def test_criteria_in_words():
    asked = Criteria("AB", "Sun", status="valid", recorded_to=date(2026, 5, 1))
    assert asked.in_words() == [
        ("Serial number begins with", "AB"),
        ("Supplier name contains", "Sun"),
        ("Status", "Valid"),
        ("Recorded to", "1 May 2026"),
    ]
