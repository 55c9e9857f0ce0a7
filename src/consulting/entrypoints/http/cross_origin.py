"""Which web pages' scripts may call the API, and what they may read of its answers (CORS)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LOCALHOST: Final = "localhost"
"""In the list of origins: any port of this machine, by any of its names."""

Headers = list[tuple[bytes, bytes]]

_HERE: Final = re.compile(r"https?://(localhost|[a-z0-9-]+\.localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_MAY_BE_SENT: Final = (
    "Authorization",
    "Consulting-User",
    "Consulting-User-Email",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "X-Request-Id",
)
_MAY_BE_READ: Final = (
    "Allow",
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Request-Id",
)
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REMEMBERED_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins whose pages may call us; cookies are of no use here, so credentials stay off."""

    allowed: tuple[str, ...]

    def preflight(self, method: str, given: Iterable[tuple[bytes, bytes]]) -> Headers | None:
        """Answer a browser that asks before it calls; None where this isn't such a question, or the answer is no."""
        if method != "OPTIONS":
            return None
        headers = dict(given)
        if b"access-control-request-method" not in headers:
            return None
        origin = headers.get(b"origin", b"")
        if not self._allows(origin):
            return None
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", _METHODS.encode()),
            (b"access-control-allow-headers", ", ".join(_MAY_BE_SENT).encode()),
            (b"access-control-max-age", str(_REMEMBERED_SECONDS).encode()),
            (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        ]

    def headers_for(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Give what every answer to this request carries, an error's too."""
        if not self.allowed:
            return []
        origin = next((value for name, value in given if name == b"origin"), b"")
        headers = [(b"vary", b"Origin")]
        if origin and self._allows(origin):
            headers.append((b"access-control-allow-origin", origin))
            headers.append((b"access-control-expose-headers", ", ".join(_MAY_BE_READ).encode()))
        return headers

    def _allows(self, origin: bytes) -> bool:
        text = origin.decode("latin-1")
        return text in self.allowed or (LOCALHOST in self.allowed and _HERE.fullmatch(text) is not None)
