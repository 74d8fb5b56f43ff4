"""Large requests to the real server: refused before they are read or stored."""

import contextlib
import re
import socket
from urllib.parse import urlsplit

import pytest

from tests.server import ROOT, serve

LENGTH = b"Content-Length: 600000000\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"


def send(address, *pieces):
    """Send pieces; return the first line of the answer, and how many were taken."""
    url, taken = urlsplit(address), 0
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                taken += 1
        with contextlib.suppress(ConnectionError):
            return connection.recv(1000).partition(b"\r\n")[0].decode(), taken
        return "closed", taken


@pytest.fixture
def address(sqlite_url):
    with serve(sqlite_url) as (address, _process):
        yield address


def test_a_far_too_large_request_is_refused_before_it_is_read(address):
    start = b"POST /check-a-file HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
    answer, _ = send(address, start + LENGTH)
    assert answer == "HTTP/1.1 413 Request Entity Too Large"
    answer, taken = send(address, start + CHUNKED, *[PIECE] * 60)
    assert answer in ("HTTP/1.1 413 Request Entity Too Large", "closed")
    assert taken < 40
    line = b"a: " + b" " * 100_000 + b"b\r\n"  # this once took a minute
    answer, _ = send(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n")
    assert answer == "HTTP/1.1 200 OK"
    answer, _ = send(address, b"GET / HTTP/1.1\r\n" + line * 2)
    assert " 431 " in answer


def test_every_server_is_started_with_the_same_limits():
    """The servers of `make run`, of the documentation, and of these tests."""
    names = ("Makefile", "docs/operations.md", "tests/server.py")
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in names]
    flags = [set(re.findall(r"--max-request-[a-z-]+=[0-9]+", text)) for text in texts]
    assert flags[0] == flags[1] == flags[2]
    assert len(flags[0]) == 2


def test_a_request_just_over_the_limit_gets_a_page(address):
    start = b"POST /check-a-file HTTP/1.1\r\nHost: x\r\nContent-Length: 5500000\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=line\r\n\r\n"
    answer, _ = send(address, start + kind, b"x" * 5_500_000)
    assert answer == "HTTP/1.1 413 REQUEST ENTITY TOO LARGE"
