"""Peers that accept the same CSV, each with a database that has rows already.

All write to SQLite with WAL and synchronous=FULL, in one transaction for a file.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlite_utils

from bench.by_hand import Bare, put_by
from bench.serve import Browser, served

BARE_FLASK = """
import os, threading
from flask import Flask, request
from bench.by_hand import Bare, put

app, local = Flask(__name__), threading.local()

@app.post("/upload")
def upload():
    bare = local.__dict__.setdefault("bare", None) or Bare(os.environ["BARE_DATABASE"])
    local.bare = bare
    put(bare, request.files["file"].read().decode("utf-8-sig"))
    return "recorded"

@app.get("/readyz")
def ready():
    return "ready"
"""


@contextmanager
def bare_flask_served(folder: str, url: str) -> Iterator[Callable[[str], None]]:
    """Serve a Flask app that checks nothing; yield a way to upload a CSV to it.

    It reads the file with `csv` and inserts its rows with `executemany`. Nothing that
    takes a file by HTTP with Flask can do less.
    """
    (Path(folder) / "bare_upload.py").write_text(BARE_FLASK, encoding="utf-8")
    environment = {"PYTHONPATH": f"{folder}:{Path.cwd()}", "BARE_DATABASE": url}
    with served("bare_upload:app", environment) as port:
        browser = Browser(port)
        yield lambda csv_text: browser.send_file("/upload", {}, csv_text)


def by_sqlite_utils(bare: Bare) -> Callable[[str], None]:
    """Return a way to put a CSV into the same tables with sqlite-utils.

    Without HTTP. The names of columns are given, and the whole file is one batch, so
    that it looks neither for types nor for rows that are there.
    """
    table = sqlite_utils.Database(bare.connection).table("panel_serials")

    def insert(serials: list[str], product: int, upload: int) -> None:
        rows = (
            {"serial_number": serial, "product_id": product, "upload_id": upload}
            for serial in serials
        )
        table.insert_all(rows, batch_size=1000, ignore=False, analyze=False)

    return lambda csv_text: put_by(bare, csv_text, insert)


@contextmanager
def django_served(folder: str, rows: int) -> Iterator[Callable[[str], None]]:
    """Serve django-import-export with some panels; yield a way to upload a CSV.

    It answers once the rows are committed, all or none. It looks nothing up and inserts
    in bulk; only the index refuses a serial number that is there already. The rows are
    taken out again before the next file.
    """
    file = str(Path(folder) / "django.sqlite")
    with (
        served("bench.django_peer:application", {"DJANGO_PEER_DATABASE": file}) as port,
        closing(sqlite3.connect(file)) as database,
    ):
        _preload(database, rows)
        browser = Browser(port)

        def upload(csv_text: str) -> None:
            sent = len(csv_text.splitlines()) - 1
            answer = browser.send_file("/upload", {}, csv_text)
            if int(answer) != sent:
                raise RuntimeError(f"{answer!r} of {sent} rows stored")

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
