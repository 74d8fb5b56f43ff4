"""Pictures of every page in its states: `make contact-sheets`.

The folder `contact-sheets` then has every picture, and for each width and theme a
sheet with all of them.
"""

import base64
import shutil
import sys
import tempfile
from html import escape

from playwright.sync_api import sync_playwright

from tests.browser.conftest import launch, open_page
from tests.browser.states import SIGNS_UP, STATES, TRAINS, show, visitor_of
from tests.server import ROOT, demonstration_with_past, serve

FOLDER = ROOT / "contact-sheets"
WIDTHS = {1280: 900, 375: 700}  # with their heights
THEMES = ("light", "dark")
SHEET = """<style>
body {{ margin: 24px; font: 14px sans-serif; background: #888 }}
main {{ display: flex; flex-wrap: wrap; gap: 16px }}
figure {{ margin: 0; width: 240px; background: #fff }}
figcaption {{ padding: 6px; font-weight: bold; color: #000 }}
img {{ display: block; width: 100%; max-height: 420px; object-fit: cover;
  object-position: top }}
</style><main>{figures}</main>"""


def picture(page, name, number):
    """Take a picture of a state in every width and theme."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            words = name.replace(", ", "-").replace(" ", "-")
            path = FOLDER / f"{width}-{theme}" / f"{number:03}-{words}.png"
            page.screenshot(path=path, full_page=True, animations="disabled")
    page.set_viewport_size({"width": 1280, "height": WIDTHS[1280]})


def take_pictures(chromium, address, wanted):
    """Visit every state as the person who sees it."""
    number = 0
    for words, states in STATES.items():
        page = open_page(chromium, address, {"width": 1280, "height": WIDTHS[1280]})
        visitor_of(page, words)
        for name, *steps in states:
            number += 1
            if wanted in name or words in (SIGNS_UP, TRAINS):
                show(page, *steps)
                picture(page, name, number)
        page.context.close()


def make_sheet(page, folder):
    """Put the pictures of a folder on one sheet, with their names."""
    figures = "".join(
        f"<figure><figcaption>{escape(path.stem)}</figcaption><img src='data:image/png;"
        f"base64,{base64.b64encode(path.read_bytes()).decode()}'></figure>"
        for path in sorted(folder.glob("*.png"))
    )
    page.set_content(SHEET.format(figures=figures))
    page.screenshot(path=folder.with_suffix(".png"), full_page=True)


def main(wanted=""):
    """Serve a demonstration with its past, take every picture, and make the sheets."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(demonstration_with_past(folder)) as (address, _process),
        sync_playwright() as playwright,
        launch(playwright) as chromium,
    ):
        take_pictures(chromium, address, wanted)
        page = chromium.new_page(viewport={"width": 2400, "height": 900})
        for each in sorted(FOLDER.iterdir()):
            make_sheet(page, each)
            print(each.with_suffix(".png").relative_to(ROOT))


if __name__ == "__main__":
    main(*sys.argv[1:])
