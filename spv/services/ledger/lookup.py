"""Look up serial numbers: a list, the panels of an installation, or one's history."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager, joinedload

from spv import clock
from spv.database import one_of
from spv.extensions import db
from spv.models import Invalidation, PanelSerial, Product, Upload
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.errors import NotFoundError
from spv.rules.ledger import panel_check
from spv.rules.ledger.panel_check import CheckedPanels, Question, Row
from spv.rules.ledger.rows import FIELDS, PRODUCT_FIELDS
from spv.rules.ledger.search import Listed, SerialList, look_alikes
from spv.rules.ledger.serial_number import is_barcode
from spv.services.actor import Actor
from spv.services.ledger import approved
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.rows import joined_rows


class Result(StrEnum):
    """The status of a serial number in the ledger, in the words of the page."""

    VALID = "Found and valid"
    INVALID = "Found but invalid"
    MISSING = "Not found"


class Checked(NamedTuple):
    """An entry of a list, what the ledger says of it, and its row if there is one.

    `is_own` tells whether the actor may see the row and mark it as invalid. An entry
    that is not found may have hints instead of a row.
    """

    listed: Listed
    result: Result
    row: Any = None
    is_own: bool = False
    hints: Sequence[str] = ()


class CheckedList(NamedTuple):
    """The entries of a list, in its order, and the number of its repeated entries."""

    entries: Sequence[Checked]
    repeated: int

    @property
    def totals(self) -> Counter[Result]:
        """The number of entries with each result."""
        return Counter(each.result for each in self.entries)

    def totals_in_words(self) -> list[tuple[str, str]]:
        """Return the number of entries with each result, and of repeated entries."""
        counts = {str(result): self.totals[result] for result in Result}
        counts |= {"Repeated in the list": self.repeated} if self.repeated else {}
        return [(words, f"{count:,}") for words, count in counts.items()]

    @property
    def markable(self) -> list[str]:
        """The valid serial numbers that the actor may mark as invalid."""
        return [
            each.listed.serial_number
            for each in self.entries
            if each.is_own and each.result is Result.VALID
        ]


def check_list(listed: SerialList, actor: Actor) -> CheckedList:
    """Look up each serial number of a list."""
    rows = newest_rows(each.serial_number for each in listed.entries)
    alike = {
        each: look_alikes(each.serial_number)
        for each in listed.entries
        if each.serial_number not in rows
    }
    near = newest_rows(serial for serials in alike.values() for serial in serials)

    def checked(entry: Listed) -> Checked:
        row = rows.get(entry.serial_number)
        if row is None:
            hints = _hints(entry, alike[entry], near)
            return Checked(entry, Result.MISSING, hints=hints)
        result = Result.INVALID if row.invalidation_id else Result.VALID
        is_own = Role.STAFF in actor.roles or row.account_id == actor.account_id
        return Checked(entry, result, row, is_own)

    return CheckedList([*map(checked, listed.entries)], listed.repeated)


def newest_rows(
    serials: Iterable[str], *conditions: ColumnElement[bool]
) -> dict[str, Any]:
    """Return the valid row of each serial number, or the newest if none is valid."""
    query = joined_rows().where(
        one_of(PanelSerial.serial_number, sorted({*serials} - {""})),
        # `IS TRUE` keeps SQLite from reading all uploads of the account first.
        *(each.is_(True) for each in conditions),
    )
    # Of the rows with the same serial number, the dictionary keeps the last.
    ordered = query.order_by(PanelSerial.invalidation_id.is_(None), PanelSerial.id)
    return {row.serial_number: row for row in db.session.execute(ordered)}


def _hints(entry: Listed, alike: list[str], near: dict[str, Any]) -> list[str]:
    """Return hints about what an entry that is not found may be."""
    hints = [entry.problem] if entry.problem else []
    for serial in alike:
        if row := near.get(serial):
            status = "invalid" if row.invalidation_id else "valid"
            hints.append(f"Looks like {serial}, which is in the ledger ({status}).")
    if is_barcode(entry.serial_number):
        hints.append("It may be the barcode of a box or a pallet: scan the panel’s.")
    return hints


def as_csv(checked: CheckedList) -> str:
    """Write a checked list as a CSV file."""
    columns = ["reason", *PRODUCT_FIELDS]
    labels = [FIELDS[name] for name in PRODUCT_FIELDS]
    lines = [[FIELDS["serial_number"], "Result", "Reason", *labels, "Hint"]]
    for each in checked.entries:
        cells = [getattr(each.row, column, None) or "" for column in columns]
        lines.append([each.listed.entry, each.result, *cells, " ".join(each.hints)])
    return csv_text(lines, as_text=True)


def check_panels(read: Callable[[Any, date], Question], given: Any) -> CheckedPanels:
    """Look up the panels of an installation, today or at the end of an earlier day.

    `read` reads the question that was given. Everybody may ask, so nothing is read that
    names an account or a user. Raises ValidationError.
    """
    today = clock.real_day()
    question = read(given, today)
    serials = {each.serial_number for each in question.listed.entries}
    columns = (Product.model_number_key, Upload.received_at, Invalidation.made_at)
    query = joined_rows(PanelSerial.serial_number, *columns).where(
        one_of(PanelSerial.serial_number, sorted(serials - {""}))
    )
    rows = defaultdict(list)
    for serial, *values in db.session.execute(query.order_by(PanelSerial.id)):
        rows[serial].append(Row(*values))
    day = question.as_at or today
    end = clock.first_moment_of(day + timedelta(days=1))
    checked = panel_check.check(question, rows, day, end)
    return checked._replace(warning=approved.warning_of(question.model_number, day))


def history(row_id: int, actor: Actor) -> Sequence[Any]:
    """Return the rows of the serial number of a row, the oldest first.

    Each has its product, its upload and, if it is invalid, its invalidation. An account
    sees the rows that it uploaded; agency staff see all rows. Raises NotFoundError if
    the actor may not see the row itself.
    """
    serial = select(PanelSerial.serial_number).where(PanelSerial.id == row_id)
    query = joined_rows(PanelSerial, Product, Upload, Invalidation).where(
        PanelSerial.serial_number == serial.scalar_subquery(),
        ledger_rows.visible(actor),
    )
    rows = db.session.execute(
        query.order_by(PanelSerial.id).options(
            contains_eager(Upload.account),
            *map(joinedload, (Upload.user, Upload.subscription, Upload.declaration)),
            *map(joinedload, (Invalidation.user, Invalidation.subscription)),
        )
    ).all()
    if row_id not in (row.PanelSerial.id for row in rows):
        raise NotFoundError
    return rows
