"""What can be said beside a field before anything is calculated."""

from collections.abc import Mapping
from datetime import date

from spv.rules.formatting import format_date, format_decimal, pluralise
from spv.rules.stc.calculation import deeming_period, years_left
from spv.rules.stc.figures import FIGURES, value_on, zone_of
from spv.rules.stc.installation import is_postcode
from spv.rules.stc.system_types import SystemType, system_type_of
from spv.rules.text import read_date


def notes(answers: Mapping[str, str]) -> dict[str, str]:
    """A sentence by field, for the fields whose answer already says something."""
    said = {
        "postcode": _zone_note(answers.get("postcode", "").strip()),
        "installation_date": _date_note(answers),
    }
    return {name: note for name, note in said.items() if note}


def _zone_note(postcode: str) -> str:
    if not is_postcode(postcode):
        return ""
    zone = zone_of(postcode)
    figure = FIGURES["zone_rating"]
    rating = figure.latest[zone - 1]
    return f"Zone {zone}: rating {rating} {figure.unit}"


def _date_note(answers: Mapping[str, str]) -> str:
    system_type = system_type_of(answers)
    try:
        day = read_date(answers.get("installation_date", "").strip())
        value_on("scheme_first_day", day)
    except (ValueError, LookupError):
        return ""
    if system_type is None or years_left(day) < 1:
        return ""
    if system_type is SystemType.BATTERY:
        return _factor_note(day)
    if system_type is SystemType.SOLAR:
        return (
            f"Deeming period for {day.year}: {pluralise(deeming_period(day), 'year')}"
        )
    left = pluralise(years_left(day), "year")
    return f"Years left in the scheme from {day.year}: {left}"


def _factor_note(day: date) -> str:
    try:
        factor = format_decimal(value_on("battery_factor", day))
    except LookupError:
        return ""
    return f"STC factor on {format_date(day)}: {factor} STCs per kWh"
