"""Mark rows of the ledger as invalid: all the rows that were shown, or none of them."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, select, update

from spv import clock, database
from spv.extensions import db
from spv.models import AuditEvent, Invalidation, PanelSerial, Upload
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.ledger.rows import FIELDS, MOST_ROWS
from spv.rules.ledger.statements import OTHER, read_reason
from spv.rules.text import join_words, pluralise
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, link_result
from spv.services.ledger import account_days, search
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger.selections import Selection, check_most, valid_ids

ROWS_SHOWN = 100
MARKED = "rows.marked_invalid"


class RowsNoLongerValid(ValidationError):
    """Rows of a selection are no longer valid; `rest` is the selection without them."""

    http_status = 409

    def __init__(self, sentence: str, rest: Selection) -> None:
        super().__init__({"selection": sentence})
        self.rest = rest


class Receipt(NamedTuple):
    """An invalidation, its event in the log, and a page of its rows.

    `parts` is the number of files that its rows fill.
    """

    invalidation: Invalidation
    event: AuditEvent
    rows: Sequence[Any]
    has_more: bool
    parts: int


def mark(
    selection: Selection, answers: Mapping[str, Any], actor: Actor
) -> tuple[int, bool]:
    """Mark all rows of a selection as invalid, or none of them.

    Returns the id of the invalidation, and False if the same user had sent it before.
    Raises ValidationError for a wrong reason or a selection without rows, and
    RowsNoLongerValid if a row is no longer valid.
    """
    reason = read_reason(answers)
    row_ids = selection.row_ids
    if not row_ids:
        raise ValidationError({"selection": "Choose at least one row that is valid."})
    check_most(len(row_ids))
    role = Role.ASSESSOR if Role.STAFF in actor.roles else Role.UPLOADER
    # Before the transaction, which others wait for.
    are_selected, digest = _has_id(row_ids), digest_of(sorted(row_ids))
    with authorised_transaction(actor, role) as event_sequence:
        parts = _valid_parts(are_selected, actor)
        if sum(part.rows for part in parts) < len(row_ids):
            if earlier := made_before(selection, reason, actor):
                return earlier, False
            raise _no_longer_valid(selection, actor)
        invalidation = Invalidation(
            **ledger_rows.made_by(actor), **reason, upload_id=selection.upload_id,
            criteria=dict(selection.how), row_count=len(row_ids),
            made_at=clock.now(), audit_sequence=event_sequence,
        )  # fmt: skip
        db.session.add(invalidation)
        db.session.flush()
        link_result(actor, invalidation_id=invalidation.id)
        _invalidate(are_selected, parts, invalidation.id)
        _count_day(invalidation, parts)
        audit_log.act(
            MARKED, actor, invalidation.made_at, invalidation=invalidation.id,
            rows=invalidation.row_count, sha256=digest, upload=invalidation.upload_id,
            criteria=invalidation.criteria, **reason,
        )  # fmt: skip
        return invalidation.id, True


def digest_of(row_ids: Iterable[int]) -> str:
    """Return the SHA-256 of the rows of an invalidation: a line for each id, sorted."""
    lines = [f"{row_id}\n" for row_id in row_ids]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def made_before(
    selection: Selection, reason: Mapping[str, str], actor: Actor
) -> int | None:
    """Return the id of an earlier invalidation by the same user, if there is one.

    It has just these rows, and the same reason.
    """
    is_selected = PanelSerial.id.in_(selection.row_ids)
    of_rows = select(PanelSerial.invalidation_id).where(is_selected).distinct()
    found = db.session.scalars(of_rows).all()
    if len(found) != 1:
        return None
    same = {"id": found[0], "row_count": len(selection.row_ids), **reason}
    query = select(Invalidation.id).filter_by(**same, **ledger_rows.made_by(actor))
    return db.session.scalar(query)


def show(invalidation_id: int, actor: Actor, after: int = 0) -> Receipt:
    """Return an invalidation with its first rows, or the rows after the row with an id.

    An account sees its own invalidations; agency staff see all. Raises NotFoundError if
    there is none with this id.
    """
    invalidation, event = ledger_rows.with_event(Invalidation, invalidation_id, actor)
    is_of_it = PanelSerial.invalidation_id == invalidation_id
    rows = ledger_rows.first_rows(is_of_it, ROWS_SHOWN + 1, after)
    return Receipt(
        invalidation=invalidation,
        event=event,
        rows=rows[:ROWS_SHOWN],
        has_more=len(rows) > ROWS_SHOWN,
        parts=-(-invalidation.row_count // MOST_ROWS),
    )


find = partial(ledger_rows.newest, Invalidation)


def invalidations_of(upload_id: int) -> Sequence[Invalidation]:
    """Return the invalidations that marked rows of an upload, the oldest first."""
    of_rows = select(PanelSerial.invalidation_id).where(
        PanelSerial.upload_id == upload_id, PanelSerial.invalidation_id.is_not(None)
    )
    made = select(Invalidation).where(Invalidation.id.in_(of_rows))
    return db.session.scalars(made.order_by(Invalidation.id)).all()


def rows_to_correct(invalidation_id: int, part: int, actor: Actor) -> str:
    """Return 1,000 rows of an invalidation as a file to correct and upload again.

    Raises NotFoundError if there is no such invalidation or no such part of it.
    """
    invalidation, _ = ledger_rows.with_event(Invalidation, invalidation_id, actor)
    skip = (part - 1) * MOST_ROWS
    if not 0 <= skip < invalidation.row_count:
        raise NotFoundError
    is_of_it = PanelSerial.invalidation_id == invalidation_id
    rows = ledger_rows.first_rows(is_of_it, MOST_ROWS, skip=skip)
    return csv_text([FIELDS.values(), *map(search.upload_cells, rows)], as_text=True)


def _has_id(row_ids: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition for rows with some of thousands of ids.

    The rows of whole uploads are a range. Other ids are sent as one value: to write a
    placeholder for each takes longer than to find the rows.
    """
    ids = sorted({*row_ids})
    if ids[-1] - ids[0] == len(ids) - 1:
        return PanelSerial.id.between(ids[0], ids[-1])
    if database.is_sqlite():
        listed = func.json_each(json.dumps(ids)).table_valued("value")
        return PanelSerial.id.in_(select(listed.c.value))
    return PanelSerial.id == sa.any_(sa.literal(ids, sa.ARRAY(sa.BigInteger)))


