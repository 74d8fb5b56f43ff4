"""The keys of the audit log, which are derived from one secret outside the database."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key with which events are sealed, and one with which checkpoints are signed.

    `id` stands in every event that the key has sealed. It tells nothing of the key.
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
