"""Secrets: whether one can be guessed, and the keys of the audit log, made from one."""

import hashlib
import hmac
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHORTEST = 32  # characters
JUDGED = 1_000  # only this many characters of a secret are judged
FEWEST = 10  # different characters outside of well-known words
_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_SEQUENCES = ["".join(map(str, range(200))), *_DATA["sequences"]]
# The words, and each four characters of a sequence, forwards and backwards.
WELL_KNOWN = {*_DATA["words"].split()} | {
    run[start : start + 4]
    for sequence in _SEQUENCES
    for run in (sequence, sequence[::-1])
    for start in range(len(run) - 3)
}
SIZES = {len(piece) for piece in WELL_KNOWN}
# The digests of the empty text and of each word, in hexadecimal digits.
DIGESTS = {
    hashlib.new(algorithm, word.encode(), usedforsecurity=False).hexdigest()
    for algorithm in ("md5", "sha1", "sha256", "sha512")
    for word in ("", *_DATA["words"].split())
}
LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")  # pa$$w0rd is password
SEPARATORS = re.compile(r"[\s._-]+")


def weakness(secret: str) -> str:
    """Return what is wrong with a secret, as the end of a sentence; "" if nothing."""
    if len(secret) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if secret != secret.strip():
        return "begins or ends with a space"
    text = SEPARATORS.sub("", secret[:JUDGED].lower())
    size = len(text)
    if any(text == (text[:n] * size)[:size] for n in range(1, size // 2 + 1)):
        return "repeats itself"
    if text in DIGESTS:
        return "is the digest of a well-known word"
    known = _well_known(text) | _well_known(text.translate(LOOK_ALIKES))
    for begin in (0, 1):  # two sequences that take turns, such as a1b2c3
        known |= {begin + 2 * place for place in _well_known(text[begin::2])}
    if len({text[n] for n in range(size) if n not in known}) < FEWEST:
        return "is made of well-known words, or of few different characters"
    return ""


def _well_known(text: str) -> set[int]:
    """Return the positions of a text that are part of a well-known word or sequence."""
    return {
        position
        for start in range(len(text))
        for size in SIZES
        if text[start : start + size] in WELL_KNOWN
        for position in range(start, start + size)
    }


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key with which events are sealed, and one with which checkpoints are signed.

    `id` is part of every event that the key has sealed. It reveals nothing of the key.
    """

    id: str
    _seal: bytes
    signing: Ed25519PrivateKey

    def seal(self, text: str) -> str:
        """Return the HMAC-SHA256 of a text, in hexadecimal digits."""
        return hmac.digest(self._seal, text.encode(), "sha256").hex()


@lru_cache(maxsize=16)
def derive(secret: str) -> LogKey:
    """Return the keys of a secret: one for each purpose."""
    ident, seal, sign = (
        hmac.digest(secret.encode(), b"spv audit log: " + purpose, "sha256")
        for purpose in (b"id", b"seal", b"sign")
    )
    return LogKey(ident[:4].hex(), seal, Ed25519PrivateKey.from_private_bytes(sign))
