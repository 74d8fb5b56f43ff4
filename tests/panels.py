"""Files of panel serial numbers for tests."""

import pytest
import sqlalchemy as sa

from spv.extensions import db
from spv.models import PanelSerial
from spv.rules.ledger.rows import FIELDS
from spv.services.ledger import invalidations, selections, uploads
from spv.services.ledger.refused_files import File, RowsRefused

HEADING = ",".join(FIELDS.values())
DECLARED = {"declaration": "yes", "wording_version": ""}
NAMES = "Example Supplier,Example Holder,EX-440"


def panels_csv(count, prefix="EX", start=1, names=NAMES):
    """Return a file of so many panels."""
    rows = [f"{names},{prefix}{n:06}" for n in range(start, start + count)]
    return "\r\n".join([HEADING, *rows, ""]).encode()


def upload(data, actor, filename="panels.csv"):
    """Upload a file under a declaration."""
    return uploads.save(File(data, filename), DECLARED, actor)


def mark(serials, actor, reason="Incorrect model number"):
    """Mark serial numbers as invalid, and return the id of the invalidation."""
    selection = selections.listed(serials, actor)
    return invalidations.mark(selection, {"reason": reason}, actor)[0]


def refused(data, actor, filename="panels.csv"):
    """Upload a file with a problem in its last row, and return the error."""
    with pytest.raises(RowsRefused) as error:
        upload(data + f"{NAMES},1.5E+12\r\n".encode(), actor, filename)
    return error.value


def stored():
    """Count the rows of the ledger that tests have uploaded."""
    db.session.rollback()
    tests = PanelSerial.serial_number.like("EX%")
    query = sa.select(sa.func.count()).select_from(PanelSerial).where(tests)
    return db.session.scalar(query)
