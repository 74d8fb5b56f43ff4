"""Names that are compared with the list of approved products."""

import random
import time
from datetime import date

import pytest

from spv.rules.ledger.approval import (
    Approved,
    Names,
    NamesOnList,
    did_you_mean,
    not_approved,
    note_of_model,
)
from spv.rules.ledger.rows import Panel
from spv.rules.text import search_key

DAY = date(2026, 11, 1)
LISTED = [
    Approved("REC Solar", "REC Group", "REC420AA", date(2024, 1, 1)),
    Approved("Sun Supply", "REC Group", "REC420AA", date(2024, 1, 1)),
    Approved("Jinko", "Jinko", "JKM440N-54HL4", date(2024, 1, 1), date(2026, 5, 3)),
    Approved("Jinko", "Jinko", "JKM440N-54HL4", date(2020, 1, 1), date(2022, 6, 1)),
    Approved("Jinko", "Jinko", "JKM500N", date(2027, 2, 1)),
    Approved("Jinko", "Jinko", "JKM480N", date(2024, 1, 1), DAY),
    Approved("Jinko", "Jinko", "JKM490N", DAY),
    Approved("Acme", "Acme Hold", "AC-7", date(2024, 1, 1)),
    Approved("Beta", "Beta Hold", "AC-7", date(2024, 1, 1)),
]


def names_of(texts):
    return Names({search_key(text): text for text in texts})


def lines_by_model():
    found = {}
    for line in LISTED:
        found.setdefault(line.keys[2], []).append(line)
    return found


def names_on_list():
    return NamesOnList(*(names_of({line[at] for line in LISTED}) for at in range(3)))


def found_of(supplier, licensee, model):
    """The fields that are not approved, each with its note."""
    panels = {7: Panel(supplier, licensee, model, "A1")}
    found = not_approved(panels, lines_by_model(), DAY, names_on_list)
    assert all(each.row == 7 for each in found)
    assert {each.fault.code for each in found} <= {"not_approved"}
    values = panels[7]._asdict()
    assert [each.found for each in found] == [values[each.field] for each in found]
    return {each.field: each.note for each in found}


@pytest.mark.parametrize(
    ("product", "found"),
    [
        (("REC Solar", "REC Group", "REC420AA"), {}),
        (("rec  SOLAR", "REC Group", "rec420aa"), {}),
        (("Jinko", "Jinko", "JKM480N"), {}),
        (("Jinko", "Jinko", "JKM490N"), {}),
        (
            ("REC Solar", "REC Group", "REC42OAA"),
            {"model_number": "Did you mean “REC420AA”?"},
        ),
        (
            ("REC Solar", "REC Group", "REC 420 AA"),
            {"model_number": "Did you mean “REC420AA”?"},
        ),
        (
            ("Jinko", "Jinko", "JKM440N-54HL4"),
            {"model_number": "This model was delisted on 3 May 2026."},
        ),
        (
            ("Jinko", "Jinko", "JKM500N"),
            {"model_number": "This model is approved from 1 February 2027."},
        ),
        (
            ("Somebody", "REC Group", "REC420AA"),
            {"supplier_name": "Did you mean “REC Solar” or “Sun Supply”?"},
        ),
        (
            ("Sun Supply", "Sun Supply", "REC420AA"),
            {"licensee": "Did you mean “REC Group”?"},
        ),
        # Each name is on the list, but not together.
        (
            ("Beta", "Acme Hold", "AC-7"),
            {"supplier_name": "Did you mean “Acme”?"},
        ),
        (
            ("Acme", "Beta Hold", "AC-7"),
            {"licensee": "Did you mean “Acme Hold”?"},
        ),
        (
            ("Jinco", "Nobody at all", "Unlike"),
            {"supplier_name": "Did you mean “Jinko”?", "licensee": "",
             "model_number": ""},
        ),
    ],
)  # fmt: skip
def test_names_are_compared_with_the_list(product, found):
    assert found_of(*product) == found


