"""Forms of accounts, users, declarations and subscriptions."""

from flask_wtf.file import FileField
from wtforms import fields

from spv.forms import FileForm, Form
from spv.rules.ledger.statements import API, TERMS, current_wording


class ApplicationForm(Form):
    """An application for an account, or for its upgrade, which is reviewed first."""

    step = fields.StringField()
    account_types = fields.SelectMultipleField("Account type", validate_choice=False)
    legal_name = fields.StringField("Legal entity name")
    abn = fields.StringField("Australian Business Number (ABN)")
    phone = fields.StringField("Phone number")


class DeclineForm(Form):
    """The reason for declining an application."""

    reason = fields.TextAreaField("Reason for declining")


class ContactForm(Form):
    """A nominated contact."""

    legal_name = fields.StringField("Legal entity name")
    abn = fields.StringField("Australian Business Number (ABN)")
    email = fields.EmailField("Contact person’s email")


class ContactsFileForm(FileForm):
    """A file of nominated contacts."""

    file = FileField("CSV file of contacts")


class SignInForm(Form):
    """A sign-in."""

    email = fields.EmailField("Email address")
    password = fields.PasswordField("Password")


class PersonForm(Form):
    """A name and an email address."""

    name = fields.StringField("Full name")
    email = fields.EmailField("Email address")


class UserForm(PersonForm):
    """A user of an account."""

    administrator = fields.BooleanField("Administrator")


class NewPasswordForm(Form):
    """A password, typed twice."""

    password = fields.PasswordField("Password")
    password_again = fields.PasswordField("Password again")


class SignUpForm(PersonForm, NewPasswordForm):
    """A person who signs up."""


class ChangePasswordForm(Form):
    """A new password, and the current one."""

    current_password = fields.PasswordField("Current password")
    password = fields.PasswordField("New password")
    password_again = fields.PasswordField("New password again")


class CodeForm(Form):
    """A code of the second factor."""

    code = fields.StringField("Code")


class FreshCodeForm(Form):
    """A code beside the fields of a form that needs one."""

    second_factor_code = fields.StringField("Code")


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = fields.StringField("Declaration")
    wording_version = fields.StringField()

    version, wording = current_wording(API)


class SubscribeForm(Form):
    """A new subscription: its name, and the terms of use."""

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
