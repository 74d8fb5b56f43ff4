"""Read a serial number: return it in capitals, or a fault that says what is wrong.

Texts that people copy or scan are often not only the serial number: a spreadsheet
program has turned it into a date, or a scanner has read everything in its code.
"""

import re
import unicodedata
from collections.abc import Sequence

from spv.rules.faults import SCIENTIFIC, Fault, damage_of, fault, is_day
from spv.rules.text import BLANKS, is_unseen

SHORTEST_SERIAL, LONGEST_SERIAL = 3, 60
KEPT_DIGITS = 15  # of a number, in spreadsheet programs
# The lengths of the numbers of cartons and pallets: EAN, GTIN and SSCC (GS1).
BARCODE_LENGTHS = (12, 13, 14, 18)
ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
PUNCTUATION = "-._/:+#()"
# Most serial numbers are like this: letters and digits, and no code of GS1. Or a letter
# comes first, with no month before a punctuation mark, and a digit after each one, so
# that nothing is repeated. All others are checked more closely.
_LENGTH = f"{{{SHORTEST_SERIAL},{LONGEST_SERIAL}}}"
_PLAIN = rf"""(?:
    (?! 01[0-9]{{14}}(?:10|11|17|21) ) (?=[A-Z]*+[0-9]) [A-Z0-9]{_LENGTH} (?![-./])
    | (?=[-./A-Z0-9]{_LENGTH}(?:\n|\Z)) (?! [A-Z]{{3,4}}[-./] )
      [A-Z][A-Z0-9]*+ (?:[-./][0-9][A-Z0-9]*+)+ )"""
_PLAIN_SERIAL = re.compile(_PLAIN, re.VERBOSE)
_PLAIN_LINES = re.compile(rf"(?:{_PLAIN}\n)*{_PLAIN}", re.VERBOSE)
# Numbers as spreadsheet programs write them. 20E2300417 is a serial number.
_NUMBER = re.compile(
    r"""[+-]?[0-9]++[.,]0*+              # 238.0 and 238.
    | [0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?   # 1,607,193
    | \(\$?[0-9]++(?:[.,][0-9]++)*\)    # (12345678)
    | \$[0-9.,]++ | [0-9.,]++%""",
    re.VERBOSE,
)
_IN_ADDRESS = re.compile("[/=?&#]")
_ADDRESS = re.compile(r"(?:https?:|ftp:|www\.)\S++", re.IGNORECASE)
# The element strings of GS1: (01) is a product, (00) a pallet, (21) a serial number.
_IN_BRACKETS = re.compile(
    r"\((?:0[12]|1[0-7]|2[0-2]|24[0-3]|25[0-5]|30|37|4\d\d|9\d)\)"
)
_SERIAL_IN_BRACKETS = re.compile(r"\(21\)([^()\x1d]++)")
_WITHOUT_BRACKETS = re.compile(
    r"(?:\][A-Za-z][0-9])?\x1d?01([0-9]{14})(?:1[17][0-9]{6})?21([^\x1d]{1,20}+)"
    r"(?:\x1d.*+)?"
)
_SYMBOLOGY = re.compile(r"\][CEdQeAI][0-9]")
_NUMBER_WORD = r"(?:no|nr|num|number|\#)"
_PREFIX = re.compile(
    rf"""(?: s/n \.?+\ *+[:\#]?+\ *+
    | (?:sn|s\.n\.?|p/?n|m/n|serial(?:\ ?{_NUMBER_WORD})?|ser\.?\ ?{_NUMBER_WORD}
        |model|lot|batch|type) \.?+\ *+[:\#]\ *+ )(?=\S*[0-9])""",
    re.VERBOSE | re.IGNORECASE,
)
_PREFIX_AND_BLANK = re.compile(rf"(?:sn|serial(?: {_NUMBER_WORD})?)\.? ", re.IGNORECASE)
# Separators of two serial numbers in one cell, and of the ends of a range.
_SLASHES = re.compile("[/+]")
_BETWEEN = re.compile(r" ?[,;|&] ?| ")
_UP_TO = re.compile(r" - | ?[–—~] ?| to |\.\.+", re.IGNORECASE)
_SHORTEST_OF_SEVERAL = 6
_LETTERS = re.compile("[A-Za-z]++")


def read_serial(cell: str) -> str | Fault:
    """Return the serial number of a cell in capitals, or the fault that it has."""
    if len(cell) <= LONGEST_SERIAL and cell.isascii():
        serial = cell.upper()
        if _PLAIN_SERIAL.fullmatch(serial):
            return serial
    text = cell.strip(BLANKS)
    return _fault_of(text) or text.upper()


def read_plain(cells: Sequence[str]) -> list[str] | None:
    """Return the serial numbers if all cells are of the usual form; otherwise None.

    One match for the whole column is many times faster than one for each cell.
    """
    text = "\n".join(cells)
    if not text.isascii() or not _PLAIN_LINES.fullmatch(text.upper()):
        return None
    serials = text.upper().split("\n")
    return serials if len(serials) == len(cells) else None


