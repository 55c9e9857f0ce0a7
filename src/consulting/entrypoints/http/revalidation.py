"""Answers that callers keep and ask for again: 304 while nothing has changed.

What is free changes by time alone, without a write; so the tag is a hash of the answer itself, and never of a version.
"""

from __future__ import annotations

import re
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from consulting.entrypoints.http.answer_headers import is_open_read
from consulting.entrypoints.http.answers import tag_of

_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_OF_THE_BODY: Final = frozenset({b"content-length", b"content-type"})


def revalidated(app: ASGIApp) -> ASGIApp:
    """Tag the answers of all reads that are open to everyone, and send nothing to whoever has the answer already."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not is_open_read(scope):
            await app(scope, receive, send)
            return
        known = [value for name, value in scope["headers"] if name == b"if-none-match"]
        await app(scope, receive, _Tagging(send, known=b",".join(known)).send)

    return answer


def is_known(known: bytes, tag: bytes) -> bool:
    """Tell whether this `If-None-Match` names the tag, by RFC 9110's weak comparison; `*` names any."""
    return known.strip() == b"*" or tag in _TAG.findall(known)


class _Tagging:
    """Holds an answer back until its end, which is near: none of these is sent in parts."""

    def __init__(self, send: Send, *, known: bytes) -> None:
        self._send, self._known = send, known
        self._start: HTTPResponseStartEvent | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message["body"]
            if not message["more_body"]:
                await self._finish(self._start)

    async def _finish(self, start: HTTPResponseStartEvent) -> None:
        headers = list(start["headers"])
        tag = next((value for name, value in headers if name == b"etag"), None)
        if tag is None:
            tag = tag_of(self._body).encode()
            headers.append((b"etag", tag))
        if self._known and is_known(self._known, tag):
            headers = [(name, value) for name, value in headers if name.lower() not in _OF_THE_BODY]
            start["status"], self._body = 304, b""
        start["headers"] = headers
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body, "more_body": False})
