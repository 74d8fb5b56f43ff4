"""Where the time goes: the shares of an upload, a page, a marking, an export, a proof.

The app runs in this process, without a server, and a stopwatch stands around a few of
its functions, the statements and the commits. All else is "the rest": Flask, the
session, SQLAlchemy and the services themselves.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import flask
from sqlalchemy import event
from sqlalchemy.engine.cursor import BufferedRowCursorFetchStrategy, CursorFetchStrategy

from bench.by_hand import Bare
from bench.files import csv_of, json_of, new_serials
from bench.measure import Row, compare
from bench.prepare import databases, load
from bench.serve import KEY, UPLOADS, Client, subscribe
from spv import create_app, demo
from spv.config import Config
from spv.extensions import db
from spv.rules.ledger import csv_upload, json_api
from spv.rules.ledger.search import Criteria
from spv.services import audit_log
from spv.services.ledger import invalidations, search, selections, uploads
from spv.services.ledger import rows as ledger_rows
from spv.services.verify import checks
from spv.services.verify import ledger as verify_ledger

ROWS, ROUNDS, SLOW_ROUNDS = 100_000, 21, 3
FETCHES = [
    (strategy, name)
    for strategy in (CursorFetchStrategy, BufferedRowCursorFetchStrategy)
    for name in ("fetchone", "fetchmany", "fetchall")
]
FUNCTIONS = [
    ("the file is read", csv_upload, "read_csv"),
    ("rows are checked", uploads, "check_csv"),
    ("items are read and checked", json_api, "read_items"),
    ("rows are prepared", ledger_rows, "put"),
    ("the upload is recorded", uploads, "record"),
    ("the event", audit_log, "act"),
    ("the template", flask, "render_template"),
    ("CSV is written", search, "csv_cells"),
    ("rows are hashed", verify_ledger, "digest"),
    *(("rows are read by the driver", *fetch) for fetch in FETCHES),
]
STATEMENTS = {
    "INSERT INTO panel_serials": "rows are inserted",
    "UPDATE panel_serials": "rows are updated",
}
SMALLEST = 0.03  # of the whole; smaller parts belong to the rest
REST = "the rest"


class Stopwatch:
    """Adds up how long each part takes, without the parts inside of it."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()
        self.open: list[str] = [REST]
        self.since = time.perf_counter()

    def restart(self) -> None:
        """Forget what was before."""
        self.parts.clear()
        self.since = time.perf_counter()

    def begin(self, part: str) -> None:
        """Begin a part inside of the one that runs."""
        self.count()
        self.open.append(part)

    def end(self) -> None:
        """End the part that runs."""
        self.count()
        self.open.pop()

    def count(self) -> None:
        """Add the time since the last change to the part that runs."""
        now = time.perf_counter()
        self.parts[self.open[-1]] += now - self.since
        self.since = now

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is a part."""

        def timed(*values: Any, **named: Any) -> Any:
            self.begin(part)
            try:
                return function(*values, **named)
            finally:
                self.end()

        return timed


watch = Stopwatch()


@contextmanager
def _watched() -> Iterator[None]:
    """Let the stopwatch run around functions, statements and commits."""
    engine = db.engine

    def before(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        words = " ".join(statement.split(maxsplit=3)[:3]).partition(" SET")[0]
        named = (STATEMENTS[each] for each in STATEMENTS if words.startswith(each))
        watch.begin(next(named, "other statements"))

    def after(*_values: Any) -> None:
        watch.end()

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    with ExitStack() as stack:
        places = [*FUNCTIONS, ("the commit", engine.dialect, "do_commit")]
        for part, owner, name in places:
            timed = watch.around(part, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        yield
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "after_cursor_execute", after)


def run(_panels: int) -> Iterator[Row]:
    """Measure the shares of each kind of work, on both databases."""
    for kind in ("SQLite", "PostgreSQL"):
        with databases(kind) as url:
            load(url, ROWS)
            bare = Bare(url)
            serials = new_serials(bare)
            bare.close()
            config = Config(SQLALCHEMY_DATABASE_URI=url, RATELIMIT_ENABLED=False)
            app = create_app(config)
            works = _works(app, serials)
            for what, (rounds, work) in works.items():
                with app.app_context(), _watched():
                    yield from _shares(f"{what}, {kind}", work, rounds)
            with app.app_context():
                db.engine.dispose()


def _shares(what: str, work: Callable[[int], None], rounds: int) -> Iterator[Row]:
    measured: list[Counter[str]] = []
    for number in range(rounds + 1):
        watch.restart()
        work(number)
        watch.count()
        measured.append(Counter(watch.parts))
    del measured[0]
    wholes = [each.total() for each in measured]
    names = {name for each in measured for name in each}
    times = {name: [each[name] for each in measured] for name in names}
    for name in names - {REST}:
        if sum(times[name]) < SMALLEST * sum(wholes):
            small = times.pop(name)
            times[REST] = [a + b for a, b in zip(times[REST], small, strict=True)]
    for name in sorted(times, key=lambda name: -sum(times[name])):
        yield compare(f"{what}: {name}", times[name], wholes)


def _works(
    app: flask.Flask, serials: Callable[[], list[str]]
) -> dict[str, tuple[int, Callable[[int], None]]]:
    """Return each kind of work, with the number of rounds that it is measured in."""
    user, staff = Client(app, demo.VSP_USER), Client(app, demo.STAFF)
    admin = Client(app, demo.VSP_ADMIN)
    token, key = user.token("/panels/upload"), subscribe(admin)

    def by_file(_number: int) -> None:
        file = (io.BytesIO(csv_of(serials()).encode()), "rows.csv")
        sent = {"csrf_token": token, "declaration": "yes", "file": file}
        watch.restart()
        assert user.client.post("/panels/upload", data=sent).status_code == 303

    def by_api(_number: int) -> None:
        body, headers = json_of(serials()), {KEY: key}
        watch.restart()
        answer = admin.client.post(
            UPLOADS, data=body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 201, answer.text

    def calculator(number: int) -> None:
        power = f"{number / 10 + 1}"
        asked = f"system_type=solar_deemed&postcode=2150&rated_power_kw={power}"
        user.get(f"/stc?{asked}")

    return {
        "verification": (SLOW_ROUNDS, lambda _n: _verify()),
        "export": (SLOW_ROUNDS, lambda _n: staff.get("/panels/found.csv")),
        "page of a search": (ROUNDS, lambda _n: staff.get("/panels")),
        "calculator’s page": (ROUNDS, calculator),
        "marking of 10,000": (5, _mark),
        "upload by file": (ROUNDS, by_file),
        "upload by API": (ROUNDS, by_api),
    }


def _mark(number: int) -> None:
    """Mark the rows of ten uploads, others each time."""
    actor = demo.acting(demo.STAFF, "web")
    first = 20 + number * 10
    rows: list[int] = []
    for upload in range(first, first + 10):
        rows += selections.matching(Criteria(upload=upload), set(), actor).row_ids
    chosen = selections.Selection(rows, [("Chosen", "Ten uploads")])
    watch.restart()
    invalidations.mark(chosen, {"reason": "Incorrect model number"}, actor)


def _verify() -> None:
    findings = checks.verify([])
    assert not findings.problem_count, findings.conclusion()
