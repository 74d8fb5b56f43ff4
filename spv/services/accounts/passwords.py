"""Passwords: which are accepted, how they are stored, and how one is compared."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import current_app

from spv.services.accounts.password_strength import log10_guesses, words_of

SHORTEST = 12
LONGEST = 200
# 30 million guesses. Words and names with a year and signs are below it, three
# ordinary words that have nothing to do with each other are above it.
FEWEST_GUESSES = 7.5
DEMONSTRATION = "demonstration-only"  # for everybody to know, in a demonstration

# The OWASP Password Storage Cheat Sheet's argon2id: 19 MiB, 2 passes, 1 lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Compared with where there is no such user, so that it takes as long.
_NOBODY = _HASHER.hash(secrets.token_hex())


def readers(answers: Mapping[str, str], *about: str) -> dict[str, Callable[[str], str]]:
    """Return the readers of `password` and `password_again`.

    `about` is the name and the email address of the person, which are easily guessed.
    """
    again = answers.get("password_again") or ""
    return {
        "password": lambda text: _good(text, again, about),
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


def _good(password: str, again: str, about: tuple[str, ...]) -> str:
    if len(password) > LONGEST:
        raise ValueError(f"Enter a password of at most {LONGEST} characters.")
    typed, password = password, _normal(password)
    if len(password) < SHORTEST:
        raise ValueError(f"Enter a password of at least {SHORTEST} characters.")
    # A password that was typed in two ways is refused anyway: do not judge it as well.
    if typed == again and _is_weak(password, about):
        raise ValueError(
            "This password is among the first that would be guessed. Use at least "
            "three words that have nothing to do with each other, with you or with "
            "this service."
        )
    return password


def _is_weak(password: str, about: tuple[str, ...]) -> bool:
    is_demonstration = current_app.config["SPV_ENVIRONMENT"] == "demo"
    if is_demonstration and password == DEMONSTRATION:
        return False
    # Cut once more: some characters are 18 after they were brought into their form.
    return log10_guesses(password[:LONGEST], words_of(*about)) < FEWEST_GUESSES


def _same(again: str, password: str) -> str:
    if again != password:
        raise ValueError("Enter the same password again.")
    return again
