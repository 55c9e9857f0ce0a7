"""What every request passes on its way in and every answer on its way out, whatever becomes of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from consulting.entrypoints.http.answer_headers import AnswerHeaders
from consulting.entrypoints.http.notebook import Notebook
from consulting.entrypoints.http.problems import envelope
from consulting.entrypoints.http.refusals import InternalError
from consulting.entrypoints.http.request_names import RequestNames
from consulting.entrypoints.logs import REQUEST_ID

log = logging.getLogger(__name__)


class Doorway:
    """Names each request (`X-Request-Id`), takes note of it, and answers what nobody else has answered.

    It adds the headers that every answer carries, and answers browsers that ask before they call.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: RequestNames,
        notebook: Notebook,
        headers: AnswerHeaders,
        methods: Mapping[str, frozenset[str]],
    ) -> None:
        """Wrap the whole application; `methods` says which ones each route takes."""
        self._app, self._names, self._notebook = app, names, notebook
        self._headers, self._methods = headers, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] == ScopeType.HTTP:
            await self._let_through(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _let_through(self, given: HTTPScope, receive: Receive, send: Send) -> None:
        bodiless = given["method"] == "HEAD"
        scope = _as_get(given) if bodiless else given
        name = self._names.of(given["headers"])
        passage = _Passage(send, scope, name=name, bodiless=bodiless, headers=self._headers, methods=self._methods)
        told, began = name.decode(), time.perf_counter()
        token = REQUEST_ID.set(told)
        try:
            if not await passage.answered_preflight():
                await self._app(scope, receive, passage.send)
        except Exception:
            log.exception("%s failed outside every handler", given["method"])
            await passage.apologize()
        finally:
            self._notebook.note(scope, name=told, status=passage.status, seconds=time.perf_counter() - began)
            REQUEST_ID.reset(token)


def _as_get(scope: HTTPScope) -> HTTPScope:
    """HEAD is GET without the body of the answer, for every path that takes GET; it is measured as one, too."""
    asked = scope.copy()
    asked["method"] = HttpMethod.GET
    return asked


class _Passage:
    """The way out of one request."""

    def __init__(
        self,
        send: Send,
        scope: HTTPScope,
        *,
        name: bytes,
        bodiless: bool,
        headers: AnswerHeaders,
        methods: Mapping[str, frozenset[str]],
    ) -> None:
        self.name, self.status, self.bodiless = name, 0, bodiless
        self._send, self._scope = send, scope
        self._headers, self._methods = headers, methods

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message["headers"]
            if self._scope["method"] == HttpMethod.OPTIONS:
                given = self._corrected(given)
            added = self._headers.of(self._scope, status=self.status, given=given)
            message["headers"] = [*given, (b"x-request-id", self.name), *added]
        elif self.bodiless and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def answered_preflight(self) -> bool:
        head = self._headers.preflight(self._scope)
        if head is None:
            return False
        self.status = 204
        named = [*head, (b"x-request-id", self.name)]
        await self._send({"type": "http.response.start", "status": 204, "headers": named})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        return True

    async def apologize(self) -> None:
        if self.status:
            return  # the answer has begun: the server closes the connection, which tells the client that it is cut off
        headers = [(b"content-type", b"application/json")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": envelope(InternalError()), "more_body": False})

    def _corrected(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
        """Have Allow name every method of the route: the framework's answer to OPTIONS knows one handler's alone."""
        known = self._methods.get(self._scope.get("path_template") or "")
        if known is None:
            return headers
        allowed = known | {"HEAD"} if "GET" in known else known
        kept = [each for each in headers if each[0].lower() != b"allow"]
        return [*kept, (b"allow", ", ".join(sorted(allowed)).encode())]
