"""Faults of cells, rows and items: a sentence that says what is wrong, and a remedy."""

import tomllib
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """A fault of a cell, in a sentence, with a remedy.

    `for_programs` says both to an API client, where the words of the page do not fit.
    `since` is the day from which such values are refused, if they were stored before.
    """

    code: str
    sentence: str
    remedy: str
    for_programs: str = ""
    since: date | None = None

    @property
    def words(self) -> str:
        """The sentence and the remedy."""
        return f"{self.sentence} {self.remedy}"


_WORDS = tomllib.loads(Path(__file__).with_name("faults.toml").read_text("utf-8"))
FAULTS = {name: Fault(**{"code": name} | words) for name, words in _WORDS.items()}


def fault(name: str, /, **values: object) -> Fault:
    """Return a fault of `FAULTS` with values in its words."""
    found = FAULTS[name]
    return found._replace(
        sentence=found.sentence.format_map(values),
        remedy=found.remedy.format_map(values),
        for_programs=found.for_programs.format_map(values),
    )
