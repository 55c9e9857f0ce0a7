"""How bodies of answers are encoded, and how answers are sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from consulting.entrypoints.http import wire

_JSON: Final = "application/json"
_WITHOUT_BODY: Final = frozenset({204, 304})


class Answer(Response[Any]):
    """An answer whose body is encoded once and for all in the same way: exact decimals as JSON numbers.

    It has no cookies and nothing to do after it, so the framework needn't look for that each time.
    """

    __slots__ = ()

    def __init__(
        self,
        content: Any,
        *,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        status_code: int | None = None,
        **_: Any,
    ) -> None:
        """Answer with this; what isn't said here, the handler's declaration says."""
        self.content, self.media_type, self.status_code = content, media_type, status_code
        self.headers = dict(headers or {})
        self.background, self.cookies, self.encoding, self.response_type_encoders = None, [], "utf-8", {}

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:  # noqa: ARG002
        """Encode the body; text, bytes and no body at all go out as they are."""
        if isinstance(content, bytes):
            return content
        if isinstance(content, str):
            return content.encode()
        return b"" if content is None else wire.encode(content)

    def to_asgi_response(self, app: Any, request: Any, **declared: Any) -> ASGIResponse:  # noqa: ARG002
        """Make it ready to be sent; `declared` is what the handler's declaration says."""
        media_type = self.media_type or declared.get("media_type") or _JSON
        headers = {**(declared.get("headers") or {}), **self.headers}
        return _Ready(
            self.render(self.content, media_type),
            status=self.status_code or declared.get("status_code") or 200,
            media_type=f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type,
            headers=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        )


class Lasting(Answer):
    """An answer that is kept and given again: it is made ready and tagged but once."""

    __slots__ = ("_ready",)

    def __init__(self, content: Any) -> None:
        """Answer with this, as often as it is asked for."""
        super().__init__(content)
        self._ready: ASGIResponse | None = None

    def to_asgi_response(self, app: Any, request: Any, **declared: Any) -> ASGIResponse:
        """Make it ready, once and for all, for the one handler that gives it."""
        ready = self._ready
        if ready is None:
            body = self.render(self.content, _JSON)
            self.headers["ETag"] = tag_of(body)
            self.content = body
            ready = self._ready = super().to_asgi_response(app, request, **declared)
        return ready


class _Ready(ASGIResponse):
    """An answer of which every byte is known."""

    __slots__ = ("head",)

    def __init__(self, body: bytes, *, status: int, media_type: str, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code, self.body, self.head = status, body, headers
        if status not in _WITHOUT_BODY:
            headers.append((b"content-type", media_type.encode("latin-1")))
            headers.append((b"content-length", b"%d" % len(body)))

    def encode_headers(self) -> list[tuple[bytes, bytes]]:
        return self.head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.head})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def tag_of(body: bytes) -> str:
    """Give the entity tag of a body: a hash of it."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def created(body: Any, *, location: str) -> Answer:
    """Answer with what was made, and where it is now."""
    return Answer(body, headers={"Location": location})
