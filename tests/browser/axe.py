"""Axe, which finds what keeps people from using a page."""

from axe_playwright_python.sync_playwright import Axe

from tests.endurance import Run

AXE = Axe().axe_script
# Only what is wrong is returned: the whole report takes longer than all the rules.
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(report =>
    report.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"""


# The elements of a page and their attributes, without texts, addresses and numbers.
STRUCTURE = """[innerWidth, matchMedia("(prefers-color-scheme: dark)").matches,
    ...Array.from(document.querySelectorAll("*"), each =>
        each.tagName + Boolean(each.textContent.trim()) + Array.from(each.attributes,
            a => a.name + (/^(href|src|value|action|content|d|title)$|^data-|^hx-/
                .test(a.name) ? "" : a.value.replace(/[0-9]+/g, "")))
    )].join()"""
CHECKED = set()


def check(page):
    """Check that nothing is wider than the window, and in `make test-long` with axe.

    In `make test`, test_every_page.py gives every page to axe.
    """
    if not Run.is_short:
        check_with_axe(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"]


def check_with_axe(page):
    """Check that axe finds nothing.

    What has the structure of a page that axe has seen before is not given to it again.
    """
    structure = page.evaluate(STRUCTURE)
    if structure not in CHECKED:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        assert page.evaluate(VIOLATIONS) == []
        CHECKED.add(structure)
