"""Faults of cells: a sentence that says what is wrong, and a remedy.

Spreadsheet programs replace names and serial numbers by errors of formulas, rounded
numbers and dates. `damage_of` finds what is wrong in every column. `is_day` is only for
columns that cannot hold a date.
"""

import re
import tomllib
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """A fault of a cell, in a sentence, with a remedy.

    `for_programs` says both to an API client, if the words of the page do not fit.
    """

    code: str
    sentence: str
    remedy: str
    for_programs: str = ""

    @property
    def words(self) -> str:
        """The sentence and the remedy."""
        return f"{self.sentence} {self.remedy}"


_FOLDER = Path(__file__).parent
_FAULTS = tomllib.loads((_FOLDER / "faults.toml").read_text("utf-8"))
FAULTS = {name: Fault(**{"code": name} | words) for name, words in _FAULTS.items()}
_WORDS = tomllib.loads((_FOLDER / "damage.toml").read_text("utf-8"))
NOTHING, ERRORS = frozenset(_WORDS["nothing"]), frozenset(_WORDS["errors"])
_ERROR = re.compile(r"#[¡¿]?[^\W\d_][\w/]*+[!?]")
_LIBREOFFICE = re.compile(
    rf"(?:{'|'.join(_WORDS['error_words'])}) ?: ?[0-9]{{3}}", re.IGNORECASE
)
_HASHES = re.compile(r"#{2,}+")
SCIENTIFIC = re.compile(
    r"[+-]?[0-9]++(?:[.,][0-9]*+)?E\+[0-9]{1,3}|[+-]?[0-9]++[.,][0-9]*+E-?[0-9]{1,3}",
    re.IGNORECASE,
)
_FORMULA = re.compile(r'="([^"]*+)"')
# Names that begin with an apostrophe, such as ’t Hooft.
_DUTCH = re.compile(r"'[st] ")
_MONTH = "(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|SEPT|OCT|NOV|DEC)"
_WITH_MONTH = re.compile(
    rf"[0-9]{{1,2}}[-/. ]{_MONTH}(?:[-/. ](?:[0-9]{{4}}|[0-9]{{2}}))?"
    rf"|{_MONTH}[-/. ](?:[0-9]{{4}}|[0-9]{{2}})"
)
_TIME = re.compile(r"[0-9]{1,4}:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]++)?)?(?: ?[AP]M)?")
_DAY = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})(?:[ T](.++))?")
_SHORT_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")
YEARS = range(1900, 2100)


def fault(name: str, /, **values: object) -> Fault:
    """Return a fault of `FAULTS` with values in its words."""
    found = FAULTS[name]
    return found._replace(
        sentence=found.sentence.format_map(values),
        remedy=found.remedy.format_map(values),
        for_programs=found.for_programs.format_map(values),
    )


def damage_of(text: str) -> Fault | None:
    """Return the fault of a cell that is wrong in every column, or None."""
    if text.casefold() in NOTHING:
        return fault("nothing", found=text)
    if match := _FORMULA.fullmatch(text):
        return fault("formula", meant=match[1])
    if text[0] == "'" and "'" not in text[1:] and not _DUTCH.match(text):
        return fault("apostrophe", meant=text[1:])
    return _changed(text)


def _changed(text: str) -> Fault | None:
    """Return the fault of a text that a program wrote in place of a value, or None."""
    if _HASHES.fullmatch(text):
        return fault("column_too_narrow", found=text)
    if text.upper() in ERRORS or _ERROR.fullmatch(text) or _LIBREOFFICE.fullmatch(text):
        return fault("error_value", found=text)
    if SCIENTIFIC.fullmatch(text):
        return fault("rounded_number")
    if "\ufffd" in text:
        return fault("lost_characters")
    if not text.isascii() and (meant := _as_utf8(text)):
        return fault("wrong_encoding", meant=meant)
    return None


def is_day(text: str) -> bool:
    """Tell whether a text is a complete date or time, as spreadsheet programs write it.

    A date has its month as a word, or has a year of four digits, or has slashes.
    """
    upper = text.upper()
    if _WITH_MONTH.fullmatch(upper) or _TIME.fullmatch(upper):
        return True
    found = _DAY.fullmatch(upper)
    if found is None or not (found[5] is None or _TIME.fullmatch(found[5])):
        return False
    first, sign, middle, last = found[1], found[2], found[3], found[4]
    has_year = len(first) == 4 or len(last) == 4
    return (has_year or sign == "/") and _is_calendar_day(first, middle, last)


def may_be_day(text: str) -> bool:
    """Tell whether a text may be a date: without a year, or with two digits of it."""
    if short := _SHORT_DAY.fullmatch(text):
        return _is_calendar_day(short[1], short[2], "2000")
    found = _DAY.fullmatch(text)
    if found is None or is_day(text):
        return False
    return _is_calendar_day(found[1], found[3], found[4])


def _as_utf8(text: str) -> str:
    """Return what a text was before it was read as Windows-1252; "" if it was not.

    It was if its Windows-1252 bytes are valid UTF-8 with a letter beyond ASCII, or with
    one of the dashes and quotes that word processors type.
    """
    try:
        meant = b"".join(map(_byte_of, text)).decode("utf-8")
    except UnicodeError:
        return ""
    beyond = [character for character in meant if not character.isascii()]
    return meant if any(c.isalpha() or "‐" <= c <= "…" for c in beyond) else ""


def _byte_of(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:  # five bytes have no character, and stay as they are
        return character.encode("latin-1")


def _is_calendar_day(first: str, middle: str, last: str) -> bool:
    """Tell whether numbers are a date: year first, or day and month in any order."""
    orders = [(first, middle, last)] if len(first) == 4 and len(last) < 3 else []
    if len(first) < 3 and len(last) in (2, 4):
        year = last if len(last) == 4 else f"20{last}"
        orders = [(year, middle, first), (year, first, middle)]
    for order in orders:
        with suppress(ValueError):
            if date(*map(int, order)).year in YEARS:
                return True
    return False
