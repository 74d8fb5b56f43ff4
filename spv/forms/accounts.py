"""Forms of people and accounts, of agency staff, and of the training.

A class here has only the fields and their labels, unless its docstring says more.
"""

from typing import ClassVar

from flask_wtf.file import FileField
from wtforms.fields import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import DateInput

from spv.forms import FileForm, Form
from spv.rules.ledger.statements import API, TERMS, current_wording
from spv.rules.staff_search import EVENTS, KINDS, ZONES
from spv.rules.stc.system_types import SYSTEM_TYPES


class SignInForm(Form):
    email = EmailField("Email address")
    password = PasswordField("Password")


class PersonForm(Form):
    name = StringField("Full name")
    email = EmailField("Email address")


class UserForm(PersonForm):
    administrator = BooleanField("Administrator")


class NewPasswordForm(Form):
    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class SignUpForm(PersonForm, NewPasswordForm):
    """A person who signs up."""


class ChangePasswordForm(Form):
    current_password = PasswordField("Current password")
    password = PasswordField("New password")
    password_again = PasswordField("New password again")


class CodeForm(Form):
    """A code of the second factor."""

    code = StringField("Code")


class FreshCodeForm(Form):
    """A code beside the fields of a form that needs one."""

    second_factor_code = StringField("Code")


class ApplicationForm(Form):
    """An application for an account, or for its upgrade, which is reviewed first."""

    step = StringField()
    account_types = SelectMultipleField("Account type", validate_choice=False)
    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    phone = StringField("Phone number")


class DeclineForm(Form):
    reason = TextAreaField("Reason for declining")


class ContactForm(Form):
    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    email = EmailField("Contact person’s email")


class ContactsFileForm(FileForm):
    file = FileField("CSV file of contacts")


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = StringField("Declaration")
    wording_version = StringField()

    version, wording = current_wording(API)


class SubscribeForm(Form):
    name = StringField("Name of the subscription")
    terms = StringField("Terms of use")
    terms_version = StringField()

    version, wording = current_wording(TERMS)


class ConsoleForm(Form):
    """A request to the API with the test key of a subscription."""

    subscription = StringField("Test Key of the subscription")
    body = TextAreaField("JSON")


class SubscriptionForm(Form):
    """A subscription's new name, or the user's password to show a key."""

    name = StringField("New name")
    password = PasswordField("Your password")


class SeenForm(Form):
    """A note that a finding of the desk was seen."""

    finding = StringField()
    note = TextAreaField("Note")


class LogForm(Form):
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
    reference = StringField("Reference")
    postcode = StringField("Postcode")
    zone = StringField("Zone")
    system_type = StringField("System type")
    from_day = StringField("From", widget=DateInput())
    to_day = StringField("To", widget=DateInput())

    zones: ClassVar = ZONES
    system_types: ClassVar = SYSTEM_TYPES


class RoleForm(Form):
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


class AloneForm(Form):
    name = StringField("First name or nickname")


class EnterForm(Form):
    code = StringField("Code of your class")
    name = StringField("First name or nickname")


class ClockForm(Form):
    move = StringField("Move the clock")


class ClassForm(Form):
    places = StringField("Places")


class AnswerForm(Form):
    """The answer to the question of an exercise."""

    answer = StringField()


class ResetForm(Form):
    """The word that confirms a reset. `place` is empty for a whole class."""

    confirmation = StringField("Type reset to confirm")
    place = StringField()


class ActForm(Form):
    """An act of the agency for a place, or for all places of a class."""

    act = StringField()
    place = StringField()
