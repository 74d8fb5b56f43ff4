"""The history of a serial number: recorded, marked invalid, recorded again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from spv.extensions import db
from spv.models import Invalidation, PanelSerial, Product, Upload
from spv.services.actor import Actor
from spv.services.errors import NotFoundError
from spv.services.ledger import rows as ledger_rows


class History(NamedTuple):
    """Every row of a serial number that somebody sees, oldest first.

    Each has its product, its upload and, where it was marked, its invalidation.
    """

    serial_number: str
    is_valid: bool
    rows: Sequence[Any]


def history(row_id: int, actor: Actor) -> History:
    """What has become of the serial number of a row; NotFoundError.

    An account sees the rows that it uploaded, agency staff see all.
    """
    serial = select(PanelSerial.serial_number).where(PanelSerial.id == row_id)
    query = (
        select(PanelSerial, Product, Upload, Invalidation)
        .join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
        .where(
            PanelSerial.serial_number == serial.scalar_subquery(),
            ledger_rows.visible(actor),
        )
        .order_by(PanelSerial.id)
        .options(*map(joinedload, _NAMED))
    )  # fmt: skip
    rows = db.session.execute(query).all()
    if row_id not in (row.PanelSerial.id for row in rows):
        raise NotFoundError
    serial_number = rows[0].PanelSerial.serial_number
    return History(serial_number, any(row.Invalidation is None for row in rows), rows)


_NAMED = (
    Upload.account, Upload.user, Upload.subscription, Upload.declaration,
    Invalidation.user, Invalidation.subscription,
)  # fmt: skip
