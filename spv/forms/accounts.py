"""Forms of people and accounts, of agency staff, and of the training.

A class here has only the fields and their labels, unless its docstring says more.
"""

from typing import ClassVar

from flask_wtf.file import FileField
from wtforms import fields
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.ledger.statements import API, TERMS, current_wording
from spv.rules.staff_search import EVENTS, KINDS, ZONES
from spv.rules.stc.system_types import SYSTEM_TYPES


class SignInForm(Form):
    email = fields.EmailField("Email address")
    password = fields.PasswordField("Password")


class PersonForm(Form):
    name = fields.StringField("Full name")
    email = fields.EmailField("Email address")


class UserForm(PersonForm):
    administrator = fields.BooleanField("Administrator")


class NewPasswordForm(Form):
    password = fields.PasswordField("Password")
    password_again = fields.PasswordField("Password again")


class SignUpForm(PersonForm, NewPasswordForm):
    """A person who signs up."""


class ChangePasswordForm(Form):
    current_password = fields.PasswordField("Current password")
    password = fields.PasswordField("New password")
    password_again = fields.PasswordField("New password again")


class CodeForm(Form):
    """A code of the second factor."""

    code = fields.StringField("Code")


class FreshCodeForm(Form):
    """A code beside the fields of a form that needs one."""

    second_factor_code = fields.StringField("Code")


class ApplicationForm(Form):
    """An application for an account, or for its upgrade, which is reviewed first."""

    step = fields.StringField()
    account_types = fields.SelectMultipleField("Account type", validate_choice=False)
    legal_name = fields.StringField("Legal entity name")
    abn = fields.StringField("Australian Business Number (ABN)")
    phone = fields.StringField("Phone number")


class DeclineForm(Form):
    reason = fields.TextAreaField("Reason for declining")


class ContactForm(Form):
    legal_name = fields.StringField("Legal entity name")
    abn = fields.StringField("Australian Business Number (ABN)")
    email = fields.EmailField("Contact person’s email")


class ContactsFileForm(FileForm):
    file = FileField("CSV file of contacts")


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = fields.StringField("Declaration")
    wording_version = fields.StringField()

    version, wording = current_wording(API)


class SubscribeForm(Form):
    name = fields.StringField("Name of the subscription")
    terms = fields.StringField("Terms of use")
    terms_version = fields.StringField()

    version, wording = current_wording(TERMS)


class ConsoleForm(Form):
    """A request to the API with the test key of a subscription."""

    subscription = fields.StringField("Test Key of the subscription")
    body = fields.TextAreaField("JSON")


class SubscriptionForm(Form):
    """A subscription's new name, or the user's password to show a key."""

    name = fields.StringField("New name")
    password = fields.PasswordField("Your password")


class SeenForm(Form):
    """A note that a finding of the desk was seen."""

    finding = fields.StringField()
    note = fields.TextAreaField("Note")


class LogForm(Form):
    person = fields.StringField("Person")
    account = fields.StringField("Account")
    event = fields.StringField("Action")
    kind = fields.StringField("About")
    key = fields.StringField("Number or reference")
    from_day = fields.StringField("From", widget=DateInput())
    to_day = fields.StringField("To", widget=DateInput())

    events: ClassVar = EVENTS
    kinds: ClassVar = KINDS


class CalculationForm(Form):
    reference = fields.StringField("Reference")
    postcode = fields.StringField("Postcode")
    zone = fields.StringField("Zone")
    system_type = fields.StringField("System type")
    from_day = fields.StringField("From", widget=DateInput())
    to_day = fields.StringField("To", widget=DateInput())

    zones: ClassVar = ZONES
    system_types: ClassVar = SYSTEM_TYPES


class RoleForm(Form):
    role = fields.StringField("Role")


class StaffForm(PersonForm, RoleForm):
    """A new member of staff."""


class SuspensionForm(Form):
    """The reason for suspending, or for reinstating."""

    reason = fields.TextAreaField("Reason")


class ProductsForm(FileForm):
    """A list of approved products, or the reference of a list that was looked at."""

    file = FileField("CSV file of approved products")
    kept_file = fields.StringField()


class AloneForm(Form):
    name = fields.StringField("First name or nickname")


class EnterForm(Form):
    code = fields.StringField("Code of your class")
    name = fields.StringField("First name or nickname")


class ClockForm(Form):
    move = fields.StringField("Move the clock")


class ClassForm(Form):
    places = fields.StringField("Places")


class AnswerForm(Form):
    """The answer to the question of an exercise."""

    answer = fields.StringField()


class ResetForm(Form):
    """The word that confirms a reset. `place` is empty for a whole class."""

    confirmation = fields.StringField("Type reset to confirm")
    place = fields.StringField()


class ActForm(Form):
    """An act of the agency for a place, or for all places of a class."""

    act = fields.StringField()
    place = fields.StringField()
