"""Rules for accounts: types, applications, users, contacts and subscription names."""

import re
import unicodedata
from collections.abc import Collection, Container, Iterable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from stdnum.au import abn
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from spv.rules.csv_file import heading_name, read_csv, refusal
from spv.rules.errors import ValidationError
from spv.rules.faults import damage_of
from spv.rules.text import read_all, read_optional, read_text


class AccountType(StrEnum):
    """The purpose of an account; every account is a General account."""

    GENERAL = "general"
    VSP = "verification_service_provider"
    SUPPLIER = "supplier"


TYPE_WORDS = {
    AccountType.GENERAL: "General account",
    AccountType.VSP: "Verification Service Provider",
    AccountType.SUPPLIER: "Supplier",
}


def in_order(types: Iterable[str]) -> list[str]:
    """Return account types as they are stored: known ones, each once, General first."""
    chosen = set(types)
    return [each.value for each in AccountType if each in chosen]


class Role(StrEnum):
    """A role, named by the people who have it. A user of an account has several."""

    VISITOR = "visitors"
    PERSON = "people without an account"
    GENERAL = "users of an account"
    UPLOADER = "users of a VSP or supplier account"
    ADMINISTRATOR = "administrators of an account"
    STAFF = "agency staff"
    ASSESSOR = "assessors of the agency"
    STAFF_ADMINISTRATOR = "administrators of the agency"
    # In production: until they set up their second factor, they can do nothing else.
    UNPROVEN = "agency staff without a second factor"
    SYSTEM = "systems with a subscription key"


class StaffRole(StrEnum):
    """The role of a member of agency staff. Every role may read everything."""

    ASSESSOR = "assessor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


STAFF_ROLES = {
    StaffRole.ASSESSOR: "Assessor",
    StaffRole.AUDITOR: "Auditor",
    StaffRole.ADMINISTRATOR: "Administrator",
}
_ROLES_OF_STAFF = {
    StaffRole.ASSESSOR: {Role.STAFF, Role.ASSESSOR},
    StaffRole.AUDITOR: {Role.STAFF},
    StaffRole.ADMINISTRATOR: {Role.STAFF, Role.ASSESSOR, Role.STAFF_ADMINISTRATOR},
}


def roles_of(
    account_types: Collection[str] | None,
    *,
    administrator: bool = False,
    staff_role: str | None = None,
) -> frozenset[Role]:
    """Return the roles of a user; `account_types` is None without an account."""
    if staff_role:
        return frozenset(_ROLES_OF_STAFF[StaffRole(staff_role)])
    if account_types is None:
        return frozenset({Role.PERSON})
    roles = {Role.GENERAL}
    if {AccountType.VSP, AccountType.SUPPLIER} & set(account_types):
        roles.add(Role.UPLOADER)
    if administrator:
        roles.add(Role.ADMINISTRATOR)
    return frozenset(roles)


def read_staff_role(text: str) -> str:
    """Return the role of a member of staff; raises ValueError if there is none."""
    if text not in STAFF_ROLES:
        raise ValueError("Choose a role.")
    return text


# Read the reason that agency staff give; the second one may be left out.
read_reason = partial(read_text, what="the reason", most=1_000, lines=True)
read_optional_reason = partial(read_optional, what="the reason", most=1_000, lines=True)


class Status(StrEnum):
    """The status of an application. One that was assessed never changes again."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"


def read_details(answers: Mapping[str, str], types: Iterable[str]) -> dict[str, Any]:
    """Return `legal_name`, `abn`, `phone` and `account_types`, General included."""
    readers = {"legal_name": _read_legal_name, "abn": read_abn, "phone": _read_phone}
    account_types = in_order({*types, AccountType.GENERAL})
    return read_all(answers, readers) | {"account_types": account_types}


def read_abn(text: str) -> str:
    """Return an ABN as 11 digits; raises ValueError that names the broken rule."""
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


def format_abn(text: str) -> str:
    """Return an ABN as people write it: 51 824 753 556. An empty text stays empty."""
    return str(abn.format(text)) if text else ""


def same_words(one: str, other: str) -> bool:
    """Tell whether two texts are equal but for case and runs of spaces."""
    return one.casefold().split() == other.casefold().split()


def _read_legal_name(text: str) -> str:
    name = read_text(text, "the legal entity name")
    if found := damage_of(name):
        raise ValueError(found.words)
    return name


def _read_phone(text: str) -> str:
    phone = read_text(text, "a phone number", 40)
    digits = sum(character.isdecimal() for character in phone)
    if digits < 6 or set(phone) - set("0123456789 +()-"):
        raise ValueError("Enter a phone number such as 02 6159 3100.")
    return phone


# The HTML standard's definition of a valid email address, which browsers check too:
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")


def read_email(text: str) -> str:
    """Return an email address in lower case; raises ValueError if it is not valid."""
    email = text.strip().lower()
    if not email:
        raise ValueError("Enter the email address.")
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise ValueError("Enter an email address such as name@company.com.au.")
    return email


def read_name(text: str) -> str:
    """Return the full name of a user; raises ValueError if it is not valid."""
    return read_text(text, "the full name", 100)


MOST_CONTACTS = 5_000
MOST_PROBLEMS = 20  # listed in one error
_CONTACT_READERS = {
    "legal_name": _read_legal_name,
    "abn": read_abn,
    "email": read_email,
}
_CONTACT_COLUMNS = {heading_name(name): name for name in _CONTACT_READERS}


def read_contact(answers: Mapping[str, str]) -> dict[str, str]:
    """Return `legal_name`, `abn` and `email` of a contact; raises ValidationError."""
    return read_all(answers, _CONTACT_READERS)


def read_contacts(data: bytes) -> list[dict[str, str]]:
    """Return the contacts of a CSV file; raises ValidationError with its wrong rows."""
    heading, *rows = read_csv(data, MOST_CONTACTS)
    columns = [*map(heading_name, heading.cells)]
    if sorted(columns) != sorted(_CONTACT_COLUMNS):
        raise _nothing_stored(["Name the columns: Legal name, ABN, Email."])
    names = [_CONTACT_COLUMNS[column] for column in columns]
    contacts: list[dict[str, str]] = []
    row_of_abn: dict[str, int] = {}
    problems = [] if rows else ["The file has no rows under its heading."]
    for number, cells in rows:
        try:
            if any(map(str.strip, cells[len(names) :])):
                raise ValueError("It has more cells than the heading.")
            contact = read_contact(dict(zip(names, cells, strict=False)))
            first = row_of_abn.setdefault(contact["abn"], number)
            if first != number:
                raise ValueError(f"It has the same ABN as row {first}.")
            contacts.append(contact)
        except ValueError as error:
            problems.append(f"Row {number}: {error}")
    if problems:
        raise _nothing_stored(problems)
    return contacts


def _nothing_stored(problems: list[str]) -> ValidationError:
    more = len(problems) - MOST_PROBLEMS
    listed = problems[:MOST_PROBLEMS] + ([f"And {more:,} more."] if more > 0 else [])
    return refusal(" ".join(["Nothing was stored.", *listed]))


class KeyKind(StrEnum):
    """The keys of a subscription. A request with the test key stores nothing."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TEST = "test"


def read_subscription_name(text: str, others: Container[str]) -> str:
    """Return a subscription's name; raises ValueError if it is not valid.

    It must not look like one of the account's `others`, as `alike` returns them.
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
    """Return the same text for all names that look the same at a glance."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if not "\ufe00" <= c <= "\ufe0f")
