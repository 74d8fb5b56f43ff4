"""The example client of the upload API, against the server: run, killed, run again."""

import ast
import csv
import importlib
import io
import random
import signal
import time
from datetime import date

import pytest
import sqlalchemy as sa

from spv import clock
from spv.database import transaction
from spv.extensions import db
from spv.models import ApiRequest, Declaration
from spv.rules.csv_file import csv_text, read_csv
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
    assert said.startswith("2,500 of 2,500 rows: 2,500 recorded, in ")
    code, said = run(key, path, address)
    assert (code, uploads_of("000")) == (0, [1000, 1000, 500])
    assert said.startswith("2,500 of 2,500 rows: 2,500 already recorded, in ")
    assert [*tmp_path.glob("*failed*")] == []


def test_validate_only(key, address, tmp_path):
    path = written(tmp_path / "panels.csv", panels_csv(3))
    code, said = run(key, path, address, "--validate-only")
    assert (code, uploads_of("EX")) == (0, [])
    assert said.startswith("3 of 3 rows: 3 valid, not recorded, in ")


# What is put into rows of a file, and what has to be said of each. Row 10 is blank.
WRONG = {
    3: (f"{NAMES},1.5E+12", "A spreadsheet program has changed the serial number."),
    6: ("Example Supplier,,EX-440,EX000005", "The cell is empty."),
    7: (f"{NAMES},ex000003", "in an earlier row (also in row 4)."),
    9: (f"{NAMES},0039000001", "recorded by another account (recorded on "),
    1105: (f"{NAMES},EX001103", "in an earlier row (also in row 1104)."),
    1106: (f"{NAMES},1.5E+12", "A spreadsheet program has changed the serial number."),
    1107: ("Supplier,Holder,EX-440,OWN000001", "recorded by your account"),
}


def with_problems():
    """A file of 1,499 rows: some are wrong, one is in the ledger just as it is."""
    lines = panels_csv(1500).decode().splitlines()
    lines[0] = "supplier  NAME,Licensee/certificate holder,Model number,Serial number"
    lines[9], lines[1199] = " ,,,", f"{NAMES},OWN000002"
    for number, (line, _) in WRONG.items():
        lines[number - 1] = line
    return ("\ufeff" + "\n".join(lines)).encode()


def assert_wrong(path):
    """A failed file has just the rows that are wrong, with what is wrong with them."""
    heading, *rows = read_csv(path.read_bytes(), 1000)
    assert ",".join(heading.cells) == f"{HEADING},Problem"
    given = [(",".join(row.cells[:4]), row.cells[4]) for row in rows]
    assert sorted(cells for cells, _ in given) == sorted(c for c, _ in WRONG.values())
    for number, (cells, words) in WRONG.items():
        said = [each for each in given if each[1].startswith(f"Row {number}: ")]
        assert [line for line, _ in said] == [cells]
        assert words in said[0][1]


def test_rows_that_fail(key, address, tmp_path, vsp, other):
    upload(panels_csv(1, "0039"), other)
    upload(panels_csv(2, "OWN"), vsp)
    path, before = written(tmp_path / "panels.csv", with_problems()), uploads()
    failed = tmp_path / "panels-failed.csv"
    code, said = run(key, path, address)
    words = f"1,491 recorded, 1 already recorded, 7 failed (see {failed}), in "
    assert said.startswith(f"1,499 of 1,499 rows: {words}")
    assert (code, uploads_of("EX"), uploads()) == (1, [996, 495], before + 2)
    assert_wrong(failed)
    assert b",'0039000001," in failed.read_bytes()  # for a spreadsheet program, too

    code, said = run(key, path, address)  # what one is correcting is left alone
    again = tmp_path / "panels-failed-2.csv"
    words = f"1,492 already recorded, 7 failed (see {again}), in "
    assert said.startswith(f"1,499 of 1,499 rows: {words}")
    assert (code, uploads()) == (1, before + 2)
    assert_wrong(again)

    data = failed.read_bytes().replace(b"'1.5E+12", b"EX009001", 1)
    written(failed, data.replace(b"Supplier,,", b"Supplier,Holder,"))
    code, said = run(key, failed, address, "--failed", tmp_path / "rest.csv")
    assert said.startswith("7 of 7 rows: 2 recorded, 2 already recorded, 3 failed (")
    assert (code, uploads(), uploads_of("EX")) == (1, before + 3, [996, 495, 2])


def test_it_stops_where_it_cannot_go_on(key, address, tmp_path):
    path = written(tmp_path / "panels.csv", panels_csv(3))
    code, said = run(NO_KEY, path, address)
    assert (code, said.count("Access denied due to invalid subscription key.")) == (
        2,
        1,
    )
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
    for key, file, address, options, words in (
        ("", path, nowhere, (), "SPV_KEY"),
        (NO_KEY, path, "127.0.0.1", (), "--url 127.0.0.1 has to begin with https://"),
        (NO_KEY, path, nowhere, ("--failed", path), "--failed names the file"),
        (NO_KEY, tmp_path / "none.csv", nowhere, (), "No such file"),
    ):
        code, said = run(key, file, address, *options)
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


def test_any_python_from_3_9_on_can_run_it():
    for path in sorted(CLIENT.parent.glob("*.py")):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


AS_THEY_ARE = ["0039", "20E2300417", "1.5E+12", "123456789012", "12-3", "=A1", "'=A1",
               "'0039", "+1", "-a", "12mar", "2026-11-22", "O'Neil", "'quoted'", "1",
               "10:30 pm", "", "Müller", "@x", "(5)", "5%", "0x12"]  # fmt: skip


@pytest.fixture
def example(monkeypatch):
    """Imports a module of the example, as where it is run."""
    monkeypatch.syspath_prepend(CLIENT.parent)
    return importlib.import_module


def test_cells_are_marked_for_spreadsheets_as_in_files_of_the_ledger(example):
    rows = example("panel_rows")
    for cell in AS_THEY_ARE:
        theirs = csv_text([[cell, "x"]], as_text=True)
        assert next(csv.reader(io.StringIO(theirs)))[0] == rows.as_text(cell)
        assert rows.as_given(rows.as_text(cell)) == cell


def test_it_gives_up_when_there_was_no_progress_for_long(example, monkeypatch):
    client = example("upload_csv")
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    with pytest.raises(client.Stop, match=r"No success in 0\.1 seconds at"):
        client.Ledger(f"http://127.0.0.1:{free_port()}", NO_KEY).send("", [])
