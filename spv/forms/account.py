"""Forms of accounts: applying, assessing, and the contacts to assess by."""

from flask_wtf.file import FileField
from wtforms import EmailField, SelectMultipleField, StringField, TextAreaField

from spv.forms import FileForm, Form


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
