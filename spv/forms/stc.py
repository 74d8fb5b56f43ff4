"""The calculator's forms."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from flask import request
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.stc import system_types as types
from spv.rules.stc.batch import column_help
from spv.rules.stc.figures import deeming_period
from spv.rules.stc.system_types import SystemType
from spv.rules.stc.systems import SYSTEMS, hints
from spv.rules.text import pluralise, read_date

LONGEST_ANSWER = 40


class StcForm(Form):
    """A form about one system; `stc_form` makes it with the fields of its type."""

    system_type = StringField(types.SYSTEM_TYPE_LABEL)
    added_to = StringField(name="with")

    system_types = types.SYSTEM_TYPES
    chosen: SystemType | None = None
    questions: ClassVar[Mapping[str, Any]] = {}
    is_suggested = False  # True if the installation date is not an answer of the user

    def __init__(self, sent: MultiDict[str, str]) -> None:
        super().__init__(sent)
        self.sent = sent
        answers = self.answers
        if self.chosen and "calculation_period" in self.questions:
            system = SYSTEMS[self.chosen]
            self.periods = system.period_choices()
            self.period = system.read_period(answers.get("calculation_period", ""))
        self.hints = hints(answers)
        # Answers for other system types are kept if the user changes the type.
        asked = ("system_type", *self.questions)
        self.other_answers = {n: v for n, v in answers.items() if n not in asked}
        # The solar result that a battery is added to, if any.
        self.solar_reference = (self.added_to.data or "").strip()
        try:
            self.iso_date = read_date(answers.get("installation_date", "")).isoformat()
        except ValueError:
            self.iso_date = ""

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answers that were given, without spaces around them."""
        given = self.sent.to_dict()
        texts = [(name, given.get(name, "").strip()) for name in types.ALL_FIELDS]
        return {name: text for name, text in texts if text}

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


def _field(field: types.Field) -> StringField:
    return StringField(
        field.label, widget=DateInput() if field.kind == "date" else None
    )


# A form that has the fields of all types takes a tenth of a page's time to make.
_FORMS: dict[SystemType | None, Any] = {None: StcForm}
for _type, _questions in types.FIELDS_OF.items():
    _fields = {name: _field(field) for name, field in _questions.items()}
    _made = {"chosen": _type, "questions": _questions} | _fields
    _FORMS[_type] = type("StcForm", (StcForm,), _made)


def stc_form(given: Mapping[str, str] | None = None) -> StcForm:
    """Return the form for answers, or for those that were sent."""
    sent = MultiDict(request.form if given is None else given)
    form: StcForm = _FORMS[types.system_type_of(sent)](sent)
    return form


class StcBatchForm(FileForm):
    """A file of many systems."""

    file = FileField("CSV file of systems")
    columns = column_help()
