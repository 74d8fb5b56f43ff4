"""Marking rows of the ledger invalid: just those that were shown, or none of them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import joinedload

from spv import clock, database
from spv.extensions import db
from spv.models import (
    AuditEvent,
    Invalidation,
    PanelSerial,
    Upload,
)
from spv.rules.accounts import Role
from spv.rules.csv_file import csv_text
from spv.rules.errors import NotFoundError, ValidationError
from spv.rules.formatting import join_words, pluralise
from spv.rules.ledger.reasons import read_reason
from spv.rules.ledger.rows import FIELDS, MOST_ROWS
from spv.services import audit_log
from spv.services.actor import Actor
from spv.services.authorisation import authorised_transaction, link_result
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger import search
from spv.services.ledger.rows import VALID
from spv.services.ledger.selections import Selection, check_most, valid_of

ROWS_SHOWN = 100
MARKED = "rows.marked_invalid"


class SelectionMoved(ValidationError):
    """Rows of a selection are no longer valid; `rest` is the selection without them."""

    http_status = 409

    def __init__(self, sentence: str, rest: Selection) -> None:
        super().__init__({"selection": sentence})
        self.rest = rest


@dataclass(frozen=True, slots=True)
class Receipt:
    """A marking, its event in the log, and some of its rows."""

    invalidation: Invalidation
    event: AuditEvent
    rows: Sequence[Any]
    has_more: bool
    parts: int


def mark(selection: Selection, answers: Mapping[str, Any], actor: Actor) -> int:
    """Mark all rows of a selection invalid, or none; the number of the marking.

    ValidationError; SelectionMoved where a row has been marked since the selection was
    shown.
    Who sends the same marking again is given the one that was made.
    """
    return mark_once(selection, answers, actor)[0]


def mark_once(
    selection: Selection, answers: Mapping[str, Any], actor: Actor
) -> tuple[int, bool]:
    """As `mark`; and whether it was made just now."""
    given = read_reason(answers)
    if not selection.row_ids:
        raise ValidationError({"selection": "Choose at least one row that is valid."})
    check_most(len(selection.row_ids))
    role = Role.STAFF if Role.STAFF in actor.roles else Role.UPLOADER
    with authorised_transaction(actor, role) as place:
        valid = valid_of(selection.row_ids, actor)
        if len(valid) < len(selection.row_ids):
            if earlier := made_before(selection, given, actor):
                return earlier, False
            raise _moved(selection, valid, actor)
        at = clock.now()
        made = Invalidation(
            **given,
            **ledger_rows.made_by(actor),
            upload_id=selection.upload_id,
            criteria=dict(selection.how),
            row_count=len(valid),
            made_at=at,
            audit_sequence=place,
        )
        db.session.add(made)
        db.session.flush()
        link_result(actor, invalidation_id=made.id)
        _mark_rows(valid, made.id)
        audit_log.act(
            MARKED, actor, at, invalidation=made.id, rows=len(valid),
            sha256=digest_of(valid), criteria=made.criteria,
            upload=made.upload_id, **given,
        )  # fmt: skip
        return made.id, True


def digest_of(row_ids: Iterable[int]) -> str:
    """SHA-256 of the rows of a marking: a line for each id, in their order."""
    lines = [f"{row_id}\n" for row_id in row_ids]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def show(invalidation_id: int, actor: Actor, after: int = 0) -> Receipt:
    """A marking with its first rows, or those after the row with an id; NotFoundError.

    An account sees its own, agency staff see all.
    """
    made = _find(invalidation_id, actor)
    event = db.session.scalars(
        select(AuditEvent).where(
            AuditEvent.chain == audit_log.REGISTRY,
            AuditEvent.sequence == made.audit_sequence,
        )
    ).one()
    query = _rows_of(made.id, PanelSerial.id).where(PanelSerial.id > after)
    row_ids = db.session.scalars(query.limit(ROWS_SHOWN + 1)).all()
    return Receipt(
        invalidation=made,
        event=event,
        rows=search.named_rows(row_ids[:ROWS_SHOWN]),
        has_more=len(row_ids) > ROWS_SHOWN,
        parts=-(-made.row_count // MOST_ROWS),
    )


def rows_to_correct(invalidation_id: int, part: int, actor: Actor) -> str:
    """Rows of a marking as a file that can be corrected and uploaded: 1,000 to a part.

    NotFoundError, also where there is no such part.
    """
    made = _find(invalidation_id, actor)
    first = (part - 1) * MOST_ROWS
    if not 0 <= first < made.row_count:
        raise NotFoundError
    query = _rows_of(made.id, PanelSerial.id).offset(first).limit(MOST_ROWS)
    rows = search.named_rows(db.session.scalars(query).all())
    return csv_text([FIELDS.values(), *map(search.cells, rows)], as_text=True)


def _find(invalidation_id: int, actor: Actor) -> Invalidation:
    query = select(Invalidation).where(Invalidation.id == invalidation_id)
    if Role.STAFF not in actor.roles:
        # Who has no account has not that of agency staff, which is null, either.
        own = Invalidation.account_id == actor.account_id
        query = query.where(own, Invalidation.account_id.is_not(None))
    named = (Invalidation.user, Invalidation.subscription, Invalidation.account)
    found = db.session.scalar(query.options(*map(joinedload, named)))
    if found is None:
        raise NotFoundError
    return found


def _rows_of(invalidation_id: int, *columns: Any) -> Select[Any]:
    of_it = PanelSerial.invalidation_id == invalidation_id
    return select(*columns).where(of_it).order_by(PanelSerial.id)


def _mark_rows(row_ids: Sequence[int], invalidation_id: int) -> None:
    marked = update(PanelSerial).where(PanelSerial.id.in_(row_ids), VALID)
    db.session.execute(
        marked.values(invalidation_id=invalidation_id),
        execution_options={"synchronize_session": False},
    )
    part = (PanelSerial.upload_id, PanelSerial.product_id)
    counts = _rows_of(invalidation_id, *part, func.count()).group_by(*part)
    rows = db.session.execute(counts.order_by(None).order_by(*part)).all()
    database.execute_many(_FEWER, [(count, *key) for *key, count in rows])


_FEWER = (
    "UPDATE upload_products SET valid_count = valid_count - ? "
    "WHERE upload_id = ? AND product_id = ?"
)


def made_before(
    selection: Selection, given: Mapping[str, str], actor: Actor
) -> int | None:
    """The same marking by the same person, if all the rows are in it."""
    ids = selection.row_ids
    query = select(PanelSerial.invalidation_id).where(PanelSerial.id.in_(ids))
    found = db.session.scalars(query.distinct()).all()
    alone = found[0] if len(found) == 1 else None
    made = db.session.get(Invalidation, alone) if alone else None
    asked = {**ledger_rows.made_by(actor), **given, "row_count": len(ids)}
    same = made and all(getattr(made, name) == asked[name] for name in asked)
    return made.id if made and same else None


def _moved(selection: Selection, valid: Sequence[int], actor: Actor) -> SelectionMoved:
    """What has become of the rows that are no longer valid."""
    gone = set(selection.row_ids) - set(valid)
    query = (
        select(PanelSerial.invalidation_id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .where(PanelSerial.id.in_(gone), ledger_rows.visible(actor))
    )
    made = select(Invalidation).where(Invalidation.id.in_(query))
    people = {
        each.maker if each.account_id else "agency staff"
        for each in db.session.scalars(made)
    }
    rows = f"{len(gone):,} of the {pluralise(len(selection.row_ids), 'row')}"
    verb = "has" if len(gone) == 1 else "have"
    became = "cannot be marked: there is no such row"
    if people:
        became = f"{verb} been marked invalid meanwhile by {join_words(sorted(people))}"
    sentence = f"{rows} {became}. Nothing was done."
    rest = Selection(
        valid, [*selection.how, ("Marked meanwhile", pluralise(len(gone), "row"))]
    )
    return SelectionMoved(sentence, rest)
