"""The peers that take the same CSV: django-import-export, and datasette-upload-csvs.

Both write to SQLite with WAL and synchronous=FULL, in a database with rows already.
"""

import http.client
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.serve import Browser, served

KIND = "multipart/form-data; boundary=x"
HEADINGS = (
    "Supplier name",
    "Licensee/Certificate holder",
    "Model number",
    "Serial number",
)
# Nobody may upload until a plugin says so.
PLUGIN = """
from datasette import hookimpl

@hookimpl
def permission_allowed(action):
    return True if action == "upload-csvs" else None

@hookimpl
def prepare_connection(conn):
    conn.execute("PRAGMA synchronous = FULL")
"""
WAIT = 60.0


@contextmanager
def django_served(folder: str, rows: int) -> Iterator[Callable[[bool, str], None]]:
    """django-import-export with `rows` panels: upload(tuned, csv_text).

    It answers once the rows are committed, all or none. As it comes, it looks up,
    compares and saves row by row, and writes over a panel that is there already; tuned,
    it looks nothing up and inserts in bulk, and the index alone refuses what is twice.
    """
    file = str(Path(folder) / "django.sqlite")
    with (
        served("bench.django_peer:application", {"DJANGO_PEER_DATABASE": file}) as port,
        closing(sqlite3.connect(file)) as database,
    ):
        columns = "supplier_name, licensee, model_number, serial_number"
        _preload(database, f"panel_serial ({columns})", rows)
        browser = Browser(port)
        highest = "SELECT max(id) FROM panel_serial"

        def upload(tuned: bool, csv_text: str) -> None:
            sent = len(csv_text.splitlines()) - 1
            before = database.execute(highest).fetchone()[0] or 0
            body = form({}, "file", csv_text)
            answer = browser.post(
                f"/upload/{'tuned' if tuned else 'plain'}", KIND, body
            )
            after = database.execute(highest).fetchone()[0] or 0
            if not int(answer) == sent == after - before:
                raise RuntimeError(
                    f"{answer!r} of {sent} rows, {after - before} stored"
                )

        yield upload


@contextmanager
def datasette_served(folder: str, rows: int) -> Iterator[Callable[[str], None]]:
    """Datasette with its upload plugin and a table of `rows` panels: upload(csv_text).

    The plugin never appends: each file becomes a new table of text, without a key, and
    nothing is checked. It answers before it stores, in batches of 100 that are not one
    transaction, so an upload ends when `_csv_progress_` says completed. That the table
    is rewritten to the types found, a few milliseconds more, is not counted.
    """
    file = str(Path(folder) / "datasette.sqlite")
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        names = ", ".join(f'"{heading}"' for heading in HEADINGS)
        database.execute(f'CREATE TABLE panels ({names}, UNIQUE ("Serial number"))')
        _preload(database, f"panels ({names})", rows)
        with _datasette(folder, file) as connection:
            number = 0

            def upload(csv_text: str) -> None:
                nonlocal number
                number += 1
                table = f"panels_upload_{number}"
                body = form({"table": table, "xhr": "1"}, "csv", csv_text)
                task = json.loads(_posted(connection, "/-/upload-csvs", body))
                _wait_completed(database, task["task_id"])
                sent = len(csv_text.splitlines()) - 1
                stored = database.execute(f"SELECT count(*) FROM {table}").fetchone()
                if stored[0] != sent:
                    raise RuntimeError(f"{stored[0]} of {sent} rows stored")

            yield upload


@contextmanager
def _datasette(folder: str, file: str) -> Iterator[http.client.HTTPConnection]:
    """Serve the file by datasette's own server; yields a connection that stays open."""
    plugins = Path(folder) / "plugins"
    plugins.mkdir()
    (plugins / "allow.py").write_text(PLUGIN, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", file, f"--port={port}",
               f"--plugins-dir={plugins}"]  # fmt: skip
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        for _ in range(400):
            try:
                connection.request("GET", "/-/versions.json")
                connection.getresponse().read()
                break
            except OSError:
                connection.close()
                time.sleep(0.05)
        else:
            raise TimeoutError("datasette")
        yield connection
    finally:
        process.kill()
        process.wait()


def _posted(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    connection.request("POST", path, body, {"Content-Type": KIND})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return body


def _wait_completed(database: sqlite3.Connection, task: str) -> None:
    """Until the plugin has stored the last row, asking the file, not the server."""
    question = "SELECT completed, error FROM _csv_progress_ WHERE id = ?"
    end = time.perf_counter() + WAIT
    while time.perf_counter() < end:
        completed, error = database.execute(question, (task,)).fetchone()
        if error:
            raise RuntimeError(error)
        if completed:
            return
        time.sleep(0.002)
    raise TimeoutError(task)


def _preload(database: sqlite3.Connection, into: str, rows: int) -> None:
    """Made-up panels, and the log emptied so that no upload pays for them."""
    database.execute("BEGIN")
    database.executemany(
        f"INSERT INTO {into} VALUES (?, ?, ?, ?)",
        (("Acme", "Sun Pty Ltd", "AC-400", f"OLD{n:09}") for n in range(rows)),
    )
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def form(fields: dict[str, str], name: str, csv_text: str) -> bytes:
    """The form as a browser sends it."""
    part = '--x\r\nContent-Disposition: form-data; name="'
    lines = [f'{part}{field}"\r\n\r\n{value}' for field, value in fields.items()]
    file = f'{part}{name}"; filename="panels.csv"\r\nContent-Type: text/csv\r\n'
    return "\r\n".join([*lines, file, csv_text, "--x--\r\n"]).encode()
