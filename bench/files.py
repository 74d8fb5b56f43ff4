"""Files of 1,000 new serial numbers, which sort between those of a ledger."""

import csv
import io
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

from bench.measure import seconds

FIELDS = ("supplierName", "licensee", "modelNumber", "serialNumber")
HEADINGS = (
    "Supplier name",
    "Licensee/Certificate holder",
    "Model number",
    "Serial number",
)
NAMES = ("Example Solar Pty Ltd", "Example Solar Technology Co", "EST-440M-108")
Serials = Callable[[], list[str]]
numbers = itertools.count()  # none is made twice


def new_serials(bare: Any) -> Serials:
    """Return a way to make new serial numbers, spread over the index of a ledger."""
    step = max(1, bare.one("SELECT max(id) FROM panel_serials") // 100_000)
    # Those that `demo load --panels` has made. The others have other lengths, and spv
    # warns of a file in which lengths are mixed.
    query = (
        "SELECT serial_number FROM panel_serials "
        "WHERE id % ? = 0 AND length(serial_number) = 15"
    )
    sample = [serial for (serial,) in bare.all(query, step)]

    def serials() -> list[str]:
        return [f"{random.choice(sample)}{next(numbers):07}" for _ in range(1000)]

    return serials


def csv_of(serials: list[str]) -> str:
    """Return a CSV file of serial numbers."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADINGS)
    writer.writerows((*NAMES, serial) for serial in serials)
    return file.getvalue()


def json_of(serials: list[str]) -> bytes:
    """Return a body of the upload API with serial numbers."""
    items = [dict(zip(FIELDS, (*NAMES, each), strict=True)) for each in serials]
    return json.dumps({"serialNumbers": items}).encode()


def took(upload: Callable[[Any], object], make: Callable[[], Any]) -> float:
    """Return how long an upload of what is made takes, without the making."""
    made = make()
    return seconds(lambda: upload(made))
