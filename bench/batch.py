"""A file of 5,000 systems over HTTP: read, calculated, saved, logged, answered."""

import statistics
import tempfile
from collections.abc import Iterator

from bench.measure import Row, at_most, seconds
from bench.serve import Browser, spv_served
from spv.rules.stc.batch import template_text

LIMIT = 0.3


def run() -> Iterator[Row]:
    """Measure from the form to the answer, 1,250 systems of each type."""
    heading, *rows = template_text().splitlines()
    csv_text = "\r\n".join([heading, *(rows * 1250)])
    with tempfile.TemporaryDirectory() as folder, spv_served(folder) as port:
        browser = Browser(port)
        answers = {"csrf_token": browser.token("/stc/batch")}
        times = [
            seconds(lambda: browser.send_file("/stc/batch", answers, csv_text))
            for _ in range(10)
        ]
    took = statistics.median(times[1:])
    yield at_most(1, "batch of 5,000, form to answer / limit of 0.3 s", took, LIMIT)
