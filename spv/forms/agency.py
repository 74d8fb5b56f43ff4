"""Forms of agency staff: their colleagues, and suspensions."""

from wtforms import fields

from spv.forms import Form
from spv.forms.accounts import PersonForm


class RoleForm(Form):
    """The role of a member of staff."""

    role = fields.StringField("Role")


class StaffForm(PersonForm, RoleForm):
    """A new member of staff."""


class SuspensionForm(Form):
    """The reason for suspending, or for reinstating."""

    reason = fields.TextAreaField("Reason")
