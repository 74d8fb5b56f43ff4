"""The audit log in words; criteria for searching the log and the calculations."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.ledger.search import check_period, read_day
from spv.rules.stc.system_types import SYSTEM_TYPES
from spv.rules.text import format_date, pluralise, read_all, read_optional

_EVENTS = tomllib.loads(Path(__file__).with_name("events.toml").read_text("utf-8"))
SENTENCES: dict[str, list[str]] = {
    f"{thing}.{act}": sentences
    for thing, acts in _EVENTS.items()
    for act, sentences in acts.items()
}


class _Words(Formatter):
    """Writes values of an event in words; raises LookupError if a value is missing."""

    def get_value(
        self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Return a value of the details."""
        value = kwargs[str(key)]
        if value in (None, "", {}) or (key == "problems" and not value):
            raise LookupError(key)
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write a value: a day, a system type, or a number of things."""
        match format_spec, value:
            case "", dict():
                return ", ".join(f"{name}: {text}" for name, text in value.items())
            case "day", _:
                return format_date(date.fromisoformat(value))
            case "type", _:
                return SYSTEM_TYPES[value]
            case noun, list():
                return pluralise(len(value), noun)
            case "", _:
                return str(value)
        return pluralise(value, format_spec)


def label(event: str) -> str:
    """Return the name of an event in words: Upload refused, STC calculated."""
    words = event.replace(".", " ").replace("_", " ").capitalize()
    return words.replace("Stc", "STC").replace("Api", "API")


def sentence(event: str, values: Mapping[str, Any]) -> str:
    """Return the sentence of an event, with the values of its details.

    An event that is not known, or has other details, is named with its actor.
    """
    for words in SENTENCES.get(event, ()):
        try:
            return _Words().vformat(words, (), values)
        except (LookupError, ValueError, TypeError, AttributeError):
            continue
    return f"{values['actor']}: {label(event)}."


# The kinds of things that events are about. A serial number has no events of its own:
# the events of its uploads and invalidations are found.
KINDS = {
    "account": "Account", "application": "Application",
    "invalidation": "Invalidation", "user": "Person", "serial": "Serial number",
    "refusal": "Refused upload",
    "reference": "STC calculation or batch", "subscription": "Subscription",
    "upload": "Upload",
}  # fmt: skip
EVENTS = dict(sorted(((name, label(name)) for name in SENTENCES), key=lambda p: p[1]))
ZONES = {str(zone): f"Zone {zone}" for zone in range(1, 5)}
LABELS = {
    "person": "Person", "account": "Account", "event": "Action", "about": "About",
    "from_day": "From", "to_day": "To",
}  # fmt: skip
MOST_DAYS = 92  # of a chart, which counts every calculation in them
USUAL_DAYS = 30
_POSTCODE = re.compile("[0-9]{4}")
_REFERENCE = re.compile("[A-Za-z0-9_-]{16}")
_NUMBER = re.compile("[0-9]{1,10}")


class LogCriteria(NamedTuple):
    """The criteria of a search of the log. One that is empty excludes no event.

    `person` is the actor, `account` a name or an ABN. `key` is the number or reference
    of a thing of the `kind`. Days are in Australian eastern time, both included.
    """

    person: str = ""
    account: str = ""
    event: str = ""
    kind: str = ""
    key: str = ""
    from_day: date | None = None
    to_day: date | None = None

    def answers(self) -> dict[str, str]:
        """Return the criteria in use as text, which `read_log_criteria` reads back."""
        return {name: str(value) for name, value in self._asdict().items() if value}

    def in_words(self) -> dict[str, str]:
        """Return the criteria in use by their labels."""
        values = self._asdict() | {"event": EVENTS.get(self.event, "")}
        if self.kind:
            values["about"] = f"{KINDS[self.kind]} {self.key}"
        for name in ("from_day", "to_day"):
            values[name] = values[name] and format_date(values[name])
        return {LABELS[name]: values[name] for name in LABELS if values.get(name)}


class CalculationCriteria(NamedTuple):
    """The criteria of a search of calculations, as `LogCriteria` are."""

    reference: str = ""
    postcode: str = ""
    zone: int = 0
    system_type: str = ""
    from_day: date | None = None
    to_day: date | None = None

    def answers(self) -> dict[str, str]:
        """Return the criteria in use as text."""
        return {name: str(value) for name, value in self._asdict().items() if value}

    def counted_days(self, today: date) -> tuple[date, date]:
        """Return the first and the last day that a chart counts."""
        last = self.to_day or max(today, self.from_day or today)
        first = self.from_day or last - timedelta(USUAL_DAYS - 1)
        return max(first, last - timedelta(MOST_DAYS - 1)), last


def read_log_criteria(answers: Mapping[str, Any]) -> LogCriteria:
    """Read criteria as they were typed; raises ValidationError."""
    values = read_all(answers, {
        "person": partial(read_optional, what="the person", most=254),
        "account": partial(read_optional, what="the account"),
        "event": partial(_read_choice, EVENTS, "an action"),
        "kind": partial(_read_choice, KINDS, "what the events are about"),
        "key": partial(read_optional, what="the number", most=64),
        "from_day": read_day, "to_day": read_day,
    })  # fmt: skip
    check_period(values["from_day"], values["to_day"], "to_day")
    values["person"] = values["person"].lower()
    kind, key = values["kind"], values["key"]
    if key and not kind:
        raise ValidationError({"kind": "Select what the number refers to."})
    if kind == "serial":
        values["key"] = key.upper()
    elif kind and not (_REFERENCE if kind == "reference" else _NUMBER).fullmatch(key):
        word = "reference" if kind == "reference" else "number"
        sentence = f"Enter the {word} of the {KINDS[kind].lower()}."
        raise ValidationError({"key": sentence.replace("stc", "STC")})
    if kind and not key:
        raise ValidationError({"key": "Enter the serial number."})
    return LogCriteria(**values)


def read_calculation_criteria(answers: Mapping[str, Any]) -> CalculationCriteria:
    """Read criteria as they were typed; raises ValidationError."""
    values = read_all(answers, {
        "reference": partial(
            _read_pattern, _REFERENCE, "Enter the 16 characters of the reference."
        ),
        "postcode": partial(_read_pattern, _POSTCODE, "Enter four digits."),
        "zone": lambda text: int(_read_choice(ZONES, "a zone", text) or 0),
        "system_type": partial(_read_choice, SYSTEM_TYPES, "a system type"),
        "from_day": read_day, "to_day": read_day,
    })  # fmt: skip
    check_period(values["from_day"], values["to_day"], "to_day")
    return CalculationCriteria(**values)


def _read_choice(choices: Mapping[Any, str], what: str, text: str) -> str:
    if text and text not in choices:
        raise ValueError(f"Select {what}.")
    return text


def _read_pattern(pattern: re.Pattern[str], sentence: str, text: str) -> str:
    text = text.strip()
    if text and not pattern.fullmatch(text):
        raise ValueError(sentence)
    return text
