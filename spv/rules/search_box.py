"""Read the text of the search box, which may name several kinds of things."""

import re
from typing import NamedTuple

from spv.rules.ledger.serial_number import LONGEST_SERIAL, without_prefix
from spv.rules.text import is_unseen, normalised

LONGEST = 200
_NUMBER = re.compile(
    "(?:(upload|invalidation)s? ?)?(?:no[.]?|number)? ?#?([0-9]{1,9})", re.IGNORECASE
)
_SERIAL = re.compile(f"[!-~]{{1,{LONGEST_SERIAL}}}")
_REFERENCE = re.compile("[A-Za-z0-9_-]{16}")
_ABN = re.compile("[0-9]{11}")


class Sought(NamedTuple):
    """The text in words, and each thing that it may name; empty if it cannot be that.

    A serial number may be a beginning, and a name any part.
    """

    words: str
    serial_number: str = ""
    upload: int = 0
    invalidation: int = 0
    reference: str = ""
    abn: str = ""
    name: str = ""


def read_search(text: str) -> Sought:
    """Return what a text may name: "17" is an upload, an invalidation and a serial."""
    text = " ".join(normalised(text[:LONGEST], LONGEST).split())
    words = "".join(each for each in text if not is_unseen(each))
    number = _NUMBER.fullmatch(words)
    kind, digits = number.groups("") if number else ("none", "0")
    serial, abn = without_prefix(words), words.replace(" ", "")
    return Sought(
        words,
        serial_number=serial.upper() if _SERIAL.fullmatch(serial) else "",
        upload=int(digits) if kind.lower() in ("", "upload") else 0,
        invalidation=int(digits) if kind.lower() in ("", "invalidation") else 0,
        reference=words if _REFERENCE.fullmatch(words) else "",
        abn=abn if _ABN.fullmatch(abn) else "",
        name=words if any(map(str.isalpha, words)) else "",
    )
