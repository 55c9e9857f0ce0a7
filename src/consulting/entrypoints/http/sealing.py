"""Making unreadable what is kept for a while, but for who knows our secrets. All cryptography is `cryptography`'s."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from consulting.entrypoints.settings import Port, Settings

_PURPOSE: Final = b"consulting: answers kept for repeated requests"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """This was sealed with another secret, or was changed since."""


class Seal:
    """Seals with a key that is derived from a secret; the same secret opens it in any process."""

    def __init__(self, secret: str) -> None:
        """Derive the key."""
        derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(secret.encode())
        self._cipher = AESGCM(derived)

    def close(self, content: bytes) -> bytes:
        """Seal it, under a random number that is kept with it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, sealed: bytes) -> bytes:
        """Give the content. Raises Unsealable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be one
            raise Unsealable from error


def seal_of(settings: Settings) -> Seal:
    """Seal with a secret that every instance has: the tokens' own, else the payment provider's, else the database's."""
    payments = settings.plugins[Port.PAYMENT_GATEWAY]
    return Seal(settings.jwt_secret or next(iter(payments.secrets().values()), settings.database_url))
