"""The calculator's forms."""

from datetime import date
from functools import cached_property
from typing import Any

from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.stc import system_types as types
from spv.rules.stc.batch import column_help
from spv.rules.stc.figures import deeming_period
from spv.rules.stc.systems import SYSTEMS, hints
from spv.rules.text import pluralise, read_date

LONGEST_ANSWER = 40


class StcForm(Form):
    """A form about one system. The system type decides which fields it shows."""

    system_type = StringField(types.SYSTEM_TYPE_LABEL)
    added_to = StringField(name="with")

    system_types = types.SYSTEM_TYPES
    is_suggested = False  # True if the installation date is not an answer of the user

    def __init__(self, *sent: Any, **values: Any) -> None:
        super().__init__(*sent, **values)
        self.chosen = types.system_type_of(self.answers)
        self.questions = types.FIELDS_OF[self.chosen] if self.chosen else {}
        if self.chosen and "calculation_period" in self.questions:
            system = SYSTEMS[self.chosen]
            self.periods = system.period_choices()
            self.period = system.read_period(self.answers.get("calculation_period", ""))
        self.hints = hints(self.answers)
        # Answers for other system types are kept if the user changes the type.
        asked = ("system_type", *self.questions)
        self.other_answers = {n: v for n, v in self.answers.items() if n not in asked}
        # The solar result that a battery is added to, if any.
        self.solar_reference = (self.added_to.data or "").strip()
        try:
            day = self.answers.get("installation_date", "")
            self.iso_date = read_date(day).isoformat()
        except ValueError:
            self.iso_date = ""

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answers that were given, without spaces around them."""
        given = ((name, (self[name].data or "").strip()) for name in types.ALL_FIELDS)
        return {name: text for name, text in given if text}

    @property
    def installation_day(self) -> date:
        """The installation date; raises ValueError if it is not valid."""
        return date.fromisoformat(self.iso_date)

    @property
    def deeming_period(self) -> str:
        """The deeming period for panels installed on that day, in words."""
        return pluralise(deeming_period(self.installation_day), "year")

    def short_answers(self) -> dict[str, str]:
        """Return the answers that are short enough for an address."""
        answers = self.answers | {"with": self.solar_reference}
        return {n: v for n, v in answers.items() if 0 < len(v) <= LONGEST_ANSWER}


for _name, _field in types.FIELDS.items():
    _widget = DateInput() if _field.kind == "date" else None
    setattr(StcForm, _name, StringField(_field.label, widget=_widget))


class StcBatchForm(FileForm):
    """A file of many systems."""

    file = FileField("CSV file of systems")
    columns = column_help()
