"""What happened can be found again: invalidations, and uploads whose rows they are."""

import re

from spv import demo
from spv.services.ledger import invalidations, selections, uploads
from tests.panels import NAMES, mark, panels_csv, upload
from tests.people import acting, browser_of
from tests.views.page import read
from tests.views.test_uploads import send

LIST = "/panels/invalidations"


def cells(page, words):
    """The cells of the row whose link has these words."""
    rows = [row for row in page.all("tr") if row.text.startswith(f"{words} ")]
    (row,) = rows
    return [child.text for child in row.children if not isinstance(child, str)]


def test_the_invalidations_of_the_account(demonstration, sixty, staff):
    assert "Nothing has been marked as invalid yet." in sixty.get(LIST).text
    vsp = acting(demo.VSP_USER)
    selection = selections.listed(["EX000001", "EX000002"], vsp)
    why = {"reason": "Other", "other_reason": "The <b> pallet. " * 20}
    own, _ = invalidations.mark(selection, why, vsp)
    by_staff = mark(["EX000003"], acting(demo.STAFF))
    page = read(sixty.get(LIST))
    number, rows, reason, by, when = cells(page, f"Invalidation {own}")
    assert (rows, by) == ("2", "Tom Okafor")
    assert re.fullmatch(r"Other: (The <b> pallet\. )+The <b>\.\.\.", reason)
    assert len(reason) <= 90
    assert re.search(r"\d{4}", when)
    assert sixty.get(page.link(number)).status_code == 200
    assert page.links(f"Invalidation {by_staff}") == []
    page = read(staff.get(LIST))
    assert cells(page, number)[3] == "Example Verification Pty Ltd"
    assert cells(page, f"Invalidation {by_staff}")[3] == "Agency staff"
    other = browser_of(demonstration, demo.OTHER_VSP)
    assert "Nothing has been marked as invalid yet." in other.get(LIST).text


def test_the_list_goes_on_where_it_ended(sixty):
    numbers = [mark([f"EX{n:06}"], acting(demo.VSP_USER)) for n in range(1, 52)]
    page = read(sixty.get(LIST))
    shown = [n for n in numbers if page.links(f"Invalidation {n}")]
    assert shown == numbers[1:]
    page = read(sixty.get(page.link("Earlier invalidations")))
    assert page.links(f"Invalidation {numbers[0]}")
    assert page.links(f"Invalidation {numbers[1]}") == []
    assert "There are no earlier ones." in sixty.get(f"{LIST}?before=1").text
    for before in ("-1", "x", "9" * 18, "9" * 30, "١"):
        assert sixty.get(f"{LIST}?before={before}").status_code == 200


def test_uploads_say_how_many_rows_are_valid_now(sixty, staff):
    vsp = acting(demo.VSP_USER)
    number = upload(panels_csv(2, "EXB"), vsp).upload_id
    for marked, state, valid in (
        ([], "Recorded", "2 of 2 valid now"),
        (["EXB000001"], "Part invalid", "1 of 2 valid now"),
        (["EXB000002"], "Marked invalid", "0 of 2 valid now"),
    ):
        if marked:
            mark(marked, vsp)
        for browser in (sixty, staff):
            row = cells(read(browser.get("/panels/uploads")), f"Upload {number}")
            assert row[2:4] == [state, valid]
    (first, *_), _ = uploads.find(vsp)
    assert (first.id, first.valid_count) == (number, 0)


def test_a_receipt_says_what_became_of_its_rows(demonstration, sixty, staff):
    upload(panels_csv(3, "EXB"), acting(demo.VSP_USER))
    number = upload(panels_csv(3, "EXC"), acting(demo.VSP_USER)).upload_id
    page = read(sixty.get(f"/panels/uploads/{number}"))
    assert (page.heading, page.title[:7]) == ("3 recorded", "Upload ")
    assert page.link("Search these rows") == f"/panels?upload={number}"
    assert page.link("Upload another file") == "/panels/upload"
    assert page.link("Mark the whole upload as invalid")
    assert page.one("button", type="button").text == "Download receipt"
    assert "valid now" not in page.text
    own = mark(["EXC000001"], acting(demo.VSP_USER))
    by_staff = mark(["EXB000001", "EXC000002"], acting(demo.STAFF))
    page = read(sixty.get(f"/panels/uploads/{number}"))
    assert "1 of 3 are valid now: some of the rows were marked as invalid." in page.text
    assert page.link(f"Invalidation {own}") == f"{LIST}/{own}"
    assert page.links(f"Invalidation {by_staff}") == []
    assert "By agency staff" in page.text
    assert "Avery" not in page.text
    mark(["EXC000003"], acting(demo.VSP_ADMIN))
    page = read(staff.get(f"/panels/uploads/{number}"))
    assert "0 of 3 are valid now: all rows were marked as invalid." in page.text
    assert page.links("Mark the whole upload as invalid") == []
    assert page.link(f"Invalidation {by_staff}")
    assert page.links("Upload another file") == []


def test_a_serial_number_that_blocks_leads_to_its_history(demonstration):
    upload(panels_csv(1, "OWN"), acting(demo.VSP_USER))
    upload(panels_csv(1, "THEIRS"), acting(demo.OTHER_VSP))
    mine = browser_of(demonstration, demo.VSP_USER)
    data = panels_csv(2, "OWN") + f"{NAMES},THEIRS000001\r\n".encode()
    page = read(send(mine, data))
    links = {
        node.text: node.attributes["href"]
        for place in ("code", "td")
        for cell in page.all(place)
        for node in cell.walk()
        if node.tag == "a"
    }
    assert [*links] == ["OWN000001"]  # not that of another account
    history = mine.get(links["OWN000001"])
    assert history.status_code == 303
    assert read(mine.get(history.location)).heading == "OWN000001"
