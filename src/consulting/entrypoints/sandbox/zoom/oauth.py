"""Server-to-server OAuth: an account's credentials for a token that expires and can't be refreshed."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any, Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import random_text
from consulting.entrypoints.sandbox.options import SandboxOptions
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.zoom.refusals import ZoomRefusal, refused

_SCOPE: Final = "meeting:read:admin meeting:write:admin user:read:admin"


class ZoomTokens:
    """The tokens that were given out."""

    def __init__(self, *, store: Store, options: SandboxOptions) -> None:
        self._store = store
        self._options = options

    def issue(self, *, authorization: str | None, grant_type: str | None, account_id: str | None) -> Document:
        """Return a new token. Raises ZoomRefusal (400 or 401) for another grant, account or client."""
        if grant_type != "account_credentials":
            raise ZoomRefusal(400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"})
        expected = f"{self._options.zoom_client_id}:{self._options.zoom_client_secret}"
        if not hmac.compare_digest(_basic(authorization).encode(), expected.encode()):
            raise ZoomRefusal(401, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        if account_id != self._options.zoom_account_id:
            raise ZoomRefusal(400, {"reason": "Bad Request", "error": "invalid_request"})
        token, lasts = random_text(64), self._options.zoom_token_seconds
        self._store.put("zoom_token", token, {"expires": clock.now() + lasts})
        return {"access_token": token, "token_type": "bearer", "expires_in": int(lasts), "scope": _SCOPE}

    def check(self, authorization: str | None) -> None:
        """Raise ZoomRefusal (401, code 124) for an unknown or expired token."""
        scheme, _, token = (authorization or "").partition(" ")
        known: dict[str, Any] | None = self._store.find("zoom_token", token) if scheme.lower() == "bearer" else None
        if known is None:
            raise refused(401, 124, "Invalid access token.")
        if known["expires"] <= clock.now():
            self._store.remove("zoom_token", token)
            raise refused(401, 124, "Access token is expired.")


def _basic(authorization: str | None) -> str:
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip()).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
