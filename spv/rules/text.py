"""Reading text that people type: exact, visible, and not endless."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from spv.rules.errors import ValidationError

# Control, invisible and unassigned characters, and halves of pairs; a blank is none.
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
# Letters and marks that are drawn as nothing.
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"
    "\U000e0100-\U000e01ef]"
)
# What is taken off around a text: no control characters but tabs and line breaks.
BLANKS = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def read_text(text: str, what: str, most: int = 200, *, lines: bool = False) -> str:
    """Text as it was given, trimmed and in NFC; ValueError with what to change.

    `what` names it in the sentence ("the legal entity name"); `lines` allows breaks.
    """
    text = normalised(text, most)
    if lines:
        text = text.replace("\r\n", "\n")
    if not text:
        raise ValueError(f"Enter {what}.")
    if len(text) > most:
        raise ValueError(
            f"Shorten {what}: it has {len(text):,} characters, and {most} is the limit."
        )
    seen = text.replace("\n", "") if lines else text
    for character in seen:
        if is_unseen(character):
            raise ValueError(
                f"Type {what} again: it has a character that cannot be seen "
                f"(U+{ord(character):04X})."
            )
    return text


def normalised(text: str, most: int) -> str:
    """Text without the blanks around it, in NFC if it is not far too long for that."""
    text = text.strip(BLANKS)
    # It takes a time that grows with the square.
    return unicodedata.normalize("NFC", text) if len(text) <= 3 * most else text


def is_unseen(character: str) -> bool:
    """Whether a character cannot be seen; line breaks too, but not a blank."""
    unseen = unicodedata.category(character) in _UNSEEN
    return unseen or bool(_BLANK_LETTERS.match(character))


def plain_filename(name: str, most: int = 200) -> str:
    """The name of a file without folders, and without what cannot be seen."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return " ".join("".join(c for c in last if not is_unseen(c)).split())[-most:]


def read_all(
    answers: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    """Each answer as its reader reads it.

    ValidationError with every sentence at once.
    """
    values, problems = {}, {}
    for name, read in readers.items():
        try:
            values[name] = read(answers.get(name) or "")
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise ValidationError(problems)
    return values


_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AUSTRALIAN_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def read_date(text: str, what: str = "the day") -> date:
    """A day written YYYY-MM-DD or DD/MM/YYYY; ValueError with what to change.

    `what` names it in the sentence ("the installation date").
    """
    if not text:
        raise ValueError(f"Enter {what}.")
    iso = text
    if not _ISO_DATE.fullmatch(text):
        match = _AUSTRALIAN_DATE.fullmatch(text)
        if not match:
            raise ValueError(f"Enter {what} as 2026-07-31 or 31/07/2026.")
        day, month, year = match.groups()
        iso = f"{year}-{month:0>2}-{day:0>2}"
    try:
        return date.fromisoformat(iso)
    except ValueError:
        raise ValueError(
            f"{text} is not a day of the calendar. Check {what}."
        ) from None


# What a provider gives to one customer: within it, addresses are changed at will.
_CUSTOMER_BITS = 64


def network_of(address: str) -> str:
    """Return the network of an IP address: the address for IPv4, the /64 for IPv6.

    All that is no address counts as one network, "unknown".
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            first = int(found) >> _CUSTOMER_BITS << _CUSTOMER_BITS
            return f"{IPv6Address(first)}/{_CUSTOMER_BITS}"
        found = found.ipv4_mapped
    return str(found)
