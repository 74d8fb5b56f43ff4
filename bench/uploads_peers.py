"""The peer that accepts the same CSV: django-import-export, tuned for speed.

It writes to SQLite with WAL and synchronous=FULL, in a database that has rows already.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.serve import Browser, served


@contextmanager
def django_served(folder: str, rows: int) -> Iterator[Callable[[str], None]]:
    """Serve django-import-export with some panels, and yield a way to upload a CSV.

    It answers once the rows are committed, all or none. It looks nothing up and inserts
    in bulk; only the index refuses a serial number that is there already.
    """
    file = str(Path(folder) / "django.sqlite")
    with (
        served("bench.django_peer:application", {"DJANGO_PEER_DATABASE": file}) as port,
        closing(sqlite3.connect(file)) as database,
    ):
        _preload(database, rows)
        browser = Browser(port)
        highest = "SELECT max(id) FROM panel_serial"

        def upload(csv_text: str) -> None:
            sent = len(csv_text.splitlines()) - 1
            (before,) = database.execute(highest).fetchone()
            answer = browser.send_file("/upload", {}, csv_text)
            (after,) = database.execute(highest).fetchone()
            if not int(answer) == sent == after - before:
                raise RuntimeError(
                    f"{answer!r}: {after - before} of {sent} rows stored"
                )

        yield upload


def _preload(database: sqlite3.Connection, rows: int) -> None:
    """Add made-up panels, and empty the log so that no upload pays for them."""
    with database:
        database.executemany(
            "INSERT INTO panel_serial (supplier_name, licensee, model_number, "
            "serial_number) VALUES (?, ?, ?, ?)",
            (("Acme", "Sun Pty Ltd", "AC-400", f"OLD{n:09}") for n in range(rows)),
        )
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
