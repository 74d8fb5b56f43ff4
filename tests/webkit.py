"""WebKit, the engine of iPhones, by the WebDriver protocol over plain HTTP."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from tests.server import free_port, wait_for

COMMAND = ("xvfb-run", "-a", "-s", "-screen 0 1600x1200x24", "WebKitWebDriver")
IS_HERE = all(map(shutil.which, ("xvfb-run", "WebKitWebDriver")))
# The commands of the protocol, by the names that Firefox has for them.
COMMANDS = {"Navigate": "POST /url", "Back": "POST /back",
            "ExecuteScript": "POST /execute/sync",
            "ElementClick": "POST /element/{id}/click",
            "ElementSendKeys": "POST /element/{id}/value",
            "DeleteAllCookies": "DELETE /cookie", "GetCookies": "GET /cookie",
            "SetWindowRect": "POST /window/rect"}  # fmt: skip
FIND = """return Array.from(document.querySelectorAll(arguments[0])).find(
    each => each.getClientRects().length && each.innerText.includes(arguments[1])
) || null"""
SCROLL = """arguments[0].scrollIntoView({block: 'center'});
    return arguments[0].getBoundingClientRect().top"""
SECONDS = 20


class WebDriverError(Exception):
    """The browser's answer to a command that it could not do."""


class Window:
    """A window of a browser. Elements are waited for."""

    def open(self, address):
        self.send("Navigate", url=address)

    def back(self):
        self.send("Back")

    def execute(self, script, *arguments):
        return self.send("ExecuteScript", script=script, args=arguments)

    def find(self, css, text=""):
        """Return the first element that shows a text, as soon as there is one."""
        end = time.monotonic() + SECONDS
        while not (found := self.execute(FIND, css, text)):
            if time.monotonic() > end:
                page = self.execute("return document.body.innerText")
                raise AssertionError(f"{css} does not show {text!r}: {page[:999]}")
            time.sleep(0.02)
        return found

    def click(self, css, text=""):
        """Click an element in the middle of the window: WebKit does not scroll.

        Wait until it stays where it is: the page may still scroll or change above it.
        """
        element, before = self.find(css, text), None
        while before != (place := self.execute(SCROLL, element)):
            before = place
            time.sleep(0.1)
        (reference,) = element.values()
        self.send("ElementClick", id=reference)

    def type(self, css, text):
        (reference,) = self.find(css).values()
        self.send("ElementSendKeys", id=reference, text=text)

    def text(self, css):
        return self.execute("return arguments[0].innerText", self.find(css))


class WebKit(Window):
    """A session of WebKitWebDriver."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        answer = self.request("POST", "/session", {"capabilities": {}})
        self.session = "/session/" + answer["sessionId"]
        size = {"width": 1280, "height": 900}
        self.request("POST", self.session + "/window/rect", size)

    def send(self, name, **fields):
        method, path = COMMANDS[name].format_map(fields).split()
        return self.request(method, self.session + path, fields)

    def request(self, method, path, fields):
        self.connection.request(method, path, json.dumps(fields))
        value = json.load(self.connection.getresponse())["value"]
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(value["error"], value["message"])
        return value


@contextlib.contextmanager
def webkit():
    """Start WebKit on a display of its own; yield its window."""
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [*COMMAND, f"--port={port}"], env=os.environ | {"TMPDIR": folder},
            start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/status")
            window = WebKit(port)
            with contextlib.closing(window.connection):
                yield window
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
