"""A slow search that looks at every row of the ledger, to compare with the real one."""

import re
from datetime import date
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from spv.extensions import db
from spv.models import Account, Invalidation, PanelSerial, Product, Upload
from spv.rules.accounts import Role
from spv.rules.ledger.rows import PRODUCT_FIELDS
from spv.services.ledger import search, search_query, selections

SYDNEY = ZoneInfo("Australia/Sydney")


class Row(NamedTuple):
    """A row of the ledger, with everything that can be searched for."""

    id: int
    serial_number: str
    supplier_name: str
    licensee: str
    model_number: str
    upload: int
    account_id: int
    account: str
    abn: str
    recorded: date
    invalidation_id: int | None = None
    reason: str | None = None

    @property
    def status(self):
        return "invalid" if self.invalidation_id else "valid"


def every_row(beginning=""):
    """All rows whose serial numbers have a beginning, oldest first."""
    db.session.rollback()
    query = (
        sa.select(
            PanelSerial.id, PanelSerial.serial_number, Product.supplier_name,
            Product.licensee, Product.model_number, Upload.id, Account.id,
            Account.legal_name, Account.abn, Upload.received_at,
            PanelSerial.invalidation_id, Invalidation.reason,
        )
        .select_from(PanelSerial)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
        .join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .join(Account, Account.id == Upload.account_id)
        .where(PanelSerial.serial_number.startswith(beginning, autoescape=True))
        .order_by(PanelSerial.id)
    )  # fmt: skip
    return [
        Row(*row[:9], row.received_at.astimezone(SYDNEY).date(), *row[10:])
        for row in db.session.execute(query)
    ]


def sees(actor, row):
    """Whether an actor may see and invalidate a row."""
    return Role.STAFF in actor.roles or row.account_id == actor.account_id


# What is compared as one sign, the plain one first, as classes of regular expressions.
LOOKS = {
    " ": r"\s+",
    "'": "['`\u00b4\u02bb\u02bc\u2018\u2019\u201b\u2032]",
    '"': '["\u201c-\u201f\u2033]',
    "-": "[\u2010-\u2015\u2212-]",
}


def as_it_looks(text):
    """Text that is the same for names that look the same, whatever their case."""
    for plain, signs in LOOKS.items():
        text = re.sub(signs, plain, text)
    return text.lower()


def matches(row, criteria):
    """Whether a row meets the criteria."""
    account = as_it_looks(criteria.account)
    return (
        row.serial_number.startswith(criteria.serial_number)
        and all(
            as_it_looks(getattr(criteria, n)) in as_it_looks(getattr(row, n))
            for n in PRODUCT_FIELDS
        )
        and (account in as_it_looks(row.account) or account.replace(" ", "") == row.abn)
        and criteria.status in ("", row.status)
        and criteria.upload in (0, row.upload)
        and (criteria.recorded_from or date.min) <= row.recorded
        and row.recorded <= (criteria.recorded_to or date.max)
    )


def expected(criteria, actor, rows):
    """The rows that a search has to find, in its order."""
    found = [row for row in rows if sees(actor, row) and matches(row, criteria)]
    if criteria.serial_number:
        return sorted(found, key=lambda row: (row.serial_number, row.id))
    return sorted(found, key=lambda row: (-row.upload, -row.id))


def pages(criteria, actor):
    """Yield every page of a search."""
    after, has_more, seen = 0, True, set()
    while has_more:
        page = search.find(criteria, actor, after)
        ids = {row.id for row in page.rows}
        assert seen.isdisjoint(ids), criteria
        yield page
        has_more, seen = page.has_more, seen | ids
        after = page.rows[-1].id if has_more else 0


def as_row(found):
    """The values of a row on a page, without the number and the ABN of its account."""
    return (
        found.id, found.serial_number, found.supplier_name, found.licensee,
        found.model_number, found.upload_id, found.legal_name,
        found.received_at.astimezone(SYDNEY).date(), found.invalidation_id,
        found.reason,
    )  # fmt: skip


def check(criteria, actor, rows):
    """Check the pages, totals, export and valid rows of a search; return its rows."""
    found = expected(criteria, actor, rows)
    listed, total = [], min(len(found), search_query.MOST_COUNTED + 1)
    for page in pages(criteria, actor):
        assert page.total == total, criteria
        assert len(page.rows) == search.ROWS_SHOWN or not page.has_more, criteria
        listed += map(as_row, page.rows)
    assert listed == [row[:6] + row[7:8] + row[9:] for row in found], criteria
    ids = [row.id for row in found]
    slices = islice(search.every(criteria, actor), len(found) + 1)  # not for ever
    exported = [row.id for rows_of_it, _ in slices for row in rows_of_it]
    assert exported == ids, criteria
    assert search_query.ids(criteria, actor, len(rows) + 1) == ids, criteria
    selection = selections.matching(criteria, set(), actor)
    valid = [row.id for row in found if row.status == "valid"]
    assert list(selection.row_ids) == valid, criteria
    return found
