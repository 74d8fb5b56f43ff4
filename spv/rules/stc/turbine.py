"""Turbines: rated power, times the hours of wind or water a year, times years."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from spv.rules.formatting import format_decimal, pluralise
from spv.rules.stc.calculation import (
    Calculation,
    Step,
    last_step,
    round_down,
    year_after_scheme,
    years_left,
    years_step,
)
from spv.rules.stc.figures import FIGURES, value_on
from spv.rules.stc.generation_unit import SmallGenerationUnit
from spv.rules.stc.system_types import SystemType


@dataclass(frozen=True, kw_only=True)
class Turbine(SmallGenerationUnit):
    """A turbine driven by wind or water."""

    periods = "turbine_periods"
    standard_hours: ClassVar[str]

    resource_hours: Decimal | None = None

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        """Yield a field and a sentence for each value beyond a limit."""
        yield from super().limits(values, day)
        if "resource_hours" not in values:
            return
        hours, most = values["resource_hours"], value_on("hours_in_a_year", day)
        limit, power = value_on(cls.output_limit, day), values.get("rated_power_kw", 0)
        output = value_on("turbine_output_factor", day) * power * hours
        if hours > most:
            sentence = f"A year has {format_decimal(most)} hours. Enter that or fewer."
            yield "resource_hours", sentence
        elif output > limit:
            sentence = (
                "With these hours the system would generate "
                f"{format_decimal(output)} MWh a year. A {cls.word} system may "
                f"generate at most {format_decimal(limit)}: enter fewer hours."
            )
            yield "resource_hours", sentence

    @classmethod
    def date_hint(cls, day: date) -> str:
        """Return the years that are left from a day on."""
        left = pluralise(years_left(day), "year")
        return f"Years left in the scheme from {day.year}: {left}"

    @property
    def hours(self) -> Decimal:
        """The standard hours a year, or those of a site assessment if they are more."""
        standard: Decimal = value_on(self.standard_hours, self.installation_date)
        return max(standard, self.resource_hours or standard)

    @property
    def most_years(self) -> int:
        """The years that are left in the scheme."""
        return years_left(self.installation_date)

    @property
    def annual_output(self) -> Decimal:
        """The output in MWh a year."""
        factor: Decimal = value_on("turbine_output_factor", self.installation_date)
        return factor * self.rated_power_kw * self.hours

    def calculate(self, today: date) -> Calculation:
        """Return the certificates."""
        years = self.years
        output = self.annual_output * years
        return Calculation(
            1 if self._is_rounded_up(output) else round_down(output),
            self.working,
            tuple(self.warnings(today)),
            years=years,
        )

    def working(self) -> tuple[Step, ...]:
        """Return the steps of the calculation."""
        day, annual = self.installation_date, format_decimal(self.annual_output)
        factor = FIGURES["turbine_output_factor"]
        smallest = FIGURES["smallest_certificate"]
        hours, power = format_decimal(self.hours), format_decimal(self.rated_power_kw)
        compared = "No site assessment"
        if (assessed := self.resource_hours) is not None:
            standard = format_decimal(value_on(self.standard_hours, day))
            assessment = f"{format_decimal(assessed)} (site assessment)"
            compared = f"Higher of {standard} and {assessment}"
        output = self.annual_output * self.years
        total = format_decimal(output)
        certificates = last_step(output)
        if self._is_rounded_up(output):
            operation = f"{total}, at least {smallest.on(day)}, rounded up"
            certificates = Step("Certificates", operation, "1", "STC", smallest)
        return (
            Step("Hours of resource availability", compared, hours,
                 "hours a year", FIGURES[self.standard_hours]),
            Step("Output in a year", f"{factor.on(day)} × {power} kW × {hours} hours",
                 annual, "MWh", factor),
            self._limit_step(),
            years_step("Years left in the scheme",
                       f"{year_after_scheme(day)} − {day.year}", self.most_years,
                       "scheme_last_day"),
            self._years_step("years left"),
            Step("Output over the years used", f"{annual} MWh × {self.years}", total,
                 "MWh"),
            certificates,
        )  # fmt: skip

    def _is_rounded_up(self, output: Decimal) -> bool:
        least: Decimal = value_on("smallest_certificate", self.installation_date)
        return least <= output < 1


class Wind(Turbine):
    """A wind turbine."""

    system_type = SystemType.WIND
    word = "wind"
    standard_hours = "wind_hours"
    power_limit = "wind_power_limit"
    output_limit = "wind_output_limit"


class Hydro(Turbine):
    """A turbine driven by running water."""

    system_type = SystemType.HYDRO
    word = "hydro"
    standard_hours = "hydro_hours"
    power_limit = "hydro_power_limit"
    output_limit = "hydro_output_limit"
