"""Forms of accounts, users, declarations and subscriptions."""

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from spv.forms import FileForm, Form
from spv.rules.ledger.declaration import API, TERMS, current_wording


class ApplicationForm(Form):
    """An application for an account, or for its upgrade, which is reviewed first."""

    step = StringField()
    account_types = SelectMultipleField("Account type", validate_choice=False)
    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    phone = StringField("Phone number")


class DeclineForm(Form):
    """The reason for declining an application."""

    reason = TextAreaField("Reason for declining")


class ContactForm(Form):
    """A nominated contact."""

    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    email = EmailField("Contact person’s email")


class ContactsFileForm(FileForm):
    """A file of nominated contacts."""

    file = FileField("CSV file of contacts")


class SignInForm(Form):
    """A sign-in."""

    email = EmailField("Email address")
    password = PasswordField("Password")


class PersonForm(Form):
    """A name and an email address."""

    name = StringField("Full name")
    email = EmailField("Email address")


class UserForm(PersonForm):
    """A user of an account."""

    administrator = BooleanField("Administrator")


class NewPasswordForm(Form):
    """A password, typed twice."""

    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class SignUpForm(PersonForm, NewPasswordForm):
    """A person who signs up."""


class ChangePasswordForm(Form):
    """A new password, and the current one."""

    current_password = PasswordField("Current password")
    password = PasswordField("New password")
    password_again = PasswordField("New password again")


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = StringField("Declaration")
    wording_version = StringField()

    version, wording = current_wording(API)


class SubscribeForm(Form):
    """A new subscription: its name, and the terms of use."""

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
