"""Small generation units: rated power, times what a kW generates, times years."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
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
from spv.rules.stc.installation import Installation, Step, step
from spv.rules.stc.system_types import PERIODS, SystemType
from spv.rules.text import format_date, format_decimal, pluralise


@dataclass(kw_only=True)
class SmallGenerationUnit(Installation):
    """A system with a rated power, which earns by its output over some years."""

    word: ClassVar[str]
    power_limit: ClassVar[str]
    output_limit: ClassVar[str]
    postcode_table_from: ClassVar[date] = date.min  # of types that use no postcode

    rated_power_kw: Decimal
    calculation_period: str

    def _count_years(self, most_years: int, annual_output: Decimal) -> None:
        """Set the years that are used, and the output of all of them in MWh."""
        self.most_years, self.annual_output = most_years, annual_output
        period = self.calculation_period
        self.chosen_years = most_years if period == "max" else int(period)
        self.years = min(most_years, self.chosen_years)
        self._round_down(annual_output * self.years)

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
            advice = announced.sentence if announced else "With more it earns no STCs."
            limit = f"{format_decimal(power)} kW is the most"
            yield f"{limit} that a {self.word} system may have. {advice}"

    def _limit_step(self) -> Step:
        limit = f"at most {self.value(self.output_limit)} MWh"
        operation = f"{format_decimal(self.annual_output)} MWh, {limit}"
        return step("Limit of a year", self.output_limit, operation, "within")

    def _used_step(self, most: str) -> Step:
        chosen = f"{self.chosen_years} ({PERIODS[self.calculation_period]})"
        operation = f"Lower of {self.most_years} ({most}) and {chosen}"
        return step("Years used", "scheme_last_day", operation, self.years, "year")


@dataclass(kw_only=True)
class Solar(SmallGenerationUnit):
    """A system of solar panels: a kW generates the rating of its zone."""

    system_type = SystemType.SOLAR
    word = "solar"
    periods = "solar_periods"
    power_limit = "solar_power_limit"
    output_limit = "solar_output_limit"
    postcode_table_from = FIGURES["postcode_zones"].values[0][0]

    postcode: str

    def __post_init__(self) -> None:
        self.zone = zone_of(self.postcode)
        self.rating = Decimal(self.value("zone_rating")[self.zone - 1])  # MWh per kW
        self.deeming_years = deeming_period(self.installation_date)
        self._count_years(self.deeming_years, self.rated_power_kw * self.rating)

    @classmethod
    def date_hint(cls, day: date) -> str:
        years = pluralise(deeming_period(day), "year")
        return f"Deeming period for {day.year}: {years}"

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        ranges = FIGURES["postcodes_without_addresses"].latest
        if any(first <= self.postcode <= last for first, last in ranges):
            yield (
                f"Postcode {self.postcode} is for post office boxes, or not in use: "
                "nobody can install a system there. Check the postcode of the "
                "installation address."
            )

    def working(self) -> tuple[Step, ...]:
        day, zone = self.installation_date, f"Zone {self.zone}"
        product = f"{format_decimal(self.rated_power_kw)} kW × {self.rating}"
        longest = self.value("longest_deeming_period")
        deeming = f"Lower of {longest} and {year_after_scheme(day)} − {day.year}"
        total = f"{product} × {self.years}"
        return (
            step("Zone", "postcode_zones", f"Postcode {self.postcode}", zone),
            step("Zone rating", "zone_rating", zone, str(self.rating),
                 "MWh a year per kW"),
            step("Deeming period", "longest_deeming_period", deeming, self.most_years,
                 "year"),
            self._used_step("deeming period"),
            step("Output in a year", "zone_rating", product, self.annual_output, "MWh"),
            self._limit_step(),
            step("Output over the years used", "longest_deeming_period", total,
                 self.output, "MWh"),
            self.last_step(),
        )  # fmt: skip


@dataclass(kw_only=True)
class Turbine(SmallGenerationUnit):
    """A turbine driven by wind or water: a kW generates for some hours of the year."""

    periods = "turbine_periods"
    standard_hours: ClassVar[str]

    resource_hours: Decimal | None = None

    def __post_init__(self) -> None:
        standard = Decimal(self.value(self.standard_hours))
        self.hours = max(standard, self.resource_hours or standard)  # in a year
        annual = Decimal(self.value("turbine_output_factor")) * self.rated_power_kw
        self._count_years(years_left(self.installation_date), annual * self.hours)
        # An output of less than one certificate may count as one.
        least = Decimal(self.value("smallest_certificate"))
        self.is_rounded_up = least <= self.output < 1
        self.certificates = max(self.certificates, int(self.is_rounded_up))

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

    def working(self) -> tuple[Step, ...]:
        hours, power = format_decimal(self.hours), format_decimal(self.rated_power_kw)
        compared = "No site assessment"
        if (assessed := self.resource_hours) is not None:
            standard = format_decimal(self.value(self.standard_hours))
            assessment = f"{format_decimal(assessed)} (site assessment)"
            compared = f"Higher of {standard} and {assessment}"
        product = f"{self.value('turbine_output_factor')} × {power} kW × {hours} hours"
        day = self.installation_date
        left = f"{year_after_scheme(day)} − {day.year}"
        total = f"{format_decimal(self.annual_output)} MWh × {self.years}"
        return (
            step("Hours of resource availability", self.standard_hours, compared, hours,
                 "hours a year"),
            step("Output in a year", "turbine_output_factor", product,
                 self.annual_output, "MWh"),
            self._limit_step(),
            step("Years left in the scheme", "scheme_last_day", left, self.most_years,
                 "year"),
            self._used_step("years left"),
            step("Output over the years used", "turbine_periods", total, self.output,
                 "MWh"),
            self.last_step(),
        )  # fmt: skip

    def last_step(self) -> Step:
        if not self.is_rounded_up:
            return super().last_step()
        least = f"at least {self.value('smallest_certificate')}, rounded up"
        operation = f"{format_decimal(self.output)}, {least}"
        return step("Certificates", "smallest_certificate", operation, 1, "STC")


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
