"""The conventions of templates, read off every file."""

import re
from pathlib import Path

from jinja2 import Environment, nodes

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


# Values for a template that is included twice.
SET_TWICE = {("stc/_batch.html", "reasons"), ("stc/_result.html", "result")}


def set_names(node):
    """Yield the names that a template or a macro sets, without those of its macros."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Assign | nodes.AssignBlock):
            yield from (n.name for n in [child.target, *child.target.iter_child_nodes()]
                        if isinstance(n, nodes.Name) and n.name != "_")  # fmt: skip
        if not isinstance(child, nodes.Macro):
            yield from set_names(child)


def included(name):
    """Yield the templates that a template includes, and those that they include."""
    for other in re.findall(r'{% include "([^"]+)" %}', TEXTS[name]):
        yield other
        yield from included(other)


def test_lines_are_short():
    for name, text in TEXTS.items():
        assert max(map(len, text.splitlines())) <= COLUMNS, name


def test_no_name_is_set_twice():
    """What follows would use the second value."""
    twice = set()
    for name, text in TEXTS.items():
        tree = Environment(autoescape=True).parse(text)
        for scope in (tree, *tree.find_all(nodes.Macro)):
            names = [*set_names(scope)]
            twice |= {(name, each) for each in names if names.count(each) > 1}
    assert twice == SET_TWICE


def test_nothing_inline():
    for name, text in TEXTS.items():
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), name
        assert "<style" not in text, name
        assert not re.search(r"\sstyle=", text), name
        assert not re.search(r"\son[a-z]+=", text), name
        found = re.search(r"hx-on|js:|javascript:|hx-boost|hx-vals=.js", text)
        assert not found, name


def test_no_trigger_filters():
    """HTMX evaluates them, which the content security policy forbids."""
    for name, text in TEXTS.items():
        for trigger in re.findall(r'hx-trigger"?[=:] ?"([^"]+)"', text):
            assert "[" not in trigger, name


def test_nothing_from_elsewhere():
    for name, text in TEXTS.items():
        found = re.search(r'(src|rel="stylesheet" href)="(https?:)?//', text)
        assert not found, name


def test_nothing_is_marked_safe():
    for name, text in TEXTS.items():
        assert "|safe" not in text.replace(" ", ""), name
        assert "autoescape" not in text, name


def test_each_partial_is_used():
    used = {name for page in [*PAGES, *SHELLS] for name in (page, *included(page))}
    assert {*PARTIALS} - used == set()


def test_both_shells_hold_the_same():
    for name in SHELLS[:2]:
        for same in ("<title>", "get_flashed_messages()", "{% include partial %}"):
            assert TEXTS[name].count(same) == 1, (name, same)


def test_one_first_heading():
    for name in PAGES:
        text = "".join(TEXTS[each] for each in [name, *included(name)])
        assert len(re.findall(r"<h1[ >]", text)) == 1, name


def test_each_macro_is_used():
    everything = "".join(TEXTS.values())
    for name in (name for name in TEXTS if name.startswith("macros/")):
        for macro in re.findall(r"{% macro (\w+)\(", TEXTS[name]):
            assert len(re.findall(rf"\b{macro}\(", everything)) > 1, macro
