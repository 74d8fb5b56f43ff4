"""The conventions of templates, read off every file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "spv/templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
TEXTS = {str(p.relative_to(TEMPLATES)): p.read_text(encoding="utf-8") for p in FILES}
CODE = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "spv").rglob("*.py"))
COLUMNS = 100
SHELLS = ("base.html", "partial.html", "errors/_wait.html")
# The partials that views render: alone for HTMX, and inside base.html otherwise.
PAGES = [name for name in TEXTS if f'"{name}"' in CODE and name not in SHELLS]
# The page of visitors includes the first questions of the calculator.
PARTIALS = [name for name in TEXTS if Path(name).name.startswith("_")]
each = pytest.mark.parametrize("name", TEXTS)


def included(name):
    """Yield the templates that a template includes, and those that they include."""
    for other in re.findall(r'{% include "([^"]+)" %}', TEXTS[name]):
        yield other
        yield from included(other)


@each
def test_lines_are_short(name):
    assert max(map(len, TEXTS[name].splitlines())) <= COLUMNS


@each
def test_nothing_inline(name):
    text = TEXTS[name]
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"hx-on|js:|javascript:|hx-boost|hx-vals=.js", text)


@each
def test_no_trigger_filters(name):
    """HTMX evaluates them, which the content security policy forbids."""
    for trigger in re.findall(r'hx-trigger"?[=:] ?"([^"]+)"', TEXTS[name]):
        assert "[" not in trigger


@each
def test_nothing_from_elsewhere(name):
    assert not re.search(r'(src|rel="stylesheet" href)="(https?:)?//', TEXTS[name])


@each
def test_nothing_is_marked_safe(name):
    assert "|safe" not in TEXTS[name].replace(" ", "")
    assert "autoescape" not in TEXTS[name]


@pytest.mark.parametrize("name", PARTIALS)
def test_each_partial_is_used(name):
    assert any(name in {page, *included(page)} for page in [*PAGES, *SHELLS])


@pytest.mark.parametrize("name", SHELLS[:2])
def test_both_shells_hold_the_same(name):
    text = TEXTS[name]
    for same in ("<title>", "get_flashed_messages()", "{% include partial %}"):
        assert text.count(same) == 1, same


@pytest.mark.parametrize("name", PAGES)
def test_one_first_heading(name):
    text = "".join(TEXTS[each] for each in [name, *included(name)])
    assert len(re.findall(r"<h1[ >]", text)) == 1


@pytest.mark.parametrize("name", [n for n in TEXTS if n.startswith("macros/")])
def test_each_macro_is_used(name):
    everything = "".join(TEXTS.values())
    for macro in re.findall(r"{% macro (\w+)\(", TEXTS[name]):
        assert len(re.findall(rf"\b{macro}\(", everything)) > 1, macro
