"""The class of each system type, and what follows from answers as they were typed."""

from collections.abc import Mapping
from decimal import Decimal

from spv.rules.errors import ValidationError
from spv.rules.stc.battery import Battery
from spv.rules.stc.figures import FIGURES, FIRST_DAY, announced_for, years_left, zone_of
from spv.rules.stc.generation_units import Hydro, Solar, Wind
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import PATTERNS, SystemType, is_postcode, system_type_of
from spv.rules.text import read_date

SYSTEMS: dict[SystemType, type[Installation]] = {
    system.system_type: system for system in (Solar, Wind, Hydro, Battery)
}


def read_installation(answers: Mapping[str, str]) -> Installation:
    """Read the answers about one system of any type.

    Raises ValidationError with a sentence for each field that is missing or wrong.
    """
    system_type = system_type_of(answers)
    if system_type is None:
        raise ValidationError({"system_type": "Select the type of system."})
    return SYSTEMS[system_type].read(answers)


def hints(answers: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field whose answer already decides something."""
    given = {"installation_date": _date_hint(answers)}
    postcode = answers.get("postcode", "").strip()
    if is_postcode(postcode):
        zone, figure = zone_of(postcode), FIGURES["zone_rating"]
        given["postcode"] = (
            f"Zone {zone}: rating {figure.latest[zone - 1]} {figure.unit}"
        )
    return {name: hint for name, hint in given.items() if hint}


def _date_hint(answers: Mapping[str, str]) -> str:
    system_type = system_type_of(answers)
    try:
        day = read_date(answers.get("installation_date", "").strip())
    except ValueError:
        return ""
    if system_type is None or day < FIRST_DAY or years_left(day) < 1:
        return ""
    power = answers.get("rated_power_kw", "").strip()
    is_number = PATTERNS["number"].fullmatch(power)
    announced = announced_for(system_type, day, Decimal(power)) if is_number else None
    hint = SYSTEMS[system_type].date_hint(day)
    return f"{hint}. {announced.sentence}" if announced else hint
