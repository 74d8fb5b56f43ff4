"""Search and mark as invalid over HTTP, for tests."""

from spv.extensions import db
from spv.models import Invalidation
from tests.views.page import read

REASON = {"reason": "Ineligible panel"}


def found(browser, **criteria):
    """Return the page of a search."""
    return read(browser.get("/panels", query_string=criteria))


def ids_of(page):
    """Return the ids of the rows that can be ticked, by serial number."""
    ticks = page.all("input", type="checkbox", name="selected")
    return {
        tick.attributes["aria-label"].removeprefix("Select "): tick.attributes["value"]
        for tick in ticks
    }


def ticked(page):
    """Return the ids of the rows that are ticked."""
    ticks = page.all("input", type="checkbox", name="selected")
    return {tick.attributes["value"] for tick in ticks if "checked" in tick.attributes}


def asked(browser, **query):
    """Return the dialog over some rows."""
    return read(browser.get("/panels/invalidate", query_string=query))


def confirm(browser, page, **answers):
    """Send the form of the dialog."""
    form = {"selection": page.hidden()["selection"]} | REASON | answers
    return browser.post("/panels/invalidate", data=form)


def count_invalidations():
    """Count the invalidations."""
    db.session.rollback()
    return db.session.query(Invalidation).count()
