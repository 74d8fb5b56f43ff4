"""Passwords: which are taken, how they are kept, and how one is compared."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from zxcvbn import zxcvbn

SHORTEST = 12
LONGEST = 200
# Below this zxcvbn finds a password in its lists of common ones, or little more.
WEAKEST_SCORE = 2
ZXCVBN_READS = 72
OUR_WORDS = ["solar", "panel", "spv", "agency", "australia", "sydney", "melbourne"]

# The OWASP Password Storage Cheat Sheet's argon2id: 19 MiB, 2 passes, 1 lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared with where there is no such user, so that it takes as long.
_NOBODY = _HASHER.hash(secrets.token_hex())


def readers(answers: Mapping[str, str], *about: str) -> dict[str, Callable[[str], str]]:
    """How `password` and `password_again` are read; `about` may not be in it."""
    return {
        "password": lambda text: _good(text, about),
        "password_again": lambda text: _same(text, answers.get("password") or ""),
    }


def hash_of(password: str) -> str:
    """What is kept of a password: argon2id, with its salt and cost."""
    return _HASHER.hash(_normal(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; without a hash it never is, and takes as long."""
    try:
        _HASHER.verify(password_hash or _NOBODY, _normal(password[:LONGEST]))
    except VerifyMismatchError:
        return False
    return password_hash is not None and len(password) <= LONGEST


def _normal(password: str) -> str:
    # The same keys on two keyboards may send a letter in one piece or in two. No longer
    # text comes here: the time that this takes grows with the square of the length.
    return unicodedata.normalize("NFKC", password)


def _good(password: str, about: tuple[str, ...]) -> str:
    if len(password) > LONGEST:
        raise ValueError(f"Enter a password of at most {LONGEST} characters.")
    password = _normal(password)
    if len(password) < SHORTEST:
        raise ValueError(f"Enter a password of at least {SHORTEST} characters.")
    start = [text[:ZXCVBN_READS] for text in about if text]
    found = zxcvbn(password[:ZXCVBN_READS], user_inputs=[*start, *OUR_WORDS])
    if found["score"] < WEAKEST_SCORE:
        raise ValueError(
            "This password is among the first that would be guessed. Use a few words "
            "that do not belong together."
        )
    return password


def _same(again: str, password: str) -> str:
    if again != password:
        raise ValueError("Enter the same password again.")
    return again
