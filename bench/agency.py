"""The agency's pages with many refused uploads, against their queries by hand.

The queries are those that a page sends, sent once more by the driver alone. To them
comes the same page of a ledger with 400 rows, in which little has happened.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import event

from bench.by_hand import Bare
from bench.measure import Row, compare, in_turns, seconds
from bench.prepare import begin, databases
from bench.serve import Client, served, signed_in
from spv import create_app, demo
from spv.config import Config
from spv.extensions import db
from spv.models import Conflict, RefusedUpload

ROUNDS = 21
AIM = 1.5
HOLDER, REFUSED = 1, 2  # ids of accounts
PAGES = {
    "the desk": "/staff",
    "an account with the rows": f"/staff/accounts/{HOLDER}",
    "an account refused": f"/staff/accounts/{REFUSED}",
}


def run(kind: str, panels: int, url: str, port: int, bare: Bare) -> Iterator[Row]:
    """Measure the desk and the pages of two accounts, with a refusal for 100 rows."""
    refusals = panels // 100
    app = create_app(Config(SQLALCHEMY_DATABASE_URI=url, RATELIMIT_ENABLED=False))
    with (
        databases(kind) as other,
        served("app:app", begin(other)) as empty,
        app.app_context(),
    ):
        _refuse(refusals)
        if not bare.is_sqlite:
            bare.do("VACUUM ANALYZE")
        ours, nothing = signed_in(port, demo.STAFF), signed_in(empty, demo.STAFF)
        inside = Client(app, demo.STAFF)
        for page, path in PAGES.items():
            queries = _queries(partial(inside.get, path))
            taken = in_turns(
                {
                    "ours": partial(seconds, partial(ours.get, path)),
                    "nothing": partial(seconds, partial(nothing.get, path)),
                    "queries": partial(seconds, partial(_send, bare, queries)),
                },
                ROUNDS,
            )
            pairs = zip(taken["nothing"], taken["queries"], strict=True)
            what = f"{page}, {refusals:,} refusals, {kind} / by hand"
            yield compare(what, taken["ours"], [*map(sum, pairs)], at_most=AIM)
        db.engine.dispose()


def _refuse(count: int) -> None:
    """Refuse uploads of an account, half of them for what another one has."""
    now = datetime.now(UTC)
    some = {"why": "The ledger has 3 of them.", "channel": "web", "audit_sequence": 1,
            "row_count": 1_000, "problem_count": 3, "sha256": "0" * 64}  # fmt: skip
    first = 1 + (db.session.query(db.func.max(RefusedUpload.id)).scalar() or 0)
    refused = (
        some | {
            "id": first + number, "account_id": REFUSED, "filename": f"{number}.csv",
            "conflict_count": 3 * (number % 2), "report_until": now,
            "refused_at": now - timedelta(minutes=count - number),
        }
        for number in range(count)
    )  # fmt: skip
    while part := [*islice(refused, 10_000)]:
        db.session.execute(db.insert(RefusedUpload), part)
        disputed = [
            {"refused_upload_id": each["id"], "account_id": REFUSED, "serial_count": 3,
             "holder_id": HOLDER, "refused_at": each["refused_at"]}
            for each in part if each["conflict_count"]
        ]  # fmt: skip
        db.session.execute(db.insert(Conflict), disputed)
    db.session.commit()


def _queries(open_page: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the queries of a page, each with its values."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, values))

    open_page()
    event.listen(db.engine, "before_cursor_execute", note)
    open_page()
    event.remove(db.engine, "before_cursor_execute", note)
    return sent


def _send(bare: Bare, queries: list[tuple[str, Any]]) -> None:
    for statement, values in queries:
        bare.connection.execute(statement, values).fetchall()
