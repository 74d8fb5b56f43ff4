"""Text: read what users type, make search keys, and write numbers, days and lists."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from spv.rules.errors import ValidationError

# The longest answer, and the most answers, that stay in memory once read.
LONGEST_KEPT, MOST_KEPT = 40, 5_000
# The categories of control, invisible, private and unassigned characters, and lone
# surrogates.
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
# Letters and marks that are invisible, too.
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"
    "\U000e0100-\U000e01ef]"
)
# Removed around a text: of the control characters only tabs and line breaks.
BLANKS = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def read_text(text: str, what: str, most: int = 200, *, lines: bool = False) -> str:
    """Return a text trimmed and in NFC. `lines` allows line breaks.

    Raises ValueError with a sentence that says what to change, in which `what` names
    the text ("the legal entity name").
    """
    text = normalised(text, most)
    if lines:
        text = text.replace("\r\n", "\n")
    if not text:
        raise ValueError(f"Enter {what}.")
    if len(text) > most:
        raise ValueError(
            f"Shorten {what}: it has {len(text):,} characters, and {most:,} is the "
            "limit."
        )
    for character in text:
        if is_unseen(character) and not (lines and character == "\n"):
            raise ValueError(
                f"Type {what} again: it has an invisible character "
                f"(U+{ord(character):04X})."
            )
    return text


def read_optional(text: str, what: str, most: int = 200, *, lines: bool = False) -> str:
    """Return a text as `read_text` does, or "" if it has only spaces."""
    return read_text(text, what, most, lines=lines) if text.strip() else ""


def normalised(text: str, most: int) -> str:
    """Return a text without BLANKS around it, in NFC unless it is far too long."""
    text = text.strip(BLANKS)
    # The time that NFC takes grows with the square of the length.
    return unicodedata.normalize("NFC", text) if len(text) <= 3 * most else text


# Signs that keyboards, word processors and PDF files use instead of a plain sign.
_PLAIN = str.maketrans(
    dict.fromkeys("’‘‛ʼʻ′`´", "'")
    | dict.fromkeys("“”„‟″", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"ς": "σ"}  # the same letter, at the end of a word
)


def search_key(text: str) -> str:
    """Return a text in a form that is the same for all texts that look the same.

    It has no capitals, only single plain spaces, none around it, and plain apostrophes,
    quotes and hyphens. Everything else stays: accents, ß, and all other signs.
    """
    lowered = unicodedata.normalize("NFC", text.lower())  # ǰ has no capital, J̌ is two
    return " ".join(lowered.translate(_PLAIN).split())


def search_text(text: str) -> str:
    """Return a text to look for as every database takes it: short, and without NUL."""
    return text.replace("\0", "").strip()[:100]


def is_unseen(character: str) -> bool:
    """Tell whether a character is invisible. Line breaks count, spaces do not."""
    unseen = unicodedata.category(character) in _UNSEEN
    return unseen or bool(_BLANK_LETTERS.match(character))


def plain_filename(name: str, most: int = 200) -> str:
    """Return the name of a file without its folders and invisible characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return " ".join("".join(c for c in last if not is_unseen(c)).split())[-most:]


def read_all(
    answers: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    """Return the value of each answer, as read by the reader of its name.

    Raises ValidationError with the sentences of all readers that raise ValueError.
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


def read_number(
    pattern: re.Pattern[str], kind: Callable[[str], Any], sentence: str, text: str
) -> Any:
    """Return the number in the first group of a pattern; 0 if the text is empty.

    Raises ValueError with the sentence for all other texts, and for a number that is 0.
    """
    found = pattern.fullmatch(text.strip())
    number = kind(found[1] if found else "0")
    if text.strip() and not number:
        raise ValueError(sentence)
    return number


_ISO_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_AUSTRALIAN_DATE = re.compile(
    r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})"
)


def read_date(text: str, what: str = "the day") -> date:
    """Return a day that is written YYYY-MM-DD or DD/MM/YYYY.

    Raises ValueError with a sentence in which `what` names the day ("the installation
    date").
    """
    if not text:
        raise ValueError(f"Enter {what}.")
    match = _ISO_DATE.fullmatch(text) or _AUSTRALIAN_DATE.fullmatch(text)
    if not match:
        raise ValueError(f"Enter {what} as 2026-07-31 or 31/07/2026.")
    numbers = {name: int(digits) for name, digits in match.groupdict().items()}
    try:
        return date(**numbers)
    except ValueError:
        raise ValueError(f"{text} is not a real date. Check {what}.") from None


# A provider gives a customer a /64, within which addresses change at will.
_CUSTOMER_BITS = 64


def network_of(address: str) -> str:
    """Return the network of an IP address: the address for IPv4, the /64 for IPv6.

    All texts that are not an address count as one network, "unknown".
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return str(ip_network((found, _CUSTOMER_BITS), strict=False))
    return str(getattr(found, "ipv4_mapped", found))


def format_decimal(number: Decimal) -> str:
    """Write a number without exponent or trailing zeros, with commas from 1,000."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache
def format_date(day: date) -> str:
    """Write a day in words, such as 1 May 2026."""
    return f"{day.day} {day:%B %Y}"


def pluralise(number: int, one: str) -> str:
    """Write a number of things: 1 year, 5 years, 1,234 STCs, 2 classes."""
    ending = "" if number == 1 else "es" if one.endswith("s") else "s"
    return f"{number:,} {one}{ending}"


def join_words(words: Iterable[str], conjunction: str = "and") -> str:
    """Join words as in a sentence: a, b and c."""
    *before, last = words
    return f"{', '.join(before)} {conjunction} {last}" if before else last


def format_age(age: timedelta) -> str:
    """Write how long ago something was: 18 hours ago, 3 days ago."""
    hours = int(age.total_seconds() // 3600)
    if hours >= 48:
        return f"{pluralise(hours // 24, 'day')} ago"
    return f"{pluralise(hours, 'hour')} ago" if hours > 0 else "less than an hour ago"
