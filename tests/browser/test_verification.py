"""The verification on its page: with JavaScript the result comes by itself."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.conftest import open_page
from tests.browser.test_accounts import demonstrated, press
from tests.server import serve

pytestmark = pytest.mark.browser
PROBLEMS = {"ledger": {"count": 1, "following": 0, "first": ["upload 1: changed"]}}
REPORT = {"conclusion": "1 problem found in 3 rows.", "counts": {}, "heads": {},
          "first": "upload 1: changed", "problems": PROBLEMS}  # fmt: skip
BEGUN = """INSERT INTO audit_checks
    (started_by, started_at, seen_at, done, total, problem_count)
    VALUES ('Kim Doe', :at, :at, 5000, 20000, 0)"""
ENDED = """UPDATE audit_checks SET finished_at = :at, problem_count = 1,
    report = :report"""


@pytest.fixture(scope="module")
def server(sqlite_template_people, tmp_path_factory):
    """Serve a demonstration; return its address, and a function that executes SQL."""
    path = tmp_path_factory.mktemp("served") / "spv.sqlite"
    shutil.copy(sqlite_template_people, path)

    def execute(statement):
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with closing(sqlite3.connect(path, timeout=10)) as database, database:
            database.execute(statement, {"at": at, "report": json.dumps(REPORT)})

    with serve(f"sqlite:///{path}") as (address, _process):
        yield address, execute


@pytest.fixture
def served(server):
    """Return the same, without an earlier verification."""
    server[1]("DELETE FROM audit_checks")
    return server


def test_the_result_comes_by_itself(chromium, served, size):
    address, execute = served
    page = open_page(chromium, address, size)
    demonstrated(page, "Agency staff")
    execute(BEGUN)
    page.goto("/staff/verify")
    expect(page.locator("#far")).to_be_visible()
    check(page)
    expect(page.locator("#alarms .spv-warning")).to_have_count(0)
    execute(ENDED)
    alarm = page.locator("#alarms .spv-warning--lapsed")
    expect(alarm).to_contain_text("The first: upload 1: changed.")
    expect(page.locator("#far")).to_have_count(0)
    expect(page.locator("#verification")).to_contain_text("1 problem found in 3 rows.")
    check(page)
    press(page, "Verify now")  # which ends before the answer comes, or later
    result = page.locator("#verification [role=status]").first
    expect(result).to_contain_text("Proved: ")
    assert page.complaints == []
    page.context.close()


def test_without_javascript_a_link_shows_how_far_it_is(chromium, served, size):
    address, execute = served
    page = open_page(chromium, address, size, java_script_enabled=False)
    demonstrated(page, "Agency staff")
    execute(BEGUN)
    page.goto("/staff/verify")
    execute("UPDATE audit_checks SET done = 7000 WHERE finished_at IS NULL")
    link = page.get_by_role("link", name="See the progress")
    link.click()
    expect(page.locator("#verification")).to_contain_text("7,000 of about 20,000")
    execute(ENDED)
    link.click()
    expect(page.locator("#verification")).to_contain_text("1 problem found in 3 rows.")
    press(page, "Verify now")
    expect(page).to_have_url(f"{address}/staff/verify")
    assert page.complaints == []
    page.context.close()
