"""The columns of a batch: their headings, and cells as spreadsheet programs write them.

Only batches are read so. The page and the API take the calculator's own forms alone.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from spv.rules.csv_file import refusal
from spv.rules.errors import ValidationError
from spv.rules.stc.system_types import ALL_FIELDS, FIELDS, REQUIRED, SYSTEM_TYPE_LABEL
from spv.rules.text import is_unseen, join_words

# A batch has no estimate in dollars, so a price column is not read.
NOT_READ = "stc_price"
COLUMNS = tuple(name for name in ALL_FIELDS if name != NOT_READ)
ADDED = ("certificates", "zone", "years", "reason", "warnings")
MOST_NAMED = 5  # headings in a sentence
LONGEST_NAMED = 40  # characters of a heading in a sentence
LONGEST_READ = 100  # characters of a heading that can mean a column

# Other headings that can only mean one column, beside its name and its label.
_SYNONYMS = {
    "system_type": ("type", "system", "type of system"),
    "rated_power_kw": (
        "kw", "power kw", "rated power", "rated kw", "rated power output",
    ),
    "installation_date": ("install date", "date installed", "date of installation"),
    "calculation_period": ("period", "deeming period"),
    "postcode": ("post code", "installation postcode"),
    "resource_hours": ("hours of resource availability",),
    "nominal_kwh": ("nominal capacity",),
    "usable_kwh": ("usable capacity",),
}  # fmt: skip
_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})[T ]"
_MIDNIGHT = re.compile(
    rf"{_DAY}(?:00?:00(?::00(?:\.0{{1,9}})?)?|12:00(?::00)? ?am)", re.IGNORECASE
)
_WITH_TIME = re.compile(
    rf"{_DAY}[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?(?: ?[ap]m)?",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"([0-9]{1,4})\.0{1,9}")
# What a spreadsheet program adds to a value, and the value itself.
_ADDITIONS = {
    "installation_date": _MIDNIGHT,
    "calculation_period": _WHOLE_NUMBER,
    "modules": _WHOLE_NUMBER,
}
# What a spreadsheet program makes of a value, and a sentence that says what to do.
_CHANGES = {
    "installation_date": (
        _WITH_TIME,
        "The installation date has a time of day that is not 00:00. Enter the day "
        "alone, as 2026-07-31 or 31/07/2026.",
    ),
    "postcode": (
        _WHOLE_NUMBER,
        "A spreadsheet program has made a number of the postcode. Format the column "
        "as text and enter four digits, such as 0800.",
    ),
}


class Columns(NamedTuple):
    """The position of each column in a row, and a sentence on unknown headings."""

    positions: dict[str, int]
    unknown: str


def field_name(heading: str) -> str:
    """Return a heading as the name of a field: in lower case, with underscores."""
    return "_".join(heading.casefold().replace("_", " ").split())


def find_columns(heading: list[str]) -> Columns:
    """Find the calculator's columns by their names, labels and plain synonyms.

    Raises ValidationError on `file` if a column is missing or there twice.
    """
    positions: dict[str, int] = {}
    others = []
    for position, text in enumerate(heading):
        name = _COLUMN_OF.get(_key(text))
        if name is None:
            others.append(text)
        elif name in positions:
            raise refusal(_repeated(name, heading[positions[name]], text))
        else:
            positions[name] = position
    unknown = _unknown(others)
    for name in REQUIRED:
        if name not in positions:
            missing = f"The column {name} is missing."
            known = f"The columns are {join_words(COLUMNS)}."
            sentences = (missing, unknown, known, "The template has them all.")
            raise refusal(" ".join(filter(None, sentences)))
    return Columns(positions, unknown)


def read_answers(cells: list[str], columns: Columns) -> dict[str, str]:
    """Return the answers of a row, without what spreadsheet programs add to them.

    They add an apostrophe that protects a cell, the time 00:00 to a day, and zeros
    after the point to a whole number.
    """
    answers = {}
    for name, position in columns.positions.items():
        if position < len(cells):
            text = cells[position].strip()
            if text.startswith("'"):
                text = text[1:].strip()
            answers[name] = text
    for name, addition in _ADDITIONS.items():
        text = answers.get(name, "")
        # Every addition has a colon or a point; most cells have neither.
        if (":" in text or "." in text) and (match := addition.fullmatch(text)):
            answers[name] = match[1]
    return answers


def reason_of(
    error: ValidationError, answers: Mapping[str, str], columns: Columns
) -> str:
    """Return why a row cannot be calculated, also in view of spreadsheet programs."""
    sentences = []
    for name, sentence in error.problems.items():
        change, advice = _CHANGES.get(name, (None, ""))
        is_changed = change and change.fullmatch(answers.get(name, ""))
        sentences.append(advice if is_changed else sentence)
    missing = [name for name in error.problems if name not in columns.positions]
    if missing:
        word = "column" if len(missing) == 1 else "columns"
        sentences.append(f"The file has no {word} {join_words(missing)}.")
        sentences.append(columns.unknown)
    return " ".join(filter(None, sentences))


def _key(heading: str) -> str:
    """Return the letters and digits of a heading, by which headings are compared.

    It is empty for very long headings, of which a file may have megabytes.
    """
    if len(heading) > LONGEST_READ:
        return ""
    letters = "".join(filter(str.isalnum, heading.casefold()))
    return letters.removesuffix("optional")


def _repeated(name: str, first: str, second: str) -> str:
    """Return a sentence on two headings that mean the same column."""
    if first == second:
        return f"The column {name} is there twice. Remove one."
    both = f"{_quoted(first)} and {_quoted(second)}"
    return f"The column {name} is there twice, as {both}. Rename or remove one."


def _unknown(headings: list[str]) -> str:
    """Return a sentence that names the headings that mean no column, if any."""
    ours = ("", NOT_READ, *ADDED)
    unknown = [text for text in headings if field_name(text) not in ours]
    named = [*map(_quoted, unknown[:MOST_NAMED])]
    if len(unknown) > MOST_NAMED:
        named.append(f"{len(unknown) - MOST_NAMED} more")
    are_none = "is not a column" if len(unknown) == 1 else "are not columns"
    return f"{join_words(named)} {are_none} of the calculator." if named else ""


def _quoted(heading: str) -> str:
    """Return a heading in quotation marks, shortened, without invisible characters."""
    cut = heading[:LONGEST_NAMED] + ("…" if len(heading) > LONGEST_NAMED else "")
    return f"“{''.join(c for c in cut if not is_unseen(c))}”"


_LABELS = {name: field.label for name, field in FIELDS.items()}
# Each heading that is understood, as its key, and the column that it means.
_COLUMN_OF = {
    _key(text): name
    for name, label in ({"system_type": SYSTEM_TYPE_LABEL} | _LABELS).items()
    for text in (name, label, *_SYNONYMS.get(name, ()))
    if name != NOT_READ
}
