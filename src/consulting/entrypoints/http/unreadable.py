"""Requests that can't even be read as HTTP: the server answers them before the application hears of them."""

from __future__ import annotations

import logging
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from consulting.application.ports.clock import Identities
from consulting.entrypoints.http.answer_headers import AnswerHeaders
from consulting.entrypoints.http.cross_origin import Headers
from consulting.entrypoints.http.doorway import name_of
from consulting.entrypoints.http.problems import envelope
from consulting.entrypoints.http.refusals import RequestMalformed

log = logging.getLogger(__name__)


def reading_protocol(ids: Identities, headers: AnswerHeaders) -> type[HttpToolsProtocol]:
    """Give the server's protocol of one connection, which answers such requests in the shape of every error."""
    given_ids, given_headers = ids, headers

    class Naming(_Enveloping):
        ids = given_ids
        answer_headers = given_headers

    return Naming


class _Enveloping(HttpToolsProtocol):
    ids: ClassVar[Identities]
    answer_headers: ClassVar[AnswerHeaders]

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be read, and close the connection: nobody knows where a next request would begin."""
        name = name_of(self.headers or (), ids=self.ids)
        log.info("request %s can't be read: %s", name.decode(), msg)
        body = envelope(RequestMalformed())
        head = [
            b"HTTP/1.1 400 Bad Request",
            *(key + b": " + value for key, value in self._added()),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"x-request-id: " + name,
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*head, b"", body]))
        self.transport.close()

    def _added(self) -> Headers:
        return [*self.server_state.default_headers, *self.answer_headers.of_unreadable(self.headers or ())]
