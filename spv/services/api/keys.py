"""Subscription keys: 32 hexadecimal characters, found by digest, kept encrypted.

Both are made with the app's secret key: whoever has the database alone has no key. Keys
made under one of SECRET_KEY_FALLBACKS are still found and shown.
"""

import base64
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from spv.extensions import secret_keys
from spv.services.errors import ConflictError


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_hex(16)


def digest_of(key: str) -> str:
    """The digest that is stored of a new key: HMAC-SHA256, in hexadecimal."""
    return digests_of(key)[0]


def digests_of(key: str) -> list[str]:
    """The digests that a key may be found by, that under the present secret first.

    A stored digest is never written again under another secret: the log has it too.
    """
    text = key.encode("utf-8", "replace")
    return [
        hmac.digest(secret, text, "sha256").hex()
        for secret in _derived("digest of keys")
    ]


def sealed(key: str) -> str:
    """A key encrypted (Fernet), as its page can show it again."""
    return _fernet().encrypt(key.encode()).decode()


def opened(text: str) -> str:
    """The key that was sealed; ConflictError if its secret is not known any more."""
    try:
        return _fernet().decrypt(text).decode()
    except InvalidToken:
        raise ConflictError(
            "This key was made under another secret key of the app, and no longer "
            "works. Regenerate it."
        ) from None


def _fernet() -> MultiFernet:
    """Encrypt with the present secret; decrypt with each that is still good."""
    seals = [base64.urlsafe_b64encode(key) for key in _derived("seal of keys")]
    return MultiFernet([Fernet(seal) for seal in seals])


def _derived(purpose: str) -> list[bytes]:
    """Return 32 bytes of each secret for a purpose, the present secret first."""
    return [
        HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
        for secret in reversed(secret_keys())
    ]
