"""What every request passes on its way in and every answer on its way out, whatever becomes of it."""

from __future__ import annotations

import logging
import re
import time
from contextvars import ContextVar
from typing import Final

from litestar.enums import ScopeType
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

    async def _let_through(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        passage = _Passage(scope, send, name=self._name(scope))
        token, began = REQUEST_ID.set(passage.name.decode()), time.perf_counter()
        try:
            await self._app(scope, receive, passage.send)
        except Exception:
            log.exception("%s failed outside every handler", scope["method"])
            await passage.apologize()
        finally:
            REQUEST_ID.reset(token)
            self._metrics.note(scope, status=passage.status, seconds=time.perf_counter() - began)

    def _name(self, scope: HTTPScope) -> bytes:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        return given if _FIT.fullmatch(given) else str(self._ids.new()).encode()


class _Passage:
    """The way out of one request."""

    def __init__(self, scope: HTTPScope, send: Send, *, name: bytes) -> None:
        self.name, self.status = name, 0
        self._scope, self._send = scope, send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.name)]
        await self._send(message)

    async def apologize(self) -> None:
        if self.status:
            return  # the answer has begun: the server closes the connection, which tells the client that it is cut off
        headers = [(b"content-type", b"application/json")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        body = b"" if self._scope["method"] == "HEAD" else envelope(InternalError())
        await self.send({"type": "http.response.body", "body": body, "more_body": False})
