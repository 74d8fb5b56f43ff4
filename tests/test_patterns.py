"""No pattern takes longer than its text: each is timed on inputs made to slow it."""

import ast
import importlib
import itertools
import pkgutil
import re
import time
from functools import partial
from pathlib import Path

import pytest

import spv

SOURCES = sorted(Path(spv.__file__).parent.rglob("*.py"))
SIZES = (1_000, 10_000, 100_000, 1_000_000)
FLOOR = 0.1  # seconds; what takes less is not compared, as the clock is too coarse
GROWTH = 30  # from one size to the next: linear is 10, quadratic 100
UNITS = (" ", "'", '"', '"",', ',"""x', ',"x""x', "\0'1 ", "\0 ", "1,", "a@", "a.",
         "a-", "1-", "E+", "#", ":", "\r\n", "\u2003", "0", "jan", "am")  # fmt: skip
ENDS = ("!", "\0!", '"', "")


def patterns():
    """Every compiled pattern of spv by its name, and those of addresses."""
    for found in pkgutil.walk_packages(spv.__path__, "spv."):
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{found.name}.{name}", value
            elif name.endswith("Converter") and value.__module__ == found.name:
                yield f"{found.name}.{name}", re.compile(value.regex)


PATTERNS = dict(sorted(patterns()))


def test_every_pattern_is_compiled_where_the_walk_finds_it():
    """At the top of a module, never a text given to a function of `re`."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_the_top = {id(n.value) for n in tree.body if isinstance(n, ast.Assign)}
        for node in ast.walk(tree):
            function = node.func if isinstance(node, ast.Call) else None
            if isinstance(function, ast.Attribute) and name_of(function.value) == "re":
                where = f"{path.name}, line {node.lineno}"
                assert function.attr == "compile", where
                assert id(node) in at_the_top, where
            assert not isinstance(node, ast.ImportFrom) or node.module != "re"


def name_of(node):
    return node.id if isinstance(node, ast.Name) else ""


def ways_of(name):
    """The methods by which a pattern is used; where it is handed on, all of them."""
    if name.endswith("Converter"):
        return ["fullmatch"]
    used = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and name_of(node.value) == name:
                used.add(node.attr)
    return sorted(used) or ["fullmatch", "match", "sub"]


def samples(nodes):
    """A character of each class and literal of a parsed pattern, wherever it stands."""
    for operation, argument in nodes:
        kind = str(operation)
        if kind in ("LITERAL", "NOT_LITERAL"):
            yield chr(argument)
        elif kind == "RANGE":
            yield chr(argument[0])
        elif kind == "IN":
            yield from samples(argument)
        else:
            yield from itertools.chain(*map(samples, parts_of(argument)))


def parts_of(argument):
    """The patterns inside of an operation: of a group, a repeat or a choice."""
    if isinstance(argument, re._parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for each in argument:
            yield from parts_of(each)


def starts(nodes, before=""):
    """Texts that lead to each repeat of a pattern: what stands before is matched."""
    for operation, argument in nodes:
        inner = [*parts_of(argument)]
        if "REPEAT" in str(operation):
            yield before
        for part in inner:
            yield from starts(part, before)
        if str(operation) in ("LITERAL", "IN"):
            before += next(samples([(operation, argument)]), "x")
        elif inner and "ASSERT" not in str(operation):
            before += "".join(samples(inner[0]))


def inputs(pattern):
    """Parts of adversarial texts: a start, something repeated, an end that is wrong."""
    text = pattern.pattern
    text = text if isinstance(text, str) else text.decode("latin-1")
    parsed = re._parser.parse(text, pattern.flags & ~re.UNICODE)
    alphabet = dict.fromkeys([*samples(parsed)])
    leads = dict.fromkeys([*starts(parsed), "", "a:", "\0", "\0'1", "'1", ',"', "a@a"])
    units = filter(None, dict.fromkeys([*UNITS, *alphabet, "".join(alphabet)]))
    return [*itertools.product(leads, units, ENDS)]


def seconds(call, text, runs=1):
    """The least time of the processor that a call took."""
    taken = []
    for _ in range(runs):
        begin = time.process_time()
        call(text)
        taken.append(time.process_time() - begin)
    return min(taken)


def made(parts, size):
    lead, unit, end = parts
    return lead + unit * (size // len(unit)) + end


def slowest(call, every, size, most):
    return sorted(every, key=lambda parts: -seconds(call, made(parts, size)))[:most]


def caller(pattern, way):
    """What uses a pattern in a way on a text."""
    is_text, method = isinstance(pattern.pattern, str), getattr(pattern, way)
    method = partial(method, "" if is_text else b"") if "sub" in way else method
    return method if is_text else lambda text: method(text.encode("latin-1", "replace"))


@pytest.mark.parametrize("name", PATTERNS)
def test_time_grows_no_faster_than_the_text(name):
    pattern = PATTERNS[name]
    for way in ways_of(name.rpartition(".")[2]):
        call = caller(pattern, way)
        quick = slowest(call, inputs(pattern), SIZES[0], 40)
        for parts in slowest(call, quick, SIZES[1], 2):
            taken = [seconds(call, made(parts, SIZES[0]), 3)]
            for size in SIZES[1:]:
                taken.append(seconds(call, made(parts, size), 3))
                told = f"{name}.{way} {parts}: {[f'{1000 * s:.2f}' for s in taken]} ms"
                assert taken[-1] < max(FLOOR, GROWTH * taken[-2]), told
            print(told)


def test_the_clock_notices_a_quadratic_pattern():
    """The pattern that once held up everything for half a minute."""
    call = re.compile(r"[0-9][0-9 ]*[ ]*").fullmatch
    small, large = (seconds(call, made(("1", " ", "!"), n), 3) for n in (1_000, 8_000))
    assert large > GROWTH * small
