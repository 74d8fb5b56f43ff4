"""Limits of several servers together, and what happens while their storage is away."""

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.examples import GOOD_SOLAR
from tests.server import free_port, serve

ON = {"SPV_RATE_LIMITS": "on", "SPV_VISITOR_ROWS": "0"}
PER_MINUTE = 300  # calculations, of which the quota lets none through


def status(address):
    """The status of a calculation."""
    query = urllib.parse.urlencode(GOOD_SOLAR)
    try:
        url = f"{address}/api/stc/v1/calculation?{query}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def is_limited(address):
    code, text = status(address)
    assert code == 429
    return "too_many_requests" in text


@pytest.fixture
def redis():
    """The address of a Redis server of its own."""
    if not (command := shutil.which("redis-server")):
        pytest.skip("no redis-server on this machine")
    port = free_port()
    process = subprocess.Popen(
        [command, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield f"valkey://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def test_two_servers_count_together(sqlite_url, redis):
    storage = ON | {"RATELIMIT_STORAGE_URI": redis}
    with (
        serve(sqlite_url, **storage) as (one, _),
        serve(sqlite_url, **storage) as (other, _),
    ):
        limited = [is_limited((one, other)[n % 2]) for n in range(PER_MINUTE + 20)]
    assert limited == [False] * PER_MINUTE + [True] * 20


def test_while_the_storage_is_away_each_process_counts_for_itself(sqlite_url):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with serve(sqlite_url, **ON, RATELIMIT_STORAGE_URI=nowhere) as (address, _):
        begin = time.monotonic()
        limited = [is_limited(address) for _ in range(PER_MINUTE + 5)]
        url = f"{address}/api/serial-number-ledger/v1/serial-numbers/X1"
        bad_keys = []
        for _ in range(62):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(url, timeout=10)
            bad_keys.append(refused.value.code)
            refused.value.close()
        assert time.monotonic() - begin < 30
    assert limited[: PER_MINUTE - 1] == [False] * (PER_MINUTE - 1)
    assert limited[-1]
    assert bad_keys[:60] == [401] * 60
    assert bad_keys[-1] == 429
