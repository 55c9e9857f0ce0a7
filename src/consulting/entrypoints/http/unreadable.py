"""Requests that can't even be read as HTTP, or don't arrive: the server answers for the application."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any, ClassVar, Final, NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from consulting.application.ports.clock import Identities
from consulting.domain.errors import ConsultingError
from consulting.entrypoints.http.answer_headers import AnswerHeaders
from consulting.entrypoints.http.cross_origin import Headers
from consulting.entrypoints.http.problems import envelope
from consulting.entrypoints.http.refusals import RequestMalformed
from consulting.entrypoints.http.request_names import RequestNames

log = logging.getLogger(__name__)

LONGEST_HEAD: Final = 65_536
"""In bytes: the address and all headers of a request together. Nothing of ours needs a sixth of it."""


LINGERING_SECONDS: Final = 2.0
LEAVING_SECONDS: Final = 1.0
_BODY_FOLLOWS: Final = frozenset({b"content-length", b"transfer-encoding"})
_TOO_LONG: Final = f"Address and headers are longer than the {LONGEST_HEAD} bytes that this server reads."


def reading_protocol(
    ids: Identities, headers: AnswerHeaders, *, patience: timedelta = timedelta(seconds=30)
) -> type[HttpToolsProtocol]:
    """Give the server's protocol of one connection, which answers such requests in the shape of every error.

    A request has `patience` to arrive, from the connection's or its own first byte on to the last one of its body.
    """
    given_names, given_headers, given_patience = RequestNames(ids), headers, patience

    class Naming(_Enveloping):
        names = given_names
        answer_headers = given_headers
        patience = given_patience

    return Naming


class _Enveloping(HttpToolsProtocol):
    names: ClassVar[RequestNames]
    answer_headers: ClassVar[AnswerHeaders]
    patience: ClassVar[timedelta]
    _arriving: asyncio.TimerHandle | None = None
    _in_headers = _unfinished = False
    _head_bytes = _received = 0
    _unfit = ""
    _refused = _leaving = False
    _at_work: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server has it
        """Give the first request its time."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more, and tell whoever answers: of several requests in a row the server tells the last."""
        self._expect_nothing()
        if self._at_work is not None:
            self._at_work.disconnected = True
            self._at_work.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """Give the next request its time."""
        super().on_message_begin()
        self._in_headers = self._unfinished = True
        self._head_bytes = self._received = 0
        self._expect_nothing()

    def data_received(self, data: bytes) -> None:
        """Read on, unless a single header has no end: the parser hands it over only when it has one."""
        if self._refused:
            return
        super().data_received(data)
        self._received += len(data)
        if self._in_headers and self._received > LONGEST_HEAD and not self._refused:
            self._refuse(RequestMalformed(_TOO_LONG), why=_TOO_LONG)
        if self._arriving is None and (self._unfinished or not self._answering) and not self.transport.is_closing():
            self._expect()  # but most requests arrive in one piece; an empty line may come before them

    def on_url(self, url: bytes) -> None:
        """Add a part of the address."""
        super().on_url(url)
        self._head_bytes += len(url)
        if self._head_bytes > LONGEST_HEAD:
            self._give_up(_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or one of those that may follow a body."""
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + 4  # with ": " and the line's end
        if self._head_bytes > LONGEST_HEAD:
            self._give_up(_TOO_LONG)

    def on_headers_complete(self) -> None:
        """Know that somebody answers from now on, if it is clear what is asked of whom."""
        self._in_headers = False
        names = [name for name, _ in self.headers]
        hosts = names.count(b"host")
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._give_up("Send the header Host, once.")
        if b"transfer-encoding" in names and not self._is_chunked_alone():
            self._give_up("Of all transfer encodings, only `chunked` is read.")
        if self.parser.should_upgrade() and not _BODY_FOLLOWS.isdisjoint(names):
            # The parser takes whatever follows for another protocol, and would read this body as the next request.
            self._give_up("Nothing can be upgraded here: leave out the header Upgrade.")
        super().on_headers_complete()
        if self._leaving and bool(self.cycle):
            self.cycle.keep_alive = False

    def _is_chunked_alone(self) -> bool:
        return all(value.lower() == b"chunked" for name, value in self.headers if name == b"transfer-encoding")

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: an upgrade that nobody offers is passed over, and is no reason to install anything."""

    def on_message_complete(self) -> None:
        """Let a request that has arrived take as long as it takes."""
        self._unfinished = False
        self._expect_nothing()
        super().on_message_complete()

    def shutdown(self) -> None:
        """Answer one more request where a connection is kept: it may be on its way, and nobody would repeat it."""
        if self._refused or self._leaving or self._answering:
            super().shutdown()
            return
        self._leaving = True
        self.loop.call_later(LEAVING_SECONDS, super().shutdown)

    @property
    def _answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _expect(self) -> None:
        self._expect_nothing()
        self._arriving = self.loop.call_later(self.patience.total_seconds(), self._lose_patience)

    def _expect_nothing(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _lose_patience(self) -> None:
        """Say why where nothing was answered yet, and hang up; a handler that waits for the body is told of that."""
        if self.transport.is_closing():
            return
        if self._in_headers and not self._refused:
            self._refuse(
                RequestMalformed("The request took too long to arrive: send all of it at once."), why="it is late"
            )
        else:
            self.transport.close()

    def _give_up(self, why: str) -> NoReturn:
        """Have the parser stop; the server then asks for an answer."""
        self._unfit = why
        raise ValueError(why)

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be read, and close the connection: nobody knows where a next request would begin."""
        self._refuse(RequestMalformed(self._unfit) if self._unfit else RequestMalformed(), why=self._unfit or msg)

    def _refuse(self, error: ConsultingError, *, why: str) -> None:
        name = self.names.of(self.headers or ())
        log.info("request %s can't be read: %s", name.decode(), why)
        body = envelope(error)
        head = [
            b"HTTP/1.1 400 Bad Request",
            *(key + b": " + value for key, value in self._added()),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"x-request-id: " + name,
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*head, b"", body]))
        self._hang_up()

    def _hang_up(self) -> None:
        """End the connection, but hear the other side out for a moment: a reset would take the answer from it."""
        self._refused = True
        if self.transport.is_closing() or self._answering:
            self.transport.close()
            return
        self.transport.write_eof()
        self._expect_nothing()
        self._arriving = self.loop.call_later(LINGERING_SECONDS, self.transport.close)

    def _added(self) -> Headers:
        return [*self.server_state.default_headers, *self.answer_headers.of_unreadable(self.headers or ())]
