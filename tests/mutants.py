"""Measure the power of the tests: change the code a little, and see if a test fails.

    .venv/bin/python -m pytest -n 2 --cov=spv --cov-context=test --junit-xml=tests.xml
    .venv/bin/python -m tests.mutants --count 150 --seed 13

The first command notes in `.coverage` which tests run which lines. The second one makes
seeded random mutants (a flipped comparison or condition, or another number), each in a
copy of the repository, and runs the tests that run the changed line. It prints the
mutants that no test noticed.
"""

import argparse
import ast
import concurrent.futures
import copy
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
SERVICES = ["audit_log", "accounts/passwords", "accounts/sessions", "accounts/sign_in"]
SOURCES = [
    *sorted(ROOT.glob("spv/rules/**/*.py")),
    *(ROOT / f"spv/services/{name}.py" for name in SERVICES),
    *(ROOT / f"spv/{name}.py" for name in ("access", "known_browsers", "policy")),
]
FLIPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
# The tests for one mutant, in seconds of the first run: at first the likeliest, then
# more of them if the mutant lives.
LIKELY, MANY = 40, 300


class Mutant(NamedTuple):
    """A changed file: its path, the changed line, the change in words, the text."""

    path: Path
    line: int
    change: str
    text: str

    def __str__(self):
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.change}"


def changes_of(node):
    """Yield each changed copy of a node."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[place] = FLIPPED[type(operator)]()
            yield changed
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = FLIPPED[type(node.op)]()
        yield changed
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        changed = copy.deepcopy(node.test)
        yield ast.UnaryOp(ast.Not(), changed)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)


def mutants_of(path):
    """Yield every mutant of a file."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        target = node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else node
        for changed in changes_of(node):
            old, new = ast.get_source_segment(text, target), ast.unparse(changed)
            lines = text.splitlines(keepends=True)
            starts = [0]
            for line in lines:
                starts.append(starts[-1] + len(line.encode()))
            data = text.encode()
            start = starts[target.lineno - 1] + target.col_offset
            end = starts[target.end_lineno - 1] + target.end_col_offset
            mutated = data[:start] + f"({new})".encode() + data[end:]
            words = f"{' '.join(old.split())} -> {new}"
            yield Mutant(path, target.lineno, words, mutated.decode())


class Tests:
    """The lines that each test runs, and its time, as the first run noted them."""

    def __init__(self, coverage_file, junit_file):
        self.data = CoverageData(str(coverage_file))
        self.data.read()
        self.measured = {self.tail(f): f for f in self.data.measured_files()}
        self.seconds = {}
        for case in ET.parse(junit_file).getroot().iter("testcase"):
            name = f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}"
            self.seconds[name] = float(case.get("time"))

    @staticmethod
    def tail(path):
        return re.sub(r".*/spv/", "spv/", str(path))

    def of(self, mutant, most):
        """Return `most` seconds of tests for a mutant, the likeliest first."""
        lines = self.data.contexts_by_lineno(self.measured[self.tail(mutant.path)])
        found = {*lines.get(mutant.line, [])} - {""}
        if not found:  # the line runs at import: any test of the file may notice
            found = {context for each in lines.values() for context in each} - {""}
        names = {context.rpartition("|")[0] or context for context in found}
        stem = mutant.path.stem
        # Tests of values that are made at import run no line of the file.
        names |= {name for name in self.seconds if f"/test_{stem}.py" in name}
        likely = sorted(
            names,
            key=lambda n: (f"test_{stem}" not in n, "/rules/" not in n,
                           self.seconds.get(n, 0.1)),
        )  # fmt: skip
        total, chosen = 0.0, []
        for name in likely:
            total += self.seconds.get(name, 0.1)
            if total > most and chosen:
                break
            chosen.append(name)
        return chosen


def is_noticed(mutant, tests, folder, most):
    """Tell whether a test fails with a mutant in the place of its file in a copy.

    Tests that take much longer than `most` seconds wait for a loop that never ends.
    """
    target = folder / mutant.path.relative_to(ROOT)
    before = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    (folder / "chosen").write_text("\n".join(tests), encoding="utf-8")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-o", "addopts=", "-x", "-q", "-p",
             "no:cacheprovider", "@chosen"],
            cwd=folder, capture_output=True, check=False, text=True,
            timeout=60 + 4 * most,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(before, encoding="utf-8")
    # 3 and 5: pytest itself failed, or found no test. Below 0: a signal ended it.
    assert ran.returncode not in (3, 5), ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.returncode != 0


def copies(of, folder, count):
    """Return a queue of copies of a repository, in which mutants replace files."""
    skip = shutil.ignore_patterns(".venv*", ".git", "instance", ".coverage*")
    folders = queue.SimpleQueue()
    for number in range(count):
        folders.put(shutil.copytree(of, folder / str(number), ignore=skip))
    return folders


def run(mutants, tests, folders, processes):
    """Yield each mutant with the answer whether a test noticed it, in order."""

    def one(mutant):
        folder = folders.get()
        try:
            return any(
                is_noticed(mutant, tests.of(mutant, most), folder, most)
                for most in (LIKELY, MANY)
            )
        finally:
            folders.put(folder)

    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        yield from zip(mutants, pool.map(one, mutants), strict=True)


def main():
    """Make mutants, run tests, and print the mutants that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--junit", type=Path, default=ROOT / "tests.xml")
    parser.add_argument("--tests", type=Path, default=ROOT, help="whose tests are run")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    tests = Tests(options.coverage, options.junit)
    every = [mutant for path in SOURCES for mutant in mutants_of(path)]
    chosen = random.Random(options.seed).sample(every, options.count)
    tried, lived = Counter(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        folders = copies(options.tests, Path(folder), options.processes)
        for mutant, noticed in run(chosen, tests, folders, options.processes):
            room = "/".join(mutant.path.relative_to(ROOT).parts[:2])
            tried[room] += 1
            if not noticed:
                lived[room] += 1
                print(f"lives: {mutant}", flush=True)
    for room, count in sorted(tried.items()):
        print(f"{room}: {count - lived[room]} of {count} noticed")
    print(f"all: {tried.total() - lived.total()} of {tried.total()} noticed")


if __name__ == "__main__":
    main()
