"""Reading the answers about one system: text as typed in, exact values out."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from spv.rules.errors import ValidationError
from spv.rules.formatting import format_date, format_decimal
from spv.rules.stc.figures import FIGURES, value_on
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    FIELDS,
    OPTIONAL,
    SystemType,
    period_of,
    periods_for,
    system_type_of,
)
from spv.rules.text import read_date


class Installation(NamedTuple):
    """One system, its answers checked: kW, kWh, hours a year, dollars for one STC."""

    system_type: SystemType
    installation_date: date
    calculation_period: str = ""
    postcode: str = ""
    rated_power_kw: Decimal | None = None
    resource_hours: Decimal | None = None
    nominal_kwh: Decimal | None = None
    usable_kwh: Decimal | None = None
    stc_price: Decimal | None = None

    def answers(self) -> dict[str, str]:
        """The answers as text, which `read_installation` reads as this installation."""
        named = {name: getattr(self, name) for name in ALL_FIELDS}
        return {name: str(value) for name, value in named.items() if value}


_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}")
_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?|\.[0-9]{1,2}")
_POSTCODE = re.compile(r"[0-9]{4}")
_NUMBERS = {
    "rated_power_kw": ("the rated power output in kW", "6.6"),
    "resource_hours": ("the hours of resource availability a year", "2400"),
    "nominal_kwh": ("the nominal capacity in kWh", "13.5"),
    "usable_kwh": ("the usable capacity in kWh", "13.5"),
    "stc_price": ("the price of one STC", "38.50"),
}


def read_installation(answers: Mapping[str, str]) -> Installation:
    """Check the answers to the questions of one system type.

    Takes text as it was typed. Answers that the type does not ask for are left aside.
    Raises ValidationError with a sentence for each field that is missing or wrong.
    """
    system_type = system_type_of(answers)
    if system_type is None:
        raise ValidationError({"system_type": "Select the type of system."})
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name in FIELDS[system_type]:
        text = answers.get(name, "").strip()
        if not text and name in OPTIONAL:
            continue
        try:
            values[name] = _READERS[name](name, text, system_type)
        except ValueError as error:
            problems[name] = str(error)
    problems = _limits(values, system_type) | problems
    if problems:
        ordered = {n: problems[n] for n in FIELDS[system_type] if n in problems}
        raise ValidationError(ordered)
    return Installation(system_type, **values)


def read_price(text: str, day: date) -> Decimal:
    """The price of one STC in dollars.

    ValidationError above the clearing house price.
    """
    try:
        price = _number("stc_price", text.strip())
        _at_most_ceiling(price, day)
    except ValueError as error:
        raise ValidationError({"stc_price": str(error)}) from None
    return price


def is_postcode(text: str) -> bool:
    """Whether the text is four plain digits."""
    return bool(_POSTCODE.fullmatch(text))


def _number(name: str, text: str, _type: SystemType | None = None) -> Decimal:
    what, example = _NUMBERS[name]
    if not text:
        raise ValueError(f"Enter {what}.")
    if name == "stc_price" and not _PRICE.fullmatch(text):
        raise ValueError(f"Enter {what} in dollars and cents, such as {example}.")
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            f"Enter {what} as a plain number such as {example}: digits and a point, no "
            "unit and no commas, at most 6 digits on each side of the point."
        )
    number = Decimal(text)
    if not number:
        raise ValueError(f"Enter {what} as a number above 0.")
    return number


def _date(_name: str, text: str, system_type: SystemType) -> date:
    day = read_date(text, "the installation date")
    battery = system_type is SystemType.BATTERY
    first = FIGURES["battery_first_day" if battery else "scheme_first_day"].latest
    last = FIGURES["scheme_last_day"].latest
    if day < first:
        what = "Batteries earn certificates" if battery else "The scheme runs"
        raise ValueError(
            f"{what} from {format_date(first)}. Enter that day or a later one."
        )
    if day > last:
        raise ValueError(
            f"The scheme ends on {format_date(last)}. Enter that day or an earlier one."
        )
    return day


def _period(_name: str, text: str, system_type: SystemType) -> str:
    period = period_of(text, system_type)
    if period is None:
        *others, last = periods_for(system_type).values()
        choices = f"{', '.join(others)} or {last}"
        raise ValueError(f"Select the calculation period: {choices}.")
    return period


def _postcode(_name: str, text: str, _type: SystemType) -> str:
    if not text:
        raise ValueError("Enter the postcode of the installation address.")
    if not is_postcode(text):
        lost = is_postcode(f"0{text}")
        hint = " Perhaps a first 0 was dropped: Darwin is 0800." if lost else ""
        raise ValueError(f"Enter the postcode as four digits, such as 2150.{hint}")
    return text


_READERS: dict[str, Callable[[str, str, SystemType], Any]] = {
    **dict.fromkeys(_NUMBERS, _number),
    "installation_date": _date,
    "calculation_period": _period,
    "postcode": _postcode,
}


def _limits(values: dict[str, Any], system_type: SystemType) -> dict[str, str]:
    """Sentences for the values that are beyond what the scheme takes."""
    day = values.get("installation_date", date.max)
    problems = {}
    for name in values:
        if check := _LIMITS.get(name):
            try:
                check(values, system_type, day)
            except ValueError as error:
                problems[name] = str(error)
    return problems


def _power(values: dict[str, Any], system_type: SystemType, day: date) -> None:
    kind = system_type.name.lower()
    limit = value_on(f"{kind}_power_limit", day)
    if values["rated_power_kw"] > limit:
        raise ValueError(
            f"A {kind} system may have at most {format_decimal(limit)} kW to earn "
            "STCs. Enter a smaller rated power output."
        )


def _hours(values: dict[str, Any], system_type: SystemType, day: date) -> None:
    hours, most = values["resource_hours"], value_on("hours_in_a_year", day)
    if hours > most:
        raise ValueError(
            f"A year has {format_decimal(most)} hours. Enter that or fewer."
        )
    kind = system_type.name.lower()
    limit = value_on(f"{kind}_output_limit", day)
    power = values.get("rated_power_kw", 0)
    output = value_on("turbine_output_factor", day) * power * hours
    if output > limit:
        raise ValueError(
            f"With these hours the system would generate {format_decimal(output)} MWh "
            f"a year. A {kind} system may generate at most {format_decimal(limit)}: "
            "enter fewer hours."
        )


def _nominal(values: dict[str, Any], _type: SystemType, day: date) -> None:
    least, most = value_on("battery_nominal_limits", day)
    if not least <= values["nominal_kwh"] <= most:
        raise ValueError(
            "To earn STCs a battery needs a nominal capacity of "
            f"{format_decimal(least)} to {format_decimal(most)} kWh. Enter a capacity "
            "in that range."
        )


def _usable(values: dict[str, Any], _type: SystemType, _day: date) -> None:
    nominal = values.get("nominal_kwh")
    if nominal is not None and values["usable_kwh"] > nominal:
        raise ValueError(
            f"The usable capacity cannot be more than the nominal capacity of "
            f"{format_decimal(nominal)} kWh. Enter a smaller one."
        )


def _price(values: dict[str, Any], _type: SystemType, day: date) -> None:
    _at_most_ceiling(values["stc_price"], day)


_LIMITS: dict[str, Callable[[dict[str, Any], SystemType, date], None]] = {
    "rated_power_kw": _power,
    "resource_hours": _hours,
    "nominal_kwh": _nominal,
    "usable_kwh": _usable,
    "stc_price": _price,
}


def _at_most_ceiling(price: Decimal, day: date) -> None:
    ceiling = value_on("clearing_house_price", day)
    if price > ceiling:
        raise ValueError(
            f"The clearing house price of ${format_decimal(ceiling)} is the ceiling. "
            "Enter that or less."
        )
