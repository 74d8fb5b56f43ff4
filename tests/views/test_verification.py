"""The page of the verification, and the banner that staff see on every page."""

from datetime import timedelta

import pytest

from spv import demo
from spv.extensions import db
from spv.models import AuditCheck
from spv.policy import POLICIES
from spv.rules.accounts import Role
from spv.services import audit_log, checkpoints
from spv.services.verify import checks
from tests.people import browser_of
from tests.plans import scans, statements
from tests.second_factors import enrol_in
from tests.verification import ended, interrupt, make_staff, set_back, undo

pytestmark = [pytest.mark.every_database, pytest.mark.usefixtures("demonstration")]
HTMX = {"HX-Request": "true"}
ADDRESS = "/staff/verify"
BANNER = "The verification found 1 problem. The first: user "


@pytest.fixture
def staff(app):
    """A browser of agency staff."""
    return browser_of(app, demo.STAFF)


def test_nothing_yet(staff):
    page = staff.get(ADDRESS).text
    assert "Verify now" in page
    assert "Nothing has been verified here yet." in page
    assert "The nightly job has never run." in page
    assert page.count("none yet") == 2
    assert 'role="alert" class' not in page


def test_verify_now(staff):
    checkpoints.make(audit_log.REGISTRY)
    checks.begin(checks.NIGHTLY)
    set_back(finished_at=timedelta(hours=5))
    report = {"conclusion": "Proved: all of it.", "problems": {}, "counts": {}}
    db.session.query(AuditCheck).one().report = report | {"heads": {}}
    db.session.commit()
    answer = staff.post(ADDRESS)
    assert (answer.status_code, answer.location) == (303, ADDRESS)
    report = ended().report
    page = staff.get(ADDRESS).text
    assert report["conclusion"] in page
    assert report["heads"]["registry"] in page
    assert "none: it is empty" in page  # the other log
    assert ", 5 hours ago." in page
    assert "Proved: all of it." in page
    assert page.count("none yet") == 1
    assert "Verify now" in page
    assert "hx-trigger" not in page


def test_how_far_it_is(staff):
    checks.begin("Kim Doe")
    check = db.session.query(AuditCheck).one()
    check.done, check.total = 5_000, 20_000
    db.session.commit()
    page = staff.get(ADDRESS).text
    assert "Started by Kim Doe" in page
    assert "Read: 5,000 of about 20,000." in page
    assert 'max="20000"' in page
    assert "See the progress" in page
    assert 'hx-trigger="every 2s"' in page
    assert "Verify now" not in page


def test_a_second_click_shows_the_run_that_goes_on(staff):
    checks.begin("Kim Doe")
    page = staff.post(ADDRESS, follow_redirects=True).text
    assert "A verification is under way already." in page
    assert "Started by Kim Doe" in page
    assert db.session.query(AuditCheck).count() == 1


def test_an_interrupted_run_says_so(staff):
    checks.begin("Kim Doe")
    interrupt()
    page = staff.get(ADDRESS).text
    assert "The verification that Kim Doe started" in page
    assert "was interrupted after" in page
    assert "Verify now" in page
    assert "hx-trigger" not in page


def test_problems_by_kind_with_the_first_named(staff):
    make_staff()
    staff.post(ADDRESS)
    check = ended()
    ledger = {"count": 30, "following": 2, "first": ["upload 1: changed"] * 20}
    problems = check.report["problems"] | {"ledger": ledger}
    check.report = check.report | {"problems": problems}
    db.session.commit()
    page = staff.get(ADDRESS).text
    assert "People and accounts: 1 problem</h3>" in page
    assert ": saved with another is_staff</li>" in page
    assert "Ledger: 30 problems</h3>" in page
    assert "And 10 problems more." in page
    assert "2 events follow from these." in page


def test_a_failure_is_red_on_every_page_of_staff_and_of_nobody_else(app, staff):
    make_staff()
    staff.post(ADDRESS)
    ended()
    undo()
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods
        and not rule.arguments
        and Role.STAFF in POLICIES[rule.endpoint]
    ]
    others = [app.test_client(), browser_of(app, demo.VSP_ADMIN)]
    seen = 0
    for path in [*pages, "/nowhere"]:
        with staff.get(path) as answer:
            if answer.mimetype == "text/html" and answer.status_code not in (302, 303):
                assert BANNER in answer.text, path
                assert "spv-warning--lapsed" in answer.text
                seen += 1
        for browser in others:
            with browser.get(path) as answer:
                assert b"The verification found" not in answer.data
    assert seen > 15
    staff.post(ADDRESS)
    ended()
    assert BANNER not in staff.get("/").text


def test_a_poll_brings_the_banner_too(staff):
    make_staff()
    assert 'id="alarms"' not in staff.post(ADDRESS, headers=HTMX).text
    ended()
    part = staff.get(ADDRESS, headers=HTMX).text
    assert part.count('id="alarms"') == 1
    assert BANNER in part
    assert "<html" not in part
    assert staff.get(ADDRESS).text.count('id="alarms"') == 1


def test_production_says_that_the_nightly_job_does_not_run(app, private_people, staff):
    enrol_in(staff)
    assert "The nightly job" not in staff.get("/staff/people").text
    app.config["SPV_ENVIRONMENT"] = "production"
    page = staff.get("/staff/people").text
    assert "The nightly job has never run." in page
    assert "spv-warning--lapsed" not in page


def test_the_banner_costs_one_statement(app, staff):
    make_staff()
    staff.post(ADDRESS)
    ended()
    vsp = browser_of(app, demo.VSP_ADMIN)
    for browser, count in ((staff, 1), (vsp, 0)):
        sent = statements(lambda browser=browser: browser.get("/stc"))
        ours = [each for each in sent if "audit_checks" in each[0]]
        assert len(ours) == count
        assert not [*scans(ours)]
