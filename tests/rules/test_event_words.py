"""Every event that the code writes has a sentence."""

import ast
import functools
import re
from pathlib import Path

import pytest

from spv.rules.staff_search import SENTENCES, label, sentence
from spv.services.row_states import SETS
from tests.house import tree_of

SPV = Path(__file__).parents[2] / "spv"
# The functions that write an event, and the place of its name in their arguments.
WRITERS = {"act": 0, "record": 1, "_append": 1, "note": 0, "note_search": 0}
NAME = re.compile(r"[a-z_]+\.[a-z_]+")


def texts_of(node, known):
    """Return the names of events that an expression can be."""
    match node:
        case ast.Constant(value=str(text)) if NAME.fullmatch(text):
            return {text}
        case ast.IfExp():
            return texts_of(node.body, known) | texts_of(node.orelse, known)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return known.get(name, set())
    return set()


def constants_of(tree):
    """Return the names of events that the variables of a module can be."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            is_pair = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            targets, values = ([target], [value])
            if is_pair:
                targets, values = target.elts, value.elts
            for name, text in zip(targets, values, strict=True):
                if isinstance(name, ast.Name):
                    known.setdefault(name.id, set()).update(texts_of(text, known))
    return known


def calls_of(tree):
    """Yield each call with the function that it stands in, and what names can be."""
    known = constants_of(tree)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    yield function, name, node, known


@functools.cache
def written():
    """Return the names of all events that the code writes.

    A function that is given the name of an event is a writer itself.
    """
    calls = [call for path in SPV.rglob("*.py") for call in calls_of(tree_of(path))]
    writers, found, unknown = dict(WRITERS), set(), ["once more"]
    while unknown:
        unknown = []
        for function, name, call, known in calls:
            place = writers.get(name)
            if place is None or len(call.args) <= place or name == function.name:
                continue
            texts = texts_of(call.args[place], known)
            found |= texts
            given = [argument.arg for argument in function.args.args]
            passed = getattr(call.args[place], "id", "")
            if not texts and passed in given and function.name not in writers:
                writers[function.name] = given.index(passed)
                unknown.append(function.name)
    return found


def test_every_event_has_a_sentence():
    events = written()
    assert {"upload.refused", "user.sign_up_refused", "staff.created", "log.searched",
            "application.declined", "stc.batch_calculated"} <= events  # fmt: skip
    assert events - SENTENCES.keys() == set()
    assert SETS.keys() - SENTENCES.keys() == set()


def test_every_sentence_has_an_event():
    # Their names are constants of another module, or chosen by another function.
    by_code = {"second_factor.confirmed", "second_factor.code_refused",
               "products.loaded"}  # fmt: skip
    assert SENTENCES.keys() - written() - SETS.keys() == by_code


def test_every_sentence_ends():
    for event, sentences in SENTENCES.items():
        assert sentences
        for words in sentences:
            assert words.endswith((".", "{why}", "{about}")), event


REFUSED = {"filename": "may.csv", "problems": 3, "rows": 54, "why": "It is empty."}
AVERY = {"actor": "Avery Clarke"}


@pytest.mark.parametrize(
    ("event", "details", "words"),
    [
        ("application.approved", {"legal_name": "Sunny Panels Pty Ltd"},
         "Avery Clarke approved the application of Sunny Panels Pty Ltd."),
        ("upload.refused", REFUSED, "may.csv was refused: 3 problems in 54 rows."),
        ("upload.refused", REFUSED | {"problems": None},
         "may.csv was refused: It is empty."),
        ("upload.refused", REFUSED | {"problems": 0, "rows": 0},
         "may.csv was refused: It is empty."),
        ("upload.refused", REFUSED | {"filename": "", "rows": 1},
         "Avery Clarke sent rows that were refused: 3 problems in 1 row."),
        ("stc.batch_calculated",
         {"certificates": 45, "calculated": 1, "row_count": 2},
         "Avery Clarke calculated 45 STCs for 1 system of a file with 2 rows."),
        ("contacts.loaded", {"contacts": [{}, {}]},
         "Avery Clarke loaded 2 nominated contacts from a file."),
        ("declaration.made", {"account": "Sunny", "expires_on": "2026-11-30"},
         "Avery Clarke made the Declaration for API Users of Sunny, current until "
         "30 November 2026."),
        ("stc.calculated", {"result": {"certificates": 1234},
                            "inputs": {"system_type": "battery"}},
         "Avery Clarke calculated 1,234 STCs for Solar battery."),
        ("ledger.searched", {"criteria": {"Status": "Valid", "Account": "Sunny"}},
         "Avery Clarke searched the ledger. Status: Valid, Account: Sunny."),
        ("ledger.exported", {"criteria": {}},
         "Avery Clarke exported the whole ledger."),
    ],
)  # fmt: skip
def test_sentences(event, details, words):
    assert sentence(event, AVERY | details) == words


@pytest.mark.parametrize(
    "details",
    [{}, {"result": None}, {"result": {"certificates": "x"}, "inputs": {}},
     {"result": {"certificates": 1}, "inputs": {"system_type": "coal"}},
     {"result": {"certificates": 1}, "inputs": "x"}],
)  # fmt: skip
def test_an_event_with_other_details_is_named(details):
    words = sentence("stc.calculated", AVERY | details)
    assert words == "Avery Clarke: STC calculated."


def test_an_event_that_is_not_known_is_named():
    assert sentence("panel.was_burnt", AVERY) == "Avery Clarke: Panel was burnt."


def test_labels():
    assert label("stc.batch_calculated") == "STC batch calculated"
    assert label("rows.marked_invalid") == "Rows marked invalid"
