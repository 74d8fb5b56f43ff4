"""Measure a checkout: `python -m tests.house [path]`.

Print sizes, imports and docstrings that begin with a question word, read off the
sources, and how many files and functions a request enters, as traced.
"""

import ast
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
QUESTION_WORDS = ("What", "Who", "How", "Which", "Whether")
PASSWORD = "demonstration-only"
API = "/api/serial-number-ledger/v1/serial-numbers"
SOLAR = {"system_type": "solar_deemed", "rated_power_kw": "6.6", "postcode": "2150",
         "installation_date": "2026-11-22", "calculation_period": "10"}  # fmt: skip


def sources(root=HERE):
    """The modules of spv: dotted name to path."""
    paths = sorted((root / "spv").rglob("*.py"))
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in paths
    }


def tree_of(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path):
    """The dotted names that a file imports, at its top and in its functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph_of(modules):
    """Each module with the modules of spv that it imports.

    `from spv.models import User` imports `spv.models`, as `User` is no module.
    """
    return {
        module: {
            name if name in modules else name.rpartition(".")[0]
            for name in imports_of(path)
            if name.split(".")[0] == "spv"
        }
        for module, path in modules.items()
    }


def room_of(module, floor):
    """The part of a floor that a module is in: `stc` for `spv.rules.stc.hints`."""
    inside = module.removeprefix(f"spv.{floor}.")
    return inside.split(".")[0] if inside != module else None


def arrows(graph, floor):
    """Each room of a floor with the other rooms of that floor that it imports."""
    rooms = {room: set() for module in graph if (room := room_of(module, floor))}
    for module, imported in graph.items():
        if room := room_of(module, floor):
            others = {room_of(name, floor) for name in imported}
            rooms[room] |= others - {room, None}
    return rooms


def functions_of(path):
    """The functions of a file, each with its number of lines."""
    return [
        (node, node.end_lineno - node.lineno + 1)
        for node in ast.walk(tree_of(path))
        if isinstance(node, FUNCTIONS)
    ]


def asking_docstrings(path):
    """The names of what has a docstring that begins with a question word."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, FUNCTIONS | ast.ClassDef | ast.Module):
            words = re.findall(r"\w+", ast.get_docstring(node) or "")
            if words and words[0] in QUESTION_WORDS:
                yield getattr(node, "name", "the module")


def lines_of(path):
    """The number of lines of a file."""
    return path.read_text(encoding="utf-8").count("\n")


def print_sources(root):
    """Print what can be read off the sources."""
    modules = sources(root)
    graph, paths = graph_of(modules), modules.values()
    templates = list((root / "spv/templates").rglob("*.html"))
    count = sum(map(len, graph.values()))
    lines, longest = max((lines_of(path), path) for path in paths)
    length, name, where = max(
        (length, node.name, path)
        for path in paths
        for node, length in functions_of(path)
    )
    print(f"files of Python in spv      {len(modules)}")
    print(f"lines of Python in spv      {sum(map(lines_of, paths)):,}")
    print(f"lines of templates          {sum(map(lines_of, templates)):,}"
          f" in {len(templates)} files")  # fmt: skip
    print(f"imports of our own          {count}, {count / len(modules):.1f} a file")
    for floor in ("services", "rules"):
        rooms = arrows(graph, floor)
        print(f"rooms of {floor:<18} {len(rooms)}, with {sum(map(len, rooms.values()))}"
              " arrows between them")  # fmt: skip
    print(f"longest file                {lines} lines, {longest.relative_to(root)}")
    print(f"longest function            {length} lines, {name} in"
          f" {where.relative_to(root)}")  # fmt: skip
    asking = sum(len(list(asking_docstrings(path))) for path in paths)
    print(f"docstrings that ask         {asking}")


