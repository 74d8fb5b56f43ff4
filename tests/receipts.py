"""Receipts of every kind with their files, and how to damage them."""

from typing import NamedTuple

import sqlalchemy as sa

from spv import demo
from spv.extensions import db
from spv.rules.stc.batch import template_text
from spv.services import checkpoints, receipts
from spv.services.ledger import uploads
from spv.services.stc import batches, calculations
from tests.examples import GOOD_SOLAR
from tests.panels import mark, panels_csv, upload
from tests.people import acting


class Receipt(NamedTuple):
    """The page of a receipt, the code of its event, and the name of its files."""

    page: str
    code: str
    file: str


def code_of(chain):
    """The code of the newest event of a chain."""
    db.session.rollback()
    query = "SELECT sequence, seal FROM audit_events WHERE chain = :chain "
    newest = sa.text(query + "ORDER BY sequence DESC LIMIT 1")
    sequence, seal = db.session.execute(newest, {"chain": chain}).one()
    return f"{chain[0]}{sequence}-{seal[:16]}"


def made_upload():
    """The receipt of an upload of three rows, EX000001 to EX000003."""
    number = upload(panels_csv(3), acting(demo.VSP_USER)).upload_id
    return Receipt(f"/panels/uploads/{number}", code_of("registry"), f"upload-{number}")


def made_invalidation():
    """The receipt of an invalidation of a row."""
    upload(panels_csv(2, "MARK"), acting(demo.VSP_USER))
    number = mark(["MARK000001"], acting(demo.VSP_USER))
    name = f"invalidation-{number}"
    return Receipt(f"/panels/invalidations/{number}", code_of("registry"), name)


def made_calculation():
    """The receipt of a calculation by a user who has signed in."""
    reference = calculations.save(GOOD_SOLAR, acting(demo.VSP_USER))
    return Receipt(f"/stc/{reference}", code_of("stc"), f"calculation-{reference}")


def made_batch():
    """The receipt of a batch of calculations."""
    reference = batches.save(template_text().encode(), acting(demo.VSP_USER))
    return Receipt(f"/stc/batch/{reference}", code_of("stc"), f"batch-{reference}")


KINDS = {
    "upload": made_upload,
    "invalidation": made_invalidation,
    "calculation": made_calculation,
    "batch": made_batch,
}


def files_of(receipt):
    """The event and the proof of a receipt."""
    event, proof, _ = receipts.files(receipt.code)
    db.session.rollback()
    return event, proof


def keys():
    """The public keys of the log, one on a line."""
    return "".join(f"{key}\n" for key in checkpoints.verifier_keys())


def number_of(receipt):
    """The number in the name of a receipt's files."""
    return int(receipt.file.rpartition("-")[2])


def rows_of(receipt):
    """The rows of an upload."""
    return uploads.show(number_of(receipt), acting(demo.VSP_USER)).rows
