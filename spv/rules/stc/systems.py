"""Solar batteries; the class of each system type, which reads answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from spv.rules.errors import ValidationError
from spv.rules.stc import figures
from spv.rules.stc import system_types as types
from spv.rules.stc.generation_units import Hydro, Solar, Wind
from spv.rules.stc.installation import Installation, Step, step
from spv.rules.text import format_date, format_decimal, join_words, pluralise, read_date


@dataclass(kw_only=True)
class Battery(Installation):
    """A battery that stores the output of solar panels."""

    system_type = types.SystemType.BATTERY
    first_day = "battery_first_day"
    before_first_day = "Batteries earn STCs from {day}. Enter that day or a later one."

    nominal_kwh: Decimal
    usable_kwh: Decimal | None = None
    modules: Decimal | None = None
    module_usable_kwh: Decimal | None = None

    @classmethod
    def limits(cls, values: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        yield from super().limits(values, day)
        yield from _check_modules(values)
        if (nominal := values.get("nominal_kwh")) is None:
            return
        least, most = figures.value_on("battery_nominal_limits", day)
        if not least <= nominal <= most:
            limits = f"{format_decimal(least)} to {format_decimal(most)} kWh"
            need = f"To earn STCs a battery needs a nominal capacity of {limits}."
            yield "nominal_kwh", f"{need} Enter a capacity in that range."
        if capacity_of(values) > nominal:
            limit = f"the nominal capacity of {format_decimal(nominal)} kWh"
            sentence = f"The usable capacity cannot be more than {limit}."
            field = "usable_kwh" if "usable_kwh" in values else "module_usable_kwh"
            yield field, f"{sentence} Enter a smaller one."

    @classmethod
    def date_hint(cls, day: date) -> str:
        """Return the factor of a day; "" before the first day of batteries."""
        if day < figures.FIGURES[cls.first_day].latest:
            return ""
        factor = format_decimal(figures.value_on("battery_factor", day))
        return f"STC factor on {format_date(day)}: {factor} STCs per kWh"

    def __post_init__(self) -> None:
        self.capacity_kwh = capacity_of(vars(self))
        bands = self.value("battery_bands")
        self.most_kwh = Decimal(bands[-1][0])  # nothing above this counts
        # The capacity in each band that is reached, with the share that counts.
        self.parts, below = [], Decimal(0)
        for top, share in bands:
            if (part := min(self.capacity_kwh, top) - below) > 0:
                self.parts.append((part, share))
            below = top
        self.weighted_kwh = sum((p * share for p, share in self.parts), Decimal(0))
        self._round_down(self.weighted_kwh * Decimal(self.value("battery_factor")))

    def warnings(self, today: date) -> Iterator[str]:
        yield from super().warnings(today)
        if self.capacity_kwh > self.most_kwh:
            most = format_decimal(self.most_kwh)
            yield f"Only the first {most} kWh of usable capacity counts."

    def working(self) -> tuple[Step, ...]:
        usable, most = self.capacity_kwh, self.most_kwh
        lower = f"Lower of {format_decimal(usable)} and {format_decimal(most)}"
        factor, capacity = self.value("battery_factor"), self.weighted_kwh
        installed = f"Installed on {format_date(self.installation_date)}"
        product = f"{format_decimal(capacity)} kWh × {factor}"
        shares = " + ".join(
            f"{format_decimal(part)} × {format_decimal(share * 100)} %"
            for part, share in self.parts
        )
        return (
            *self._modules_step(),
            step("Usable capacity that counts", "battery_bands", lower,
                 min(usable, most), "kWh"),
            step("Weighted capacity", "battery_bands", shares, capacity, "kWh"),
            step("STC factor", "battery_factor", installed, str(factor),
                 "STCs per kWh"),
            step("Capacity × factor", "battery_factor", product, self.output,
                 "STCs before rounding"),
            self.last_step(),
        )  # fmt: skip

    def _modules_step(self) -> Iterator[Step]:
        if self.modules is not None and self.module_usable_kwh is not None:
            modules = pluralise(int(self.modules), "module")
            product = f"{modules} × {format_decimal(self.module_usable_kwh)} kWh"
            capacity = self.capacity_kwh
            yield step("Usable capacity", "battery_bands", product, capacity, "kWh")


def capacity_of(values: Mapping[str, Any]) -> Decimal:
    """Return the usable capacity in kWh from answers; 0 if not given."""
    if usable := values.get("usable_kwh"):
        return Decimal(usable)
    modules, each = values.get("modules") or 0, values.get("module_usable_kwh") or 0
    return Decimal(modules) * Decimal(each)


def _check_modules(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a sentence if the capacity is not given, given in part, or given twice."""
    has_modules, has_each = "modules" in values, "module_usable_kwh" in values
    if "usable_kwh" in values:
        if has_modules or has_each:
            sentence = "Give the usable capacity or the modules, not both."
            yield "modules" if has_modules else "module_usable_kwh", sentence
    elif not has_modules and not has_each:
        either = "Enter the usable capacity in kWh, or the number of modules and"
        yield "usable_kwh", f"{either} the usable capacity of one."
    elif not has_modules:
        yield "modules", "Enter the number of modules as a whole number such as 5."
    elif not has_each:
        sentence = "Enter the usable capacity of one module in kWh, such as 2.76."
        yield "module_usable_kwh", sentence


SYSTEMS: dict[types.SystemType, type[Installation]] = {
    system.system_type: system for system in (Solar, Wind, Hydro, Battery)
}


def read_installation(answers: Mapping[str, str]) -> Installation:
    """Read the answers about one system of any type; raises ValidationError."""
    system_type = types.system_type_of(answers)
    if system_type is None:
        known = f" The types are: {join_words(types.SystemType)}."
        is_given = (answers.get("system_type") or "").strip()
        sentence = f"Select the type of system.{known if is_given else ''}"
        raise ValidationError({"system_type": sentence})
    return SYSTEMS[system_type].read(answers)


def hints(answers: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field whose answer already decides something."""
    given = {"installation_date": _date_hint(answers)}
    postcode = types.without_place(answers.get("postcode", "").strip())
    if types.PATTERNS["postcode"].fullmatch(postcode):
        zone, figure = figures.zone_of(postcode), figures.FIGURES["zone_rating"]
        rating = f"{figure.latest[zone - 1]} {figure.unit}"
        given["postcode"] = f"Zone {zone}: rating {rating}"
    return {name: hint for name, hint in given.items() if hint}


def _date_hint(answers: Mapping[str, str]) -> str:
    system_type = types.system_type_of(answers)
    try:
        day = read_date(answers.get("installation_date", "").strip())
    except ValueError:
        return ""
    if system_type is None or day < figures.FIRST_DAY or figures.years_left(day) < 1:
        return ""
    units = types.FIELDS["rated_power_kw"].units
    power = types.without_unit(answers.get("rated_power_kw", "").strip(), units)
    is_number = types.PATTERNS["number"].fullmatch(power)
    announced = (
        figures.announced_for(system_type, day, Decimal(power)) if is_number else None
    )
    hint = SYSTEMS[system_type].date_hint(day)
    return f"{hint}. {announced.sentence}" if announced else hint
