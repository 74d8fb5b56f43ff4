"""Select the rows to mark as invalid: one by one, by a search, or by a list."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from spv.database import snapshot
from spv.extensions import db
from spv.models import PanelSerial, Upload
from spv.rules.errors import ValidationError
from spv.rules.ledger.search import Criteria
from spv.rules.ledger.statements import MOST_MARKED
from spv.rules.text import is_unseen, pluralise
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger import search_query

ROW_BY_ROW = [("Chosen", "Row by row")]
# No selection has more labels, or a longer label and value.
MOST_LABELS, LONGEST_LABEL = 100, 300


class Selection(NamedTuple):
    """The ids of the rows that a user is about to mark as invalid.

    `how` says how they were selected, in labels and values for people and for the log.
    `upload_id` is given if they are all valid rows of an upload.
    """

    row_ids: Sequence[int]
    how: Sequence[tuple[str, str]]
    upload_id: int | None = None


def chosen(row_ids: Iterable[int], actor: Actor) -> Selection:
    """Select the given rows that are valid and that the actor may mark."""
    wanted = set(row_ids)
    check_most(len(wanted))
    return Selection(valid_ids(PanelSerial.id.in_(wanted), actor), ROW_BY_ROW)


def matching(criteria: Criteria, but: set[int], actor: Actor) -> Selection:
    """Select all valid rows that match a search, except the rows in `but`.

    Raises ValidationError if there are too many.
    """
    found: Sequence[int] = []
    if criteria.status != "invalid":
        only_valid, most = criteria._replace(status="valid"), MOST_MARKED + len(but) + 1
        with snapshot():
            found = search_query.ids(only_valid, actor, most)
    rows = [row_id for row_id in found if row_id not in but]
    check_most(len(rows))
    how = criteria.in_words() or [("Searched for", "Everything")]
    if left_out := len(found) - len(rows):
        how = [*how, ("Left out", pluralise(left_out, "row"))]
    is_whole = criteria == Criteria(upload=criteria.upload) and not left_out
    return Selection(rows, how, criteria.upload or None if is_whole else None)


def listed(serials: Sequence[str], actor: Actor) -> Selection:
    """Select the rows of some serial numbers that are valid and the actor may mark."""
    check_most(len(serials))
    how = [("Chosen", f"By a list of {pluralise(len(serials), 'serial number')}")]
    return Selection(valid_ids(PanelSerial.serial_number.in_(serials), actor), how)


def valid_ids(condition: ColumnElement[bool], actor: Actor) -> Sequence[int]:
    """Return the ids of the valid rows that the actor may mark, with a condition."""
    query = (
        select(PanelSerial.id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .where(condition, ledger_rows.VALID, ledger_rows.visible(actor))
        .order_by(PanelSerial.id)
    )
    return db.session.scalars(query).all()


def check_most(count: int) -> None:
    """Raise ValidationError if there are more rows than can be marked at once."""
    if count > MOST_MARKED:
        sentence = (
            f"More than {MOST_MARKED:,} rows were chosen. That is the most that can be "
            "marked at once: narrow the search."
        )
        raise ValidationError({"selection": sentence})


def read_selection(value: Any, actor: Actor) -> Selection | None:
    """Read the user id and the selection that a form sends back to that user.

    Return None if they are not valid. The form's signature does not prove much in a
    demonstration: its secret is public.
    """
    match value:
        case [user_id, [[_, *_] as row_ids, [*how], upload_id]] if (
            user_id == actor.user_id
            and len(row_ids) <= MOST_MARKED
            and all(_is_number(each, 2**63) for each in row_ids)
            and len(how) <= MOST_LABELS
            and all(map(_is_label_and_value, how))
            and (upload_id is None or _is_visible_upload(upload_id, actor))
        ):
            return Selection(row_ids, [(label, text) for label, text in how], upload_id)
    return None


def _is_number(value: Any, limit: int) -> bool:
    return type(value) is int and 0 < value < limit


def _is_label_and_value(item: Any) -> bool:
    match item:
        case [str(label), str(value)]:
            text = label + value
            return len(text) <= LONGEST_LABEL and not any(map(is_unseen, text))
    return False


def _is_visible_upload(upload_id: Any, actor: Actor) -> bool:
    query = select(Upload.id).where(Upload.id == upload_id, ledger_rows.visible(actor))
    return _is_number(upload_id, 2**31) and db.session.scalar(query) is not None
