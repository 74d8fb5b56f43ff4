"""The same work by hand: a driver, a statement, and nothing above them.

It writes to the tables of spv, with their indexes, pragmas and commits, but checks
nothing, logs nothing and proves nothing.
"""

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.files import NAMES
from spv.database import PRAGMAS
from spv.services.ledger.rows import product_values

PUT = (
    "INSERT INTO panel_serials (serial_number, product_id, upload_id) VALUES (?, ?, ?)"
)
# One statement for all rows: psycopg sends the list as one value.
UNNEST = (
    "INSERT INTO panel_serials (serial_number, product_id, upload_id) "
    "SELECT unnest(?::text[]), ?, ?"
)
AMONG = {
    "sqlite": ("id IN (SELECT value FROM json_each(?))", json.dumps),
    "postgresql": ("id = ANY(?)", list),
}
ROWS = """
SELECT pr.supplier_name, pr.licensee, pr.model_number, p.serial_number, i.reason,
       u.received_at, p.upload_id, a.legal_name
FROM panel_serials p JOIN products pr ON pr.id = p.product_id
JOIN uploads u ON u.id = p.upload_id JOIN accounts a ON a.id = u.account_id
LEFT JOIN invalidations i ON i.id = p.invalidation_id
"""


class Bare:
    """A connection with nothing above it; `?` stands for each value."""

    def __init__(self, url: str) -> None:
        self.name = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.is_sqlite = self.name == "sqlite"
        if self.is_sqlite:
            file = url.removeprefix("sqlite:///")
            self.connection: Any = sqlite3.connect(
                file, isolation_level=None, check_same_thread=False
            )
            for name, value in PRAGMAS.items():
                self.connection.execute(f"PRAGMA {name} = {value}")
        else:
            address = url.replace("+psycopg", "")
            self.connection = psycopg.connect(address, autocommit=True)

    def marks(self, statement: str) -> str:
        """Return a statement in the driver's dialect."""
        if self.is_sqlite:
            return statement
        escaped = statement.replace("%", "%%").replace("?", "%s")
        return escaped.replace(" LIKE", " ILIKE")

    def all(self, statement: str, *values: Any) -> list[Any]:
        """Return all rows of a query."""
        return self.connection.execute(self.marks(statement), values).fetchall()

    def one(self, statement: str, *values: Any) -> Any:
        """Return the first value of the first row of a query."""
        return self.all(statement, *values)[0][0]

    def do(self, statement: str, *values: Any) -> None:
        """Run a statement that returns nothing."""
        self.connection.execute(self.marks(statement), values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside together."""
        self.do("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        yield
        self.do("COMMIT")

    def each(self, statement: str) -> Iterator[Any]:
        """Yield the rows of a query; on PostgreSQL by a cursor of the server."""
        if self.is_sqlite:
            yield from self.connection.execute(statement)
            return
        with self.connection.transaction(), self.connection.cursor("each") as cursor:
            cursor.itersize = 2_000
            yield from cursor.execute(statement)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def rows_of(csv_text: str) -> list[str]:
    """Return the serial numbers of a CSV file, sorted as spv inserts them."""
    parsed = csv.reader(io.StringIO(csv_text, newline=""))
    next(parsed)
    return sorted(row[3] for row in parsed)


def put(bare: Bare, csv_text: str) -> None:
    """Put the rows of a CSV into the tables, by `executemany`."""

    def insert(serials: list[str], product: int, upload: int) -> None:
        rows = [(serial, product, upload) for serial in serials]
        bare.connection.cursor().executemany(bare.marks(PUT), rows)

    put_by(bare, csv_text, insert)


def put_unnest(bare: Bare, csv_text: str) -> None:
    """Put the rows of a CSV into the tables of PostgreSQL, as one value."""
    put_by(bare, csv_text, lambda *values: bare.do(UNNEST, *values))


def put_by(
    bare: Bare, csv_text: str, insert: Callable[[list[str], int, int], object]
) -> None:
    """Put the rows of a CSV into the tables, with a way to insert those of panels."""
    serials = rows_of(csv_text)
    with bare.transaction():
        names = " AND ".join(f"{name} = ?" for name in [*product_values(NAMES)][:3])
        product = bare.one(f"SELECT id FROM products WHERE {names}", *NAMES)
        upload = add_upload(bare, len(serials))
        insert(serials, product, upload)
        bare.do("INSERT INTO upload_products (upload_id, product_id, row_count, "
                "valid_count) VALUES (?, ?, ?, ?)",
                upload, product, len(serials), len(serials))  # fmt: skip


def add_product(bare: Bare) -> None:
    """Add the product of the files, if no file has brought it."""
    values = product_values(NAMES)
    marks = ", ".join("?" * len(values))
    bare.do(f"INSERT INTO products ({', '.join(values)}) VALUES ({marks}) "
            "ON CONFLICT DO NOTHING", *values.values())  # fmt: skip


def add_upload(bare: Bare, rows: int) -> int:
    """Add a declaration and an upload like spv's, but without the digest."""
    moment = "2026-05-01 00:00:00.000000"
    declared = bare.one(
        "INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
        "made_at) VALUES (1, 1, 'upload', '2026-11-22', ?) RETURNING id", moment
    )  # fmt: skip
    return bare.one(
        "INSERT INTO uploads (account_id, user_id, declaration_id, channel, filename, "
        "sha256, row_count, received_at, audit_sequence) "
        "VALUES (1, 1, ?, 'web', 'x.csv', 'x', ?, ?, 1) RETURNING id",
        declared, rows, moment,
    )  # fmt: skip


def take_out(bare: Bare, last: int) -> None:
    """Remove the uploads after one again, so that a small ledger stays small.

    Without checkpoints: that work is left to the next upload, by hand and by spv.
    """
    if bare.is_sqlite:
        bare.do("PRAGMA wal_autocheckpoint = 0")
    with bare.transaction():
        for table in ("panel_serials", "upload_products"):
            bare.do(f"DELETE FROM {table} WHERE upload_id > ?", last)
        bare.do("UPDATE api_requests SET upload_id = NULL WHERE upload_id > ?", last)
        bare.do("DELETE FROM uploads WHERE id > ?", last)


def mark_range(bare: Bare, first: int, last: int) -> None:
    """Mark the rows of some uploads by one UPDATE."""
    _mark(bare, "upload_id BETWEEN ? AND ?", first, last)


def mark_scattered(bare: Bare, ids: list[int]) -> None:
    """Mark rows with some ids by one UPDATE, with all ids as one value."""
    condition, convert = AMONG[bare.name]
    _mark(bare, condition, convert(ids))


def _mark(bare: Bare, condition: str, *values: Any) -> None:
    with bare.transaction():
        made = bare.one(
            "INSERT INTO invalidations (user_id, reason, other_reason, criteria, "
            "row_count, made_at, audit_sequence) VALUES (1, 'x', '', '{}', 10000, "
            "'2026-01-01 00:00:00', 1) RETURNING id"
        )
        bare.do(f"UPDATE panel_serials SET invalidation_id = ? WHERE {condition} "
                "AND invalidation_id IS NULL", made, *values)  # fmt: skip


def export(bare: Bare) -> None:
    """Write all rows as CSV, the newest first, to nowhere."""
    with open(os.devnull, "w", encoding="utf-8", newline="") as file:
        rows = bare.each(f"{ROWS} ORDER BY p.id DESC")
        csv.writer(file).writerows(rows)


def read_all(bare: Bare) -> str:
    """Read all rows upload by upload, and hash them."""
    digest = hashlib.sha256()
    rows = bare.each(
        "SELECT upload_id, serial_number, product_id FROM panel_serials "
        "ORDER BY upload_id, product_id, serial_number"
    )
    for row in rows:
        digest.update("\t".join(map(str, row)).encode())
    return digest.hexdigest()