def is_hidden(character: str) -> bool:
    """Tell whether a character is invisible, variation selectors included.

    Variation selectors only change how an emoji is drawn: two names would look alike.
    """
    return is_unseen(character) or "\ufe00" <= character <= "\ufe0f"


def invisible(character: str) -> Fault:
    """Return the fault of an invisible character."""
    name = unicodedata.name(character, "control character").lower()
    if character == "\x1d":
        name = "a scanner’s separator, U+001D"
    return fault("line_break" if character in "\r\n" else "hidden_character", name=name)


def has_check_digit(digits: str) -> bool:
    """Tell whether the last digit of a code of GS1 is the check digit of the others."""
    weighted = 3 * sum(map(int, digits[-2::-2])) + sum(map(int, digits[::-2]))
    return weighted % 10 == 0


def is_barcode(serial: str) -> bool:
    """Tell whether a number may be that of a box or a pallet, by its check digit."""
    digits = serial.removeprefix("(00)")
    if len(digits) == 20 and digits.startswith("00"):
        digits = digits[2:]  # the mark of an SSCC, without its brackets
    is_one = digits.isdecimal() and len(digits) in BARCODE_LENGTHS
    return is_one and has_check_digit(digits)


def is_rounded(serial: str) -> bool:
    """Tell whether a number has more than 15 digits, and only zeros after them."""
    rest = serial[KEPT_DIGITS:]
    return bool(rest) and serial.isdecimal() and not rest.strip("0")


def without_prefix(text: str) -> str:
    """Return a text without “S/N:” and the like before it."""
    found = _PREFIX.match(text) or _PREFIX_AND_BLANK.match(text)
    return text[found.end() :] if found else text


def _fault_of(text: str) -> Fault | None:
    if not text:
        return fault("missing")
    # Nothing that is longer has one of these shapes.
    found = _shape_of(text) if len(text) <= 3 * LONGEST_SERIAL else None
    if found:
        return found
    for character in text:
        if character not in ALLOWED and character not in PUNCTUATION:
            return _not_in_a_serial(character)
    if len(text) < SHORTEST_SERIAL:
        return fault("too_short", least=SHORTEST_SERIAL)
    if len(text) > LONGEST_SERIAL:
        return fault("too_long", most=LONGEST_SERIAL)
    return None if any(map(str.isdecimal, text)) else fault("no_digit")


def _shape_of(text: str) -> Fault | None:
    """Return the fault of a text that is plainly something else, or None."""
    if _NUMBER.fullmatch(text) or SCIENTIFIC.fullmatch(text):
        return fault("spreadsheet_damage")
    if found := damage_of(text):
        return found
    if is_day(text):
        return fault("day")
    return _scanned(text) or _several(text)


def _scanned(text: str) -> Fault | None:
    """Return the fault of a text with more from a scanner or label than the serial."""
    if _ADDRESS.fullmatch(text):
        last = _IN_ADDRESS.split(text.rstrip("/"))[-1]
        return fault("web_address", meant=last)
    is_gs1 = _IN_BRACKETS.match(text) or _SYMBOLOGY.match(text)
    found = _WITHOUT_BRACKETS.fullmatch(text)
    if found and has_check_digit(found[1]):
        return fault("gs1", meant=found[2])
    if is_gs1:
        inside = _SERIAL_IN_BRACKETS.search(text)
        return fault("gs1", meant=inside[1]) if inside else fault("gs1_other")
    if found := _PREFIX.match(text):
        return fault("label_prefix", prefix=found[0].strip(), meant=text[found.end() :])
    return None


def _several(text: str) -> Fault | None:
    """Return the fault of a cell with more than one serial number, or with a range."""
    words = " ".join(text.split())
    if _are_alike(_UP_TO.split(words)):
        return fault("range")
    if _are_alike(_BETWEEN.split(words)) or _are_alike(_SLASHES.split(text)):
        return fault("two_serials")
    if _are_alike(parts := text.upper().split("-")) and parts[0] < parts[1]:
        return fault("range")
    return None


def _are_alike(parts: list[str]) -> bool:
    """Tell whether two parts or more may be serial numbers of the same kind of panel.

    They begin with the same letters, and have a digit and equally many characters.
    """
    start = _LETTERS.match(parts[0])
    return len(parts) > 1 and start is not None and all(
        len(part) == len(parts[0]) >= _SHORTEST_OF_SEVERAL
        and part.upper().startswith(start[0].upper())
        and any(map(str.isdecimal, part))
        for part in parts
    )  # fmt: skip


def _not_in_a_serial(character: str) -> Fault:
    if character.isspace() and character not in "\r\n\x1c\x1d\x1e\x1f":
        return fault("blank_inside")
    if is_hidden(character):
        return invisible(character)._replace(code="character")
    kind = "foreign_letter" if character.isalnum() else "foreign_sign"
    name = unicodedata.name(character, "no name").capitalize()
    return fault(kind, character=character, name=name, allowed=" ".join(PUNCTUATION))
