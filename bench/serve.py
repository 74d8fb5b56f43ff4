"""Serving an app with waitress in a process of its own, and a small HTTP client."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(app: str, environment: dict[str, str]) -> Iterator[int]:
    """Serve `module:app`; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}",
               "--threads=8", app]  # fmt: skip
    process = subprocess.Popen(
        command, env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                Browser(port).get("/readyz")
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def spv_served(folder: str) -> Iterator[int]:
    """The application on a fresh SQLite database, as `make run` serves it."""
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/spv.sqlite",
        "SPV_RATE_LIMITS": "off",  # and with them the quota of visitors
    }
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"],
        env=os.environ | environment, check=True,
    )  # fmt: skip
    with served("app:app", environment) as port:
        yield port


class Browser:
    """One connection that stays open and keeps its cookie."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.cookie = ""

    def get(self, path: str, headers: str = "") -> bytes:
        """The body of a 200."""
        return self.send("GET", path, headers)

    def post(self, path: str, kind: str, body: bytes) -> bytes:
        """The body of what a form is answered with."""
        lines = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return self.send("POST", path, lines, body)

    def send(self, verb: str, path: str, headers: str, body: bytes = b"") -> bytes:
        """One request and the body of its answer, which must be 200 or 303."""
        start = (
            f"{verb} {path} HTTP/1.1\r\nHost: localhost\r\n{self.cookie}{headers}\r\n"
        )
        self.connection.sendall(start.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 303")), head
        if found := re.search(rb"(?i)set-cookie: ([^;]+)", head):
            self.cookie = f"Cookie: {found[1].decode()}\r\n"
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(received) < length:
            received += self._receive()
        return received

    def _receive(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data
