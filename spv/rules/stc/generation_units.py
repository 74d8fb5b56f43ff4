"""Small generation units: rated power, times what a kW generates, times years."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from spv.rules.formatting import format_date, format_decimal, pluralise
from spv.rules.stc.calculation import (
    Calculation,
    Step,
    last_step,
    round_down,
    solar_credits,
    year_after_scheme,
    years_left,
    years_step,
)
from spv.rules.stc.figures import FIGURES, TABLE_FROM, announced_for, value_on
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import PERIODS, SystemType


@dataclass(frozen=True, kw_only=True)
class SmallGenerationUnit(Installation):
    """A system with a rated power, whose output over some years is counted."""

    word: ClassVar[str]
    power_limit: ClassVar[str]
    output_limit: ClassVar[str]
    postcode_table_from: ClassVar[date] = date.min  # of types that use no postcode

    rated_power_kw: Decimal
    calculation_period: str

    @property
    @abstractmethod
    def annual_output(self) -> Decimal:
        """The output in MWh a year."""

    @property
    def most_years(self) -> int:
        """The longest time that certificates can be calculated for."""
        return years_left(self.installation_date)

    @property
    def chosen_years(self) -> int:
        """The years of the calculation period."""
        period = self.calculation_period
        return self.most_years if period == "max" else int(period)

    @property
    def years(self) -> int:
        """The years that certificates are calculated for."""
        return min(self.most_years, self.chosen_years)

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        yield from super().limits(values, day)
        limit, power = value_on(cls.power_limit, day), values.get("rated_power_kw", 0)
        if power <= limit:
            return
        sentence = (
            f"A {cls.word} system may have at most {format_decimal(limit)} kW to earn "
            "STCs."
        )
        announced = announced_for(cls.system_type, day, power)
        smaller = "Enter a smaller rated power output."
        advice = announced.sentence if announced else smaller
        yield "rated_power_kw", f"{sentence} {advice}"

    @classmethod
    def date_hint(cls, day: date) -> str:
        left = pluralise(years_left(day), "year")
        return f"Years left in the scheme from {day.year}: {left}"

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        day, power, most = self.installation_date, self.rated_power_kw, self.most_years
        if most < self.chosen_years:
            yield (
                f"You chose {PERIODS[self.calculation_period]}. For an installation in "
                f"{day.year} the limit is lower: only {pluralise(most, 'year')} can "
                "be used."
            )
        if day < self.postcode_table_from:
            yield (
                f"The postcode table in force since {format_date(TABLE_FROM)} was "
                "used. Another table applied on the installation date."
            )
        if sentence := solar_credits(day):
            yield sentence
        if power >= value_on(self.power_limit, day):
            announced = announced_for(self.system_type, day, power)
            yield (
                f"{format_decimal(power)} kW is the most that a {self.word} system may "
                "have. "
                + (announced.sentence if announced else "With more it earns no STCs.")
            )

    def calculate(self, today: date) -> Calculation:
        years = self.years
        return Calculation(
            self._certificates(self.annual_output * years),
            self.working,
            partial(self.warnings, today),
            years=years,
        )

    def _certificates(self, output: Decimal) -> int:
        return round_down(output)

    def _limit_step(self) -> Step:
        figure = FIGURES[self.output_limit]
        limit = figure.on(self.installation_date)
        operation = f"{format_decimal(self.annual_output)} MWh, at most {limit} MWh"
        return Step("Limit of a year", operation, "within", "", figure)

    def _years_step(self, most: str) -> Step:
        chosen = f"{self.chosen_years} ({PERIODS[self.calculation_period]})"
        operation = f"Lower of {self.most_years} ({most}) and {chosen}"
        return years_step("Years used", operation, self.years, "scheme_last_day")


@dataclass(frozen=True, kw_only=True)
class Turbine(SmallGenerationUnit):
    """A turbine driven by wind or water: a kW generates for some hours of the year."""

    periods = "turbine_periods"
    standard_hours: ClassVar[str]

    resource_hours: Decimal | None = None

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
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

    @property
    def hours(self) -> Decimal:
        """The standard hours a year, or those of a site assessment if they are more."""
        standard: Decimal = value_on(self.standard_hours, self.installation_date)
        return max(standard, self.resource_hours or standard)

    @property
    def annual_output(self) -> Decimal:
        factor: Decimal = value_on("turbine_output_factor", self.installation_date)
        return factor * self.rated_power_kw * self.hours

    def working(self) -> tuple[Step, ...]:
        day, annual = self.installation_date, format_decimal(self.annual_output)
        factor = FIGURES["turbine_output_factor"]
        hours, power = format_decimal(self.hours), format_decimal(self.rated_power_kw)
        compared = "No site assessment"
        if (assessed := self.resource_hours) is not None:
            standard = format_decimal(value_on(self.standard_hours, day))
            assessment = f"{format_decimal(assessed)} (site assessment)"
            compared = f"Higher of {standard} and {assessment}"
        output = self.annual_output * self.years
        total, certificates = format_decimal(output), last_step(output)
        if self._is_rounded_up(output):
            smallest = FIGURES["smallest_certificate"]
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
                 "MWh", FIGURES["turbine_periods"]),
            certificates,
        )  # fmt: skip

    def _certificates(self, output: Decimal) -> int:
        return 1 if self._is_rounded_up(output) else super()._certificates(output)

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
