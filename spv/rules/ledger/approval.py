"""Compare names of products with the agency's list of approved products.

For a name that is not on the list, the nearest names on it are suggested. Names are
compared by their keys (`search_key`), so neither case nor spaces matter.
"""

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from string import punctuation
from typing import NamedTuple

from spv.rules.faults import fault
from spv.rules.ledger.rows import PRODUCT_FIELDS, Panel, Problem
from spv.rules.text import format_date, join_words, search_key

NEIGHBOURS = 6  # in each direction of a sorted list
FEW = 3  # names that are suggested, or compared closely
NEAR = 0.8  # from 0 to 1: the least likeness of a name that is suggested
# Pairs of letters that are compared. More would take long, in a file of unknown names.
MOST_COMPARED = 2_000_000
_PLAIN = str.maketrans("oil", "011", f"{punctuation} ")


class Approved(NamedTuple):
    """A product on the list: its names, and the first and last day of its approval.

    Without a last day, it is approved until further notice.
    """

    supplier_name: str
    licensee: str
    model_number: str
    approved_from: date
    approved_until: date | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the three names."""
        return keys_of((self.supplier_name, self.licensee, self.model_number))

    def on(self, day: date) -> bool:
        """Tell whether the product is approved on a day."""
        until = self.approved_until
        return self.approved_from <= day and (until is None or day <= until)


class Names:
    """Names of the list by their keys; it finds the nearest names.

    Punctuation and spaces are removed, O becomes 0, and I and L become 1. Similar names
    are then neighbours when sorted, forwards or backwards, and only neighbours are
    compared. So the time does not grow with the list.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._plain = {key.translate(_PLAIN): name for key, name in names.items()}
        self._forwards = sorted(self._plain)
        self._backwards = sorted(plain[::-1] for plain in self._forwards)
        self._near: dict[str, list[str]] = {}
        self._compared = 0

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def near(self, key: str) -> list[str]:
        """Return the names that are like a key, the most similar first."""
        if key not in self._near:  # many rows have the same supplier
            self._near[key] = self._find(key)
        return self._near[key]

    def _find(self, key: str) -> list[str]:
        plain = key.translate(_PLAIN)
        if plain in self._plain:
            return [self._plain[plain]]
        back = plain[::-1]
        found = {*_around(self._forwards, plain)}
        found |= {each[::-1] for each in _around(self._backwards, back)}

        def shared(other: str) -> float:
            """Return the share of letters that are the same at both ends."""
            same = _same_start(plain, other) + _same_start(back, other[::-1])
            return same / max(len(plain), len(other))

        likeness = {}
        shares = {other: shared(other) for other in sorted(found)}
        for other in sorted(shares, key=shares.__getitem__, reverse=True)[:FEW]:
            is_clear = shares[other] >= NEAR  # so it need not be compared closely
            likeness[other] = shares[other] if is_clear else self._like(plain, other)
        near = [each for each in likeness if likeness[each] >= NEAR]
        near.sort(key=likeness.__getitem__, reverse=True)
        return [self._plain[each] for each in near]

    def _like(self, plain: str, other: str) -> float:
        """Return the likeness of two names; 0 if it is low, or the limit is reached."""
        shorter, longer = sorted((len(plain), len(other)))
        if 2 * shorter < NEAR * (shorter + longer):
            return 0.0
        compare = SequenceMatcher(None, other, plain, autojunk=False)
        if compare.quick_ratio() < NEAR:
            return 0.0
        self._compared += shorter * longer
        return compare.ratio() if self._compared < MOST_COMPARED else 0.0


class NamesOnList(NamedTuple):
    """All names of the list, by the column that has them."""

    supplier_name: Names
    licensee: Names
    model_number: Names


Lines = Mapping[str, Sequence[Approved]]  # lines of the list, by the model's key


def keys_of(product: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the names of a product."""
    return tuple(map(search_key, product))


def not_approved(
    panels: Mapping[int, Panel],
    lines: Lines,
    day: date,
    load_names: Callable[[], NamesOnList],
) -> list[Problem]:
    """Return a problem for each name of a row that is not approved on a day.

    `lines` are the lines of the rows' models. The names of the whole list are only
    loaded if a product is not approved.
    """
    products = dict.fromkeys(panel.product for panel in panels.values())
    others = {
        product: keys
        for product in products
        if not _is_approved(keys := keys_of(product), lines.get(keys[-1], ()), day)
    }
    if not others:
        return []
    names = load_names()
    said = {
        product: notes_of(keys, lines.get(keys[-1], ()), day, names)
        for product, keys in others.items()
    }
    found = fault("not_approved")
    return [
        Problem(row, field, found, getattr(panel, field), note)
        for row, panel in panels.items()
        for field, note in said.get(panel.product, {}).items()
    ]


def notes_of(
    keys: tuple[str, ...], lines: Sequence[Approved], day: date, names: NamesOnList
) -> dict[str, str]:
    """Return the fields of a product that is not approved, with a note for each.

    `lines` are the lines of its model.
    """
    if same := [line for line in lines if line.keys == keys]:
        return {"model_number": note_of_days(same, day)}
    if not lines:
        return {
            field: did_you_mean(of_field.near(key))
            for field, key, of_field in zip(PRODUCT_FIELDS, keys, names, strict=True)
            if key not in of_field
        }
    # The lines that share the most names show which name is wrong.
    common = [sum(map(str.__eq__, line.keys, keys)) for line in lines]
    best = [line for line, n in zip(lines, common, strict=True) if n == max(common)]
    # If each name is in some line but no line has all, use the first line.
    return _other_names(keys, best) or _other_names(keys, best[:1])


def _other_names(keys: tuple[str, ...], lines: Sequence[Approved]) -> dict[str, str]:
    """Return the fields that match none of the lines, with the lines' names."""
    return {
        field: did_you_mean(
            [*{line.keys[at]: str(line[at]) for line in lines}.values()]
        )
        for at, (field, key) in enumerate(zip(PRODUCT_FIELDS, keys, strict=True))
        if key not in (line.keys[at] for line in lines)
    }


def note_of_model(
    model: str, lines: Sequence[Approved], day: date, load_names: Callable[[], Names]
) -> str | None:
    """Return a note on a model that is not approved on a day; None if it is."""
    if any(line.on(day) for line in lines):
        return None
    if lines:
        return note_of_days(lines, day)
    return did_you_mean(load_names().near(search_key(model)))


def note_of_days(lines: Sequence[Approved], day: date) -> str:
    """Say when a model that is not approved on a day was delisted, or will be listed.

    Each line has the model, and days that do not include this one.
    """
    last = [line.approved_until for line in lines if line.approved_from <= day]
    if ended := [each for each in last if each]:
        return f"This model was delisted on {format_date(max(ended))}."
    first = min(line.approved_from for line in lines)
    return f"This model is approved from {format_date(first)}."


def did_you_mean(names: Sequence[str]) -> str:
    """Ask whether one of some names was meant; "" if there is none."""
    quoted = [f"“{name}”" for name in names[:FEW]]
    return f"Did you mean {join_words(quoted, 'or')}?" if quoted else ""


def _is_approved(keys: tuple[str, ...], lines: Sequence[Approved], day: date) -> bool:
    return any(line.on(day) and line.keys == keys for line in lines)


def _same_start(one: str, other: str) -> int:
    """Return the number of letters that are the same at the start of two texts."""
    same = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        same += 1
    return same


def _around(ordered: Sequence[str], text: str) -> Sequence[str]:
    at = bisect(ordered, text)
    return ordered[max(at - NEIGHBOURS, 0) : at + NEIGHBOURS]
