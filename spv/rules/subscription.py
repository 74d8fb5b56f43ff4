"""Subscriptions to the Serial Number Ledger product: their names and their keys."""

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

    `others` are the names of the account's other subscriptions, case-folded.
    """
    name = read_text(text, "a name for the subscription", 100)
    if name.casefold() in others:
        raise ValueError(
            "Another subscription of your account has this name. Choose one that helps "
            "you differentiate between them."
        )
    return name
