"""A server that is stopped leaves all data in SQLite's main file, and no other file."""

import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing

import pytest

from tests.server import ROOT, calculation_url, serve

COUNT = "SELECT count(*) FROM stc_calculations"


def count_in_main_file(path, statement=COUNT):
    """Count rows in a copy of the main file alone."""
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as database:
        return database.execute(statement).fetchone()[0]


def calculate(address):
    """Save a calculation."""
    with urllib.request.urlopen(calculation_url(address)) as answer:
        answer.read()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)]
)
def test_a_stopped_server(sqlite_url, tmp_path, number):
    path = tmp_path / "spv.sqlite"
    with serve(sqlite_url) as (address, process):
        calculate(address)
        assert count_in_main_file(path) == 0  # it is in the -wal file
        process.send_signal(number)
        assert process.wait(15) == 0
    assert count_in_main_file(path) == 1
    assert not path.with_name("spv.sqlite-wal").exists()


def test_a_stopped_server_waits_for_nobody(sqlite_url, tmp_path):
    """While others read and write, the data stays safe in `-wal`."""
    path = tmp_path / "spv.sqlite"
    reader = sqlite3.connect(path, isolation_level=None)
    with serve(sqlite_url) as (address, process), closing(reader) as other:
        other.execute("BEGIN")
        other.execute(COUNT).fetchone()
        calculate(address)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert time.monotonic() - began < 10
        other.execute("COMMIT")
        assert other.execute(COUNT).fetchone() == (1,)


def test_the_end_of_a_command(sqlite_url, tmp_path, monkeypatch):
    """It leaves its data in the main file, although another has the database open."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    path = tmp_path / "spv.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute(COUNT).fetchone()
        command = ["-m", "flask", "--app", "app", "create-staff", "pat@agency.example"]
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True,
                       capture_output=True)  # fmt: skip
        assert count_in_main_file(path, "SELECT count(*) FROM users") == 1
