"""The conventions of docs/architecture.md, read off the source: arrows, sizes."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spv"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# Which room may import which. What is not here imports nothing of ours.
ARROWS = {
    "rules": set(),
    "extensions": {"rules"},
    "models": {"extensions"},
    "policy": {"rules"},
    "services": {"models", "rules", "extensions", "clock", "database"},
    "forms": {"rules"},
    "views": {
        "access",
        "browsers",
        "demo",
        "errors",
        "extensions",
        "forms",
        "pages",
        "readiness",
        "rules",
        "services",
    },
    "config": {"rules"},
    "demo": {"database", "extensions", "models", "rules", "services"},
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
    "browsers": {"extensions", "security", "services"},
    "pages": {"clock", "extensions", "rules"},
    "errors": {"database", "pages", "rules", "security", "services"},
    "cli": {"demo", "pages", "readiness", "rules", "services"},
    "clock": {"rules"},
    "database": {"extensions", "rules"},
    "security": {"extensions"},
}
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40


def name_of(path):
    return str(path.relative_to(ROOT))


def room_of(path):
    """The folder or module of spv that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """The modules that a file imports, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import"
            deep = node.module == "spv"
            yield from (
                f"spv.{alias.name}" if deep else node.module for alias in node.names
            )


def rooms_imported(path):
    return {n.split(".")[1] for n in imports_of(path) if n.startswith("spv.")}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_arrows_go_one_way(path):
    room = room_of(path)
    if room == "__init__":
        return  # create_app binds everything
    beyond = rooms_imported(path) - ARROWS.get(room, set()) - {room}
    assert not beyond, f"{room} must not import {beyond}"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if room_of(p) == "rules"], ids=name_of
)
def test_rules_know_only_the_standard_library(path):
    import sys

    outside = {name.split(".")[0] for name in imports_of(path)} - {"spv"}
    # stdnum checks numbers and nothing else: no clock, no files, no network.
    assert outside <= {*sys.stdlib_module_names, "stdnum"}
    text = path.read_text(encoding="utf-8")
    for clock in ("now(", "today(", "time("):
        assert f".{clock}" not in text


@pytest.mark.parametrize(
    "path",
    [*SOURCES, *sorted(ROOT.glob("tests/**/*.py")), *ROOT.glob("docs/**/*.py")],
    ids=name_of,
)
def test_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            assert lines <= LINES_OF_A_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_docstrings(path):
    """Every module, public class and public function says in a line what it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.ClassDef
    public = [
        node
        for parent in [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))]
        for node in parent.body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]
    silent = [getattr(n, "name", "the module") for n in [tree, *public]
              if not ast.get_docstring(n)]  # fmt: skip
    if path.stat().st_size:
        assert not silent


def test_views_do_not_query():
    for path in PACKAGE.glob("views/*.py"):
        text = path.read_text(encoding="utf-8")
        assert "sqlalchemy" not in text, name_of(path)
        assert "db." not in text, name_of(path)
        assert "audit" not in text, name_of(path)


def test_services_do_not_know_the_web():
    for path in PACKAGE.glob("services/**/*.py"):
        names = {"request", "abort", "flash", "session", "g"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                assert not names & {alias.name for alias in node.names}, name_of(path)


def test_the_top_of_the_repository():
    for name in ("app.py", "spv", "spv/templates", "spv/forms", "migrations", "tests",
                 "requirements.txt", "Makefile", "README.md", "CHANGELOG.md", "LICENSE",
                 "docs/architecture.md", ".ci/run"):  # fmt: skip
        assert (ROOT / name).stat().st_size, name
