"""Many uploaders at once, each of whom waits for the answer and sends the next file."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing

from bench.by_hand import Bare
from bench.files import csv_of, new_serials
from bench.measure import Row
from bench.prepare import databases, load
from bench.serve import served, signed_in, uploading
from spv import demo

ROWS = 100_000
SECONDS = 10
AIM = ("PostgreSQL", 20), 50, 600  # whose rate, at least; whose p95 in ms, at most
# The servers of docs/operations.md.
SERVERS = {"SQLite": "waitress", "PostgreSQL": "gunicorn"}


def run(_panels: int) -> Iterator[Row]:
    """Measure 1, 5, 20 and 60 uploaders on each database: rate, p50, p95, errors."""
    for kind, server in SERVERS.items():
        with databases(kind) as url:
            environment = load(url, ROWS)
            with (
                served("app:app", environment, server) as port,
                closing(Bare(url)) as bare,
            ):
                serials = new_serials(bare)
                alone = 0.0
                for uploaders in (1, 5, 20, 60):
                    files = [csv_of(serials()) for _ in range(1200)]
                    rate, times, errors = _uploaded(port, uploaders, files)
                    alone = alone or rate
                    p50, p95 = _percentiles(times)
                    note = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {errors} errors"
                    whose, least, most = AIM
                    is_whose = whose == (kind, uploaders)
                    yield Row(
                        f"{uploaders} at once upload 1,000 rows, {kind} / one",
                        f"{rate:.1f} /s", f"{alone:.1f} /s", rate / alone, aim=note,
                        met=(rate >= least and p95 <= most) if is_whose else None,
                    )  # fmt: skip


def _percentiles(times: list[float]) -> tuple[float, float]:
    parts = statistics.quantiles(times, n=20, method="inclusive")
    return parts[9] * 1e3, parts[18] * 1e3


def _uploaded(
    port: int, uploaders: int, files: list[str]
) -> tuple[float, list[float], int]:
    """Return the uploads a second, how long each took, and how many failed."""
    ways = [uploading(signed_in(port, demo.VSP_USER)) for _ in range(uploaders)]
    times: list[float] = []
    errors: list[Exception] = []
    began = time.perf_counter()

    def send(way) -> None:
        while (start := time.perf_counter()) < began + SECONDS and files:
            try:
                way(files.pop())
                times.append(time.perf_counter() - start)
            except (AssertionError, OSError) as error:
                errors.append(error)

    threads = [threading.Thread(target=send, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - began), times, len(errors)
