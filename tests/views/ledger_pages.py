"""Searching and marking over HTTP, for tests: pages, ticks, dialogs."""

from spv.extensions import db
from spv.models import Invalidation
from tests.views.page import read

REASON = {"reason": "Ineligible panel"}


def found(browser, **criteria):
    """The page of a search."""
    return read(browser.get("/panels", query_string=criteria))


def ids_of(page):
    """The rows that can be ticked: serial number to id."""
    ticks = page.all("input", type="checkbox", name="selected")
    return {
        tick.attributes["aria-label"].removeprefix("Select "): tick.attributes["value"]
        for tick in ticks
    }


def ticked(page):
    """The rows that are ticked."""
    ticks = page.all("input", type="checkbox", name="selected")
    return {tick.attributes["value"] for tick in ticks if "checked" in tick.attributes}


def asked(browser, **query):
    """The dialog over some rows."""
    return read(browser.get("/panels/invalidate", query_string=query))


def confirm(browser, page, **answers):
    """Send the dialog's form."""
    form = {"selection": page.hidden()["selection"]} | REASON | answers
    return browser.post("/panels/invalidate", data=form)


def count_markings():
    """How many markings there are."""
    db.session.rollback()
    return db.session.query(Invalidation).count()
