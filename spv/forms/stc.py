"""The calculator's forms."""

from collections.abc import Mapping
from functools import cached_property

from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.errors import ValidationError
from spv.rules.stc.hints import notes
from spv.rules.stc.installation import read_installation
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    FIELDS,
    SYSTEM_TYPES,
    SystemType,
    period_of,
    periods_for,
    system_type_of,
)
from spv.rules.text import read_date

SYSTEM_TYPE_CHOICES = {code.value: words for code, words in SYSTEM_TYPES.items()}
LONGEST_ANSWER = 40


class StcForm(Form):
    """One system. The fields that show follow from the system type."""

    system_type = StringField("Small Generation Unit or battery")
    rated_power_kw = StringField("Rated power output (kW)")
    nominal_kwh = StringField("Nominal capacity (kWh)")
    usable_kwh = StringField("Usable capacity (kWh)")
    installation_date = StringField("Installation date", widget=DateInput())
    calculation_period = StringField("Calculation Period")
    postcode = StringField("Postcode of Installation Address")
    resource_hours = StringField("Hours of resource availability a year (optional)")
    stc_price = StringField("Price of one STC in dollars (optional)")

    system_types = SYSTEM_TYPE_CHOICES

    @cached_property
    def answers(self) -> dict[str, str]:
        """Every answer that was given, without blanks around it."""
        given = ((name, (self[name].data or "").strip()) for name in ALL_FIELDS)
        return {name: text for name, text in given if text}

    @cached_property
    def chosen(self) -> SystemType | None:
        """The system type that was chosen."""
        return system_type_of(self.answers)

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the fields that the system type asks for."""
        return FIELDS[self.chosen] if self.chosen else ()

    @property
    def kept(self) -> dict[str, str]:
        """Answers that other system types ask for, kept for a change of mind."""
        shown = ("system_type", *self.shown)
        return {n: v for n, v in self.answers.items() if n not in shown}

    @property
    def iso_date(self) -> str:
        """The installation date as a date field takes it; empty if it is not a day."""
        try:
            return read_date(self.answers.get("installation_date", "")).isoformat()
        except ValueError:
            return ""

    @property
    def period(self) -> str | None:
        """The code of the calculation period that was chosen."""
        text = self.answers.get("calculation_period", "")
        return period_of(text, self.chosen) if self.chosen else None

    @property
    def periods(self) -> dict[str, str]:
        """The calculation periods on offer."""
        return periods_for(self.chosen) if self.chosen else {}

    @property
    def notes(self) -> Mapping[str, str]:
        """What can be said beside fields already."""
        return notes(self.answers)

    def kept_answers(self) -> dict[str, str]:
        """The answers that may go into an address: none that is absurdly long."""
        return {n: v for n, v in self.answers.items() if len(v) <= LONGEST_ANSWER}

    def validate(self, extra_validators: object = None) -> bool:
        """Let the rules read the answers; their sentences stand beside the fields."""
        if not super().validate(extra_validators):
            return False
        try:
            read_installation(self.answers)
        except ValidationError as refusal:
            self.refused(refusal)
            return False
        return True


class StcBatchForm(FileForm):
    """A file of many systems."""

    file = FileField("CSV file of systems")
