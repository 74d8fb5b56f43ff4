"""The example client of the upload API, against the server: run, killed, run again."""

import ast
import http.server
import importlib.util
import random
import signal
import threading
import time
from datetime import date

import pytest
import sqlalchemy as sa

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import ApiRequest, Declaration
from spv.services.api.idempotency import UNDER_WAY
from tests.api import system_of
from tests.endurance import repeated
from tests.panels import HEADING, NAMES, panels_csv, upload
from tests.server import free_port, serve
from tests.upload_client import (
    CLIENT,
    assert_proven,
    finish,
    run,
    start,
    uploads,
    uploads_of,
    written,
)

NO_KEY = "0" * 32


@pytest.fixture
def key(demonstration, vsp):
    """The key of an account with a current declaration."""
    return system_of(demonstration, vsp).key


@pytest.fixture
def address(database_url):
    """A server."""
    with serve(database_url) as (address, _process):
        yield address


def test_a_good_file_and_the_same_again(key, address, tmp_path):
    path = written(tmp_path / "panels.csv", panels_csv(2500, "0"))
    code, said = run(key, path, address)
    assert (code, uploads_of("000")) == (0, [1000, 1000, 500])
    assert said.startswith("2,500 of 2,500 rows: 2,500 recorded.")
    code, said = run(key, path, address)
    assert (code, uploads_of("000")) == (0, [1000, 1000, 500])
    assert said.startswith("2,500 of 2,500 rows: 2,500 already recorded.")


def test_validate_only(key, address, tmp_path):
    path = written(tmp_path / "panels.csv", panels_csv(3))
    code, said = run(key, path, address, "--validate-only")
    assert (code, uploads_of("EX")) == (0, [])
    assert said.startswith("3 of 3 rows: 3 valid, not recorded.")


# What is put into rows of a file, and what has to be said of each. Row 10 is blank.
WRONG = {
    3: (f"{NAMES},1.5E+12", "A spreadsheet program has changed the serial number."),
    6: ("Example Supplier,,EX-440,EX000005", "The value is missing."),
    7: (f"{NAMES},ex000003", "in an earlier item (also in row 4)."),
    9: (f"{NAMES},0039000001", "recorded by another account (recorded on "),
    1105: (f"{NAMES},EX001103", "in an earlier item (also in row 1104)."),
    1106: (f"{NAMES},1.5E+12", "A spreadsheet program has changed the serial number."),
    1107: ("Supplier,Holder,EX-440,OWN000001", "recorded by your account"),
}


def with_problems(rows):
    """A file of 1,499 rows of which some are wrong, without a blank one."""
    lines = panels_csv(1500).decode().splitlines()
    lines[0] = "supplier  NAME,Licensee/certificate holder,Model number,Serial number"
    lines[9] = " ,,,"
    for number in rows:
        lines[number - 1] = WRONG[number][0]
    return ("\ufeff" + "\n".join(lines)).encode()


def said_of_rows(process):
    """What a client says of rows, by their numbers, its last line and exit code."""
    *lines, last = process.communicate()[1].splitlines()
    said = dict(line.removeprefix("Row ").split(": ", 1) for line in lines)
    assert len(said) == len(lines)
    found = {int(number): words for number, words in said.items()}
    return found, last, process.returncode


def assert_said(said, rows):
    """Each wrong row is named by its number in the file, with what is wrong with it."""
    assert said.keys() == {*rows}
    for number, words in said.items():
        assert WRONG[number][1] in words


def test_rows_with_problems(key, address, tmp_path, vsp, other):
    upload(panels_csv(1, "0039"), other)
    upload(panels_csv(2, "OWN"), vsp)
    path, before = written(tmp_path / "panels.csv", with_problems(WRONG)), uploads()

    # A check tells of all, and records nothing.
    said, last, code = said_of_rows(start(key, path, address, "--validate-only"))
    assert_said(said, WRONG)
    words = "1,499 of 1,499 rows: 1,492 valid, not recorded, 7 with problems."
    assert (last, code, uploads()) == (words, 1, before)

    # An upload stops at the first batch with problems, and goes on without them.
    said, last, code = said_of_rows(start(key, path, address))
    assert_said(said, [3, 6, 7, 9])
    words = "4 rows have problems. 0 of 1,499 rows: none sent. Row 2 is next: "
    assert last.startswith(words)
    assert (code, uploads()) == (2, before)
    written(path, with_problems(number for number in WRONG if number > 1000))
    said, last, code = said_of_rows(start(key, path, address))
    assert_said(said, [1105, 1106, 1107])
    words = (
        "3 rows have problems. 1,000 of 1,499 rows: 1,000 recorded. Row 1003 is next"
    )
    assert last.startswith(words)
    assert (code, uploads_of("EX")) == (2, [1000])
    code, last = run(key, written(path, with_problems([])), address)
    assert last == "1,499 of 1,499 rows: 1,000 already recorded, 499 recorded."
    assert (code, uploads_of("EX")) == (0, [1000, 499])


def test_it_stops_where_it_cannot_go_on(key, address, tmp_path):
    path = written(tmp_path / "panels.csv", panels_csv(3))
    code, said = run(NO_KEY, path, address)
    assert code == 2
    assert said.count("Access denied due to invalid subscription key.") == 1
    assert "none sent. Row 2 is next" in said
    lapsed = sa.update(Declaration).where(Declaration.expires_on.is_not(None))
    db.session.execute(lapsed.values(expires_on=date(2026, 1, 1)))
    db.session.commit()
    code, said = run(key, path, address)
    assert (code, f"{address}/panels/declaration" in said) == (2, True)
    assert uploads_of("EX") == []


