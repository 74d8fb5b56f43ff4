"""The headings and cells of a batch, as people and spreadsheet programs write them."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spv.rules.errors import ValidationError
from spv.rules.stc.batch import (
    ADDED,
    COLUMNS,
    MAX_ROWS,
    calculate_batch,
    find_columns,
    write_batch,
)
from spv.rules.stc.system_types import FIELDS, SYSTEM_TYPE_LABEL

TODAY = date(2026, 11, 22)
SOLAR = {
    "system_type": "solar_deemed", "rated_power_kw": "6.6", "postcode": "2150",
    "installation_date": "2026-06-30", "calculation_period": "10",
}  # fmt: skip
OTHERS = ("system_type", "installation_date")


def calculated(answers):
    """Return the batch of one row whose answers are given by heading."""
    file = io.StringIO()
    csv.writer(file).writerows([[*answers], [*answers.values()]])
    return calculate_batch(file.getvalue().encode(), TODAY)


def reason(**answers):
    (outcome,) = calculated(SOLAR | answers).outcomes
    return outcome.reason


def written(batch):
    return list(csv.reader(io.StringIO(write_batch(batch), newline="")))[1]


def columns_of(*headings):
    others = [name for name in OTHERS if name not in headings]
    return find_columns([*headings, *others])


def refused(*headings):
    with pytest.raises(ValidationError) as error:
        find_columns([*headings])
    assert list(error.value.problems) == ["file"]
    return str(error.value)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("post code", "postcode"), ("Postcode", "postcode"), ("POST_CODE", "postcode"),
        ("Post/Code.", "postcode"), ("'Postcode", "postcode"),
        ("Postcode (optional)", "postcode"), ("post\u200bcode\u00a0", "postcode"),
        ("Installation postcode", "postcode"),
        ("Type", "system_type"), ("system", "system_type"),
        ("System Type", "system_type"), ("[Type of system]", "system_type"),
        ("Power (kW)", "rated_power_kw"), ("power_kw", "rated_power_kw"),
        ("Rated power", "rated_power_kw"), ("rated power kW", "rated_power_kw"),
        ("kW", "rated_power_kw"), ("Rated Power Output", "rated_power_kw"),
        ("Install date", "installation_date"), ("Date installed", "installation_date"),
        ("Date of installation", "installation_date"),
        ("Period", "calculation_period"), ("Deeming period", "calculation_period"),
        ("Hours of resource availability a year", "resource_hours"),
        ("Hours of resource availability", "resource_hours"),
        ("Nominal capacity", "nominal_kwh"), ("Usable capacity", "usable_kwh"),
        ("Nominal kWh", "nominal_kwh"),
    ],
)  # fmt: skip
def test_headings_that_are_understood(heading, name):
    others = [each for each in OTHERS if each != name]
    assert find_columns([heading, *others]).positions[name] == 0


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_by_its_name_and_the_label_of_the_form(name):
    label = FIELDS[name].label if name in FIELDS else SYSTEM_TYPE_LABEL
    plain = label.removesuffix(" (optional)")
    for text in (name, name.upper(), label, plain, f"{plain} (optional)"):
        others = [each for each in OTHERS if each != name]
        assert find_columns(["Job", text, *others]).positions[name] == 1


@pytest.mark.parametrize(
    "heading",
    ["post kode", "Rated power (W)", "Power", "kWh", "Date", "years", "Capacity", "",
     "---", "(optional)", "Customer postcode", "stc_price",
     "post" + "_" * 100 + "code"],
)  # fmt: skip
def test_headings_that_are_not_guessed(heading):
    assert columns_of(heading).positions == {"system_type": 1, "installation_date": 2}


def test_a_file_with_the_labels_of_the_form_is_calculated_and_keeps_them():
    labels = {
        SYSTEM_TYPE_LABEL: "SGU – Solar (deemed)", "Rated power output (kW)": "6.6",
        "Postcode of Installation Address": "2150", "Installation date": "30/06/2026",
        "Calculation Period": "10 years", "Crew": "North",
    }  # fmt: skip
    batch = calculated(labels)
    assert batch.totals()["certificates"] == 45
    first = write_batch(batch).splitlines()[0]
    assert first == ",".join([*labels, *ADDED])


def test_two_headings_of_one_column():
    assert refused("postcode", *OTHERS, "postcode") == (
        "The column postcode appears twice. Remove one."
    )
    assert refused("Postcode", *OTHERS, "post code") == (
        "The column postcode appears twice, as “Postcode” and “post code”. Rename or "
        "remove one."
    )
    assert "twice, as “kW” and “Rated power output (kW)”" in refused(
        "kW", "Rated power output (kW)", *OTHERS
    )


KNOWN = (
    "The columns are system_type, rated_power_kw, installation_date, "
    "calculation_period, postcode, resource_hours, nominal_kwh, usable_kwh, modules "
    "and module_usable_kwh. The template has them all."
)


def test_a_missing_column_names_the_headings_that_were_not_understood():
    assert refused("postcode", "installation_date") == (
        f"The column system_type is missing. {KNOWN}"
    )
    assert refused("system_type", "post kode", "zone", "stc_price", "") == (
        "The column installation_date is missing. “post kode” is not a column of the "
        f"calculator. {KNOWN}"
    )
    assert "“day” and “sort” are not columns of the calculator." in refused(
        "day", "sort"
    )
    assert "“a”, “b”, “c”, “d”, “e” and 2 more are not columns" in refused(*"abcdefg")


def test_a_heading_in_a_sentence_is_short_and_visible():
    assert "“xxx" in refused("x" * 130_000)
    assert len(refused(*["x" * 130_000] * 99)) < 600
    assert "“pst cde” is" in refused("p\u200bst\n cde\u202e")


def test_a_row_says_which_column_the_file_lacks():
    answers = {k: v for k, v in SOLAR.items() if k != "postcode"} | {"post kode": "1"}
    (outcome,) = calculated(answers).outcomes
    assert outcome.reason == (
        "Enter the postcode of the installation address. The file has no column "
        "postcode. “post kode” is not a column of the calculator."
    )
    del answers["post kode"], answers["calculation_period"]
    (outcome,) = calculated(answers).outcomes
    assert outcome.reason.endswith(
        "The file has no columns calculation_period and postcode."
    )


@pytest.mark.parametrize("postcode", ["'0800", "'2150", " '0800", "' 0800"])
def test_a_postcode_with_an_apostrophe_comes_back_with_it(postcode):
    batch = calculated(SOLAR | {"postcode": postcode})
    (outcome,) = batch.outcomes
    assert outcome.installation.postcode == postcode.strip(" '")
    assert written(batch)[2] == postcode


def test_every_cell_with_an_apostrophe_is_read():
    batch = calculated({name: f"'{text}" for name, text in SOLAR.items()})
    assert batch.totals()["certificates"] == 45
    assert written(batch)[:5] == [f"'{text}" for text in SOLAR.values()]


def test_a_postcode_without_an_apostrophe_comes_back_without_one():
    assert written(calculated(SOLAR | {"postcode": "0800"}))[2] == "0800"


def test_an_apostrophe_within_a_cell_or_a_second_one_is_not_removed():
    assert "four digits" in reason(postcode="''0800")
    assert "four digits" in reason(postcode="08'00")


marked = st.text("'=0+-1 a/.\t\n@", max_size=5)


@given(st.lists(marked, min_size=1, max_size=4))
def test_a_result_is_the_same_when_it_is_sent_again(own):
    heading = {f"own {n}": cell for n, cell in enumerate(own)}
    once = write_batch(calculated(SOLAR | {"postcode": "'0800"} | heading))
    assert write_batch(calculate_batch(once.encode(), TODAY)) == once
    cells = next(csv.reader(io.StringIO(once.split("\n", 1)[1], newline="")))
    assert not [cell for cell in cells if cell[:1] in {"=", "@", "\t", "\n"}]
    found = cells[5 : 5 + len(own)]
    assert all(f in (c, f"'{c}") for f, c in zip(found, own, strict=True))


@pytest.mark.parametrize(
    "day",
    ["2026-06-30 00:00:00", "2026-06-30T00:00", "30/06/2026 0:00", "30/6/2026 00:00",
     "2026-06-30T00:00:00.000", "2026-06-30 00:00:00.000000", " 2026-06-30 00:00 ",
     "30/06/2026 12:00:00 AM", "30/06/2026 12:00 am", "'2026-06-30 00:00:00"],
)  # fmt: skip
def test_days_at_midnight(day):
    batch = calculated(SOLAR | {"installation_date": day})
    assert batch.outcomes[0].reason == ""
    assert batch.outcomes[0].installation.installation_date == date(2026, 6, 30)
    assert written(batch)[3] == day


@pytest.mark.parametrize(
    "day",
    ["2026-06-30 14:30:00", "2026-06-30T00:00:01", "30/06/2026 0:01", "30/6/2026 12:00",
     "30/06/2026 12:00:00 PM", "2026-06-30T00:00:00.001", "30/06/2026 1:00am"],
)  # fmt: skip
def test_days_at_another_time(day):
    assert reason(installation_date=day) == (
        "The installation date has a time of day that is not 00:00. Enter only "
        "the day, as 2026-07-31 or 31/07/2026."
    )


@pytest.mark.parametrize(
    "day",
    ["2026-06-30T00:00:00Z", "2026-06-30 00:00+10:00", "2026-06-30T",
     "46203.0", "30/06/26 0:00", "2026-06-30  00:00", "00:00"],
)  # fmt: skip
def test_days_that_are_not_guessed(day):
    assert reason(installation_date=day) == (
        "Enter the installation date as 2026-07-31 or 31/07/2026."
    )


def test_a_day_at_midnight_that_is_not_in_the_calendar():
    found = reason(installation_date="2026-02-31 00:00:00")
    assert found.startswith("2026-02-31 is not a real date.")


MADE_A_NUMBER = (
    "A spreadsheet program has turned the postcode into a number. Format the column as "
    "text and enter four digits, such as 0800."
)


@pytest.mark.parametrize("postcode", ["800.0", "2150.0", "2150.00", "0800.0", "'800.0"])
def test_postcodes_that_are_numbers(postcode):
    assert reason(postcode=postcode) == MADE_A_NUMBER


@pytest.mark.parametrize("postcode", ["800", "21500.0", "2150.5", "2150.", "8e2"])
def test_other_postcodes_are_refused_as_ever(postcode):
    found = reason(postcode=postcode)
    assert found.startswith("Enter the postcode as four digits, such as 2150.")


def test_every_fault_of_a_row_is_told_in_the_order_of_the_form():
    given = {"installation_date": "2026-06-30 9:00", "postcode": "800.0"}
    found = reason(rated_power_kw="x", **given)
    assert found.index("rated power") < found.index("time of day")
    assert found.endswith(MADE_A_NUMBER)


@pytest.mark.parametrize(("period", "years"), [("5.0", "5"), ("10.00", "10")])
def test_periods_with_zeros_after_the_point(period, years):
    (outcome,) = calculated(SOLAR | {"calculation_period": period}).outcomes
    assert outcome.installation.calculation_period == years


@pytest.mark.parametrize("period", ["5.5", "7.0", "5.", ".0", "5,0", "5.0.0"])
def test_other_periods_are_refused_as_ever(period):
    assert reason(calculation_period=period).startswith("Select the calculation period")


def test_numbers_are_read_as_ever():
    assert reason(rated_power_kw="6.6") == reason(rated_power_kw="5.0") == ""
    battery = {"system_type": "battery", "installation_date": "2026-06-15"}
    capacity = {"nominal_kwh": "13.0", "usable_kwh": "13.0"}
    batch = calculated(battery | {"postcode": "800.0"} | capacity)
    assert batch.totals()["calculated"] == 1  # a battery is not asked for its postcode


@pytest.mark.no_cover
def test_the_largest_file_of_a_spreadsheet_program():
    row = "solar_deemed,6.6,2026-06-30 00:00:00,5.0,'0800\n"
    heading = "Type,kW,Install date,Period,Post code\n"
    batch = calculate_batch((heading + row * MAX_ROWS).encode(), TODAY)
    assert batch.totals()["calculated"] == MAX_ROWS
