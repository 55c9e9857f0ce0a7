"""Making unreadable what is kept for a while, but for who knows our secrets. All cryptography is `cryptography`'s."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from consulting.entrypoints.settings import Port, Settings

_PURPOSE: Final = b"consulting: answers kept for repeated requests"


class Unsealable(Exception):
    """This was sealed with another secret, or was changed since."""


class Seal:
    """Seals with a key that is derived from a secret; the same secret opens it in any process."""

    def __init__(self, secret: str) -> None:
        """Derive the key."""
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, content: bytes) -> bytes:
        """Seal it."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Give the content. Raises Unsealable."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise Unsealable from error


def seal_of(settings: Settings) -> Seal:
    """Seal with a secret that every instance has: the tokens' own, else the payment provider's, else the database's."""
    payments = settings.plugins[Port.PAYMENT_GATEWAY]
    return Seal(settings.jwt_secret or next(iter(payments.secrets().values()), settings.database_url))
