"""A file of 5,000 systems over HTTP: read, calculated, saved, logged, answered."""

import random
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta

from bench.measure import Row, in_turns, seconds, within
from bench.serve import Browser, spv_served
from spv.rules.stc.batch import template_text

LIMIT = 0.2


def run(_panels: int) -> Iterator[Row]:
    """Measure from the form to the answer, 1,250 systems of each type."""
    csv_text = _file()
    with tempfile.TemporaryDirectory() as folder, spv_served(folder) as port:
        browser = Browser(port)
        answers = {"csrf_token": browser.token("/stc/batch")}

        def send() -> float:
            return seconds(lambda: browser.send_file("/stc/batch", answers, csv_text))

        times = in_turns({"batch": send}, 9)["batch"]
    yield within(f"batch of 5,000, form to answer / limit of {LIMIT} s", times, LIMIT)


def _file() -> str:
    """Return the systems of a year: days, sizes and postcodes differ and come again."""
    heading, *rows = template_text().splitlines()
    chance = random.Random(5)
    lines = [heading]
    for row in rows * 1250:
        day = date(2026, 1, 1) + timedelta(chance.randrange(365))
        size = str(chance.randrange(50, 300) / 10)
        changed = row.replace("2026-11-22", day.isoformat()).replace("13.5", size)
        changed = changed.replace("2150", str(chance.randrange(2000, 2800)))
        lines.append(changed.replace(",6.6,", f",{size},"))
    return "\r\n".join(lines)
