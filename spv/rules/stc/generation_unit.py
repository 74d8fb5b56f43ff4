"""Small generation units: solar panels and turbines have a rated power, and years."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from spv.rules.formatting import format_date, format_decimal, pluralise
from spv.rules.stc.calculation import Step, had_solar_credits, years_step
from spv.rules.stc.figures import FIGURES, TABLE_FROM, value_on
from spv.rules.stc.installation import Installation
from spv.rules.stc.system_types import PERIODS


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
    def most_years(self) -> int:
        """The longest time that certificates can be calculated for."""

    @property
    @abstractmethod
    def annual_output(self) -> Decimal:
        """The output in MWh a year."""

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
        """Yield a field and a sentence for each value beyond a limit."""
        yield from super().limits(values, day)
        limit = value_on(cls.power_limit, day)
        if "rated_power_kw" in values and values["rated_power_kw"] > limit:
            yield (
                "rated_power_kw",
                f"A {cls.word} system may have at most {format_decimal(limit)} kW to "
                "earn STCs. Enter a smaller rated power output.",
            )

    def warnings(self, today: date) -> Iterator[str]:
        """Yield the warnings."""
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
        if had_solar_credits(day):
            yield (
                "Installations of that time also had the Solar Credits multiplier, "
                "which is not applied here."
            )
        if power >= value_on(self.power_limit, day):
            yield (
                f"{format_decimal(power)} kW is the most that a {self.word} system may "
                "have. With any more it earns no STCs."
            )

    def _limit_step(self) -> Step:
        figure = FIGURES[self.output_limit]
        limit = figure.on(self.installation_date)
        operation = f"{format_decimal(self.annual_output)} MWh, at most {limit} MWh"
        return Step("Limit of a year", operation, "within", "", figure)

    def _years_step(self, most: str) -> Step:
        chosen = f"{self.chosen_years} ({PERIODS[self.calculation_period]})"
        operation = f"Lower of {self.most_years} ({most}) and {chosen}"
        return years_step("Years used", operation, self.years, "scheme_last_day")
