"""An upload of 1,000 rows, form to answer, beside a small ledger: ours and the peers'.

After each upload its rows are taken out again, so that the ledger stays a small one.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from bench.by_hand import Bare, add_product, put, take_out
from bench.files import csv_of, json_of, new_serials, took
from bench.measure import Row, compare, in_turns
from bench.prepare import copy_of, load
from bench.serve import served, signed_in, uploading, uploading_by_api
from bench.uploads_peers import bare_flask_served, by_sqlite_utils, django_served
from spv import demo

ROWS, WORDS = 10_000, "10 thousand"
ROUNDS = 40


def run(_panels: int) -> Iterator[Row]:
    """Measure all of them in turns, each with a database of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        works = _works(folder, stack)
        taken = in_turns(works, ROUNDS)
    ours = partial(compare, ours=taken["file"])
    upload = f"upload of 1,000, ledger of {WORDS}"
    yield ours(f"{upload} / by hand", peer=taken["hand"], at_most=1.9)
    yield ours("… / bare Flask with csv and executemany", peer=taken["flask"])
    yield ours("… / sqlite-utils, without HTTP", peer=taken["utils"])
    yield ours("… / django-import-export, tuned", peer=taken["django"])
    yield compare("… by API / by file", taken["api"], taken["file"])
    yield compare(
        "bare Flask / django-import-export, tuned", taken["flask"], taken["django"]
    )


def _works(folder: str, stack: ExitStack) -> dict[str, Callable[[], float]]:
    """Return a way to measure each once, and to leave its ledger as it was."""
    url = f"sqlite:///{folder}/spv.sqlite"
    environment = load(url, ROWS)
    urls = {name: copy_of(url, name) for name in ("hand", "flask", "utils")}

    def connected(url: str) -> Bare:
        return stack.enter_context(closing(Bare(url)))

    # Each database has a connection that takes the rows out again. So the caches of
    # those that put them in are as cold by hand as they are in a server.
    others = {name: connected(each) for name, each in {"ours": url, **urls}.items()}
    for each in others.values():
        add_product(each)
    serials = new_serials(others["ours"])
    last = others["ours"].one("SELECT max(id) FROM uploads")
    port = stack.enter_context(served("app:app", environment))
    flask = stack.enter_context(bare_flask_served(folder, urls["flask"]))
    django = stack.enter_context(django_served(folder, ROWS))
    uploads: dict[str, tuple[Callable[[Any], object], str]] = {
        "file": (uploading(signed_in(port, demo.VSP_USER)), "ours"),
        "hand": (partial(put, connected(urls["hand"])), "hand"),
        "flask": (flask, "flask"),
        "utils": (by_sqlite_utils(connected(urls["utils"])), "utils"),
        "api": (uploading_by_api(signed_in(port, demo.VSP_ADMIN)), "ours"),
    }

    def once(name: str) -> float:
        upload, database = uploads[name]
        make = json_of if name == "api" else csv_of
        taken = took(upload, lambda: make(serials()))
        take_out(others[database], last)
        return taken

    def once_by_django() -> float:
        taken = took(django, lambda: csv_of(serials()))
        _take_out_of_django(f"{folder}/django.sqlite")
        return taken

    return {n: partial(once, n) for n in uploads} | {"django": once_by_django}


def _take_out_of_django(path: str) -> None:
    """Take the rows that were uploaded out of the database of Django."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("DELETE FROM panel_serial WHERE id > ?", (ROWS,))
        database.commit()
