"""The pages of the audit log and of the calculations, and the events of looks."""

import json

import pytest
import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.models import AuditEvent, StcCalculation
from spv.rules.stc.batch import template_text
from spv.services.ledger import uploads
from spv.services.stc import batches, calculations
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, upload
from tests.people import WEB, acting, browser_of, events, user_of
from tests.views.page import read

SEARCH = {"status": "valid", "serial_number": "ex"}
# Pages that are an event when staff open them: the address, its query, the event.
LOOKS = {
    "panels.index": ("/panels", SEARCH, "ledger.searched"),
    "panels.export": ("/panels/found.csv", {}, "ledger.exported"),
    "site.find": ("/find", {"q": "EX00"}, "ledger.searched"),
    "staff_log.index": ("/staff/audit", {"person": "visitor"}, "log.searched"),
    "csv": ("/staff/audit/events.csv", {}, "log.exported"),
    "jsonl": ("/staff/audit/events.jsonl", {"person": "visitor"}, "log.exported"),
}
each = pytest.mark.parametrize("name", LOOKS)


def last_event():
    db.session.rollback()
    newest = sa.select(AuditEvent).order_by(AuditEvent.id.desc())
    return db.session.scalars(newest).first()


@each
def test_one_look_one_event(sixty, staff, name):
    address, query, event = LOOKS[name]
    before = events()
    assert staff.get(address, query_string=query).status_code == 200
    assert events() == [*before, event]
    found = last_event()
    assert (found.actor, found.channel) == (demo.STAFF, "web")
    assert bool(json.loads(found.details)["criteria"]) is bool(query)


@each
def test_only_people_who_look_write_an_event(sixty, staff, name):
    address, query, _event = LOOKS[name]
    before = events()
    head = staff.head(address, query_string=query)
    assert (head.status_code, head.data) == (200, b"")
    for header in ("Sec-Purpose", "Purpose"):
        answer = staff.get(address, query_string=query, headers={header: "prefetch"})
        assert (answer.status_code, answer.data) == (503, b"")
    assert events() == before


@each
def test_without_its_event_nothing_is_shown(demonstration, sixty, staff, name):
    address, query, _event = LOOKS[name]
    demonstration.config["PROPAGATE_EXCEPTIONS"] = False
    demonstration.testing = False
    db.session.execute(sa.text("ALTER TABLE audit_subjects RENAME TO away"))
    db.session.commit()
    answer = staff.get(address, query_string=query)
    db.session.rollback()
    db.session.execute(sa.text("ALTER TABLE away RENAME TO audit_subjects"))
    db.session.commit()
    assert answer.status_code in (500, 503)
    assert "EX000001" not in answer.text


def test_paging_on_and_ticks_are_the_same_search(sixty, staff):
    before = events()
    for query in (SEARCH, SEARCH | {"after": "9"}, SEARCH | {"all_matching": "yes"}):
        assert staff.get("/panels", query_string=query).status_code == 200
    for _ in range(2):
        staff.get("/staff/audit", query_string={"person": "visitor", "before": "9"})
    assert events() == [*before, "ledger.searched", "log.searched"]


def test_an_empty_page_and_other_people_write_nothing(sixty, staff):
    before = events()
    for address in ("/panels", "/panels?status=", "/find", "/staff/audit",
                    "/staff/audit?person=&account=", "/staff/calculations?zone=3",
                    "/staff/audit?event=wrong"):  # fmt: skip
        staff.get(address)
    sixty.get("/panels", query_string=SEARCH)
    sixty.get("/panels/found.csv")
    sixty.get("/find?q=EX00")
    sixty.post("/panels/check", data={"serial_numbers": "EX000001"})
    assert events() == before


def test_typing_searches_for_accounts_alone(sixty, staff):
    for browser, trigger in ((sixty, "submit, input delay:300ms"), (staff, "submit")):
        form = read(browser.get("/panels")).one("form", role="search")
        assert form.attributes["hx-trigger"] == trigger


def test_the_log_and_an_event(sixty, staff):
    page = read(staff.get("/staff/audit"))
    sentence = "Tom Okafor recorded 60 rows of panels.csv."
    page = read(staff.get(page.link(sentence)))
    assert sentence in page.content.text
    words = page.content.text
    for part in ("(agrees with the content)", "Made with the log key", "SHA-256"):
        assert part in words
    assert page.link("What anyone can verify about it").startswith("/verify/r")
    number = uploads.find(acting(demo.STAFF))[0][0].id
    assert page.link(f"Upload {number}") == f"/panels/uploads/{number}"
    about = page.link(f"all events of Upload {number}")
    assert about == f"/staff/audit?kind=upload&key={number}"
    page = read(staff.get(about))
    assert page.one("input", id="key").attributes["value"] == str(number)
    assert [page.link(sentence)]
    assert staff.get("/staff/audit/999999999999").status_code == 404


