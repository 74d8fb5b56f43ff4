"""Forms of agency staff: searches, the desk, colleagues, suspensions, products."""

from typing import ClassVar

from wtforms import FileField, StringField, TextAreaField
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.forms.accounts import PersonForm
from spv.rules.staff_search import EVENTS, KINDS, ZONES
from spv.rules.stc.system_types import SYSTEM_TYPES
from spv.rules.text import plain_filename


class SeenForm(Form):
    """A note that a finding of the desk was seen."""

    finding = StringField()
    note = TextAreaField("Note")


class LogForm(Form):
    """The criteria of a search of the audit log. They stand in the address."""

    person = StringField("Person")
    account = StringField("Account")
    event = StringField("Action")
    kind = StringField("About")
    key = StringField("Number or reference")
    from_day = StringField("From", widget=DateInput())
    to_day = StringField("To", widget=DateInput())

    events: ClassVar = EVENTS
    kinds: ClassVar = KINDS


class CalculationForm(Form):
    """The criteria of a search of calculations. They stand in the address."""

    reference = StringField("Reference")
    postcode = StringField("Postcode")
    zone = StringField("Zone")
    system_type = StringField("System type")
    from_day = StringField("From", widget=DateInput())
    to_day = StringField("To", widget=DateInput())

    zones: ClassVar = ZONES
    system_types: ClassVar = SYSTEM_TYPES


class RoleForm(Form):
    """The role of a member of staff."""

    role = StringField("Role")


class StaffForm(PersonForm, RoleForm):
    """A new member of staff."""


class SuspensionForm(Form):
    """The reason for suspending, or for reinstating."""

    reason = TextAreaField("Reason")


class ProductsForm(FileForm):
    """A list of approved products, or the reference of one that was looked at."""

    file = FileField("CSV file of approved products")
    kept_file = StringField()

    @property
    def filename(self) -> str:
        """The name of the file, without folders."""
        return plain_filename(self.file.data.filename)
