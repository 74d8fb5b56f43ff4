"""Passwords: how they are read, stored and compared, and how weak ones are found."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from math import log10
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import current_app
from zxcvbn import zxcvbn
from zxcvbn.adjacency_graphs import ADJACENCY_GRAPHS
from zxcvbn.matching import RANKED_DICTIONARIES

SHORTEST = 12
LONGEST = 200
# The logarithm of 30 million. Words and names with a year and signs are below it; three
# ordinary words that have nothing to do with each other are above it.
FEWEST_GUESSES = 7.5
DEMONSTRATION = "demonstration-only"  # the public password of every demonstration user

# Argon2id as the OWASP Password Storage Cheat Sheet has it: 19 MiB, 2 passes, 1 lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared if there is no such user, so that a sign-in takes the same time.
NOBODY = HASHER.hash(secrets.token_hex())


def readers(answers: Mapping[str, str], *about: str) -> dict[str, Callable[[str], str]]:
    """Return the readers of `password` and `password_again`, for `read_all`.

    `about` is the name and the email address of the user, which are easily guessed.
    """

    def read_password(text: str) -> str:
        if len(text) > LONGEST:
            raise ValueError(f"Enter a password of at most {LONGEST} characters.")
        password = _normalise(text)
        if len(password) < SHORTEST:
            raise ValueError(f"Enter a password of at least {SHORTEST} characters.")
        # Texts that differ are an error already, so the password is not judged as well.
        is_same = text == (answers.get("password_again") or "")
        if is_same and _is_weak(password, about):
            raise ValueError(
                "This password is among the first that would be guessed. Use at least "
                "three words that have nothing to do with each other, with you or with "
                "this service."
            )
        return password

    def read_again(text: str) -> str:
        if text != (answers.get("password") or ""):
            raise ValueError("Enter the same password again.")
        return text

    return {"password": read_password, "password_again": read_again}


def hash_of(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and cost."""
    return HASHER.hash(_normalise(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether a password has this hash; takes as long if there is no hash."""
    try:
        HASHER.verify(password_hash or NOBODY, _normalise(password[:LONGEST]))
    except VerifyMismatchError:
        return False
    return password_hash is not None and len(password) <= LONGEST


def _normalise(password: str) -> str:
    # A letter is one character from one keyboard and two from another. The time grows
    # with the square of the length, so longer texts are cut or refused before.
    return unicodedata.normalize("NFKC", password)


def _without_marks(text: str) -> str:
    """Return a text without accents and other marks on letters."""
    marked = unicodedata.normalize("NFKD", text)
    return "".join(c for c in marked if not unicodedata.combining(c))


def _is_weak(password: str, about: tuple[str, ...]) -> bool:
    is_demonstration = current_app.config["SPV_ENVIRONMENT"] == "demo"
    if is_demonstration and password == DEMONSTRATION:
        return False
    # Some characters become 18 when they are normalised, so the password is cut again.
    return log10_guesses(password[:LONGEST], words_of(*about)) < FEWEST_GUESSES


# zxcvbn tries substitutions in a time that grows exponentially: 16 characters take
# 0.05 s at the worst, 72 take 9 s.
ZXCVBN_READS = 16
LONGEST_WORD = 25
# zxcvbn's lists of common passwords, English words and names: word to rank.
_LISTS = list(RANKED_DICTIONARIES.values())
_WEAK_FILE = Path(__file__).with_name("weak_words.txt").read_text("utf-8")
_WEAK_WORDS = frozenset(_without_marks(_WEAK_FILE.partition("\n\n")[2]).split())
# Signs that stand for letters. 1, ! and | stand for i or l.
_SIGNS, _LETTERS = "@4836905$7+(2", "aabeggossttcz"
_SPELLINGS = [
    str.maketrans(_SIGNS + "1!|", _LETTERS + letter * 3) for letter in ("i", "l")
]
_NEIGHBOURS = {
    (key, other)
    for graph in ("qwerty", "keypad")
    for key, around in ADJACENCY_GRAPHS[graph].items()
    for keys in around
    for other in keys or ""
}
# Decimal logarithms of guesses.
_CHARACTER, _NEXT_CHARACTER, _YEAR, _AGAIN, _WORD = 1.0, 0.2, 1.3, 0.3, 1.0
_RARE_SIGN, _MOST_OF_ENDS = 2.0, 3.0


def log10_guesses(password: str, words: frozenset[str] = frozenset()) -> float:
    """Return the decimal logarithm of the number of guesses that find a password.

    `words` are the user's words in lower case, which are guessed first.
    """
    start, rest = password[:ZXCVBN_READS], password[ZXCVBN_READS:]
    known = words | _WEAK_WORDS
    by_zxcvbn = float(zxcvbn(start)["guesses_log10"]) + _estimate(rest, known)
    return min(by_zxcvbn, _estimate(password, known))


def words_of(*texts: str) -> frozenset[str]:
    """Return the words of a user's name and email address, also backwards."""
    about = _without_marks(" ".join(text[:254] for text in texts))
    letters = [c if c.isalnum() else " " for c in about]
    words = [word for word in "".join(letters).casefold().split() if word[2:]]
    return frozenset({*words, *(word[::-1] for word in words)})


def _estimate(password: str, known: frozenset[str]) -> float:
    """Return the logarithm of the guesses by the words and characters of a password."""
    text = _without_marks(password.casefold())
    kept = "".join(c for c in text if c.isalnum() or c in "@$!|+(")
    dropped = set(text) - set(kept)  # blanks, and signs, of which there are many more
    signs = sum(_CHARACTER if c.isascii() else _RARE_SIGN for c in dropped)
    period = (kept + kept).find(kept, 1)  # of a text that is repeated
    pieces = _cheapest_pieces(kept[:period], known)
    costs = [
        min(guesses, _AGAIN) if (piece, guesses) in pieces[:at] else guesses
        for at, (piece, guesses) in enumerate(pieces)
    ]
    with_letters = [i for i, (p, _) in enumerate(pieces) if any(map(str.isalpha, p))]
    begin, end = (with_letters[0], with_letters[-1] + 1) if with_letters else (0, 0)
    # Many people put digits and signs around a word to make it long enough.
    ends = min(_MOST_OF_ENDS, sum(costs[:begin]) + sum(costs[end:]))
    return signs + sum(costs[begin:end]) + ends


def _cheapest_pieces(text: str, known: frozenset[str]) -> list[tuple[str, float]]:
    """Split a text into the words and characters that take the fewest guesses.

    Each is returned with the logarithm of its guesses.
    """
    spellings = [text, *(text.translate(spelling) for spelling in _SPELLINGS)]
    # Of the text up to each place: its guesses, and where its last piece begins.
    best = [(0.0, 0)]
    for end in range(1, len(text) + 1):
        options = [(best[end - 1][0] + _guesses_of_character(text[:end]), end - 1)]
        if text[end - 4 : end].isdecimal() and text[end - 4 : end - 2] in ("19", "20"):
            options.append((best[end - 4][0] + _YEAR, end - 4))
        for begin in range(max(0, end - LONGEST_WORD), end - 1):
            words = {spelling[begin:end] for spelling in spellings}
            guesses = min(map(partial(_guesses_of_word, known=known), words))
            options.append((best[begin][0] + guesses, begin))
        best.append(min(options))
    pieces, end = [], len(text)
    while end:
        begin = best[end][1]
        pieces.append((text[begin:end], best[end][0] - best[begin][0]))
        end = begin
    return pieces[::-1]


def _guesses_of_word(word: str, known: frozenset[str]) -> float:
    """Return the logarithm of the guesses; infinite for a word that is in no list."""
    if word in known:
        return _WORD
    ranks = [ranks[word] for ranks in _LISTS if word in ranks]
    return max(_WORD, log10(min(ranks))) if ranks else float("inf")


def _guesses_of_character(text: str) -> float:
    """Return the logarithm for the last character of a text, by the two before it."""
    steps = list(zip(text[-3:], text[-2:], strict=False))
    # The next one on the keyboard or in the alphabet, or the same again.
    follows = [(a, b) in _NEIGHBOURS or abs(ord(a) - ord(b)) < 2 for a, b in steps]
    return _NEXT_CHARACTER if len(follows) == 2 and all(follows) else _CHARACTER
