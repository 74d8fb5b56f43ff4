"""Search, marking, history and check over HTTP: what pages say, what programs try."""

import csv
import html
import io
import re
import time
from urllib.parse import quote

import pytest

from spv import demo
from spv.rules.ledger.rows import FIELDS
from tests.panels import HEADING, mark, panels_csv, upload
from tests.people import acting
from tests.views.ledger_pages import asked, found, ids_of, ticked
from tests.views.page import read

HTMX = {"HX-Request": "true"}
REASON = {"reason": "Ineligible panel"}


def test_the_page_says_how_many_and_its_address_holds_the_search(sixty):
    page = found(sixty, serial_number="ex0000", supplier_name="EXAMPLE")
    assert page.heading == "Search panel serial numbers"
    assert page.all("h2")[-1].text == "Panel serial numbers found"
    assert "60 rows" in page.text
    assert len(ids_of(page)) == 50
    assert page.one("input", id="supplier_name").attributes["value"] == "EXAMPLE"
    form = page.one("form", role="search", action="/panels")
    assert (form.attributes["method"], form.attributes["action"]) == ("get", "/panels")


def test_the_address_while_typing_and_when_going_on(sixty):
    query = {"serial_number": "ex", "status": "", "after": ""}
    answer = sixty.get("/panels", query_string=query, headers=HTMX)
    assert answer.headers["HX-Replace-Url"] == "/panels?serial_number=EX"
    assert not read(answer).is_whole
    after = ids_of(read(answer))["EX000050"]
    answer = sixty.get("/panels", query_string=query | {"after": after}, headers=HTMX)
    address = f"/panels?serial_number=EX&after={after}"
    assert answer.headers["HX-Push-Url"] == address
    assert [*ids_of(read(answer))] == [f"EX0000{n}" for n in range(51, 61)]


def test_from_page_to_page(sixty):
    """The buttons send the pages so far, by the last row of each."""
    page = found(sixty, serial_number="EX")
    ids = ids_of(page)
    forward = page.all("button", name="after")[-1]
    assert "1–50 of" in page.text
    page = found(sixty, serial_number="EX", after=forward.attributes["value"])
    assert [*ids_of(page)] == [f"EX0000{n}" for n in range(51, 61)]
    assert "51–60 of" in page.text
    back = page.all("button", name="after")[-1]
    assert (forward.text, back.text) == ("Next rows", "Previous rows")
    page = found(sixty, serial_number="EX", after=back.attributes["value"])
    assert ids_of(page) == ids


def test_going_on_keeps_what_was_ticked(sixty):
    page = found(sixty, serial_number="EX")
    ids = ids_of(page)
    chosen = [ids["EX000003"], ids["EX000004"]]
    page = found(sixty, serial_number="EX", selected=chosen, after=ids["EX000050"])
    kept = [n.attributes["value"] for n in page.all("input", name="selected")]
    assert kept[:2] == sorted(chosen)
    assert "2 rows will be marked" in asked(sixty, selected=kept[:2]).text


def test_ever_so_many_ticks(sixty):
    """They are looked through once, not once for each row of the page."""
    query = "&".join(f"selected={n}" for n in range(10_000, 70_000))
    begin = time.process_time()
    answer = sixty.get(f"/panels?{query}")
    assert time.process_time() - begin < 2
    assert answer.text.count('type="hidden" name="selected"') == 60_000


