"""Count what accounts do each day, so that no page of the agency counts rows."""

from collections.abc import Mapping
from datetime import datetime

from spv import clock, database

COUNTS = ("recorded", "marked", "marked_other", "refused_uploads", "conflicts")


def add(at: datetime, counts: Mapping[int | None, Mapping[str, int]]) -> None:
    """Add to the counts of some accounts, in the caller's transaction.

    `at` is the moment at which it was done.
    """
    day = clock.day_of(at).isoformat()
    rows = [
        (day, account, *(of_account.get(name, 0) for name in COUNTS))
        for account, of_account in counts.items()
    ]
    database.execute_many(_ADD, rows)


_ADD = (
    f"INSERT INTO account_days (day, account_id, {', '.join(COUNTS)}) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, account_id) DO UPDATE SET "
    + ", ".join(f"{name} = account_days.{name} + excluded.{name}" for name in COUNTS)
)
