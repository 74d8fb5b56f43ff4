"""Rate limits of several servers together, also while their storage is down."""

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.server import calculation_url, free_port, serve

ON = {"SPV_RATE_LIMITS": "on", "SPV_VISITOR_ROWS": "0"}
PER_MINUTE = 300  # calculations; the quota of 0 rows refuses each of them


def error_of(url):
    """Return the status and text of an error answer."""
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url, timeout=10)
    with error.value as answer:
        return answer.code, answer.read().decode()


def is_limited(address):
    """Tell whether the rate limit refuses a calculation, and not only the quota."""
    code, text = error_of(calculation_url(address))
    assert code == 429
    return "too_many_requests" in text


@pytest.fixture
def redis():
    """The address of a new Redis server."""
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


@pytest.mark.long
def test_while_the_storage_is_down_each_process_counts_for_itself(sqlite_url):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with serve(sqlite_url, **ON, RATELIMIT_STORAGE_URI=nowhere) as (address, _):
        begin = time.monotonic()
        limited = [is_limited(address) for _ in range(PER_MINUTE + 5)]
        url = f"{address}/api/serial-number-ledger/v1/serial-numbers/X1"
        bad_keys = [error_of(url)[0] for _ in range(62)]
        assert time.monotonic() - begin < 30
    assert limited[: PER_MINUTE - 1] == [False] * (PER_MINUTE - 1)
    assert limited[-1]
    assert bad_keys[:60] == [401] * 60
    assert bad_keys[-1] == 429
