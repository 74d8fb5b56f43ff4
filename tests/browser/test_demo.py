"""The ten minutes of docs/demo.md, walked in Chromium as they are written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, open_page
from tests.server import ROOT

pytestmark = pytest.mark.browser
TEXT = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
CODE, BOLD = r"`([^`]+)`", r"\*\*([^*]+)\*\*"
# What a step can say. The first group is what it is said of.
ACTS = {
    "open": rf"Open {CODE}",
    "fill": rf"(?:Type|and) {CODE} under {BOLD}",
    "press": rf"Press {BOLD}",
    "follow": rf"[Ff]ollow {BOLD}",
    "unfold": rf"Unfold {BOLD}",
    "tick": rf"Tick {BOLD}",
    "choose": rf"Choose the file {CODE} under {BOLD}",
    "save": rf"save it as {CODE}",
    "run": rf"Run {CODE}",
    "see": r"“([^”]+)”",
    "change_window": r"(private window)\.",
}
ACT = re.compile("|".join(f"(?P<{name}>{words})" for name, words in ACTS.items()))


def acts():
    """Yield the acts of the document in their order: the name, and what is said."""
    steps = re.split(r"\n## ", TEXT)[1:]
    for text in (" ".join(part.split()) for part in steps):
        found = [*ACT.finditer(text)]
        said = sum(len(re.findall(f"{CODE}|{BOLD}|“", each[0])) for each in found)
        assert said == len(re.findall(f"{CODE}|{BOLD}|“", text)), text
        for each in found:
            words = [group for group in each.groups() if group]
            yield each.lastgroup or words[0], words[1:]


class Walker:
    """Somebody with two windows and a terminal, who does what a document says."""

    def __init__(self, windows, database_url, home):
        self.windows, self.home, self.printed = windows, home, ""
        (home / "Downloads").mkdir()
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "HOME": str(home),
        }

    @property
    def page(self):
        return self.windows[0]

    def open(self, address):
        self.page.goto(address)

    def fill(self, text, label):
        fields = self.page.get_by_label(label, exact=True)
        for field in fields.all():  # a page can have two forms with it
            field.fill(text)

    def press(self, words):
        self.page.locator("main").get_by_role("button", name=words).first.click()

    def follow(self, words):
        link = self.page.locator("main").get_by_role("link", name=words).first
        if not words.startswith("Download"):
            link.click()
            return
        with self.page.expect_download() as begun:
            link.click()
        file = begun.value
        file.save_as(self.home / "Downloads" / file.suggested_filename)

    def unfold(self, words):
        self.page.locator("summary", has_text=words).first.click()

    def tick(self, label):
        self.page.get_by_label(label).first.check()

    def choose(self, name, label):
        file = self.home / "Downloads" / name
        self.page.get_by_label(label).first.set_input_files(file)

    def save(self, name):
        text = self.page.locator("body").inner_text()
        (self.home / "Downloads" / name).write_text(text, encoding="utf-8")

    def run(self, command):
        folder = str(Path(sys.executable).parent)
        done = subprocess.run(
            command.replace(".venv/bin", folder), shell=True, cwd=ROOT, text=True,
            env=self.environment, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.printed = done.stdout

    def see(self, words):
        if words in self.printed:
            return
        seen = self.page.get_by_text(words).filter(visible=True)
        expect(seen.first).to_be_visible()

    def change_window(self, _):
        self.windows.reverse()


@pytest.fixture
def walker(chromium, past_server, tmp_path):
    address, url = past_server
    width, height = SIZES["desktop"]
    size = {"width": width, "height": height}
    windows = [open_page(chromium, address, size) for _ in range(2)]
    yield Walker([*windows], url, tmp_path)
    assert [page.complaints for page in windows] == [[], []]
    for page in windows:
        page.context.close()


def test_each_sentence_says_what_can_be_done():
    assert [name for name, _ in acts()].count("open") > 5


@pytest.mark.long
def test_the_ten_minutes(walker):
    for name, words in acts():
        print(name, *words)
        getattr(walker, name)(*words)
