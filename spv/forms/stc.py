"""The calculator's forms."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property

from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.stc.batch import column_help
from spv.rules.stc.figures import deeming_period
from spv.rules.stc.system_types import (
    ALL_FIELDS,
    FIELDS,
    FIELDS_OF,
    SYSTEM_TYPE_LABEL,
    SYSTEM_TYPES,
    Field,
    SystemType,
    system_type_of,
)
from spv.rules.stc.systems import SYSTEMS, hints
from spv.rules.text import pluralise, read_date

LONGEST_ANSWER = 40


class StcForm(Form):
    """One system. The fields that show follow from the system type."""

    system_type = StringField(SYSTEM_TYPE_LABEL)
    added_to = StringField(name="with")

    system_types = SYSTEM_TYPES
    is_suggested = False  # True if the installation date is not the person's answer

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answers that were given, without blanks around them."""
        given = ((name, (self[name].data or "").strip()) for name in ALL_FIELDS)
        return {name: text for name, text in given if text}

    @cached_property
    def chosen(self) -> SystemType | None:
        """The system type that was chosen."""
        return system_type_of(self.answers)

    @property
    def questions(self) -> dict[str, Field]:
        """The questions that the system type asks."""
        return FIELDS_OF[self.chosen] if self.chosen else {}

    @property
    def other_answers(self) -> dict[str, str]:
        """Answers for other system types, which stay if the person changes the type."""
        asked = ("system_type", *self.questions)
        return {n: v for n, v in self.answers.items() if n not in asked}

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
        return SYSTEMS[self.chosen].read_period(text) if self.chosen else None

    @property
    def periods(self) -> dict[str, str]:
        """The calculation periods on offer."""
        return SYSTEMS[self.chosen].period_choices() if self.chosen else {}

    @property
    def hints(self) -> Mapping[str, str]:
        """Return a hint by field, where the answers already decide something."""
        return hints(self.answers)

    @property
    def installation_day(self) -> date:
        """The installation date, which has to be a day."""
        return date.fromisoformat(self.iso_date)

    @property
    def deeming_period(self) -> str:
        """The deeming period of solar panels of that day, in words."""
        return pluralise(deeming_period(self.installation_day), "year")

    @property
    def solar_reference(self) -> str:
        """The reference of the solar result that a battery is added to, if any."""
        return (self.added_to.data or "").strip()

    def short_answers(self) -> dict[str, str]:
        """Return the answers that are short enough for an address."""
        answers = self.answers | {"with": self.solar_reference}
        return {n: v for n, v in answers.items() if 0 < len(v) <= LONGEST_ANSWER}


for _name, _field in FIELDS.items():
    _widget = DateInput() if _field.kind == "date" else None
    setattr(StcForm, _name, StringField(_field.label, widget=_widget))


class StcBatchForm(FileForm):
    """A file of many systems."""

    file = FileField("CSV file of systems")
    columns = column_help()
