"""An upload of 1,000 rows, form to answer, against the same rows inserted by hand."""

import csv
import io
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.measure import Row, at_most, faster, in_turns, seconds
from bench.serve import Browser, flask, served
from bench.uploads_peers import django_served
from spv import demo
from spv.database import PRAGMAS
from spv.services.ledger.rows import product_values

HEADINGS = (
    "Supplier name",
    "Licensee/Certificate holder",
    "Model number",
    "Serial number",
)
NAMES = ("Example Solar Pty Ltd", "Example Solar Technology Co", "EST-440M-108")
PUT = (
    "INSERT INTO panel_serials (serial_number, product_id, upload_id) VALUES (?, ?, ?)"
)
ROUNDS = 25
numbers = random.Random(2026)


def run() -> Iterator[Row]:
    """Measure beside ledgers of 10 thousand and a million rows, then against Django."""
    for rows, words, aim in ((10_000, "10 thousand", 3), (1_000_000, "a million", 1.7)):
        with (
            tempfile.TemporaryDirectory() as folder,
            spv_with(folder, rows) as upload,
            by_hand(folder) as put,
        ):
            times = in_turns(partial(took, upload), partial(took, put), ROUNDS)
        yield at_most(aim, f"upload of 1,000, ledger of {words} / by hand", *times)
    with (
        tempfile.TemporaryDirectory() as folder,
        spv_with(folder, 100_000) as upload,
        django_served(folder, 100_000) as django,
    ):
        times = in_turns(partial(took, upload), partial(took, django), ROUNDS)
    what = "upload of 1,000, ledger of 100 thousand / django-import-export, tuned"
    yield faster(7, what, *times)


def took(
    upload: Callable[[str], None], serials: Callable[[], list[str]] | None = None
) -> float:
    """Return how long an upload of 1,000 new rows takes, in no order."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADINGS)
    new = serials() if serials else [_serial() for _ in range(1000)]
    writer.writerows((*NAMES, serial) for serial in new)
    return seconds(lambda: upload(file.getvalue()))


def _serial() -> str:
    return f"{numbers.getrandbits(64):016X}0"


@contextmanager
def spv_with(folder: str, rows: int) -> Iterator[Callable[[str], None]]:
    """Serve spv with so many rows, and yield a way to upload a file to it."""
    file = str(Path(folder) / "spv.sqlite")
    environment = {"DATABASE_URL": f"sqlite:///{file}", "SPV_RATE_LIMITS": "off"}
    flask(environment, "db", "upgrade")
    flask(environment, "demo", "load")
    _preload(file, rows)
    with served("app:app", environment) as port:
        yield uploading(signed_in(port, demo.VSP_USER))


def signed_in(port: int, email: str) -> Browser:
    """Return a browser in which a demonstration user has signed in."""
    browser = Browser(port)
    token = browser.token("/sign-in")
    answers = f"csrf_token={token}&email={email}&password={demo.PASSWORD}"
    browser.post("/sign-in", "application/x-www-form-urlencoded", answers.encode())
    return browser


def uploading(browser: Browser) -> Callable[[str], None]:
    """Return a way to upload a file."""
    answers = {"csrf_token": browser.token("/panels/upload"), "declaration": "yes"}
    cookies = dict(browser.cookies)

    def upload(csv_text: str) -> None:
        browser.cookies = dict(cookies)  # no page is opened that would show the message
        answer = browser.send_file("/panels/upload", answers, csv_text)
        assert b"/panels/uploads/" in answer, answer

    return upload


@contextmanager
def by_hand(folder: str) -> Iterator[Callable[[str], None]]:
    """Yield a way to put the rows of a CSV into the same tables, and do nothing else."""
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
        database.executemany(PUT, [(row[3], product, upload) for row in parsed])
        database.execute("COMMIT")

    yield put
    database.close()


def _preload(file: str, rows: int) -> None:
    """Add rows with random serial numbers, 1,000 to an upload."""
    with sqlite3.connect(file) as database:
        product = _product(database)
        for _ in range(rows // 1000):
            upload = _upload(database, 1000)
            new = [(_serial(), product, upload) for _ in range(1000)]
            database.executemany(PUT, new)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _product(database: sqlite3.Connection) -> int:
    insert = "INSERT OR IGNORE INTO products VALUES (NULL, ?, ?, ?, ?, ?, ?)"
    database.execute(insert, [*product_values(NAMES).values()])
    question = "SELECT id FROM products WHERE model_number = ?"
    return database.execute(question, NAMES[2:]).fetchone()[0]


def _upload(database: sqlite3.Connection, rows: int) -> int:
    """Add a declaration and an upload like spv's, but without the digest."""
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
