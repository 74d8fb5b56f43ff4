"""What the person should know beside the number: sentences, by date and size."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from spv.rules.formatting import format_date, format_decimal, pluralise
from spv.rules.stc import figures
from spv.rules.stc.figures import KEPT, value_on
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import PERIODS, SystemType


def warnings_of(
    installation: Installation, years: int | None, today: date
) -> tuple[str, ...]:
    """The warnings on one calculation; `years` are those that were used, if any."""
    day, kind = installation.installation_date, installation.system_type
    warnings = _late(day, today) + _fewer_years(installation, years)
    if kind is SystemType.BATTERY:
        return warnings + _uncounted(installation.usable_kwh, day)
    if kind is SystemType.SOLAR:
        warnings += _other_table(day)
    return warnings + _solar_credits(day) + _at_limit(installation)


@lru_cache(maxsize=KEPT)
def _late(day: date, today: date) -> tuple[str, ...]:
    months = value_on("creation_window", day)
    year = day.year + int(months) // 12  # a window of whole years: the same day
    try:
        until = day.replace(year=year)
    except ValueError:  # 29 February
        until = day.replace(year=year, day=28)
    if today <= until:
        return ()
    return (
        f"Certificates must be created within {months} months of installation. "
        f"For this system that time ended on {format_date(until)}.",
    )


def _fewer_years(installation: Installation, years: int | None) -> tuple[str, ...]:
    period = installation.calculation_period
    if years is None or period == "max" or years == int(period):
        return ()
    return (
        f"You chose {PERIODS[period]}. For an installation in "
        f"{installation.installation_date.year} the limit is lower: "
        f"only {pluralise(years, 'year')} can be used.",
    )


@lru_cache(maxsize=KEPT)
def _other_table(day: date) -> tuple[str, ...]:
    if day >= figures.TABLE_FROM:
        return ()
    return (
        f"The postcode table in force since {format_date(figures.TABLE_FROM)} was "
        "used. Another table applied on the installation date.",
    )


@lru_cache(maxsize=KEPT)
def _solar_credits(day: date) -> tuple[str, ...]:
    first, last = value_on("solar_credits_period", day)
    if not first <= day <= last:
        return ()
    return (
        "Installations of that time also had the Solar Credits multiplier, "
        "which is not applied here.",
    )


def _at_limit(installation: Installation) -> tuple[str, ...]:
    power, kind = installation.rated_power_kw, installation.system_type.name.lower()
    if power is None or power < value_on(
        f"{kind}_power_limit", installation.installation_date
    ):
        return ()
    return (
        f"{format_decimal(power)} kW is the most that a {kind} system may have. "
        "With any more it earns no STCs.",
    )


def _uncounted(usable: Decimal | None, day: date) -> tuple[str, ...]:
    most = value_on("battery_bands", day)[-1][0]
    if usable is None or usable <= most:
        return ()
    return (f"Only the first {format_decimal(most)} kWh of usable capacity counts.",)
