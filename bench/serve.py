"""Serve an app with waitress in its own process, and a small HTTP client."""

import html
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from flask import Flask

from spv import demo

UPLOADS = "/api/serial-number-ledger/v1/serial-numbers"
KEY = "Ocp-Apim-Subscription-Key"
GOOD = (b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 303")


@contextmanager
def served(
    app: str, environment: dict[str, str], server: str = "waitress"
) -> Iterator[int]:
    """Serve `module:app`, and yield its port.

    The server is `waitress`, as for `make run`, or `gunicorn` with three processes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "waitress": [f"--listen=127.0.0.1:{port}"],
        "gunicorn": [f"--bind=127.0.0.1:{port}", "--workers=3", "--preload",
                     "--no-control-socket"],
    }  # fmt: skip
    command = [sys.executable, "-m", server, *options[server], "--threads=8", app]
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
        process.terminate()
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


def signed_in(port: int, email: str) -> "Browser":
    """Return a browser in which a demonstration user has signed in."""
    browser = Browser(port)
    browser.sign_in(email)
    return browser


def uploading(browser: "Browser") -> Callable[[str], None]:
    """Return a way to upload a file."""
    answers = {"csrf_token": browser.token("/panels/upload"), "declaration": "yes"}
    cookies = dict(browser.cookies)

    def upload(csv_text: str) -> None:
        browser.cookies = dict(cookies)  # no page is opened that would show the message
        answer = browser.send_file("/panels/upload", answers, csv_text)
        assert b"/panels/uploads/" in answer, answer

    return upload


def subscribe(browser: "Visitor") -> str:
    """Subscribe to the upload API, and return a key."""
    product = "/developer/products/serial-number-ledger"
    page = browser.get(product).decode()
    version = re.search(r'name="terms_version" value="([^"]+)"', page)[1]
    answers = {"name": "Bench", "terms": "yes", "terms_version": version}
    browser.send_form(product, answers, browser.token(product))
    profile = browser.get("/developer/profile").decode()
    shows = re.search(r'action="([^"]*primary[^"]*)"', profile)[1]
    token = browser.token("/developer/profile")
    page = browser.send_form(html.unescape(shows), {}, token).decode()
    return html.unescape(re.search(r'id="secret" value="([^"]+)"', page)[1])


def uploading_by_api(browser: "Browser") -> Callable[[bytes], None]:
    """Return a way to send a body to the upload API."""
    headers = f"{KEY}: {subscribe(browser)}\r\n"

    def upload(body: bytes) -> None:
        answer = browser.post(UPLOADS, "application/json", body, headers)
        assert b"Successful" in answer, answer

    return upload


class Visitor:
    """Somebody who opens pages and sends forms."""

    def get(self, path: str, headers: str = "") -> bytes:
        """Return the body of a page."""
        raise NotImplementedError

    def send_form(self, path: str, fields: dict[str, str], token: str) -> bytes:
        """Send a form without files, and return the answer's body."""
        raise NotImplementedError

    def token(self, path: str) -> str:
        """Return the CSRF token of the form on a page."""
        page = self.get(path).decode()
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def sign_in(self, email: str) -> None:
        """Sign in as a demonstration user."""
        answers = {"email": email, "password": demo.PASSWORD}
        self.send_form("/sign-in", answers, self.token("/sign-in"))


class Browser(Visitor):
    """A connection that stays open and keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._connect()

    def _connect(self) -> None:
        address = "127.0.0.1", self.port
        self.connection = socket.create_connection(address, timeout=30)

    def get(self, path: str, headers: str = "") -> bytes:
        """Return the body of a page."""
        return self.send("GET", path, headers)

    def send_file(self, path: str, fields: dict[str, str], csv_text: str) -> bytes:
        """Send a form with a CSV as a browser does, and return the answer's body."""
        part = '--x\r\nContent-Disposition: form-data; name="'
        lines = [f'{part}{field}"\r\n\r\n{value}' for field, value in fields.items()]
        file = f'{part}file"; filename="rows.csv"\r\nContent-Type: text/csv\r\n'
        body = "\r\n".join([*lines, file, csv_text, "--x--\r\n"]).encode()
        return self.post(path, "multipart/form-data; boundary=x", body)

    def send_form(self, path: str, fields: dict[str, str], token: str) -> bytes:
        """Send a form without files, and return the answer's body."""
        body = urlencode(fields | {"csrf_token": token}).encode()
        return self.post(path, "application/x-www-form-urlencoded", body)

    def post(self, path: str, kind: str, body: bytes, headers: str = "") -> bytes:
        """Send a body, and return the answer's."""
        lines = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return self.send("POST", path, lines + headers, body)

    def download(self, path: str) -> int:
        """Read an answer that is streamed, and return the number of its lines."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Cookie": self._cookie()})
        lines, answer = 0, connection.getresponse()
        assert answer.status == 200, answer.status
        while piece := answer.read(65536):
            lines += piece.count(b"\n")
        connection.close()
        return lines

    def send(self, verb: str, path: str, headers: str, body: bytes = b"") -> bytes:
        """Send a request, and return the body of its answer: 200, 201 or 303."""
        lines = f"Host: localhost\r\nCookie: {self._cookie()}\r\n{headers}"
        start = f"{verb} {path} HTTP/1.1\r\n{lines}\r\n"
        received = self._first_answer(start.encode() + body)
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(GOOD), head
        for cookie in re.findall(r"(?i)set-cookie: ([^;]+)", head.decode()):
            name, _, value = cookie.partition("=")
            self.cookies[name] = value
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(received) < length:
            received += self._receive()
        return received

    def _first_answer(self, request: bytes) -> bytes:
        """Send a request, and return the first bytes of its answer.

        A server closes connections that are not used for some seconds. So the request
        is sent again over a new one, as browsers do.
        """
        try:
            self.connection.sendall(request)
            return self._receive()
        except ConnectionError:
            self._connect()
            self.connection.sendall(request)
            return self._receive()

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _receive(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data


class Client(Visitor):
    """A demonstration user who has signed in to an app in this process."""

    def __init__(self, app: Flask, email: str) -> None:
        self.client = app.test_client()
        self.sign_in(email)

    def get(self, path: str, headers: str = "") -> bytes:
        """Return the body of a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status)
        return answer.data

    def send_form(self, path: str, fields: dict[str, str], token: str) -> bytes:
        """Send a form without files, and return the answer's body."""
        answer = self.client.post(path, data=fields | {"csrf_token": token})
        assert answer.status_code in (200, 303), (path, answer.status)
        return answer.data
