"""A file of 5,000 systems over HTTP: read, calculated, saved, logged, answered."""

import tempfile
from collections.abc import Iterator

from bench.measure import Row, in_turns, seconds, within
from bench.serve import Browser, spv_served
from spv.rules.stc.batch import template_text

LIMIT = 0.2


def run(_panels: int) -> Iterator[Row]:
    """Measure from the form to the answer, 1,250 systems of each type."""
    heading, *rows = template_text().splitlines()
    csv_text = "\r\n".join([heading, *(rows * 1250)])
    with tempfile.TemporaryDirectory() as folder, spv_served(folder) as port:
        browser = Browser(port)
        answers = {"csrf_token": browser.token("/stc/batch")}

        def send() -> float:
            return seconds(lambda: browser.send_file("/stc/batch", answers, csv_text))

        times = in_turns({"batch": send}, 9)["batch"]
    yield within(f"batch of 5,000, form to answer / limit of {LIMIT} s", times, LIMIT)
