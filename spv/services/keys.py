"""Subscription keys: 32 hexadecimal characters, found by digest, kept encrypted.

Both are made with the app's secret key: whoever has the database alone has no key.
"""

import base64
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from spv.services.errors import ConflictError


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_hex(16)


def digest_of(key: str) -> str:
    """What a key is found by: HMAC-SHA256, in hexadecimal."""
    text = key.encode("utf-8", "replace")
    return hmac.digest(_derived("digest of keys"), text, "sha256").hex()


def sealed(key: str) -> str:
    """A key encrypted (Fernet), as its page can show it again."""
    return _fernet().encrypt(key.encode()).decode()


def opened(text: str) -> str:
    """The key that was sealed; ConflictError if the app's secret key is another now."""
    try:
        return _fernet().decrypt(text).decode()
    except InvalidToken:
        raise ConflictError(
            "This key was made under another secret key of the app, and no longer "
            "works. Regenerate it."
        ) from None


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived("seal of keys")))


def _derived(purpose: str) -> bytes:
    """32 bytes of the app's secret key, others for each purpose."""
    secret = str(current_app.secret_key).encode()
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret)