def test_each_row_of_a_product_is_told_of_and_the_names_are_read_once():
    loaded = []

    def load_names():
        loaded.append(True)
        return names_on_list()

    panels = {n: Panel("REC Solar", "REC Group", "REC421AA", f"A{n}") for n in (2, 5)}
    panels[3] = Panel("REC Solar", "REC Group", "REC420AA", "A3")
    found = not_approved(panels, lines_by_model(), DAY, load_names)
    assert [(each.row, each.field) for each in found] == [
        (2, "model_number"), (5, "model_number"),
    ]  # fmt: skip
    assert loaded == [True]
    assert not_approved({3: panels[3]}, lines_by_model(), DAY, pytest.fail) == []


@pytest.mark.parametrize(
    ("model", "day", "note"),
    [
        ("REC420AA", DAY, None),
        ("jkm440n-54hl4", date(2026, 5, 3), None),
        ("JKM440N-54HL4", date(2026, 5, 4), "This model was delisted on 3 May 2026."),
        ("JKM440N-54HL4", date(2023, 5, 4), "This model was delisted on 1 June 2022."),
        ("JKM440N", DAY, "Did you mean “JKM480N” or “JKM490N”?"),
        ("unlike", DAY, ""),
    ],
)
def test_a_model_alone(model, day, note):
    lines = lines_by_model().get(search_key(model), [])
    names = names_on_list().model_number
    assert note_of_model(model, lines, day, lambda: names) == note


def test_the_question_has_three_names_at_most():
    assert did_you_mean([]) == ""
    assert did_you_mean(["a", "b", "c", "d"]) == "Did you mean “a”, “b” or “c”?"


def many_models(count):
    """Return as many model numbers as a long list has, and the source of chance."""
    chance, names = random.Random(7), set()
    while len(names) < count:
        names.add(
            f"{chance.choice(['JKM', 'TSM', 'LR5', 'REC', 'Q.PEAK', 'CS3', 'RSM'])}"
            f"{chance.choice([54, 60, 66, 72, 108])}"
            f"-{chance.choice(['HPH', 'HC', 'N'])}"
            f"-{chance.randrange(250, 700)}{chance.choice(['M', 'W', '/BL', ''])}"
        )
    return sorted(names), chance


def misspelt(name, chance):
    at = chance.randrange(len(name))
    letter = chance.choice("ABCX0179")
    return name[:at] + chance.choice(["", letter]) + name[at + 1 :]


@pytest.mark.no_cover
def test_a_thousand_wrong_names_are_found_among_many():
    models, chance = many_models(20_000)
    names = names_of(models)
    pairs = [(misspelt(name, chance), name) for name in chance.sample(models, 1_000)]
    pairs = [(wrong, name) for wrong, name in pairs if search_key(wrong) not in names]
    begin = time.process_time()
    near = [names.near(search_key(wrong)) for wrong, _ in pairs]
    assert time.process_time() - begin < 1.5  # about 0.13 where nothing else runs
    found = sum(right in each for each, (_, right) in zip(near, pairs, strict=True))
    assert found > 0.8 * len(pairs)  # though many are alike


def test_not_every_one_of_very_many_long_names_is_compared():
    """To compare names of 200 letters with each other takes a millisecond."""
    name = "ab" * 90
    names = Names({name: name})
    middle = [f"{number:02}" for number in range(100)]
    near = [
        names.near(f"{name[:60]}{each}{name[62:120]}{each}{name[122:]}")
        for each in middle
    ]
    compared = near.index([])
    assert 10 < compared < 99
    assert near == [[name]] * compared + [[]] * (100 - compared)
    assert names.near(f"{name[:-2]}xy") == [name]  # the ends alone say enough


def test_a_name_that_repeats_gets_the_same_names():
    names = Names({"JKM440N": "JKM440N", "JKM500N": "JKM500N"})
    assert names.near("JKM44ON") == names.near("JKM44ON") == ["JKM440N"]
