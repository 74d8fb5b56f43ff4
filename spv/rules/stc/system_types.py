"""The system types, and the table of the questions about each."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from spv.rules.stc.figures import FIGURES, read_data
from spv.rules.text import format_decimal


class SystemType(StrEnum):
    """The systems that earn certificates here."""

    SOLAR = "solar_deemed"
    WIND = "wind_deemed"
    HYDRO = "hydro_deemed"
    BATTERY = "battery"


SYSTEM_TYPE_LABEL = "Small Generation Unit or battery"
SYSTEM_TYPES = {
    SystemType.SOLAR: "SGU – Solar (deemed)",
    SystemType.WIND: "SGU – Wind (deemed)",
    SystemType.HYDRO: "SGU – Hydro (deemed)",
    SystemType.BATTERY: "Solar battery",
}
PERIODS = {
    "1": "One Year",
    "5": "Five Years",
    "10": "10 years",
    "max": "Maximum deeming period",
}
# The shape of an answer, for the kinds that have one.
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")
_COUNT = re.compile(r"[0-9]{1,3}")
_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?|\.[0-9]{1,2}")
_POSTCODE = re.compile(r"[0-9]{4}")
PATTERNS = {
    "number": _NUMBER, "count": _COUNT, "price": _PRICE, "postcode": _POSTCODE,
}  # fmt: skip
# A unit after a number, and the name of a place beside a postcode, as people type them.
_WITH_UNIT = re.compile(r"([0-9.]++) ?([A-Za-z]++)")
_PLACE = r"(?!kw)[a-z]{3}[a-z .,'’()-]*+"
_BEFORE_PLACE = re.compile(rf"([0-9]{{4}})[ ,]++{_PLACE}", re.IGNORECASE)
_AFTER_PLACE = re.compile(rf"{_PLACE}(?<=[ ,])([0-9]{{4}})", re.IGNORECASE)


class Field(NamedTuple):
    """A question about a system: see `data/questions.toml`."""

    types: Sequence[SystemType]
    kind: Literal["number", "count", "price", "date", "period", "postcode"]
    label: str
    noun: str
    example: str
    hint: str
    cell: str = ""
    optional: bool = False
    units: Sequence[str] = ()  # in lower case
    synonyms: Sequence[str] = ()


_LEAST, _MOST = map(format_decimal, FIGURES["battery_nominal_limits"].latest)
_CEILING = format_decimal(FIGURES["clearing_house_price"].latest)


def _field(types: Sequence[str] = tuple(SystemType), **values: Any) -> Field:
    values["hint"] = values["hint"].format(least=_LEAST, most=_MOST, ceiling=_CEILING)
    return Field(types=[*map(SystemType, types)], **values)


FIELDS = {name: _field(**each) for name, each in read_data("questions.toml").items()}
FIELDS_OF = {
    system_type: {n: field for n, field in FIELDS.items() if system_type in field.types}
    for system_type in SystemType
}
# In the order of a batch's columns: the columns of solar, then the others.
ALL_FIELDS = (
    "system_type",
    *dict.fromkeys(name for fields in FIELDS_OF.values() for name in fields),
)
# Every system type asks for these.
_ALL = [name for name, field in FIELDS.items() if len(field.types) == len(SystemType)]
REQUIRED = ("system_type", *(name for name in _ALL if not FIELDS[name].optional))
NUMBERS = {n for n, f in FIELDS.items() if f.kind in ("number", "count", "price")}


def answers_of(source: object) -> dict[str, str]:
    """Return as text the answers that an object has as attributes."""
    named = [(name, getattr(source, name, None)) for name in ALL_FIELDS]
    return {name: str(value) for name, value in named if value}


def system_type_of(answers: Mapping[str, str]) -> SystemType | None:
    """Return the system type that was chosen, by its code or its words, if any."""
    code = _SYSTEM_TYPES_BY_TEXT.get(_normalised(answers.get("system_type", "")))
    return SystemType(code) if code else None


def period_of(text: str) -> str | None:
    """Return the code of a calculation period, given its code or its words."""
    return _PERIODS_BY_TEXT.get(_normalised(text))


def without_unit(text: str, units: Sequence[str]) -> str:
    """Return a number without one of the units after it, if it has one."""
    if text[-1:].isdigit():
        return text
    found = _WITH_UNIT.fullmatch(" ".join(text.split()))
    return found[1] if found and found[2].lower() in units else text


def without_place(text: str) -> str:
    """Return a postcode without the name of a place beside it, if it has one."""
    found = _BEFORE_PLACE.fullmatch(text) or _AFTER_PLACE.fullmatch(text)
    return found[1] if found else text


def _normalised(text: str) -> str:
    """Return a text in lower case, with single spaces and one kind of dash."""
    return " ".join(text.casefold().replace("–", "-").split())


_SYSTEM_TYPES_BY_TEXT, _PERIODS_BY_TEXT = (
    {_normalised(text): code for code, words in known.items() for text in (code, words)}
    for known in (SYSTEM_TYPES, PERIODS)
)
