"""The report of a refused upload as it is kept for the agency."""

from dataclasses import replace

import pytest

from spv.rules.ledger.csv_upload import check_csv
from spv.rules.ledger.report import LONGEST, report, to_json
from spv.rules.ledger.rows import escape_invisible
from tests.panels import panels_csv

# A missing value, a value that is too long to be quoted whole, and a warning.
FILE = panels_csv(2) + b"A,B,C,\r\n" + b"A,B,C," + b"9" * 59 + b".\r\n"


def reported(data, **options):
    checked = check_csv(data)
    return to_json(report(checked, checked.problems, data), **options)


def test_the_account_and_its_programs_read_their_own_sentences():
    person, program = reported(FILE), reported(FILE, for_programs=True)
    missing, other = person["groups"]
    assert (missing["column"], missing["count"]) == ("Serial number", 1)
    assert missing["first"][0]["row"] == 4
    assert missing["fault"]["remedy"]
    assert program["groups"][0]["fault"] == {
        "sentence": "The value is missing. Every item needs all four.", "remedy": "",
    }  # fmt: skip
    assert other["fault"]["sentence"]
    assert (person["about_headings"], person["wrong_rows"]) == (False, 2)
    assert (person["warning_count"], person["warnings"]) == (0, [])


def test_headings_and_warnings():
    assert reported(b"Supplier,Model\r\nA,B\r\n")["about_headings"] is True
    warned = reported(panels_csv(2) + b"A,B,C,99999999\r\n")
    assert (warned["groups"], warned["warning_count"]) == ([], 1)
    (group,) = warned["warnings"]
    assert group["first"][0]["row"] == 4


def test_sentences_are_cut():
    assert LONGEST == 300  # a report of 1,000 rows stays small
    heading = "x" * 2 * LONGEST
    (group, *_) = reported(f"{heading},B\r\n1,2\r\n".encode())["groups"]
    assert len(group["fault"]["sentence"]) <= LONGEST + 1


@pytest.mark.parametrize(("more", "end"), [(0, "x"), (1, "x…")])
def test_a_sentence_of_the_greatest_length_is_whole(more, end):
    checked = check_csv(FILE)
    found = report(checked, checked.problems, FILE)
    group = found.groups[0]
    long = group.fault._replace(sentence="x" * (LONGEST + more))
    kept = to_json(replace(found, groups=[replace(group, fault=long)]))
    assert kept["groups"][0]["fault"]["sentence"] == "x" * (LONGEST - 1) + end


def test_a_cell_is_quoted_up_to_60_characters():
    assert escape_invisible("x" * 60) == "x" * 60
    assert escape_invisible("x" * 61) == "x" * 60 + "…"