def _valid_parts(
    are_selected: ColumnElement[bool], actor: Actor
) -> Sequence[sa.Row[int, int, int, int]]:
    """Count the rows selected that are valid and that the actor may mark.

    Return the count of each product of an upload, with the account of the upload.
    """
    columns = PanelSerial.upload_id, PanelSerial.product_id, Upload.account_id
    query = (
        select(func.count().label("rows"), *columns)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        # `IS TRUE` keeps SQLite from reading all uploads of the account first.
        .where(are_selected, ledger_rows.VALID, ledger_rows.visible(actor).is_(True))
        .group_by(*columns)
        .order_by(*columns)
    )
    return db.session.execute(query).all()


def _invalidate(
    are_selected: ColumnElement[bool], parts: Iterable[Sequence[int]], new_id: int
) -> None:
    """Update the rows, and the number of valid rows of each product of an upload."""
    db.session.execute(
        update(PanelSerial)
        .where(are_selected, ledger_rows.VALID)
        .values(invalidation_id=new_id),
        execution_options={"synchronize_session": False},
    )
    database.execute_many(_SUBTRACT_VALID, [tuple(part[:3]) for part in parts])


_SUBTRACT_VALID = (
    "UPDATE upload_products SET valid_count = valid_count - ? "
    "WHERE upload_id = ? AND product_id = ?"
)


def _count_day(invalidation: Invalidation, parts: Iterable[Any]) -> None:
    """Count the rows for the accounts that uploaded them.

    Staff may mark rows of several accounts.
    """
    counts: defaultdict[int | None, Counter[str]] = defaultdict(Counter)
    for part in parts:
        counts[part.account_id]["marked"] += part.rows
        if invalidation.reason == OTHER:
            counts[part.account_id]["marked_other"] += part.rows
    account_days.add(invalidation.made_at, counts)


def _no_longer_valid(selection: Selection, actor: Actor) -> RowsNoLongerValid:
    """Return the error that says what has become of the rows."""
    valid = valid_ids(PanelSerial.id.in_(selection.row_ids), actor)
    gone = set(selection.row_ids) - set(valid)
    # Rows of other accounts are gone too, but nothing is said about them.
    of_rows = (
        select(PanelSerial.invalidation_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .where(PanelSerial.id.in_(gone), ledger_rows.visible(actor))
    )
    made = select(Invalidation).where(Invalidation.id.in_(of_rows))
    people = {
        each.maker if each.account_id else "agency staff"
        for each in db.session.scalars(made)
    }
    became = "cannot be marked: there is no such row"
    if people:
        verb = "has" if len(gone) == 1 else "have"
        by = join_words(sorted(people))
        became = f"{verb} been marked invalid in the meantime by {by}"
    rows = pluralise(len(selection.row_ids), "row")
    sentence = f"{len(gone):,} of the {rows} {became}. Nothing was done."
    left_out = ("Marked meanwhile", pluralise(len(gone), "row"))
    return RowsNoLongerValid(sentence, Selection(valid, [*selection.how, left_out]))
