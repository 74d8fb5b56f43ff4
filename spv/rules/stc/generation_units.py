"""Small generation units: rated power, times what a kW generates, times years."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from spv.rules.stc.figures import (
    FIGURES,
    announced_for,
    deeming_period,
    solar_credits,
    value_on,
    year_after_scheme,
    years_left,
    zone_of,
)
from spv.rules.stc.installation import Installation, Step
from spv.rules.stc.system_types import PERIODS, SystemType
from spv.rules.text import format_date, format_decimal, pluralise


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

    @cached_property
    def output(self) -> Decimal:
        """The output in MWh over those years."""
        return self.annual_output * self.years

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        yield from super().limits(values, day)
        limit, power = value_on(cls.power_limit, day), values.get("rated_power_kw", 0)
        if power > limit:
            announced = announced_for(cls.system_type, day, power)
            smaller = "Enter a smaller rated power output."
            advice = announced.sentence if announced else smaller
            most = f"at most {format_decimal(limit)} kW to earn STCs"
            yield "rated_power_kw", f"A {cls.word} system may have {most}. {advice}"

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
                "The postcode table in force since "
                f"{format_date(self.postcode_table_from)} was used. Another table "
                "applied on the installation date."
            )
        if sentence := solar_credits(day):
            yield sentence
        if power >= value_on(self.power_limit, day):
            announced = announced_for(self.system_type, day, power)
            none = "With more it earns no STCs."
            advice = announced.sentence if announced else none
            limit = f"{format_decimal(power)} kW is the most"
            yield f"{limit} that a {self.word} system may have. {advice}"

    def _limit_step(self) -> Step:
        figure = FIGURES[self.output_limit]
        limit = figure.on(self.installation_date)
        operation = f"{format_decimal(self.annual_output)} MWh, at most {limit} MWh"
        return Step("Limit of a year", operation, "within", "", figure)

    def _used_step(self, most: str) -> Step:
        chosen = f"{self.chosen_years} ({PERIODS[self.calculation_period]})"
        operation = f"Lower of {self.most_years} ({most}) and {chosen}"
        return _years_step("Years used", operation, self.years, "scheme_last_day")


@dataclass(frozen=True, kw_only=True)
class Solar(SmallGenerationUnit):
    """A system of solar panels: a kW generates the rating of its zone."""

    system_type = SystemType.SOLAR
    word = "solar"
    periods = "solar_periods"
    power_limit = "solar_power_limit"
    output_limit = "solar_output_limit"
    postcode_table_from = FIGURES["postcode_zones"].values[0][0]

    postcode: str

    @classmethod
    def date_hint(cls, day: date) -> str:
        years = pluralise(deeming_period(day), "year")
        return f"Deeming period for {day.year}: {years}"

    @property
    def zone(self) -> int:
        """The zone of the postcode."""
        return zone_of(self.postcode)

    @cached_property
    def rating(self) -> Decimal:
        """The rating of the zone in MWh a year per kW."""
        return Decimal(value_on("zone_rating", self.installation_date)[self.zone - 1])

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        ranges = FIGURES["postcodes_without_addresses"].latest
        if any(first <= self.postcode <= last for first, last in ranges):
            yield (
                f"Postcode {self.postcode} is for post office boxes, or not in use: "
                "nobody can install a system there. Check the postcode of the "
                "installation address."
            )

    @property
    def deeming_years(self) -> int:
        """The deeming period."""
        return deeming_period(self.installation_date)

    most_years = deeming_years

    @property
    def annual_output(self) -> Decimal:
        return self.rated_power_kw * self.rating

    def working(self) -> tuple[Step, ...]:
        day, zone, rating = self.installation_date, self.zone, str(self.rating)
        product = f"{format_decimal(self.rated_power_kw)} kW × {rating}"
        longest = value_on("longest_deeming_period", day)
        deeming = f"Lower of {longest} and {year_after_scheme(day)} − {day.year}"
        return (
            Step("Zone", f"Postcode {self.postcode}", f"Zone {zone}", "",
                 FIGURES["postcode_zones"]),
            Step("Zone rating", f"Zone {zone}", rating, "MWh a year per kW",
                 FIGURES["zone_rating"]),
            _years_step("Deeming period", deeming, self.most_years,
                       "longest_deeming_period"),
            self._used_step("deeming period"),
            Step("Output in a year", product, format_decimal(self.annual_output),
                 "MWh", FIGURES["zone_rating"]),
            self._limit_step(),
            Step("Output over the years used", f"{product} × {self.years}",
                 format_decimal(self.output), "MWh", FIGURES["longest_deeming_period"]),
            self.last_step(),
        )  # fmt: skip


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
        factor = value_on("turbine_output_factor", self.installation_date)
        return Decimal(factor * self.rated_power_kw * self.hours)

    def working(self) -> tuple[Step, ...]:
        day, annual = self.installation_date, format_decimal(self.annual_output)
        factor = FIGURES["turbine_output_factor"]
        hours, power = format_decimal(self.hours), format_decimal(self.rated_power_kw)
        compared = "No site assessment"
        if (assessed := self.resource_hours) is not None:
            standard = format_decimal(value_on(self.standard_hours, day))
            assessment = f"{format_decimal(assessed)} (site assessment)"
            compared = f"Higher of {standard} and {assessment}"
        total, last_step = format_decimal(self.output), self.last_step()
        if self.is_rounded_up:
            smallest = FIGURES["smallest_certificate"]
            operation = f"{total}, at least {smallest.on(day)}, rounded up"
            last_step = Step("Certificates", operation, "1", "STC", smallest)
        return (
            Step("Hours of resource availability", compared, hours,
                 "hours a year", FIGURES[self.standard_hours]),
            Step("Output in a year", f"{factor.on(day)} × {power} kW × {hours} hours",
                 annual, "MWh", factor),
            self._limit_step(),
            _years_step("Years left in the scheme",
                       f"{year_after_scheme(day)} − {day.year}", self.most_years,
                       "scheme_last_day"),
            self._used_step("years left"),
            Step("Output over the years used", f"{annual} MWh × {self.years}", total,
                 "MWh", FIGURES["turbine_periods"]),
            last_step,
        )  # fmt: skip

    @property
    def is_rounded_up(self) -> bool:
        """True if the output is less than one certificate, but counts as one."""
        least = Decimal(value_on("smallest_certificate", self.installation_date))
        return least <= self.output < 1

    @property
    def certificates(self) -> int:
        return 1 if self.is_rounded_up else super().certificates


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


def _years_step(label: str, operation: str, years: int, figure: str) -> Step:
    number, unit = pluralise(years, "year").split()
    return Step(label, operation, number, unit, FIGURES[figure])
