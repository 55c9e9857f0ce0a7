"""How bodies of answers are encoded."""

from __future__ import annotations

from typing import Any

from litestar import Response

from consulting.entrypoints.http import wire


class Answer(Response[Any]):
    """An answer whose body is encoded once and for all in the same way: exact decimals as JSON numbers."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:  # noqa: ARG002
        """Encode the body; text, bytes and no body at all go out as they are."""
        if isinstance(content, bytes):
            return content
        if isinstance(content, str):
            return content.encode()
        return b"" if content is None else wire.encode(content)


def created(body: Any, *, location: str) -> Answer:
    """Answer with what was made, and where it is now."""
    return Answer(body, headers={"Location": location})