def test_all_but_some(sixty):
    page = found(sixty, serial_number="EX", all_matching="yes")
    ids = ids_of(page)
    assert ticked(page) == {*ids.values()}
    rest = [i for i in ids.values() if i != ids["EX000009"]]
    shown = {"shown": [*ids.values()], "all_matching": "yes", "serial_number": "EX"}
    page = found(sixty, **shown, selected=rest, after=ids["EX000050"])
    assert page.hidden()["except"] == ids["EX000009"]
    assert len(ticked(page)) == 10
    page = asked(sixty, **shown, selected=rest)
    assert "59 rows will be marked as invalid." in page.text
    assert "Left out 1 row" in page.text
    without = found(sixty, serial_number="EX", shown=[*ids.values()], selected=rest)
    assert ticked(without) == set()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("status", "maybe", "Select a status."),
     ("recorded_from", "2026-02-30", "2026-02-30 is not a real date."),
     ("recorded_to", "0001-01-01", "Enter a day from 2000 to 2099."),
     ("upload", "9" * 30, "Enter the number of an upload, such as 17."),
     ("upload", "\u0663", "Enter the number of an upload, such as 17."),
     ("serial_number", "A\0", "it has an invisible character"),
     ("serial_number", "Ä1", "A serial number has only the letters"),
     ("serial_number", "A" * 61, "Shorten the serial number"),
     ("model_number", "x" * 5000, "Shorten the model number"),
     ("account", "\ufeff" * 3, "an invisible character")],
)  # fmt: skip
def test_criteria_that_cannot_be_asked(staff, name, value, words):
    for address in ("/panels", "/panels/invalidate", "/panels/found.csv"):
        query = quote(value.encode("utf-8", "surrogatepass"))
        answer = staff.get(f"{address}?all_matching=yes&{name}={query}")
        assert answer.status_code == 422, address
    page = read(staff.get(f"/panels?{name}={query}"))
    assert words in page.problems()[0][1]
    assert page.error_beside(name) == "Error: " + page.problems()[0][1]


@pytest.mark.parametrize("after", ["x", "-1", "9" * 18, "9" * 40, "1 OR 1=1", ""])
def test_going_on_from_nowhere(sixty, after):
    for criteria in ({}, {"serial_number": "EX"}):
        answer = sixty.get("/panels", query_string=criteria | {"after": after})
        assert answer.status_code == 200


def test_the_export_is_what_was_found_and_can_be_uploaded(sixty, staff):
    mark(["EX000002"], acting(demo.VSP_USER))
    answer = staff.get("/panels/found.csv?serial_number=EX")
    lines = [*csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))]
    assert lines[0][:4] == [*FIELDS.values()]
    assert len(lines) == 61
    assert lines[2][3:6] == ["EX000002", "Invalid", "Incorrect model number"]
    assert lines[3][4:6] == ["Valid", ""]
    assert lines[3][8] == "Example Verification Pty Ltd"
    mark([f"EX0000{n:02}" for n in range(1, 61)], acting(demo.STAFF))
    upload(answer.data, acting(demo.OTHER_VSP))
    assert len(ids_of(found(staff, account="other", serial_number="EX"))) == 50


def test_the_history_of_a_serial_number(sixty):
    actor = acting(demo.VSP_USER)
    mark(["EX000001"], actor, "Incorrect supplier name")
    upload(panels_csv(1, names="<b>Corrected</b>,H,M"), actor)
    page = read(sixty.get(found(sixty, serial_number="EX000001").links("EX000001")[0]))
    headings = [re.sub(r" \d.*", "", node.text) for node in page.all("h3")]
    assert headings == ["Recorded", "Marked as invalid", "Recorded again"]
    marked = "Incorrect supplier name By Tom Okafor, in invalidation 1 of 1 row"
    assert marked in page.text
    assert "<b>Corrected</b>, H, M" in page.text
    assert page.one("strong", **{"class": "govuk-tag govuk-tag--green"}).text == "Valid"


@pytest.mark.parametrize("number", ["0", "9" * 18, "999999"])
def test_a_row_that_is_not_there(sixty, number):
    assert sixty.get(f"/panels/serials/{number}").status_code == 404


def test_names_are_text_and_never_markup(sixty):
    names = '<script>alert(1)</script>,"><img src=x>,{{ 7*7 }}'
    rows = f'{HEADING}\n"<i>a</i>","""><img src=x>",{{{{ 7*7 }}}},EXX1\n'
    upload(rows.encode(), acting(demo.VSP_USER))
    answer = sixty.get("/panels", query_string={"supplier_name": "<i>"})
    assert html.escape("<i>a</i>") in answer.text
    assert "<i>" not in answer.text
    assert "{{ 7*7 }}" in answer.text
    answer = sixty.get("/panels", query_string={"supplier_name": names})
    assert "<script>alert" not in answer.text
