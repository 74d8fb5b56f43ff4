"""Secrets that the database holds encrypted, with keys derived from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from spv.extensions import secret_keys


def fernet(purpose: str) -> MultiFernet:
    """Encrypt with the present secret; decrypt with every secret that is still good."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(s)) for s in derive(purpose)])


def derive(purpose: str) -> list[bytes]:
    """Derive 32 bytes for a purpose from each secret, the present secret first."""
    return [
        HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
        for secret in reversed(secret_keys())
    ]
