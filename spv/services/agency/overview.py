"""Accounts as staff see them: a short list of each thing that an account has."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from spv import clock
from spv.extensions import db
from spv.models import (
    Account,
    ApiRequest,
    Declaration,
    Invalidation,
    LookAlike,
    PanelSerial,
    Subscription,
    Upload,
)
from spv.rules.desk import SOON, Stage, time_line
from spv.rules.ledger.statements import last_day
from spv.rules.text import search_key
from spv.services.actor import Actor
from spv.services.agency import audit_search, refusals
from spv.services.ledger import invalidations, uploads

FEW = 5
MOST_PAIRS = 20
MOST_DECLARATIONS = 8
MOST_SUBSCRIPTIONS = 20
MOST_FOUND = 100
EXPIRING = Declaration.expires_on.is_not(None)
# The last day of an account's declaration for API users, as a column of a query.
_IS_ITS = Declaration.account_id == Account.id
_UNTIL = select(func.max(Declaration.expires_on)).where(_IS_ITS)


class Overview(NamedTuple):
    """The newest of each thing that an account has or did.

    `disputes` are refused uploads of other accounts, with rows that this one has.
    """

    stages: Sequence[Stage]
    uploads: Sequence[Upload]
    refused: Sequence[Any]
    disputes: Sequence[Any]
    look_alikes: Sequence[Any]
    invalidations: Sequence[Invalidation]
    requests: Sequence[Any]
    lines: Sequence[audit_search.Line]


def every() -> Sequence[Any]:
    """Return all accounts by name, with the last day of their declaration."""
    made = _UNTIL.where(Declaration.expires_on <= last_day(clock.today()))
    query = select(Account, made.label("until")).order_by(Account.legal_name)
    return db.session.execute(query).all()


def lapses_soon(until: date | None) -> bool:
    """Tell whether a declaration lapses soon, by its last day."""
    return until is not None and clock.today() <= until < clock.today() + SOON


def find(text: str, *, lapsing: bool) -> Sequence[Any]:
    """Return accounts by a part of their name or ABN, as `every` does.

    With `lapsing`, only accounts whose declaration lapses soon. There is one extra row
    if there are more than a page shows.
    """
    key, digits = search_key(text), text.replace(" ", "")
    found = [
        row for row in every()
        if (not lapsing or lapses_soon(row.until))
        and (key in search_key(row.Account.legal_name) or digits in row.Account.abn)
    ]  # fmt: skip
    return found[: MOST_FOUND + 1]


def show(account_id: int, actor: Actor) -> Overview:
    """Return the overview of an account; log that its refusals were seen."""
    both = refusals.Wanted(account_id), refusals.Wanted(holder=account_id)
    refused, disputes = refusals.look(both, actor, FEW)
    return Overview(
        stages=_stages(account_id),
        uploads=uploads.find(actor, account=account_id, most=FEW)[0],
        refused=refused,
        disputes=disputes,
        look_alikes=_look_alikes(account_id),
        invalidations=invalidations.find(actor, account=account_id, most=FEW)[0],
        requests=_requests(account_id),
        lines=audit_search.about("account", str(account_id), FEW),
    )


def _stages(account_id: int) -> list[Stage]:
    query = select(Declaration).where(Declaration.account_id == account_id, EXPIRING)
    query = query.order_by(Declaration.expires_on.desc(), Declaration.id.desc())
    query = query.options(joinedload(Declaration.user)).limit(MOST_DECLARATIONS)
    made = [(clock.today(each.made_at), each.expires_on, each.user.name)
            for each in db.session.scalars(query) if each.expires_on]  # fmt: skip
    return time_line(reversed(made), clock.today())


def _requests(account_id: int) -> list[Any]:
    """Return the newest requests of an account, by the index of each subscription."""
    own = select(Subscription.id).filter_by(account_id=account_id)
    newest_of = own.order_by(Subscription.id.desc()).limit(MOST_SUBSCRIPTIONS)
    entry = ApiRequest
    newest = select(entry.id, entry.at, entry.request, entry.status, entry.outcome)
    newest = newest.order_by(entry.id.desc()).limit(FEW)
    found = [
        row
        for each in db.session.scalars(newest_of).all()
        for row in db.session.execute(newest.filter_by(subscription_id=each))
    ]
    return sorted(found, key=lambda row: row.id, reverse=True)[:FEW]


def _look_alikes(account_id: int) -> Sequence[Any]:
    """Return the newest look-alikes of an account, with the serial number of both.

    There is one extra row if there are more than a page shows.
    """
    is_its = or_(
        LookAlike.account_id == account_id, LookAlike.other_account_id == account_id
    )
    newest = _PAIRS.where(is_its).order_by(LookAlike.id.desc()).limit(MOST_PAIRS + 1)
    return db.session.execute(newest).all()


_ROW, _OTHER = aliased(PanelSerial), aliased(PanelSerial)
_OF_ROW, _OF_OTHER = aliased(Account), aliased(Account)
# Made once, as aliases take longer to make than the query takes.
_PAIRS = (
    select(
        LookAlike.row_id, _ROW.serial_number, _OF_ROW.legal_name,
        LookAlike.other_row_id, _OTHER.serial_number.label("other_serial_number"),
        _OF_OTHER.legal_name.label("other_legal_name"),
    )
    .join(_ROW, _ROW.id == LookAlike.row_id)
    .join(_OTHER, _OTHER.id == LookAlike.other_row_id)
    .join(_OF_ROW, _OF_ROW.id == LookAlike.account_id)
    .join(_OF_OTHER, _OF_OTHER.id == LookAlike.other_account_id)
)  # fmt: skip
