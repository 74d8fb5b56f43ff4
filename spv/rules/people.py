"""What people who sign in say of themselves."""

import re

from spv.rules.text import read_text

# What the HTML standard calls a valid e-mail address, which browsers check too:
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")


def read_email(text: str) -> str:
    """An email address in small letters; ValueError with what to change."""
    email = text.strip().lower()
    if not email:
        raise ValueError("Enter the email address.")
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise ValueError("Enter an email address such as name@company.com.au.")
    return email


def read_name(text: str) -> str:
    """The name of a person; ValueError with what to change."""
    return read_text(text, "the full name", 100)
