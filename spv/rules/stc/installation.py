"""A system of any type: its answers, checked and exact."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from spv.rules.errors import ValidationError
from spv.rules.formatting import format_date, format_decimal
from spv.rules.stc.calculation import (
    Calculation,
    Step,
    last_day_to_create,
    same_day_in,
)
from spv.rules.stc.figures import FIGURES, value_on
from spv.rules.stc.system_types import (
    FIELDS,
    FIELDS_OF,
    PATTERNS,
    PERIODS,
    Field,
    SystemType,
    answers_of,
    either,
    is_postcode,
    period_of,
)
from spv.rules.text import read_date


@dataclass(frozen=True, kw_only=True)
class Installation(ABC):
    """A system with its answers in kW, kWh, hours a year and dollars for one STC.

    Each system type has a class, whose fields are those of the type in the table of
    questions. Class variables name the figures, whose values depend on the day.
    """

    system_type: ClassVar[SystemType]
    first_day: ClassVar[str] = "scheme_first_day"
    starting_words: ClassVar[str] = "The scheme runs"
    periods: ClassVar[str]

    installation_date: date
    stc_price: Decimal | None = None

    @classmethod
    def read(cls, answers: Mapping[str, str]) -> Self:
        """Read the answers to the questions of this type, and check them.

        Takes text as it was typed, and ignores answers to other questions. Raises
        ValidationError with a sentence for each field that is missing or wrong.
        """
        problems: dict[str, str] = {}
        values: dict[str, Any] = {}
        fields = FIELDS_OF[cls.system_type]
        for name, field in fields.items():
            text = answers.get(name, "").strip()
            if text or not field.optional:
                try:
                    values[name] = _read(text, field, cls)
                except ValueError as error:
                    problems[name] = str(error)
        problems.update(cls.limits(values, values.get("installation_date", date.max)))
        if problems:
            raise ValidationError({n: problems[n] for n in fields if n in problems})
        return cls(**values)

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        """Yield a field and a sentence for each value beyond a limit of the scheme.

        Values that could not be read are missing.
        """
        if "stc_price" not in values:
            return
        ceiling = value_on("clearing_house_price", day)
        if values["stc_price"] > ceiling:
            price = f"The clearing house price of ${format_decimal(ceiling)}"
            yield "stc_price", f"{price} is the ceiling. Enter that or less."

    @classmethod
    def period_choices(cls) -> dict[str, str]:
        """Return the calculation periods that this type offers: code to words."""
        return {code: PERIODS[code] for code in FIGURES[cls.periods].latest}

    @classmethod
    def read_period(cls, text: str) -> str | None:
        """Return the code of a period that this type offers, or None."""
        code = period_of(text)
        return code if code in FIGURES[cls.periods].latest else None

    @classmethod
    @abstractmethod
    def date_hint(cls, day: date) -> str:
        """Return what an installation date alone already decides, as a sentence."""

    def warnings(self, today: date) -> Iterator[str]:
        """Yield a sentence for each thing to know beside the number."""
        last_day = last_day_to_create(self.installation_date)
        if today > last_day:
            months = value_on("creation_window", self.installation_date)
            yield (
                f"Certificates must be created within {months} months of installation. "
                f"For this system that time ended on {format_date(last_day)}."
            )

    @abstractmethod
    def calculate(self, today: date) -> Calculation:
        """Return the certificates. `today` decides only the warnings.

        All numbers are exact, and the result is rounded once, at the end.
        """

    @abstractmethod
    def working(self) -> tuple[Step, ...]:
        """Return the steps of the calculation in words and numbers."""

    def answers(self) -> dict[str, str]:
        """Return the answers as text, from which the same installation is read."""
        return answers_of(self)

    def read_price(self, text: str) -> Decimal:
        """Return another price of one STC in dollars.

        Raises ValueError if it is not a price, or above the clearing house price.
        """
        price: Decimal = _read(text.strip(), FIELDS["stc_price"], type(self))
        day = self.installation_date
        for _name, sentence in self.limits({"stc_price": price}, day):
            raise ValueError(sentence)
        return price

    def certificates_by_year(self, today: date) -> dict[int, int]:
        """Return the certificates of the same system by year of installation.

        The first year is the installation's own; the others can still be chosen.
        """
        own = self.installation_date
        last = value_on("scheme_last_day", own).year
        certificates = {}
        for year in (own.year, *range(max(own.year + 1, today.year), last + 1)):
            moved = replace(self, installation_date=same_day_in(year, own))
            certificates[year] = moved.calculate(today).certificates
        return certificates


def _read(text: str, field: Field, system: type[Installation]) -> Any:
    if not text and field.kind != "period":
        raise ValueError(f"Enter {field.noun}.")
    return _READERS[field.kind](text, field, system)


def _read_number(text: str, field: Field, _system: type[Installation]) -> Decimal:
    if not PATTERNS[field.kind].fullmatch(text):
        if field.kind == "price":
            shape = f"in dollars and cents, such as {field.example}."
        else:
            shape = (
                f"as a plain number such as {field.example}: digits and a point, no "
                "unit and no commas, at most 6 digits on each side of the point."
            )
        raise ValueError(f"Enter {field.noun} {shape}")
    number = Decimal(text)
    if not number:
        raise ValueError(f"Enter {field.noun} as a number above 0.")
    return number


def _read_date(text: str, field: Field, system: type[Installation]) -> date:
    day = read_date(text, field.noun)
    first, last = FIGURES[system.first_day].latest, FIGURES["scheme_last_day"].latest
    if day < first:
        raise ValueError(
            f"{system.starting_words} from {format_date(first)}. "
            "Enter that day or a later one."
        )
    if day > last:
        raise ValueError(
            f"The scheme ends on {format_date(last)}. Enter that day or an earlier one."
        )
    return day


def _read_period(text: str, field: Field, system: type[Installation]) -> str:
    period = system.read_period(text)
    if period is None:
        choices = either(system.period_choices().values())
        raise ValueError(f"Select {field.noun}: {choices}.")
    return period


def _read_postcode(text: str, field: Field, _system: type[Installation]) -> str:
    if not is_postcode(text):
        hint = " Perhaps a first 0 was dropped: Darwin is 0800."
        lost = hint if is_postcode(f"0{text}") else ""
        raise ValueError(
            f"Enter the postcode as four digits, such as {field.example}.{lost}"
        )
    return text


_READERS: dict[str, Callable[[str, Field, type[Installation]], Any]] = {
    "number": _read_number,
    "price": _read_number,
    "date": _read_date,
    "period": _read_period,
    "postcode": _read_postcode,
}
