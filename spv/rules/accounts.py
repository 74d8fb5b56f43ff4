"""Accounts and people: types, roles, applications, contacts and subscriptions."""

import re
import unicodedata
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stdnum.au import abn
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from spv.rules.csv_file import Row, read_csv
from spv.rules.errors import ValidationError
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
    """The details of an application; ValidationError with a sentence for each field.

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
    """A nominated contact: `legal_name`, `abn` and `email`; ValidationError."""
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


def format_abn(text: str) -> str:
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


class Role(StrEnum):
    """Who somebody is to the app, in words; a person of an account has several."""

    VISITOR = "visitors"
    PERSON = "people without an account"
    GENERAL = "users of an account"
    UPLOADER = "users of a VSP or supplier account"
    ADMINISTRATOR = "administrators of an account"
    STAFF = "agency staff"
    SYSTEM = "systems with a subscription key"


def roles_of(
    *, staff: bool, administrator: bool, account_types: Collection[str] | None
) -> frozenset[Role]:
    """The roles of somebody who has signed in; `account_types` None: no account."""
    if staff:
        return frozenset({Role.STAFF})
    if account_types is None:
        return frozenset({Role.PERSON})
    roles = {Role.GENERAL}
    if UPLOADING & set(account_types):
        roles.add(Role.UPLOADER)
    if administrator:
        roles.add(Role.ADMINISTRATOR)
    return frozenset(roles)


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


MOST_CONTACTS = 5_000
COLUMNS = {"legal name": "legal_name", "abn": "abn", "email": "email"}
MOST_NAMED = 20


def read_contacts(data: bytes) -> list[dict[str, str]]:
    """The contacts of a file.

    ValidationError on `file` with a sentence for the first rows.
    """
    heading, *rows = read_csv(data, MOST_CONTACTS)
    columns = [" ".join(cell.lower().split()) for cell in heading.cells]
    if sorted(columns) != sorted(COLUMNS):
        raise _refused_file(["Name the columns: Legal name, ABN, Email."])
    names = [COLUMNS[column] for column in columns]
    contacts: dict[str, tuple[int, dict[str, str]]] = {}
    problems = []
    for row in rows:
        try:
            contact = _contact_of(row, names)
        except ValidationError as refusal:
            problems.append(f"Row {row.number}: {refusal}")
            continue
        first, _ = contacts.setdefault(contact["abn"], (row.number, contact))
        if first != row.number:
            problems.append(f"Row {row.number}: the ABN of row {first} again.")
    if not rows:
        problems.append("The file has no rows under its heading.")
    if problems:
        raise _refused_file(problems)
    return [contact for _, contact in contacts.values()]


def _contact_of(row: Row, names: list[str]) -> dict[str, str]:
    if any(map(str.strip, row.cells[len(names) :])):
        raise ValidationError({"file": "It has more cells than the heading."})
    return read_contact(dict(zip(names, row.cells, strict=False)))


def _refused_file(problems: list[str]) -> ValidationError:
    more = len(problems) - MOST_NAMED
    named = problems[:MOST_NAMED] + ([f"And {more:,} more."] if more > 0 else [])
    return ValidationError({"file": " ".join(["Nothing was stored.", *named])})
