"""The conventions of docs/architecture.md, read off the source: arrows, sizes."""

import ast
import graphlib
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.house import (
    arrows,
    asking_docstrings,
    functions_of,
    graph_of,
    imports_of,
    lines_of,
    sources,
)

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spv"
SOURCES = sorted(PACKAGE.rglob("*.py"))
GRAPH = graph_of(sources())
# The rooms that each room may import. A room that is not here imports nothing of ours.
ARROWS = {
    "rules": set(),
    "extensions": {"rules"},
    "models": {"extensions"},
    "policy": {"rules"},
    "services": {"models", "rules", "extensions", "clock", "database"},
    "forms": {"rules"},
    "views": {
        "access",
        "demo",
        "errors",
        "extensions",
        "forms",
        "guide",
        "known_browsers",
        "pages",
        "readiness",
        "rules",
        "services",
    },
    "config": {"rules"},
    "guide": {"rules"},
    "demo": {"clock", "database", "extensions", "models", "rules", "services"},
    "demo_past": {"clock", "demo", "models", "rules", "services"},
    "readiness": {"database", "extensions", "models"},
    "access": {
        "config",
        "demo",
        "extensions",
        "pages",
        "policy",
        "rules",
        "security",
        "services",
    },
    "known_browsers": {"extensions", "security", "services"},
    "second_factor": {
        "access",
        "extensions",
        "forms",
        "pages",
        "policy",
        "rules",
        "services",
    },
    "pages": {"clock", "extensions", "guide", "rules"},
    "errors": {"database", "pages", "rules", "security"},
    "cli": {"database", "demo", "demo_past", "pages", "readiness", "rules", "services"},
    "clock": {"rules"},
    "database": {"extensions", "rules"},
    "security": {"extensions"},
}
# Every room of a floor may import its bottom. These are the arrows besides.
BOTTOM = {
    "rules": {"errors", "text"},
    "services": {
        "actor",
        "audit_log",
        "authorisation",
        "encryption",
        "retention",
        "row_states",
    },
}
INSIDE = {
    "rules": {
        "accounts": {"csv_file", "faults"},
        "csv_file": set(),
        "errors": set(),
        "desk": set(),
        "faults": set(),
        "merkle": set(),
        "proofs": {"merkle", "stc"},
        "ledger": {"csv_file", "faults"},
        "secrets": set(),
        "staff_search": {"ledger", "stc"},
        "stc": {"csv_file"},
        "text": {"errors"},
        "training": {"accounts", "csv_file", "ledger"},
    },
    "services": {
        "accounts": set(),
        "actor": set(),
        "agency": {"accounts", "ledger"},
        "api": {"accounts", "ledger"},
        "audit_log": {"actor", "row_states"},
        "authorisation": {"actor", "audit_log"},
        "checkpoints": set(),
        "encryption": set(),
        "ledger": set(),
        "receipts": {"checkpoints"},
        "retention": set(),
        "row_states": set(),
        "search_box": {"accounts", "ledger"},
        "stc": set(),
        "training": {"accounts", "agency"},
        "verify": {"checkpoints", "ledger", "stc", "training"},
    },
}
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40


def name_of(path):
    return str(path.relative_to(ROOT))


def room_of(path):
    """Return the folder or module of spv that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported(path):
    return {n.split(".")[1] for n in imports_of(path) if n.startswith("spv.")}


def test_arrows_go_one_way():
    for path in SOURCES:
        room = room_of(path)
        beyond = rooms_imported(path) - ARROWS.get(room, set()) - {room}
        # create_app, in the file of the package, binds everything.
        assert room == "__init__" or not beyond, f"{room} must not import {beyond}"


@pytest.mark.parametrize("floor", INSIDE)
def test_arrows_inside_a_floor(floor):
    found, allowed = arrows(GRAPH, floor), INSIDE[floor]
    assert found.keys() == allowed.keys()
    for room, imported in found.items():
        bottom = set() if room in BOTTOM[floor] else BOTTOM[floor]
        beyond = imported - allowed[room] - bottom
        assert not beyond, f"{floor}/{room} must not import {beyond}"


def test_no_circle_of_imports():
    """Neither at the top of modules nor in functions."""
    try:
        graphlib.TopologicalSorter(GRAPH).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_rules_know_only_the_standard_library():
    for path in (path for path in SOURCES if room_of(path) == "rules"):
        outside = {name.split(".")[0] for name in imports_of(path)} - {"spv"}
        # stdnum checks numbers, cryptography signs: no clock, no files, no network.
        beyond = outside - {*sys.stdlib_module_names, "stdnum", "cryptography"}
        assert not beyond, name_of(path)
        text = path.read_text(encoding="utf-8")
        for clock in ("now(", "today(", "time("):
            assert f".{clock}" not in text, name_of(path)


def test_sizes():
    tests, examples = ROOT.glob("tests/**/*.py"), ROOT.glob("docs/**/*.py")
    for path in [*SOURCES, *tests, *examples]:
        lines = lines_of(path)
        assert lines <= LINES_OF_A_FILE, f"{name_of(path)} has {lines} lines"
        for node, lines in functions_of(path):
            assert lines <= LINES_OF_A_FUNCTION, f"{node.name} has {lines} lines"


def test_docstrings():
    """Every module, public class and public function says in a line what it is.

    A method that overrides another may leave it to the docstring of that one.
    """
    silent = {name_of(path): names for path in SOURCES if (names := without(path))}
    assert not silent


def without(path):
    """Return the names in a file that have no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = import_module(name_of(path).removesuffix(".py").replace("/", "."))
    silent = [] if inspect.getdoc(module) or not path.stat().st_size else ["the module"]
    owners = [(module, tree)]
    owners += [
        (getattr(module, node.name), node)
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ]
    for owner, parent in owners:
        for node in parent.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            if node.name.startswith("_") or ast.get_docstring(node):
                continue
            if not inspect.getdoc(getattr(owner, node.name)):
                silent.append(node.name)
    return silent


def test_no_docstring_asks():
    """It is a statement: "Return the rows", not "Which rows there are"."""
    asking = {name_of(path): [*asking_docstrings(path)] for path in SOURCES}
    assert not any(asking.values()), asking


def test_views_do_not_query():
    for path in PACKAGE.glob("views/*.py"):
        text = path.read_text(encoding="utf-8")
        assert "sqlalchemy" not in text, name_of(path)
        assert "db." not in text, name_of(path)
        assert "audit_log" not in text, name_of(path)


def test_services_do_not_know_the_web():
    for path in PACKAGE.glob("services/**/*.py"):
        names = {"request", "abort", "flash", "session", "g"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                assert not names & {alias.name for alias in node.names}, name_of(path)


def test_the_top_of_the_repository():
    for name in ("app.py", "spv", "spv/templates", "spv/forms", "migrations", "tests",
                 "requirements.txt", "Makefile", "README.md", "CHANGELOG.md", "LICENSE",
                 "docs/architecture.md", "docs/contributing.md",
                 ".ci/run"):  # fmt: skip
        assert (ROOT / name).stat().st_size, name


@pytest.mark.parametrize("name", ["architecture.md", "contributing.md"])
def test_documents_name_files_that_exist(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.-]+/[\w./-]+)`", text))
    assert named
    for path in named:
        found = any((folder / path).exists() for folder in (ROOT, PACKAGE))
        assert found, path
