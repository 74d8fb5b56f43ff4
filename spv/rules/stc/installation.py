"""A system of any type: its answers, checked and exact."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Self

from spv.rules.errors import ValidationError
from spv.rules.stc import system_types as types
from spv.rules.stc.figures import (
    FIGURES,
    Figure,
    age_of_figures,
    too_late_to_create,
    value_on,
)
from spv.rules.text import (
    LONGEST_KEPT,
    MOST_KEPT,
    format_date,
    format_decimal,
    join_words,
    pluralise,
    read_date,
)


class Step(NamedTuple):
    """A line of the working: the operation with its numbers, its result, its source."""

    label: str
    operation: str
    result: str
    unit: str
    figure: Figure


def step(
    label: str, figure: str, operation: str, result: str | Decimal | int, unit: str = ""
) -> Step:
    """Return a step by the name of its figure; a whole number counts its unit."""
    if isinstance(result, Decimal):
        result = format_decimal(result)
    elif isinstance(result, int):
        result, unit = pluralise(result, unit).split()
    return Step(label, operation, result, unit, FIGURES[figure])


class Stage(NamedTuple):
    """The certificates of a system that is installed between two days."""

    first_day: date
    last_day: date
    certificates: int


class Calculation(NamedTuple):
    """The certificates of one system, and a sentence for each warning.

    `rating` is in MWh a year per kW, `deeming_years` (of solar) and `years` in years;
    they are None where the system type has none.
    """

    certificates: int
    warnings: tuple[str, ...]
    zone: int | None = None
    rating: Decimal | None = None
    deeming_years: int | None = None
    years: int | None = None


@dataclass(kw_only=True)
class Installation(ABC):
    """A system with its answers in kW, kWh, hours a year and dollars for one STC.

    Each system type has a class, whose fields are those of the type in the table of
    questions. Class variables name the figures, whose values depend on the day. All
    computed numbers are exact until the certificates are rounded down.
    """

    system_type: ClassVar[types.SystemType]
    first_day: ClassVar[str] = "scheme_first_day"
    before_first_day: ClassVar[str] = (
        "STCs have existed since {day}. Before that there were renewable energy "
        "certificates, which are not calculated here. Enter that day or a later one."
    )
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
        fields = types.FIELDS_OF[cls.system_type]
        for name, field in fields.items():
            text = answers.get(name, "").strip()
            if text or not field.optional:
                read = _read_short if len(text) <= LONGEST_KEPT else _read
                try:
                    values[name] = read(text, name, cls)
                except ValueError as error:
                    problems[name] = str(error)
        day = values.get("installation_date", date.max)
        problems = dict(cls.limits(values, day)) | problems
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
        return {code: types.PERIODS[code] for code in FIGURES[cls.periods].latest}

    @classmethod
    def read_period(cls, text: str) -> str | None:
        """Return the code of a period that this type offers, or None."""
        code = types.period_of(text)
        return code if code in FIGURES[cls.periods].latest else None

    @classmethod
    @abstractmethod
    def date_hint(cls, day: date) -> str:
        """Return a sentence about what the installation date alone decides."""

    def warnings(self, today: date) -> Iterator[str]:
        """Yield a warning for each thing that matters besides the number."""
        too_late = too_late_to_create(self.installation_date, today)
        yield from filter(None, (too_late, age_of_figures(today)))

    @abstractmethod
    def __post_init__(self) -> None:
        """Compute everything that follows from the answers, up to the certificates."""

    def _round_down(self, output: Decimal) -> None:
        """Round an output in MWh, or its battery equivalent, down to certificates."""
        self.output, self.certificates = output, int(output)

    def calculate(self, today: date) -> Calculation:
        """Return the certificates, the numbers behind them, and the warnings."""
        # A system has only the numbers of its type.
        numbers = {n: getattr(self, n, None) for n in Calculation._field_defaults}
        return Calculation(self.certificates, tuple(self.warnings(today)), **numbers)

    @abstractmethod
    def working(self) -> tuple[Step, ...]:
        """Return the steps of the calculation in words and numbers."""

    def last_step(self) -> Step:
        """Return the step that rounds down."""
        operation = f"{format_decimal(self.output)} rounded down"
        number = self.certificates
        return step("Certificates", "certificate_output", operation, number, "STC")

    def value(self, figure: str) -> Any:
        """Return the value of a figure on the installation date."""
        return value_on(figure, self.installation_date)

    def answers(self) -> dict[str, str]:
        """Return the answers as text, from which the same installation is read."""
        return types.answers_of(self)

    def read_price(self, text: str) -> Decimal:
        """Return another price of one STC; raises ValueError if it is not allowed."""
        price: Decimal = _read(text.strip(), "stc_price", type(self))
        found = dict(Installation.limits({"stc_price": price}, self.installation_date))
        if found:
            raise ValueError(found["stc_price"])
        return price

    def stages(self, today: date) -> list[Stage]:
        """Return the certificates of the same system, by the day of installation.

        There is a stage for each number of certificates. The first is the
        installation's own; the others are those that can still be chosen.
        """
        own, last = self.installation_date, FIGURES["scheme_last_day"].latest
        starts = {date(year, 1, 1) for year in range(own.year, last.year + 1)}
        starts |= {day for figure in FIGURES.values() for day, _ in figure.values}
        days = [own, *sorted(day for day in starts if own < day <= last)]
        stages: list[Stage] = []
        for day, next_day in pairwise([*days, last + timedelta(days=1)]):
            number = replace(self, installation_date=day).certificates
            is_same = stages and stages[-1].certificates == number
            first_day = stages.pop().first_day if is_same else day
            stages.append(Stage(first_day, next_day - timedelta(days=1), number))
        return [each for each in stages if each.last_day >= today or each is stages[0]]


# The form in which a number is asked for, with an example.
_SHAPES = {
    "number": "as a plain number such as {}: digits and a point, no "
    "commas, at most 6 digits on each side of the point.",
    "count": "as a whole number such as {}.",
    "price": "in dollars and cents, such as {}.",
}


def _read(text: str, name: str, system: type[Installation]) -> Any:
    field = types.FIELDS[name]
    if not text and field.kind != "period":
        raise ValueError(f"Enter {field.noun}.")
    return _READERS.get(field.kind, _read_number)(text, field, system)


# The rows of a file have many equal answers.
_read_short = lru_cache(MOST_KEPT)(_read)


def _read_number(text: str, field: types.Field, _system: type[Installation]) -> Decimal:
    text = types.without_unit(text, field.units)
    if field.kind == "price":
        text = text.removeprefix("$").lstrip()
    pattern = types.PATTERNS[field.kind]
    if not pattern.fullmatch(text):
        shape = _SHAPES[field.kind].format(field.example)
        pointed = text.replace(",", ".")
        may_be_thousands = len(text) - text.find(",") == len(",000")
        is_number = field.kind == "number" and pattern.fullmatch(pointed)
        if is_number and not may_be_thousands:
            shape = f"with a point: {pointed}, not {text}."
        raise ValueError(f"Enter {field.noun} {shape}")
    number = Decimal(text)
    if not number:
        raise ValueError(f"Enter {field.noun} as a number above 0.")
    return number


def _read_date(text: str, field: types.Field, system: type[Installation]) -> date:
    day = read_date(text, field.noun)
    first, last = FIGURES[system.first_day].latest, FIGURES["scheme_last_day"].latest
    if day < first:
        raise ValueError(system.before_first_day.format(day=format_date(first)))
    if day > last:
        raise ValueError(
            f"The scheme ends on {format_date(last)}. Enter that day or an earlier one."
        )
    return day


def _read_period(text: str, field: types.Field, system: type[Installation]) -> str:
    period = system.read_period(text)
    if period is None:
        choices = join_words(system.period_choices().values(), "or")
        raise ValueError(f"Select {field.noun}: {choices}.")
    return period


def _read_postcode(text: str, field: types.Field, _system: type[Installation]) -> str:
    text = types.without_place(text)
    if not types.PATTERNS["postcode"].fullmatch(text):
        shape = f"as four digits, such as {field.example}."
        if types.PATTERNS["postcode"].fullmatch(f"0{text}"):
            shape += " Perhaps a first 0 was dropped: Darwin is 0800."
        raise ValueError(f"Enter the postcode {shape}")
    return text


_READERS = {"date": _read_date, "period": _read_period, "postcode": _read_postcode}
