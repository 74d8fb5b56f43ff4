"""Declarations for API Users of all accounts."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from spv import clock
from spv.extensions import db
from spv.models import Account, Declaration
from spv.rules.desk import SOON


def until() -> Any:
    """Return the last day of an account's declaration, as a column of a query."""
    return (
        select(func.max(Declaration.expires_on))
        .where(
            Declaration.account_id == Account.id, Declaration.expires_on.is_not(None)
        )
        .scalar_subquery()
    )


def lapsing() -> dict[int, date]:
    """Return the accounts whose declaration lapses soon, with its last day.

    Accounts are few, so all of them are read.
    """
    today = clock.today()
    rows = db.session.execute(select(Account.id, until()))
    return {number: last for number, last in rows
            if last and today <= last < today + SOON}  # fmt: skip
