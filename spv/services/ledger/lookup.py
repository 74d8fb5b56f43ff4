"""Looking serial numbers up: a list of them, and the history of one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from spv import database
from spv.extensions import db
from spv.models import Invalidation, PanelSerial, Product, Upload
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.errors import NotFoundError
from spv.rules.ledger.rows import FIELDS
from spv.rules.ledger.serial_list import (
    Listed,
    SerialList,
    is_barcode,
    look_alikes,
    read_list,
)
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.rows import NAMES


class Result(StrEnum):
    """What the ledger says of a serial number, in words."""

    VALID = "Found and valid"
    INVALID = "Found but invalid"
    MISSING = "Not found"


class Checked(NamedTuple):
    """An entry of a list, its newest row in the ledger if it has one, and hints.

    `is_own`: the row is one that the actor may see, and mark.
    """

    listed: Listed
    result: Result
    row: Any = None
    is_own: bool = False
    hints: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CheckedList:
    """All entries of a list, in its order; how many of each result; what is repeated.

    `markable` are the serial numbers that are valid, and the actor's to mark.
    """

    entries: Sequence[Checked]
    totals: Counter[Result]
    repeated: int

    def totals_in_words(self) -> list[tuple[str, str]]:
        """How many there are of each result, and of what is repeated."""
        counts = {str(result): self.totals[result] for result in Result}
        counts |= {"Repeated in the list": self.repeated} if self.repeated else {}
        return [(words, f"{count:,}") for words, count in counts.items()]

    @property
    def markable(self) -> list[str]:
        """The serial numbers that are valid, and the actor's to mark invalid."""
        return [
            each.listed.serial_number
            for each in self.entries
            if each.is_own and each.result is Result.VALID
        ]


def check(text: str, file: bytes, actor: Actor) -> CheckedList:
    """What the ledger says of each serial number of a text or a file.

    ValidationError.
    """
    return check_list(read_list(text, file), actor)


def check_list(listed: SerialList, actor: Actor) -> CheckedList:
    """What the ledger says of each serial number of a list."""
    rows = _newest(each.serial_number for each in listed.entries)
    missing = [each for each in listed.entries if each.serial_number not in rows]
    alike = {each: look_alikes(each.serial_number) for each in missing}
    near = _newest(serial for serials in alike.values() for serial in serials)
    entries = [
        _found(each, rows[each.serial_number], actor)
        if each.serial_number in rows
        else Checked(each, Result.MISSING, hints=_hints(each, alike[each], near))
        for each in listed.entries
    ]
    totals = Counter(each.result for each in entries)
    return CheckedList(entries, totals, listed.repeated)


def as_csv(checked: CheckedList) -> str:
    """A checked list as a file."""
    names = list(FIELDS.values())[:3]
    lines = [
        [each.listed.entry, each.result,
         *(_told_of(each.row) if each.row else [""] * 4), " ".join(each.hints)]
        for each in checked.entries
    ]  # fmt: skip
    heading = [FIELDS["serial_number"], "Result", "Reason", *names, "Hint"]
    return csv_text([heading, *lines], as_text=True)


def _newest(serials: Iterable[str]) -> dict[str, Any]:
    """The row of each serial number that is valid, or else the newest."""
    query = (
        select(
            PanelSerial.id, PanelSerial.serial_number, PanelSerial.invalidation_id,
            *NAMES, Invalidation.reason, Upload.account_id,
        )
        .join(Product, Product.id == PanelSerial.product_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .outerjoin(Invalidation, Invalidation.id == PanelSerial.invalidation_id)
        .where(database.one_of(PanelSerial.serial_number, sorted({*serials} - {""})))
        .order_by(PanelSerial.invalidation_id.is_(None), PanelSerial.id)
    )  # fmt: skip
    return {row.serial_number: row for row in db.session.execute(query)}


def _found(listed: Listed, row: Any, actor: Actor) -> Checked:
    result = Result.INVALID if row.invalidation_id else Result.VALID
    is_own = Role.STAFF in actor.roles or row.account_id == actor.account_id
    return Checked(listed, result, row, is_own)


def _hints(listed: Listed, alike: list[str], near: dict[str, Any]) -> list[str]:
    """What an entry that is not found may be."""
    hints = [listed.problem] if listed.problem else []
    for serial in alike:
        if row := near.get(serial):
            status = "invalid" if row.invalidation_id else "valid"
            hints.append(f"Looks like {serial}, which is in the ledger ({status}).")
    if is_barcode(listed.serial_number):
        hints.append("It may be the barcode of a box or a pallet: scan the panel’s.")
    return hints


def _told_of(row: Any) -> list[str]:
    return [row.reason or "", row.supplier_name, row.licensee, row.model_number]


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
        .options(*map(joinedload, _WITH_NAMES))
    )  # fmt: skip
    rows = db.session.execute(query).all()
    if row_id not in (row.PanelSerial.id for row in rows):
        raise NotFoundError
    serial_number = rows[0].PanelSerial.serial_number
    return History(serial_number, any(row.Invalidation is None for row in rows), rows)


_WITH_NAMES = (
    Upload.account, Upload.user, Upload.subscription, Upload.declaration,
    Invalidation.user, Invalidation.subscription,
)  # fmt: skip
