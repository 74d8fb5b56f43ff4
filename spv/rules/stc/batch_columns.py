"""The columns of a batch: their headings, and the answers in their cells."""

from typing import NamedTuple

from spv.rules.csv_file import refusal
from spv.rules.errors import ValidationError
from spv.rules.formatting import join_words
from spv.rules.stc.system_types import ALL_FIELDS, FIELDS, REQUIRED, SYSTEM_TYPE_LABEL
from spv.rules.text import is_unseen

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
    """Return the answers of a row, without the apostrophes that protect its cells."""
    return {
        name: cells[position].strip().removeprefix("'").strip()
        for name, position in columns.positions.items()
        if position < len(cells)
    }


def reason_of(error: ValidationError, columns: Columns) -> str:
    """Return why a row cannot be calculated, and whether the file lacks a column."""
    sentences = [*error.problems.values()]
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
