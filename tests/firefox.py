"""Firefox, by Marionette: the protocol of its own that needs no driver."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.server import free_port
from tests.webkit import SECONDS, WebDriverError, Window

COMMAND = shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox(Window):
    """A session of Marionette. A message is its length, a colon, and JSON."""

    def __init__(self, connection):
        self.connection = connection.makefile("rwb")
        self.receive()
        self.send("NewSession")

    def send(self, name, **fields):
        message = json.dumps([0, 1, f"WebDriver:{name}", fields])
        self.connection.write(f"{len(message)}:{message}".encode())
        self.connection.flush()
        _, _, error, answer = self.receive()
        if error:
            raise WebDriverError(error["error"], error["message"])
        return answer if isinstance(answer, list) else answer.get("value")

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            length += self.connection.read(1)
        return json.loads(self.connection.read(int(length[:-1])))


def connected(port):
    """Return a connection, as soon as there can be one."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def firefox():
    """Start Firefox with a profile of its own; yield its window."""
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        settings = Path(profile, "user.js")
        settings.write_text(f'user_pref("marionette.port", {port});', encoding="ascii")
        process = subprocess.Popen(
            [COMMAND, "--headless", "--marionette", "--profile", profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with connected(port) as connection:
                yield Firefox(connection)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
