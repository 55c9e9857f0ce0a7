"""Sending requests over a number of connections that stay open, and timing each answer, or each visit of several."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlencode

import uvloop

LONGEST_RUN = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it goes over the wire, and the status that its answer must have; 0: created or refused."""

    wire: bytes
    status: int


@dataclass(slots=True)
class Timings:
    """What a run of requests took: seconds for all of them, and for each. `answers` holds the bodies if asked for.

    `cpu` are the CPU seconds of the server, None where they weren't looked at.
    """

    seconds: float = 0.0
    each: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    cpu: float | None = None

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.each) / self.seconds


class UnexpectedAnswerError(Exception):
    """An answer with another status than the request should have had: a fast error is no figure."""


def request(
    method: str, path: str, *, token: str | None = None, body: object = None, key: str | None = None, status: int = 200
) -> Request:
    """Write a request."""
    content = b"" if body is None else json.dumps(body).encode()
    headers: Mapping[str, str | None] = {
        "Host": "127.0.0.1",
        "Authorization": token and f"Bearer {token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json" if content else None,
        "Content-Length": str(len(content)) if content else None,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return Request(wire=f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content, status=status)


def form(path: str, fields: Mapping[str, str], *, token: str) -> Request:
    """Write a POST of a form, as Stripe takes it."""
    content = urlencode(fields).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return Request(wire=head.encode() + content, status=200)


Visit = Callable[["Line"], Awaitable[None]]
"""Several requests over one connection, each after the answer to the one before."""


def visit(port: int, visits: Iterable[Visit], *, connections: int) -> Timings:
    """Make all visits, so many at a time, and give the timings of each as a whole. Raises as `run`."""

    async def work(line: Line, remaining: Iterator[Visit], timings: Timings) -> None:
        for each in remaining:
            began = time.perf_counter()
            await each(line)
            timings.each.append(time.perf_counter() - began)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        remaining = iter(visits)
        return runner.run(_over_lines(port, connections, lambda line, timings: work(line, remaining, timings)))


def run(port: int, requests: Iterable[Request], *, connections: int, keep: bool = False) -> Timings:
    """Send all requests, each connection one at a time, and give the timings.

    Raises UnexpectedAnswerError, and TimeoutError after two minutes.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        remaining = iter(requests)
        return runner.run(_over_lines(port, connections, lambda line, timings: _work(line, remaining, timings, keep)))


async def _over_lines(port: int, connections: int, work: Callable[[Line, Timings], Awaitable[None]]) -> Timings:
    timings = Timings()
    lines = [await Line.to(port) for _ in range(connections)]
    async with asyncio.timeout(LONGEST_RUN):
        began = time.perf_counter()
        await asyncio.gather(*(work(line, timings) for line in lines))
        timings.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return timings


async def _work(line: Line, requests: Iterator[Request], timings: Timings, keep: bool) -> None:  # noqa: FBT001
    for each in requests:
        began = time.perf_counter()
        body = await line.expect(each)
        timings.each.append(time.perf_counter() - began)
        if keep:
            timings.answers.append(body)


class Line(asyncio.Protocol):
    """One connection. It reads what our servers write: a status line, headers with a content-length, a body."""

    def __init__(self) -> None:
        """Make it by `to`."""
        self._read = bytearray()
        self._missing = -1
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def to(cls, port: int) -> Line:
        """Connect to a port of this machine."""
        _, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.WriteTransport", transport)

    async def expect(self, request: Request) -> bytes:
        """Send a request and give the body of its answer. Raises UnexpectedAnswerError for another status."""
        status, body = await self.ask(request.wire)
        if status not in ((request.status,) if request.status else (201, 409)):
            raise UnexpectedAnswerError(f"{status} instead of {request.status}: {body[:500]!r}")
        return body

    async def ask(self, wire: bytes) -> tuple[int, bytes]:
        """Send a request and give the answer's status and body."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(wire)
        return await self._answered

    def data_received(self, data: bytes) -> None:
        """Read on, up to the end of the answer."""
        self._read += data
        if self._missing < 0:
            self._missing = _length(self._read)
        if 0 <= self._missing <= len(self._read) and self._answered is not None:
            whole, self._read, self._missing = bytes(self._read), bytearray(), -1
            status = int(whole[9:12])
            self._answered.set_result((status, whole[whole.index(b"\r\n\r\n") + 4 :]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail for whoever waits."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()


def _length(read: bytearray) -> int:
    """Give the length of the whole answer, or -1 while its headers are incomplete."""
    end = read.find(b"\r\n\r\n")
    if end < 0:
        return -1
    head = bytes(read[:end]).lower()
    at = head.find(b"content-length:")
    return end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