def test_the_next_page_keeps_the_search(staff):
    for number in range(55):
        upload(panels_csv(1, f"P{number}-"), acting(demo.VSP_USER))
    page = read(staff.get("/staff/audit?event=upload.recorded"))
    following = page.link("Earlier events")
    assert "event=upload.recorded" in following
    rest = read(staff.get(following))
    assert len(page.all("tbody")[0].children) > len(rest.all("tbody")[0].children)
    assert "upload.recorded" in rest.link("Download as CSV")


@pytest.mark.parametrize(
    ("query", "words"),
    [("account=nobody", "No account has this name or ABN."),
     ("kind=upload", "Enter the number of the upload."),
     ("from_day=32", "Enter the day as 2026-07-31"),
     ("kind=serial&key=NONE1", "The ledger does not have this serial number."),
     ("event=%00&kind=x&person=%00", "Select an action.")],
)  # fmt: skip
def test_wrong_criteria_are_said(staff, query, words):
    answer = staff.get(f"/staff/audit?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert staff.get(f"/staff/audit/events.csv?{query}").status_code == 422


@pytest.mark.parametrize("query", ["reference=x", "postcode=1", "zone=9", "to_day=x"])
def test_wrong_criteria_of_calculations(staff, query):
    assert staff.get(f"/staff/calculations?{query}").status_code == 422
    assert staff.get(f"/staff/calculations/counts.csv?{query}").status_code == 422


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 18, "9" * 30, "1"])
def test_a_page_may_begin_anywhere(staff, before):
    for address in ("/staff/audit", "/staff/calculations"):
        answer = staff.get(address, query_string={"before": before})
        assert answer.status_code == 200


def test_calculations_and_a_replay(staff):
    reference = calculations.save(GOOD_SOLAR, WEB)
    batch = batches.save(template_text().encode(), WEB)
    page = read(staff.get("/staff/calculations"))
    assert page.link(f"Row 2 of {batch}") == f"/staff/calculations/{batch}"
    page = read(staff.get(page.link(reference)))
    assert "A visitor calculated 45 STCs for SGU – Solar (deemed)." in page.content.text
    for one in (reference, batch):
        page = read(staff.get(f"/staff/calculations/{one}"))
        page = read(staff.get(page.link("Replay")))
        assert "rules give the same result" in page.content.text
    db.session.execute(sa.update(StcCalculation).values(certificates=1))
    db.session.commit()
    page = read(staff.get(f"/staff/calculations/{reference}?replay=yes"))
    assert "differs from event 1 in its result" in page.content.text
    assert staff.get("/staff/calculations/A-b_C1d2E3f4G5h6").status_code == 404


def test_the_chart_its_table_and_its_file(staff):
    calculations.save(GOOD_SOLAR, WEB)
    page = read(staff.get("/staff/calculations"))
    chart = page.one("svg", role="img")
    assert "Calculations by system type and zone" in chart.attributes["aria-label"]
    rows = dict(
        row.text.rsplit(" ", 1)
        for row in page.one("table", **{"class": "govuk-table spv-years"}).walk()
        if row.tag == "tr"
    )
    assert rows["SGU – Solar (deemed), zone 3"] == "1"
    text = staff.get("/staff/calculations/counts.csv").text
    assert '"SGU – Solar (deemed), zone 3",1' in text


def test_links_to_the_events(sixty, staff):
    number = uploads.find(acting(demo.STAFF))[0][0].id
    made = mark(["EX000001"], acting(demo.STAFF))
    reference = calculations.save(GOOD_SOLAR, WEB)
    user = user_of(demo.VSP_USER).id
    serial = read(staff.get("/panels?serial_number=EX000001")).link("EX000001")
    for address, query in (
        (f"/panels/uploads/{number}", f"kind=upload&key={number}"),
        (f"/panels/invalidations/{made}", f"kind=invalidation&key={made}"),
        (serial, "kind=serial&key=EX000001"),
        ("/staff/people?text=okafor", f"kind=user&key={user}"),
    ):
        links = [a.attributes["href"] for a in read(staff.get(address)).all("a")]
        (link,) = [each for each in links if each.startswith("/staff/audit")]
        assert link == f"/staff/audit?{query}"
        assert "No event matches" not in staff.get(link).text
        if "people" not in address:
            assert "/staff/audit" not in sixty.get(address).text
    assert f"/staff/calculations/{reference}" in staff.get(f"/stc/{reference}").text
    assert "/staff/" not in sixty.get(f"/stc/{reference}").text


def test_an_account_is_not_shown_the_log(demonstration, sixty):
    for address in ("/staff/audit", "/staff/audit/1", "/staff/audit/events.jsonl",
                    "/staff/calculations"):  # fmt: skip
        assert sixty.get(address).status_code == 403
    assert browser_of(demonstration, demo.STAFF).get("/staff/audit").status_code == 200
