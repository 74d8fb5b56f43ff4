"""The criteria with which staff search the log and the calculations."""

from datetime import date

import pytest

from spv.rules.errors import ValidationError
from spv.rules.staff_search import (
    KINDS,
    CalculationCriteria,
    LogCriteria,
    read_calculation_criteria,
    read_log_criteria,
)
from spv.services.audit_log import SUBJECTS, TABLES

REFERENCE = "A-b_C1d2E3f4G5h6"
DAYS = {"from_day": date(2026, 11, 1), "to_day": date(2026, 11, 30)}


def test_the_kinds_are_those_of_the_log():
    assert KINDS.keys() == {*SUBJECTS.values(), *TABLES.values(), "serial"}


@pytest.mark.parametrize(
    ("answers", "criteria"),
    [
        ({}, {}),
        ({"person": " Avery@Agency.example "}, {"person": "avery@agency.example"}),
        ({"event": "upload.refused"}, {"event": "upload.refused"}),
        ({"kind": "upload", "key": "17"}, {"kind": "upload", "key": "17"}),
        ({"kind": "reference", "key": REFERENCE},
         {"kind": "reference", "key": REFERENCE}),
        ({"kind": "serial", "key": "bs/415/1"}, {"kind": "serial", "key": "BS/415/1"}),
        ({"from_day": "1/11/2026", "to_day": "2026-11-30"}, DAYS),
    ],
)  # fmt: skip
def test_criteria_of_the_log(answers, criteria):
    read = read_log_criteria(answers)
    assert read == LogCriteria(**criteria)
    assert read_log_criteria(read.answers()) == read


@pytest.mark.parametrize(
    ("answers", "name", "words"),
    [
        ({"event": "x"}, "event", "Select an action."),
        ({"kind": "x"}, "kind", "Select what the events are about."),
        ({"key": "17"}, "kind", "Select what the number refers to."),
        ({"kind": "upload"}, "key", "Enter the number of the upload."),
        ({"kind": "upload", "key": "x17"}, "key", "Enter the number of the upload."),
        ({"kind": "reference", "key": "x"}, "key",
         "Enter the reference of the STC calculation or batch."),
        ({"kind": "serial"}, "key", "Enter the serial number."),
        ({"person": "a\0b"}, "person",
         "Type the person again: it has an invisible character (U+0000)."),
        ({"from_day": "2026-11-02", "to_day": "2026-11-01"}, "to_day",
         "Enter a day that is not before the first one."),
    ],
)  # fmt: skip
def test_criteria_of_the_log_that_are_wrong(answers, name, words):
    with pytest.raises(ValidationError) as error:
        read_log_criteria(answers)
    assert error.value.problems == {name: words}


def test_criteria_of_the_log_in_words():
    assert LogCriteria().in_words() == {}
    criteria = LogCriteria("a@x.au", "Sunny", "upload.refused", "upload", "17", **DAYS)
    assert criteria.in_words() == {
        "Person": "a@x.au", "Account": "Sunny", "Action": "Upload refused",
        "About": "Upload 17", "From": "1 November 2026", "To": "30 November 2026",
    }  # fmt: skip


def test_criteria_of_calculations():
    answers = {"reference": f" {REFERENCE} ", "postcode": "2150", "zone": "3",
               "system_type": "battery", "from_day": "2026-11-01"}  # fmt: skip
    read = read_calculation_criteria(answers)
    assert read[:4] == (REFERENCE, "2150", 3, "battery")
    assert read_calculation_criteria(read.answers()) == read
    assert read_calculation_criteria({}) == CalculationCriteria()


def test_criteria_of_calculations_that_are_wrong():
    answers = {"reference": "x", "postcode": "215", "zone": "5", "system_type": "x",
               "from_day": "x"}  # fmt: skip
    with pytest.raises(ValidationError) as error:
        read_calculation_criteria(answers)
    assert error.value.problems == {
        "reference": "Enter the 16 characters of the reference.",
        "postcode": "Enter four digits.", "zone": "Select a zone.",
        "system_type": "Select a system type.",
        "from_day": "Enter the day as 2026-07-31 or 31/07/2026.",
    }  # fmt: skip


def test_a_chart_counts_thirty_days_or_those_of_the_search_but_92_at_most():
    today = date(2026, 11, 29)
    for first, last, days in (
        (None, None, (date(2026, 10, 31), today)),
        (date(2026, 11, 1), None, (date(2026, 11, 1), today)),
        (None, date(2026, 6, 30), (date(2026, 6, 1), date(2026, 6, 30))),
        (date(2020, 1, 1), None, (date(2026, 8, 30), today)),
    ):
        criteria = CalculationCriteria(from_day=first, to_day=last)
        assert criteria.counted_days(today) == days
