"""Forms of accounts, of the people who sign in, and of the Developer Portal."""

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
from spv.rules.ledger.declaration import API, TERMS, WORDINGS, current_version


class ApplicationForm(Form):
    """An application for an account, or for its upgrade."""

    account_types = SelectMultipleField("Account type", validate_choice=False)
    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    phone = StringField("Phone number")


class DeclineForm(Form):
    """Why an application is declined."""

    reason = TextAreaField("Reason for declining")


class ContactForm(Form):
    """A nominated contact."""

    legal_name = StringField("Legal entity name")
    abn = StringField("Australian Business Number (ABN)")
    email = EmailField("Contact person’s email")


class ContactsFileForm(FileForm):
    """Many nominated contacts."""

    file = FileField("CSV file of contacts")


class NewPasswordForm(Form):
    """A password, typed twice."""

    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class ChangePasswordForm(Form):
    """A new password by who knows the current one."""

    current_password = PasswordField("Current password")
    password = PasswordField("New password")
    password_again = PasswordField("New password again")


class SignUpForm(Form):
    """A person who is new."""

    name = StringField("Full name")
    email = EmailField("Email address")
    password = PasswordField("Password")
    password_again = PasswordField("Password again")


class SignInForm(Form):
    """A person who has signed up."""

    email = EmailField("Email address")
    password = PasswordField("Password")


class UserForm(Form):
    """A user of an account."""

    name = StringField("Full name")
    email = EmailField("Email address")
    administrator = BooleanField("Administrator")


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = StringField("Declaration")
    wording_version = StringField()

    version = current_version(API)
    wording = WORDINGS[API][version]


class SubscribeForm(Form):
    """A new subscription: its name, and the terms of use."""

    name = StringField("Name of the subscription")
    terms = StringField("Terms of use")
    terms_version = StringField()

    version = current_version(TERMS)
    wording = WORDINGS[TERMS][version]


class SubscriptionForm(Form):
    """Another name for a subscription, or the password before one of its keys."""

    name = StringField("New name")
    password = PasswordField("Your password")