GOOD = panels_csv(2).decode()
UNREADABLE = {
    "not UTF-8": (GOOD + "Müller,x,x,SN1").encode("latin-1"),
    "UTF-16": GOOD.encode("utf-16"),
    "empty": b"",
    "no rows": f"{HEADING}\r\n\r\n,,,".encode(),
    "no heading": GOOD.split("\n", 1)[1].encode(),
    "a column too many": GOOD.replace("\r\n", ",x\r\n").encode(),
    "semicolons": GOOD.replace(",", ";").encode(),
    "a comma in a name": (GOOD + "Example, Ltd,Holder,EX-440,SN1").encode(),
    "an apostrophe": (GOOD + "Example,Holder,EX-440,'0039").encode(),
    "a quote that is not closed": (GOOD + '"Example,Holder,EX-440,SN1').encode(),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_files_of_which_nothing_is_sent(tmp_path, data):
    path = written(tmp_path / "panels.csv", data)
    process = start(NO_KEY, path, "http://127.0.0.1:1")
    said = process.communicate(timeout=20)[1].splitlines()
    assert (process.returncode, len(said)) == (2, 1)
    assert not said[0].startswith("Next try")


def test_the_command_line(tmp_path):
    path, nowhere = (
        written(tmp_path / "panels.csv", GOOD.encode()),
        "http://127.0.0.1:1",
    )
    for key, file, address, words in (
        ("", path, nowhere, "SPV_KEY"),
        (NO_KEY, path, "127.0.0.1", "--url 127.0.0.1 has to begin with https://"),
        (NO_KEY, tmp_path / "none.csv", nowhere, "No such file"),
    ):
        code, said = run(key, file, address)
        assert (code, words in said) == (2, True), said


def test_stopped_by_hand(tmp_path):
    path = written(tmp_path / "panels.csv", GOOD.encode())
    process = start(NO_KEY, path, f"http://127.0.0.1:{free_port()}")
    assert process.stderr.readline().startswith("Next try in ")
    process.send_signal(signal.SIGINT)
    words = "Stopped. 0 of 2 rows: none sent. Row 2 is next: run it again to go on."
    assert finish(process) == (130, words)


def wait_for_more(client):
    """Until the client has had more recorded.

    A request that was killed is waited for like one that is under way. Once the client
    has met that, the time is made to pass: there is more to kill.
    """
    before, soon = len(uploads_of("EX")), time.monotonic() + 1
    while client.poll() is None and len(uploads_of("EX")) == before:
        time.sleep(0.01)
        if time.monotonic() > soon:
            soon += 1
            db.session.rollback()
            with transaction():
                dead = sa.update(ApiRequest).where(ApiRequest.status.is_(None))
                db.session.execute(dead.values(at=clock.now() - UNDER_WAY))


@repeated(1, 20)
def test_the_server_is_killed_again_and_again(key, database_url, tmp_path, times):
    rows = 5000 * times
    path, port = written(tmp_path / "panels.csv", panels_csv(rows)), free_port()
    client = start(key, path, f"http://127.0.0.1:{port}")
    for _ in range(times):
        with serve(database_url, port):
            wait_for_more(client)
            time.sleep(random.uniform(0, 0.05))
    with serve(database_url, port):
        wait_for_more(client)
        code, said = finish(client)
    assert (code, f" {rows:,} rows: " in said) == (0, True), said
    assert uploads_of("EX") == [1000] * (rows // 1000)
    assert_proven()


@repeated(3, 100)
def test_the_client_is_killed_and_run_again(key, address, tmp_path, times):
    for number in range(times):
        data = panels_csv(200, f"EX{number}-")
        path = written(tmp_path / f"panels-{number}.csv", data)
        client = start(key, path, address)
        time.sleep(random.uniform(0.05, 0.3))
        client.kill()
        client.communicate()
        code, said = run(key, path, address)
        assert (code, uploads_of(f"EX{number}-")) == (0, [200]), said
    assert_proven()


@pytest.fixture
def client():
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("upload_csv", CLIENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short_and_any_python_from_3_9_on_can_run_it():
    text = CLIENT.read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 9))
    assert text.count("\n") <= 150
    names = sorted(path.name for path in CLIENT.parent.glob("*.py"))
    assert names == [CLIENT.name, "verify_receipt.py"]


def test_it_gives_up_when_there_was_no_answer_for_long(client, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    with pytest.raises(client.Stop, match=r"No success in 0\.1 seconds at"):
        client.send(f"http://127.0.0.1:{free_port()}", NO_KEY, [])


class Refusals(http.server.BaseHTTPRequestHandler):
    """A server that asks twice to wait, and then accepts."""

    answers, seen = (), ()

    def do_POST(self):
        status, headers = self.answers[len(self.seen)]
        self.seen.append(self.headers["Idempotency-Key"])
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status == 201:
            self.wfile.write(b'{"accepted": 1}')

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.parametrize("status", [429, 503, 409, 502])
def test_it_waits_as_long_as_the_server_asks(client, monkeypatch, capsys, status):
    waits, asked = [], {"Retry-After": "7"}
    monkeypatch.setattr(client.time, "sleep", waits.append)
    Refusals.answers, Refusals.seen = [(status, asked), (status, {}), (201, {})], []
    with http.server.HTTPServer(("127.0.0.1", 0), Refusals) as server:
        threading.Thread(target=server.serve_forever).start()
        answer = client.send(f"http://127.0.0.1:{server.server_port}", NO_KEY, [])
        server.shutdown()
    assert answer[:2] == (201, [])
    assert waits == [7, 2]
    assert len(Refusals.seen) == 3
    assert len({*Refusals.seen}) == 1
    assert f"Next try in 7 s: {status}." in capsys.readouterr().err
