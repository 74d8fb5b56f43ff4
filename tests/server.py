"""The application in a process of its own, with the server that `make run` uses."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from tests.examples import GOOD_SOLAR

ROOT = Path(__file__).parents[1]


def free_port():
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(database_url, port=0, **environment):
    """Start waitress; yield its address and its process."""
    port = port or free_port()
    command = [
        sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=8",
        "--max-request-header-size=131072", "--max-request-body-size=6000000",
        "--no-clear-untrusted-proxy-headers", "app:app",
    ]  # fmt: skip
    folder = tempfile.mkdtemp(prefix="spv-")  # checkpoints of this database alone
    variables = {
        "DATABASE_URL": database_url, "SPV_RATE_LIMITS": "off",
        "SPV_CHECKPOINTS": f"{folder}/checkpoints.txt",
    } | environment  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address + "/readyz")
        yield address, process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder)


def demonstration_with_past(folder):
    """Make a demonstration with its past; return the URL of its database."""
    url = f"sqlite:///{folder}/spv.sqlite"
    for command in (("db", "upgrade"), ("demo", "load")):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return url


def calculation_url(address):
    """Return the address at which a server's API calculates GOOD_SOLAR."""
    return f"{address}/api/stc/v1/calculation?{urllib.parse.urlencode(GOOD_SOLAR)}"


def wait_for(address, seconds=60):
    """Wait until an address answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
