"""Regular expressions take linear time: each is timed on adversarial texts."""

import ast
import importlib
import itertools
import pkgutil
import re
from collections import defaultdict
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import pytest

import spv
from tests.endurance import measured

SOURCES = sorted(Path(spv.__file__).parent.rglob("*.py"))
SIZES = (1_000, 10_000, 100_000)
FLOOR = 0.1  # seconds; the clock is too coarse to compare shorter times
GROWTH = 30  # from one size to the next: linear is 10, quadratic 100
UNITS = (" ", "'", '"', '"",', ',"""x', ',"x""x', "\0'1 ", "\0 ", "1,", "a@", "a.",
         "a-", "1-", "E+", "#", ":", "/*x", '*"/', "\r\n", "\u2003", "0", "jan",
         "am")  # fmt: skip
ENDS = ("!", "\0!", '"', "")


def patterns():
    """Yield every compiled pattern of spv with its name, and those of addresses."""
    for found in pkgutil.walk_packages(spv.__path__, "spv."):
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{found.name}.{name}", value
            elif name.endswith("Converter") and value.__module__ == found.name:
                yield f"{found.name}.{name}", re.compile(value.regex)


PATTERNS = dict(sorted(patterns()))


def test_every_pattern_is_compiled_where_the_walk_finds_it():
    """At the top of a module, never as a text for a function of `re`."""
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


@cache
def attributes():
    """Return the attributes that are read of each name, in all modules."""
    read = defaultdict(set)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                read[name_of(node.value)].add(node.attr)
    return read


def ways_of(name):
    """Return the methods that are called on a pattern; all, if it is passed on."""
    if name.endswith("Converter"):
        return ["fullmatch"]
    return sorted(attributes()[name]) or ["fullmatch", "match", "sub"]


def samples(nodes):
    """Yield one character of each class and literal of a parsed pattern."""
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
    """Yield the patterns inside an operation: a group, a repeat or a choice."""
    if isinstance(argument, re._parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for each in argument:
            yield from parts_of(each)


def starts(nodes, before=""):
    """Yield texts that lead to each repeat of a pattern, as they match its start."""
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
    """Return parts of adversarial texts: a start, a unit to repeat, a wrong end."""
    text = pattern.pattern
    text = text if isinstance(text, str) else text.decode("latin-1")
    parsed = re._parser.parse(text, pattern.flags & ~re.UNICODE)
    alphabet = dict.fromkeys([*samples(parsed)])
    leads = dict.fromkeys([*starts(parsed), "", "a:", "\0", "\0'1", "'1", ',"', "a@a"])
    units = filter(None, dict.fromkeys([*UNITS, *alphabet, "".join(alphabet)]))
    return [*itertools.product(leads, units, ENDS)]


def seconds(call, text, runs=1):
    """Return the shortest processor time of some calls."""
    return min(measured(lambda: call(text))[1] for _ in range(runs))


def text_of(parts, size):
    lead, unit, end = parts
    return lead + unit * (size // len(unit)) + end


def slowest(call, every, size, most):
    return sorted(every, key=lambda parts: -seconds(call, text_of(parts, size)))[:most]


def caller(pattern, way):
    """Return a function that uses a pattern in a way on a text."""
    is_text, method = isinstance(pattern.pattern, str), getattr(pattern, way)
    method = partial(method, "" if is_text else b"") if "sub" in way else method
    return method if is_text else lambda text: method(text.encode("latin-1", "replace"))


@pytest.mark.parametrize(
    "sizes", [SIZES, pytest.param((*SIZES, 1_000_000), marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", PATTERNS)
def test_time_grows_no_faster_than_the_text(name, sizes):
    pattern = PATTERNS[name]
    for way in ways_of(name.rpartition(".")[2]):
        call = caller(pattern, way)
        quick = slowest(call, inputs(pattern), SIZES[0], 40)
        for parts in slowest(call, quick, SIZES[1], 2):
            # Other work beside may disturb a measurement, so it is repeated then.
            for runs in (1, 3):
                taken = [seconds(call, text_of(parts, size), runs) for size in sizes]
                growth = [b / max(FLOOR / GROWTH, a) for a, b in pairwise(taken)]
                if max(growth) < GROWTH:
                    break
            assert max(growth) < GROWTH, f"{name}.{way} {parts}: {taken} s"
            print(f"{name}.{way} {parts}: {taken} s")


def possessive(nodes):
    """Yield what each possessive repeat of a parsed pattern repeats."""
    for operation, argument in nodes:
        if str(operation) == "POSSESSIVE_REPEAT":
            yield argument[2]
        for part in parts_of(argument):
            yield from possessive(part)


@pytest.mark.parametrize("name", PATTERNS)
def test_only_single_characters_are_possessive(name):
    """Python before 3.11.5, as in Debian 12, reads possessive groups wrongly."""
    pattern = PATTERNS[name]
    text = pattern.pattern
    text = text if isinstance(text, str) else text.decode("latin-1")
    for part in possessive(re._parser.parse(text, pattern.flags & ~re.UNICODE)):
        ((operation, _),) = part
        assert str(operation) in ("LITERAL", "NOT_LITERAL", "IN", "ANY"), text


def test_the_clock_notices_a_quadratic_pattern():
    """The pattern that once held up everything for half a minute."""
    call = re.compile(r"[0-9][0-9 ]*[ ]*").fullmatch
    small, large = (
        seconds(call, text_of(("1", " ", "!"), n), 3) for n in (1_000, 8_000)
    )
    assert large > GROWTH * small
