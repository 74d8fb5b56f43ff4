"""Solar batteries: usable capacity in bands, times a factor that falls with time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from spv.rules.formatting import format_date, format_decimal
from spv.rules.stc.calculation import Calculation, Step, last_step, round_down
from spv.rules.stc.figures import FIGURES, value_on
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import SystemType


@dataclass(frozen=True, kw_only=True)
class Battery(Installation):
    """A battery that stores the output of solar panels."""

    system_type = SystemType.BATTERY
    first_day = "battery_first_day"
    starting_words = "Batteries earn certificates"

    nominal_kwh: Decimal
    usable_kwh: Decimal

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        yield from super().limits(values, day)
        if (nominal := values.get("nominal_kwh")) is None:
            return
        least, most = value_on("battery_nominal_limits", day)
        if not least <= nominal <= most:
            yield (
                "nominal_kwh",
                "To earn STCs a battery needs a nominal capacity of "
                f"{format_decimal(least)} to {format_decimal(most)} kWh. Enter a "
                "capacity in that range.",
            )
        if values.get("usable_kwh", 0) > nominal:
            yield (
                "usable_kwh",
                "The usable capacity cannot be more than the nominal capacity of "
                f"{format_decimal(nominal)} kWh. Enter a smaller one.",
            )

    @classmethod
    def date_hint(cls, day: date) -> str:
        """Return the factor of a day; nothing before the first day of batteries."""
        if day < FIGURES[cls.first_day].latest:
            return ""
        factor = format_decimal(value_on("battery_factor", day))
        return f"STC factor on {format_date(day)}: {factor} STCs per kWh"

    @property
    def most_kwh(self) -> Decimal:
        """The usable capacity above which nothing more is counted."""
        return Decimal(value_on("battery_bands", self.installation_date)[-1][0])

    @property
    def parts(self) -> list[tuple[Decimal, Decimal]]:
        """The capacity in each band that is reached, with the share that counts."""
        parts, below = [], Decimal(0)
        for top, share in value_on("battery_bands", self.installation_date):
            if (part := min(self.usable_kwh, top) - below) > 0:
                parts.append((part, share))
            below = top
        return parts

    @property
    def weighted_kwh(self) -> Decimal:
        """The capacity that counts."""
        return sum((part * share for part, share in self.parts), Decimal(0))

    @property
    def factor(self) -> Decimal:
        """The certificates for each kWh that counts."""
        return Decimal(value_on("battery_factor", self.installation_date))

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        if self.usable_kwh > self.most_kwh:
            most = format_decimal(self.most_kwh)
            yield f"Only the first {most} kWh of usable capacity counts."

    def calculate(self, today: date) -> Calculation:
        output = self.weighted_kwh * self.factor
        warn = partial(self.warnings, today)
        return Calculation(round_down(output), self.working, warn)

    def working(self) -> tuple[Step, ...]:
        usable, most, factor = self.usable_kwh, self.most_kwh, self.factor
        weighted = self.weighted_kwh
        capacity, output = format_decimal(weighted), weighted * factor
        shares = " + ".join(
            f"{format_decimal(part)} × {format_decimal(share * 100)} %"
            for part, share in self.parts
        )
        return (
            Step("Usable capacity that counts",
                 f"Lower of {format_decimal(usable)} and {format_decimal(most)}",
                 format_decimal(min(usable, most)), "kWh", FIGURES["battery_bands"]),
            Step("Weighted capacity", shares, capacity, "kWh",
                 FIGURES["battery_bands"]),
            Step("STC factor", f"Installed on {format_date(self.installation_date)}",
                 str(factor), "STCs per kWh", FIGURES["battery_factor"]),
            Step("Capacity × factor", f"{capacity} kWh × {factor}",
                 format_decimal(output), "STCs before rounding"),
            last_step(output),
        )  # fmt: skip
