"""An upload of 1,000 rows, form to answer, against the same rows inserted by hand."""

import csv
import io
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.measure import Row, in_turns, seconds
from bench.serve import Browser, served
from bench.uploads_peers import HEADINGS, KIND, datasette_served, django_served, form
from spv import demo
from spv.database import PRAGMAS

NAMES = ("Example Solar Pty Ltd", "Example Solar Technology Co", "EST-440M-108")
PUT = (
    "INSERT INTO panel_serials (serial_number, product_id, upload_id) VALUES (?, ?, ?)"
)
ROUNDS = 25
PAUSE = 0.05  # datasette rewrites its table after it has answered
numbers = random.Random(2026)


def run() -> Iterator[Row]:
    """Beside ledgers of 10 thousand and a million rows, then the peers."""
    for rows, words, aim in ((10_000, "10 thousand", 3), (1_000_000, "a million", 1.7)):
        with (
            tempfile.TemporaryDirectory() as folder,
            spv_with(folder, rows) as upload,
            by_hand(folder) as put,
        ):
            ours, theirs = in_turns(partial(took, upload), partial(took, put), ROUNDS)
        yield Row(f"upload of 1,000, ledger of {words} / by hand",
                  f"{ours * 1e3:.1f} ms", f"{theirs * 1e3:.1f} ms", ours / theirs,
                  f"at most {aim}", ours / theirs <= aim)  # fmt: skip
    yield from _peers(100_000)


def _peers(rows: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, spv_with(folder, rows) as upload:
        ours = partial(took, upload)
        with django_served(folder, rows) as django:
            for words, peer, aim in (
                ("django-import-export as it comes", partial(django, False), 40),
                ("… tuned", partial(django, True), 7),
            ):
                times = in_turns(ours, partial(took, peer), ROUNDS)
                yield _faster(words, *times, aim)
        with datasette_served(folder, rows) as datasette:
            times = in_turns(ours, partial(took, datasette, PAUSE), ROUNDS)
            yield _faster("datasette-upload-csvs", *times, 7)


def _faster(words: str, ours: float, theirs: float, aim: float) -> Row:
    return Row(f"upload of 1,000, ledger of 100 thousand / {words}",
               f"{ours * 1e3:.1f} ms", f"{theirs * 1e3:.1f} ms", theirs / ours,
               f"{aim} times faster", theirs / ours >= aim)  # fmt: skip


def took(
    upload: Callable[[str], None],
    pause: float = 0,
    serials: Callable[[], list[str]] | None = None,
) -> float:
    """How long an upload of 1,000 rows takes that were never there, in no order."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADINGS)
    new = serials() if serials else [_serial() for _ in range(1000)]
    writer.writerows((*NAMES, serial) for serial in new)
    duration = seconds(lambda: upload(file.getvalue()))
    time.sleep(pause)
    return duration


def _serial() -> str:
    return f"{numbers.getrandbits(64):016X}0"


@contextmanager
def spv_with(folder: str, rows: int) -> Iterator[Callable[[str], None]]:
    """The application with so many rows, and a way to upload a file to it."""
    file = str(Path(folder) / "spv.sqlite")
    environment = {"DATABASE_URL": f"sqlite:///{file}", "SPV_RATE_LIMITS": "off"}
    for command in (["db", "upgrade"], ["demo", "load"]):
        subprocess.run([sys.executable, "-m", "flask", "--app", "app", *command],
                       env=os.environ | environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    _preload(file, rows)
    with served("app:app", environment) as port:
        yield uploading(signed_in(port, demo.VSP_USER))


def signed_in(port: int, email: str) -> Browser:
    """A browser of somebody of the demonstration."""
    browser = Browser(port)
    token = _token(browser, "/sign-in")
    person = f"csrf_token={token}&email={email}&password={demo.PASSWORD}"
    browser.post("/sign-in", "application/x-www-form-urlencoded", person.encode())
    return browser


def uploading(browser: Browser) -> Callable[[str], None]:
    """A way to upload a file."""
    answers = {"csrf_token": _token(browser, "/panels/upload"), "declaration": "yes"}
    cookie = browser.cookie

    def upload(csv_text: str) -> None:
        browser.cookie = cookie  # no page is looked at that would show its message
        answer = browser.post("/panels/upload", KIND, form(answers, "file", csv_text))
        assert b"/panels/uploads/" in answer, answer

    return upload


@contextmanager
def by_hand(folder: str) -> Iterator[Callable[[str], None]]:
    """The same rows read by `csv` and put into the same tables, and nothing else."""
    file = str(Path(folder) / "by_hand.sqlite")
    with sqlite3.connect(Path(folder) / "spv.sqlite") as source:
        source.execute("VACUUM INTO ?", (file,))
    database = sqlite3.connect(file, isolation_level=None)
    for name, value in PRAGMAS.items():
        database.execute(f"PRAGMA {name} = {value}")
    product = _product(database)

    def put(csv_text: str) -> None:
        database.execute("BEGIN IMMEDIATE")
        upload = _upload(database, 1000)
        parsed = csv.reader(io.StringIO(csv_text, newline=""))
        next(parsed)
        database.executemany(
            PUT,
            [(row[3], product, upload) for row in parsed],
        )
        database.execute("COMMIT")

    yield put
    database.close()


def _token(browser: Browser, path: str) -> str:
    page = browser.get(path).decode()
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def _preload(file: str, rows: int) -> None:
    """Made-up rows of random serial numbers, 1,000 to an upload."""
    with sqlite3.connect(file) as database:
        product = _product(database)
        for _ in range(rows // 1000):
            upload = _upload(database, 1000)
            database.executemany(
                PUT,
                [
                    (serial, product, upload)
                    for serial in (_serial() for _ in range(1000))
                ],
            )
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _product(database: sqlite3.Connection) -> int:
    insert = "INSERT OR IGNORE INTO products VALUES (NULL, ?, ?, ?)"
    database.execute(insert, NAMES)
    question = "SELECT id FROM products WHERE model_number = ?"
    return database.execute(question, NAMES[2:]).fetchone()[0]


def _upload(database: sqlite3.Connection, rows: int) -> int:
    """A declaration and an upload, as the application's, but for the digest."""
    moment = "2026-05-01 00:00:00.000000"
    declared = database.execute(
        "INSERT INTO declarations (account_id, user_id, purpose, wording_version, "
        "made_at) VALUES (1, 1, 'upload', '2026-11-22', ?)", (moment,)
    ).lastrowid  # fmt: skip
    return database.execute(
        "INSERT INTO uploads (account_id, user_id, declaration_id, channel, filename, "
        "sha256, row_count, received_at, audit_sequence) "
        "VALUES (1, 1, ?, 'web', 'x.csv', 'x', ?, ?, 1)", (declared, rows, moment)
    ).lastrowid  # fmt: skip
