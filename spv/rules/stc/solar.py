"""Solar panels: rated power, times the rating of a zone, times the years deemed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from spv.rules.formatting import format_decimal, pluralise
from spv.rules.stc.calculation import (
    Calculation,
    Step,
    deeming_period,
    last_step,
    round_down,
    year_after_scheme,
    years_step,
)
from spv.rules.stc.figures import (
    FIGURES,
    TABLE_FROM,
    has_addresses,
    value_on,
    zone_of,
)
from spv.rules.stc.generation_units import SmallGenerationUnit
from spv.rules.stc.system_types import SystemType


@dataclass(frozen=True, kw_only=True)
class Solar(SmallGenerationUnit):
    """A system of solar panels: a kW generates the rating of its zone."""

    system_type = SystemType.SOLAR
    word = "solar"
    periods = "solar_periods"
    power_limit = "solar_power_limit"
    output_limit = "solar_output_limit"
    postcode_table_from = TABLE_FROM

    postcode: str

    @classmethod
    def date_hint(cls, day: date) -> str:
        years = pluralise(deeming_period(day), "year")
        return f"Deeming period for {day.year}: {years}"

    @property
    def zone(self) -> int:
        """The zone of the postcode."""
        return zone_of(self.postcode)

    @property
    def rating(self) -> Decimal:
        """The rating of the zone in MWh a year per kW."""
        rating: Decimal = value_on("zone_rating", self.installation_date)[self.zone - 1]
        return rating

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        if not has_addresses(self.postcode):
            yield (
                f"Postcode {self.postcode} is for post office boxes, or not in use: "
                "nobody can install a system there. Check the postcode of the "
                "installation address."
            )

    @property
    def most_years(self) -> int:
        """The deeming period."""
        return deeming_period(self.installation_date)

    @property
    def annual_output(self) -> Decimal:
        return self.rated_power_kw * self.rating

    def calculate(self, today: date) -> Calculation:
        years, rating, most = self.years, self.rating, self.most_years
        return Calculation(
            round_down(self.rated_power_kw * rating * years),
            self.working,
            partial(self.warnings, today),
            zone=self.zone,
            rating=rating,
            deeming_years=most,
            years=years,
        )

    def working(self) -> tuple[Step, ...]:
        day, zone, rating = self.installation_date, self.zone, str(self.rating)
        product = f"{format_decimal(self.rated_power_kw)} kW × {rating}"
        output = self.annual_output * self.years
        longest = value_on("longest_deeming_period", day)
        deeming = f"Lower of {longest} and {year_after_scheme(day)} − {day.year}"
        return (
            Step("Zone", f"Postcode {self.postcode}", f"Zone {zone}", "",
                 FIGURES["postcode_zones"]),
            Step("Zone rating", f"Zone {zone}", rating, "MWh a year per kW",
                 FIGURES["zone_rating"]),
            years_step("Deeming period", deeming, self.most_years,
                       "longest_deeming_period"),
            self._years_step("deeming period"),
            Step("Output in a year", product, format_decimal(self.annual_output),
                 "MWh", FIGURES["zone_rating"]),
            self._limit_step(),
            Step("Output over the years used", f"{product} × {self.years}",
                 format_decimal(output), "MWh", FIGURES["longest_deeming_period"]),
            last_step(output),
        )  # fmt: skip
