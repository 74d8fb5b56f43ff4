"""Forms of the Developer Portal, and the declaration that its users make."""

from wtforms import PasswordField, StringField

from spv.forms import Form
from spv.rules.ledger.declaration import API, TERMS, WORDINGS, current


class DeclarationForm(Form):
    """The Declaration for API Users."""

    declaration = StringField("Declaration")
    wording_version = StringField()

    version = current(API)
    wording = WORDINGS[API][version]


class SubscribeForm(Form):
    """A new subscription: its name, and the terms of use."""

    name = StringField("Name of the subscription")
    terms = StringField("Terms of use")
    terms_version = StringField()

    version = current(TERMS)
    wording = WORDINGS[TERMS][version]


class SubscriptionForm(Form):
    """Another name for a subscription, or the password before one of its keys."""

    name = StringField("New name")
    password = PasswordField("Your password")
