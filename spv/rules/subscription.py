"""Subscriptions to the Serial Number Ledger product: their names and their keys."""

import unicodedata
from collections.abc import Container
from enum import StrEnum

from spv.rules.text import read_text


class KeyKind(StrEnum):
    """The keys of a subscription. With the test key nothing is ever stored."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TEST = "test"


def read_subscription_name(text: str, others: Container[str]) -> str:
    """A name that tells a subscription from the others; ValueError with what to change.

    `others` are the names of the account's other subscriptions, made `alike`.
    """
    name = " ".join(read_text(text, "a name for the subscription", 100).split())
    if not any(map(str.isalnum, name)):
        raise ValueError("Enter a name with letters or digits for the subscription.")
    if alike(name) in others:
        raise ValueError(
            "Another subscription of your account has this name. Choose one that helps "
            "you differentiate between them."
        )
    return name


def alike(name: str) -> str:
    """A name without what people do not see, or tell apart, at a glance."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if not "\ufe00" <= c <= "\ufe0f")
