"""Which questions each system type asks, and the choices, in the scheme's words."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TypeVar

from spv.rules.stc.figures import FIGURES

Choice = TypeVar("Choice")


class SystemType(StrEnum):
    """The systems that earn certificates here."""

    SOLAR = "solar_deemed"
    WIND = "wind_deemed"
    HYDRO = "hydro_deemed"
    BATTERY = "battery"


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

_TURBINE = (
    "rated_power_kw",
    "installation_date",
    "calculation_period",
    "resource_hours",
    "stc_price",
)
FIELDS = {
    SystemType.SOLAR: (
        "rated_power_kw",
        "installation_date",
        "calculation_period",
        "postcode",
        "stc_price",
    ),
    SystemType.WIND: _TURBINE,
    SystemType.HYDRO: _TURBINE,
    SystemType.BATTERY: (
        "nominal_kwh",
        "usable_kwh",
        "installation_date",
        "stc_price",
    ),
}
ALL_FIELDS = (
    "system_type",
    *dict.fromkeys(name for fields in FIELDS.values() for name in fields),
)
NUMBERS = frozenset(
    {"rated_power_kw", "resource_hours", "nominal_kwh", "usable_kwh", "stc_price"}
)
OPTIONAL = frozenset({"resource_hours", "stc_price"})


def system_type_of(answers: Mapping[str, str]) -> SystemType | None:
    """The system type that was chosen, by code or by words; None where none was."""
    return _chosen(_SYSTEM_TYPES_BY_TEXT, answers.get("system_type", ""))


@cache
def periods_for(system_type: SystemType) -> dict[str, str]:
    """The calculation periods that a system type offers: code to words."""
    solar = system_type is SystemType.SOLAR
    figure = FIGURES["solar_periods" if solar else "turbine_periods"]
    return {code: PERIODS[code] for code in figure.latest}


def period_of(text: str, system_type: SystemType) -> str | None:
    """The code of a calculation period, given its code or its words."""
    code = _chosen(_PERIODS_BY_TEXT, text)
    return code if code in periods_for(system_type) else None


def _chosen(choices: Mapping[str, Choice], text: str) -> Choice | None:
    """What a text chooses: as it stands, or read kindly."""
    return choices.get(text) or choices.get(_plain(text))


def _plain(text: str) -> str:
    """Text as compared: no case, single blanks, one kind of dash."""
    return " ".join(text.casefold().replace("–", "-").split())


_SYSTEM_TYPES_BY_TEXT = {
    text: code
    for code, words in SYSTEM_TYPES.items()
    for text in (code.value, _plain(words))
}
_PERIODS_BY_TEXT = {
    text: code for code, words in PERIODS.items() for text in (code, _plain(words))
}
