"""Choosing rows to mark: one by one, all that a search matches, or by a list."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from spv.database import snapshot
from spv.extensions import db
from spv.models import PanelSerial, Upload
from spv.rules.errors import ValidationError
from spv.rules.formatting import pluralise
from spv.rules.ledger.criteria import Criteria
from spv.rules.ledger.reasons import MOST_MARKED
from spv.rules.text import is_unseen
from spv.services.actor import Actor
from spv.services.ledger import rows as ledger_rows
from spv.services.ledger import search, search_query

SAMPLE = 5
# More labels and longer words no selection has.
MOST_WORDS, LONGEST_WORDS = 100, 300


class Selection(NamedTuple):
    """Rows that somebody is about to mark: their ids, and how they were chosen.

    `how` is for people and for the record: labels and values. `upload_id` is there
    where it is the whole of an upload.
    """

    row_ids: Sequence[int]
    how: Sequence[tuple[str, str]]
    upload_id: int | None = None


def chosen(row_ids: Iterable[int], actor: Actor) -> Selection:
    """Those rows of some that are valid, and the actor's to mark."""
    wanted = set(row_ids)
    check_most(len(wanted))
    return Selection(valid_of(wanted, actor), [("Chosen", "Row by row")])


def read_selection(value: Any, actor: Actor) -> Selection | None:
    """The selection that a form brings back; None where it cannot be one.

    The form's signature proves little in a demonstration, whose secret is known.
    """
    match value:
        case [[_, *_] as row_ids, [*how], upload_id]:
            shaped = (
                len(row_ids) <= MOST_MARKED
                and all(_is_number(each, 2**63) for each in row_ids)
                and len(how) <= MOST_WORDS
                and all(map(_is_labelled, how))
                and (upload_id is None or _is_number(upload_id, 2**31))
            )
            if shaped and (upload_id is None or _sees_upload(upload_id, actor)):
                return Selection(row_ids, [(name, words) for name, words in how],
                                 upload_id)  # fmt: skip
    return None


def _is_number(value: Any, limit: int) -> bool:
    return type(value) is int and 0 < value < limit


def _is_labelled(value: Any) -> bool:
    """Whether a value is a label and a value in words, as they are shown."""
    match value:
        case [str(label), str(words)]:
            text = label + words
            return len(text) <= LONGEST_WORDS and not any(map(is_unseen, text))
    return False


def _sees_upload(upload_id: int, actor: Actor) -> bool:
    own = (Upload.id == upload_id) & ledger_rows.visible(actor)
    return db.session.scalar(select(Upload.id).where(own)) is not None


def matching(criteria: Criteria, but: set[int], actor: Actor) -> Selection:
    """All valid rows that match, without some.

    ValidationError where they are too many.
    """
    asked, most = criteria._replace(status="valid"), MOST_MARKED + len(but) + 1
    with snapshot():
        is_none = criteria.status == "invalid"
        found = [] if is_none else search_query.ids(asked, actor, most)
    rows = [row_id for row_id in found if row_id not in but]
    check_most(len(rows))
    how = criteria.in_words() or [("Searched for", "Everything")]
    if left_out := len(found) - len(rows):
        how = [*how, ("Left out", pluralise(left_out, "row"))]
    whole = criteria == Criteria(upload=criteria.upload) and not left_out
    return Selection(rows, how, criteria.upload or None if whole else None)


def listed(serials: Sequence[str], actor: Actor) -> Selection:
    """The rows that have one of some serial numbers, as `chosen`."""
    check_most(len(serials))
    query = _valid(actor).where(PanelSerial.serial_number.in_(serials))
    how = [("Chosen", f"By a list of {pluralise(len(serials), 'serial number')}")]
    return Selection(db.session.scalars(query).all(), how)


def sample(selection: Selection) -> Sequence[Any]:
    """The first rows of a selection, with their names."""
    return search.named_rows(selection.row_ids[:SAMPLE])


def valid_of(row_ids: Iterable[int], actor: Actor) -> Sequence[int]:
    """The ids of those of some rows that are valid, and the actor's to mark."""
    return db.session.scalars(_valid(actor).where(PanelSerial.id.in_(row_ids))).all()


def _valid(actor: Actor) -> Select[Any]:
    """The ids of valid rows that are the actor's to mark."""
    return (
        select(PanelSerial.id)
        .join(Upload, Upload.id == PanelSerial.upload_id)
        .where(ledger_rows.VALID, ledger_rows.visible(actor))
        .order_by(PanelSerial.id)
    )


def check_most(count: int) -> None:
    """ValidationError where there are more rows than can be marked at once."""
    if count > MOST_MARKED:
        sentence = (
            f"More than {MOST_MARKED:,} rows were chosen. That is the most that can be "
            "marked at once: narrow the search."
        )
        raise ValidationError({"selection": sentence})
