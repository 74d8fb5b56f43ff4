"""The check of an installation's panels: what is read, the results, and the hints."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spv.rules.errors import ValidationError
from spv.rules.faults import fault
from spv.rules.ledger.json_api import BodyRefused
from spv.rules.ledger.panel_check import (
    LOOKS_LIKE,
    LOST_ZEROS,
    Result,
    Row,
    check,
    hints_of,
    read_body,
    read_question,
    result_of,
)
from spv.rules.ledger.rows import Panel
from spv.rules.ledger.search import list_of_cells
from spv.rules.ledger.warnings import warnings_of

TODAY = date(2026, 11, 28)
EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


def at(hours):
    return EPOCH + timedelta(hours=hours)


def asked(**answers):
    return read_question({"serials": "AB1234"} | answers, TODAY)


def refused(**answers):
    with pytest.raises(ValidationError) as error:
        asked(**answers)
    return error.value.problems


def test_everything_that_may_be_asked():
    question = asked(serials="ab1234, AB1235\nAB1234", model_number=" EX  440 ",
                     watts="440", panel_count="7", as_at="2026-03-01")  # fmt: skip
    assert [e.serial_number for e in question.listed.entries] == ["AB1234", "AB1235"]
    assert question.listed.repeated == 1
    assert question[1:] == ("EX  440", date(2026, 3, 1), Decimal(440), 7)
    assert (question.panels, question.kilowatts) == (7, "3.08")


def test_only_serial_numbers_are_required():
    question = read_question({"serials": "AB1234 \n\n AB1235", "watts": None}, TODAY)
    assert question[1:] == ("", None, 0, 0)
    assert (question.panels, question.kilowatts) == (2, "")
    problems = refused(serials=" \n")
    assert problems == {"serials": "Enter at least one serial number."}


@pytest.mark.parametrize(
    ("watts", "kilowatts"),
    [("440", "0.44"), ("440 W", "0.44"), (" 440wp ", "0.44"), ("442.50", "0.4425"),
     ("1000", "1"), ("9999.99", "9.99999"), ("10", "0.01")],
)  # fmt: skip
def test_watts(watts, kilowatts):
    assert asked(watts=watts).kilowatts == kilowatts


@pytest.mark.parametrize(
    "watts", ["0", "0.00", "-1", "1e3", "44O", "10000", "4,4", "٤"]
)
def test_watts_that_are_refused(watts):
    sentence = "Enter the watts of one panel as a number, such as 440."
    assert refused(watts=watts) == {"watts": sentence}


@pytest.mark.parametrize("count", ["0", "-7", "7.5", "10000", "seven", "1,000"])
def test_counts_that_are_refused(count):
    sentence = "Enter the number of panels, from 1 to 9,999."
    assert refused(panel_count=count) == {"panel_count": sentence}


def test_days():
    assert asked(as_at=" 27/11/2026 ").as_at == date(2026, 11, 27)
    assert asked(as_at="0001-01-01").as_at == date.min
    assert asked(as_at="2026-11-28").as_at is None
    for day in ("2026-11-29", "9999-12-31"):
        sentence = "Enter a day that is not in the future."
        assert refused(as_at=day) == {"as_at": sentence}
    assert "not a real date" in refused(as_at="2026-02-30")["as_at"]


def test_every_problem_is_said_at_once():
    problems = refused(serials="", model_number="x" * 201, watts="x", panel_count="x",
                       as_at="x")  # fmt: skip
    assert [*problems] == ["serials", "model_number", "as_at", "watts", "panel_count"]
    assert "1,001 serial numbers" in refused(serials="A1234\n" * 1_001)["serials"]
    assert "an invisible character" in refused(model_number="a\0b")["model_number"]


def body(**fields):
    return json.dumps({"serialNumbers": ["AB1234"]} | fields).encode()


def test_a_body():
    question = read_body(body(modelNumber="EX-440", asAt="2026-03-01"), TODAY)
    assert question[1:] == ("EX-440", date(2026, 3, 1), 0, 0)
    for fields in ({}, {"modelNumber": None, "asAt": None}, {"asAt": "2026-11-28"}):
        assert read_body(body(**fields), TODAY)[1:] == ("", None, 0, 0)
    hundred = [f"A{n:04}" for n in range(100)]
    found = read_body(body(serialNumbers=hundred), TODAY).listed
    assert [each.cell for each in found.entries] == hundred


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [({"serialNumbers": [f"A{n:04}" for n in range(101)]}, "too_many_items",
      "serialNumbers"),
     ({"serialNumbers": []}, "no_items", "serialNumbers"),
     ({"serialNumbers": [1]}, "not_text", "serialNumbers"),
     ({"serialNumbers": None}, "missing", "serialNumbers"),
     ({"modelNumber": 0}, "not_text", "modelNumber"),
     ({"asAt": False}, "not_text", "asAt"),
     ({"asAt": "2026-11-29"}, "bad_parameter", "asAt"),
     ({"asAt": "yesterday"}, "bad_parameter", "asAt"),
     ({"modelNumber": "x" * 201}, "bad_parameter", "modelNumber"),
     ({"watts": "440"}, "unknown_field", "watts")],
)  # fmt: skip
def test_bodies_that_are_refused(fields, code, field):
    with pytest.raises(BodyRefused) as error:
        read_body(body(**fields), TODAY)
    (found,) = error.value.errors
    assert (found["code"], found["field"]) == (code, field)


# One row that was valid from 1 to 5, and another from 8 on, of another model.
ROWS = [Row("ex-440", at(1), at(5)), Row("ex-500", at(8), None)]
VALID, INVALID, OTHER, MISSING = (
    Result.VALID, Result.INVALID, Result.OTHER_MODEL, Result.NOT_FOUND,
)  # fmt: skip


@pytest.mark.parametrize(
    ("end", "model", "expected"),
    [(1, "", (MISSING, None, False)),
     (1.5, "", (VALID, at(5), True)),
     (1.5, "ex-440", (VALID, at(5), True)),
     (1.5, "ex-500", (OTHER, at(5), True)),
     (5, "", (VALID, at(5), True)),
     (5.5, "", (INVALID, at(5), True)),
     (5.5, "ex-500", (INVALID, at(5), True)),
     (8, "", (INVALID, at(5), True)),
     (8.5, "", (VALID, None, True)),
     (8.5, "ex-440", (OTHER, None, True))],
)  # fmt: skip
def test_the_result_before_a_moment(end, model, expected):
    """A row counts from its moment on, and its invalidation likewise."""
    assert result_of(ROWS, model, at(end)) == expected


def test_a_serial_number_that_was_never_valid_again():
    assert result_of(ROWS[:1], "", at(9)) == (INVALID, at(5), False)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["a", "b"])), max_size=8),
    st.integers(0, 40),
    st.sampled_from(["", "a", "b"]),
)
def test_the_result_is_that_of_the_events_before_the_moment(steps, end, model):
    """Step by step: every second event marks the row that the one before recorded."""
    moment, rows, valid, marked, has_been = 0, [], None, None, False
    for number, (hours, name) in enumerate(steps):
        moment += hours
        if number % 2:
            rows[-1] = rows[-1]._replace(marked_at=at(moment))
        else:
            rows.append(Row(name, at(moment), None))
        if moment < end:
            valid = None if number % 2 else name
            marked, has_been = at(moment) if number % 2 else None, True
        elif number % 2 and valid and marked is None:
            marked = at(moment)
    expected = MISSING if not has_been else INVALID if not valid else VALID
    if expected is VALID and model not in ("", valid):
        expected = OTHER
    is_valid_now = has_been and len(steps) % 2 == 1
    assert result_of(rows, model, at(end)) == (expected, marked, is_valid_now)


def test_a_model_is_compared_as_people_see_it():
    rows = {"AB1234": [Row("ex 440–m".replace("–", "-"), at(1), None)]}
    for model in ("EX 440-M", "ex  440-m", "Ex\u00a0440–M", ""):
        checked = check(asked(model_number=model), rows, TODAY, at(9))
        assert (checked.entries[0].result, checked.valid_count) == (VALID, 1), model
    checked = check(asked(model_number="EX440-M"), rows, TODAY, at(9))
    assert (checked.entries[0].result, checked.valid_count) == (OTHER, 0)


@pytest.mark.parametrize(("count", "total"), [("", 2), ("1", 2), ("2", 2), ("7", 7)])
def test_the_total_of_the_panels(count, total):
    question = asked(serials="AB1234,AB1235", panel_count=count)
    checked = check(question, {}, TODAY, at(9))
    assert (checked.valid_count, checked.total) == (0, total)
    assert [each.result for each in checked.entries] == [MISSING] * 2


def hints(*cells):
    return hints_of(list_of_cells(cells).entries)


def test_hints():
    box = fault("perhaps_box_code").words
    assert hints("HE44000000120", "HE440000O0120", "I234AB", "AB-ION") == [
        [], [LOOKS_LIKE], [LOOKS_LIKE], [fault("no_digit").words],
    ]  # fmt: skip
    assert hints("391267043", "0391267043") == [[LOST_ZEROS], []]
    assert hints("4006381333931", "04006381333931") == [[box, LOST_ZEROS], [box]]
    assert hints("1.23457E+12") == [[fault("spreadsheet_damage").words]]
    assert hints("(00)340123450000000017") == [[box]]
    (space,) = hints("A B 1")
    assert space[0].startswith("There is a space inside")


def test_hints_have_the_warnings_of_an_upload():
    serials = ["1234567890", "11111111", "12/5", "12345678901234500000"]
    panels = {n: Panel("", "", "", serial) for n, serial in enumerate(serials)}
    warned = warnings_of(panels)
    assert len(warned) == len(serials)
    for warning, found in zip(warned, hints(*serials), strict=True):
        assert found[0] == warning.fault.words