class Visit:
    """A browser that has signed in to a demonstration."""

    def __init__(self, app):
        self.client = app.test_client()
        self.post("/sign-in", email="admin@vsp.example", password=PASSWORD)

    def filled(self, page, fields):
        """The fields of a form, with its hidden ones: the token and the version."""
        html = self.client.get(page).text
        pattern = r'type="hidden" name="(\w+)" value="([^"]*)"'
        return dict(re.findall(pattern, html)) | fields

    def post(self, address, page="", **fields):
        """Send a form that is on the page, which has the same address unless given."""
        return self.send(address, self.filled(page or address, fields))

    def send(self, address, fields):
        """Send fields that have been filled in."""
        answer = self.client.post(address, data=fields)
        assert answer.status_code in (200, 303), (address, answer.status)
        return answer

    def key(self):
        """Subscribe, and return the primary key as its page shows it."""
        product = "/developer/products/serial-number-ledger"
        self.post(product, name="House", terms="yes")
        profile = self.client.get("/developer/profile").text
        show = re.search(r'action="([^"]+/primary/show)"', profile)[1]
        html = self.post(show, "/developer/profile").text
        return re.search(r'id="secret"\s+value="(\w+)"', html)[1]


def rows(start):
    """Three rows: four names and numbers each."""
    names = ("House Supplier", "House Holder", "H-440")
    return [(*names, f"HOUSE{number:06}") for number in range(start, start + 3)]


def upload(visit, start):
    """Fill in the form of an upload; returns the request that sends it."""
    heading = "Supplier name,Licensee/Certificate holder,Model number,Serial number"
    lines = [heading, *(",".join(row) for row in rows(start)), ""]
    file = (io.BytesIO("\r\n".join(lines).encode()), "house.csv")
    page = "/panels/upload"
    fields = visit.filled(page, {"declaration": "yes", "file": file})
    return lambda: visit.send(page, fields)


def calculation(visit):
    """Fill in the form of the calculator; returns the request that sends it."""
    fields = visit.filled("/stc", SOLAR)
    return lambda: visit.send("/stc", fields)


def upload_by_api(visit, start, key):
    """Make a body; returns the request that sends it."""
    names = ("supplierName", "licensee", "modelNumber", "serialNumber")
    items = [dict(zip(names, row, strict=True)) for row in rows(start)]
    headers = {"Ocp-Apim-Subscription-Key": key}
    body = {"serialNumbers": items}

    def send():
        answer = visit.client.post(API, json=body, headers=headers)
        assert answer.status_code == 201, answer.text

    return send


def traced(root, request):
    """The functions of spv that a request enters: pairs of a file and a name."""
    entered, package = set(), str(root / "spv") + os.sep

    def trace(frame, event, argument):
        code = frame.f_code
        if code.co_filename.startswith(package) and code.co_filename.endswith(".py"):
            entered.add((code.co_filename, code.co_qualname))

    sys.settrace(trace)
    try:
        request()
    finally:
        sys.settrace(None)
    return {(file, name) for file, name in entered if not name.endswith(">")}


def trace_requests(root):
    """Print how many files and functions each request enters, when all is warm."""
    from spv import create_app

    app = create_app()
    for command in (["db", "upgrade"], ["demo", "load"]):
        result = app.test_cli_runner().invoke(args=command)
        assert result.exit_code == 0, (command, result.output, result.exception)
    visit = Visit(app)
    key = visit.key()
    requests = {
        "one upload of three rows": lambda n: upload(visit, 10 * n),
        "one calculation": lambda n: calculation(visit),
        "one search": lambda n: lambda: visit.client.get("/panels?model_number=H-440"),
        "one upload by API": lambda n: upload_by_api(visit, 10 * n + 5, key),
    }
    for words, prepared in requests.items():
        prepared(1)()
        entered = traced(root, prepared(2))
        files = {file for file, _ in entered}
        print(f"{words:<28}{len(files)} files, {len(entered)} functions")


def main(root):
    """Print everything about a checkout."""
    print_sources(root)
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "PYTHONPATH": str(root), "DATABASE_URL": f"sqlite:///{folder}/spv.sqlite",
            "SPV_ENVIRONMENT": "demo", "SPV_RATE_LIMITS": "off",
        }  # fmt: skip
        command = [sys.executable, "-P", __file__, "--trace", str(root)]
        sys.stdout.flush()
        subprocess.run(command, cwd=root, env=os.environ | settings, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--trace"]:
        trace_requests(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]).resolve() if sys.argv[1:] else HERE)
