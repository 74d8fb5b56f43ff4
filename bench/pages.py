"""Pages of spv against a bare Flask app that renders a page of the same size."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.measure import Row, in_turns
from bench.serve import Browser, served, spv_served

BARE = """
from flask import Flask, render_template, request
app = Flask(__name__)

@app.get("/page")
def page():
    return render_template("page.html", name="Page", rows=range(int(request.args["n"])))

@app.get("/readyz")
def ready():
    return "ready"
"""
PAGE = """<!doctype html><title>{{ name }}</title>
{% for n in rows %}
<p class="row"><label for="f{{ n }}">{{ name }} {{ n }}</label>
<input id="f{{ n }}" name="f{{ n }}" value=""></p>
{% endfor %}
"""
FORM = "/stc?system_type=solar_deemed&postcode=2150&installation_date=2026-06-30"
THREADS = 4
SECONDS = 1.0


def run() -> Iterator[Row]:
    """Measure requests a second, from four connections that keep their cookie."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        (Path(folder) / "bare.py").write_text(BARE, encoding="utf-8")
        (Path(folder) / "templates").mkdir()
        (Path(folder) / "templates/page.html").write_text(PAGE, encoding="utf-8")
        ours = stack.enter_context(spv_served(folder))
        bare = stack.enter_context(served("bare:app", {"PYTHONPATH": folder}))
        yield _compare("calculator’s page", ours, bare, "")
        yield _compare("reveal partial", ours, bare, "HX-Request: true\r\n")


def _compare(what: str, ours: int, bare: int, headers: str) -> Row:
    size = len(Browser(ours).get(FORM, headers))
    n = 1
    while (length := len(Browser(bare).get(f"/page?n={n}"))) < size:
        n += max(1, (size - length) // 110)
    a, b = in_turns(
        lambda: _rate(ours, FORM, headers), lambda: _rate(bare, f"/page?n={n}", ""), 5
    )
    return Row(f"{what}, {size / 1000:.1f} kB / bare Flask, the same size",
               f"{a:.0f} /s", f"{b:.0f} /s", a / b, "at least 0.5", a / b >= 0.5)  # fmt: skip


def _rate(port: int, path: str, headers: str) -> float:
    """Return the requests a second from several connections at once."""
    counts = []
    end = time.perf_counter() + SECONDS

    def ask() -> None:
        browser, count = Browser(port), 0
        while time.perf_counter() < end:
            browser.get(path, headers)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
