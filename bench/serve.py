"""Serve an app with waitress in its own process, and a small HTTP client."""

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
    """Serve `module:app`, and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}",
               "--threads=8", app]  # fmt: skip
    process = subprocess.Popen(
        command, env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(1200):
            try:
                Browser(port).get("/readyz")
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise TimeoutError(app)
        yield port
    finally:
        process.kill()
        process.wait()


def flask(environment: dict[str, str], *command: str) -> None:
    """Run a flask command of spv."""
    subprocess.run([sys.executable, "-m", "flask", "--app", "app", *command],
                   env=os.environ | environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip


@contextmanager
def spv_served(folder: str) -> Iterator[int]:
    """Serve spv on a fresh SQLite database, and yield its port."""
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/spv.sqlite",
        "SPV_RATE_LIMITS": "off",  # and with them the quota of visitors
    }
    flask(environment, "db", "upgrade")
    with served("app:app", environment) as port:
        yield port


class Browser:
    """A connection that stays open and keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: str = "") -> bytes:
        """Return the body of a page."""
        return self.send("GET", path, headers)

    def token(self, path: str) -> str:
        """Return the CSRF token of the form on a page."""
        page = self.get(path).decode()
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def send_file(self, path: str, fields: dict[str, str], csv_text: str) -> bytes:
        """Send a form with a CSV as a browser does, and return the answer's body."""
        part = '--x\r\nContent-Disposition: form-data; name="'
        lines = [f'{part}{field}"\r\n\r\n{value}' for field, value in fields.items()]
        file = f'{part}file"; filename="rows.csv"\r\nContent-Type: text/csv\r\n'
        body = "\r\n".join([*lines, file, csv_text, "--x--\r\n"]).encode()
        return self.post(path, "multipart/form-data; boundary=x", body)

    def post(self, path: str, kind: str, body: bytes) -> bytes:
        """Send a form, and return the answer's body."""
        lines = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return self.send("POST", path, lines, body)

    def send(self, verb: str, path: str, headers: str, body: bytes = b"") -> bytes:
        """Send a request, and return the body of its answer: 200 or 303."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = f"Host: localhost\r\nCookie: {cookie}\r\n{headers}"
        start = f"{verb} {path} HTTP/1.1\r\n{lines}\r\n"
        self.connection.sendall(start.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 303")), head
        for cookie in re.findall(r"(?i)set-cookie: ([^;]+)", head.decode()):
            name, _, value = cookie.partition("=")
            self.cookies[name] = value
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(received) < length:
            received += self._receive()
        return received

    def _receive(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data
