"""Accounts and applications for them: types, details, and how an application moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stdnum.au import abn
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from spv.rules.people import read_email
from spv.rules.text import read_all, read_text


class AccountType(StrEnum):
    """What an account is for; every account is a General account."""

    GENERAL = "general"
    VSP = "verification_service_provider"
    SUPPLIER = "supplier"


TYPE_WORDS = {
    AccountType.GENERAL: "General account",
    AccountType.VSP: "Verification Service Provider",
    AccountType.SUPPLIER: "Supplier",
}
UPLOADING = {AccountType.VSP, AccountType.SUPPLIER}


class Status(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"


MOVES = {
    Status.SUBMITTED: {Status.APPROVED, Status.DECLINED},
    Status.APPROVED: set(),
    Status.DECLINED: set(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """An organisation as an application names it; `abn` has 11 digits and no blanks."""

    legal_name: str
    abn: str
    phone: str
    account_types: list[str]


def read_details(answers: Mapping[str, str], types: Iterable[str]) -> Details:
    """The details of an application; Refusal with a sentence for each field.

    General is among the types whether it was asked for or not.
    """
    readers = {"legal_name": _legal_name, "abn": read_abn, "phone": _phone}
    values = read_all(answers, readers)
    return Details(**values, account_types=in_order({*types, AccountType.GENERAL}))


def in_order(types: Iterable[str]) -> list[str]:
    """Account types as they are stored: each once, General first, no unknown ones."""
    chosen = set(types)
    return [each.value for each in AccountType if each in chosen]


def read_contact(answers: Mapping[str, str]) -> dict[str, str]:
    """A nominated contact: `legal_name`, `abn` and `email`; Refusal."""
    return read_all(
        answers, {"legal_name": _legal_name, "abn": read_abn, "email": read_email}
    )


def read_abn(text: str) -> str:
    """An ABN as 11 digits; ValueError that says which of its rules is broken."""
    if not text.strip():
        raise ValueError("Enter the ABN, such as 51 824 753 556.")
    try:
        return str(abn.validate(text))
    except InvalidChecksum:
        raise ValueError(
            "This is not an ABN: its first two digits are check digits, and they do "
            "not agree with the other nine. Compare every digit with the ABN on an "
            "invoice or on the Australian Business Register."
        ) from None
    except InvalidLength:
        count = len(abn.compact(text))
        raise ValueError(f"An ABN has 11 digits, and this has {count:,}.") from None
    except InvalidFormat:
        raise ValueError("Enter the ABN as 11 digits and nothing else.") from None


def written_abn(text: str) -> str:
    """An ABN as people write it: 51 824 753 556; empty where there is none."""
    return str(abn.format(text)) if text else ""


def same_words(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but case and runs of blanks."""
    return one.casefold().split() == other.casefold().split()


def _legal_name(text: str) -> str:
    return read_text(text, "the legal entity name")


def _phone(text: str) -> str:
    phone = read_text(text, "a phone number", 40)
    digits = sum(character.isdecimal() for character in phone)
    if digits < 6 or set(phone) - set("0123456789 +()-"):
        raise ValueError("Enter a phone number such as 02 6159 3100.")
    return phone
