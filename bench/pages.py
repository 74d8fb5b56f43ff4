"""Pages of spv against bare Flask, and against Django with the same form.

Every request has another query, because a page from a cache is no answer.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from bench.measure import Row, compare, in_turns
from bench.serve import Browser, served, spv_served

BARE = """
from flask import Flask, render_template, request
app = Flask(__name__)

@app.get("/page")
def page():
    power, rows = request.args["power"], range(int(request.args["n"]))
    return render_template("page.html", name="Page", power=power, rows=rows)

@app.get("/readyz")
def ready():
    return "ready"
"""
PAGE = """<!doctype html><title>{{ name }} {{ power }}</title>
{% for n in rows %}
<p class="row"><label for="f{{ n }}">{{ name }} {{ n }}</label>
<input id="f{{ n }}" name="f{{ n }}" value=""></p>
{% endfor %}
"""
FORM = "/stc?system_type=solar_deemed&postcode=2150&installation_date=2026-06-30"
THREADS = 4
SECONDS = 1.0
powers = count(1)


def run(_panels: int) -> Iterator[Row]:
    """Measure requests a second, from four connections that keep their cookie."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        (Path(folder) / "bare.py").write_text(BARE, encoding="utf-8")
        (Path(folder) / "templates").mkdir()
        (Path(folder) / "templates/page.html").write_text(PAGE, encoding="utf-8")
        ours = stack.enter_context(spv_served(folder))
        bare = stack.enter_context(served("bare:app", {"PYTHONPATH": folder}))
        database = {"DJANGO_PEER_DATABASE": f"{folder}/django.sqlite"}
        django = stack.enter_context(served("bench.django_peer:application", database))
        for what, headers, aim in (
            ("calculator’s page", "", 0.6),
            ("reveal partial", "HX-Request: true\r\n", 0.55),
        ):
            yield from _compare(what, headers, aim, ours, bare, django)


def _compare(
    what: str, headers: str, aim: float, ours: int, bare: int, django: int
) -> Iterator[Row]:
    form = f"{FORM}&rated_power_kw={{}}"
    page = Browser(ours).get(form.format(6.6), headers)
    pages = {
        "ours": (ours, form, headers),
        "bare": (bare, _padded(bare, "/page?n={}&power={{}}", len(page)), ""),
    }
    fields = page.count(b"<input") + page.count(b"<select")
    padded = _padded(django, f"/form?fields={fields}&n={{}}&power={{{{}}}}", len(page))
    pages["django"] = (django, padded, "")
    rates = in_turns({name: lambda name=name: _rate(*pages[name]) for name in pages}, 5)
    what = f"{what}, {len(page) / 1000:.1f} kB"
    against = f"{what} / bare Flask, the same size"
    yield compare(against, rates["ours"], rates["bare"], at_least=aim, unit="/s")
    against = f"… / Django, a form of {fields} fields, the same size"
    yield compare(against, rates["ours"], rates["django"], at_least=4, unit="/s")


def _padded(port: int, path: str, size: int) -> str:
    """Return the path of a page with enough rows to have a size."""
    rows = 1
    while (length := len(Browser(port).get(path.format(rows).format(1)))) < size:
        rows += max(1, (size - length) // 110)
    return path.format(rows)


def _rate(port: int, path: str, headers: str) -> float:
    """Return the requests a second from several connections at once."""
    counts = []
    end = time.perf_counter() + SECONDS

    def ask() -> None:
        browser, asked = Browser(port), 0
        while time.perf_counter() < end:
            browser.get(path.format(next(powers) / 100), headers)
            asked += 1
        counts.append(asked)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
