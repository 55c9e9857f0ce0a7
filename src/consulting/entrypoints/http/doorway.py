"""What every request passes on its way in and every answer on its way out, whatever becomes of it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from consulting.application.ports.clock import Identities
from consulting.entrypoints.http.measurements import Metrics
from consulting.entrypoints.http.problems import envelope
from consulting.entrypoints.http.refusals import InternalError

log = logging.getLogger(__name__)

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, for the log; threads see it too."""

_FIT: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class Doorway:
    """Names each request (`X-Request-Id`), measures it, and answers what nobody else has answered."""

    def __init__(self, app: ASGIApp, *, ids: Identities, metrics: Metrics) -> None:
        """Wrap the whole application."""
        self._app, self._ids, self._metrics = app, ids, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] == ScopeType.HTTP:
            await self._let_through(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _let_through(self, given: HTTPScope, receive: Receive, send: Send) -> None:
        passage = _Passage(send, name=name_of(given["headers"], ids=self._ids), bodiless=given["method"] == "HEAD")
        scope = _as_get(given) if passage.bodiless else given
        token, began = REQUEST_ID.set(passage.name.decode()), time.perf_counter()
        try:
            await self._app(scope, receive, passage.send)
        except Exception:
            log.exception("%s failed outside every handler", given["method"])
            await passage.apologize()
        finally:
            REQUEST_ID.reset(token)
            self._metrics.note(scope, status=passage.status, seconds=time.perf_counter() - began)


def name_of(headers: Iterable[tuple[bytes, bytes]], *, ids: Identities) -> bytes:
    """Name a request: as its own header says if that fits, else by a new id."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given if _FIT.fullmatch(given) else str(ids.new()).encode()


def _as_get(scope: HTTPScope) -> HTTPScope:
    """HEAD is GET without the body of the answer, for every path that takes GET; it is measured as one, too."""
    asked = scope.copy()
    asked["method"] = HttpMethod.GET
    return asked


class _Passage:
    """The way out of one request."""

    def __init__(self, send: Send, *, name: bytes, bodiless: bool) -> None:
        self.name, self.status, self.bodiless = name, 0, bodiless
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.name)]
        elif self.bodiless and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def apologize(self) -> None:
        if self.status:
            return  # the answer has begun: the server closes the connection, which tells the client that it is cut off
        headers = [(b"content-type", b"application/json")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": envelope(InternalError()), "more_body": False})
