"""What is noted of each request that was answered, and written down a moment later: as a log line, and as measurements.

Between two requests the processor forgets how that is done, so that done for many at once it costs a third.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, NamedTuple

from litestar.types import HTTPScope

from consulting.application.callers import Caller
from consulting.entrypoints.http.measurements import SOON, Metrics, method_of, route_of
from consulting.entrypoints.logs import RequestLine, write_requests

MOST_HELD: Final = 64
"""Few enough that nobody notices how long it takes to write them down."""


class _Answered(NamedTuple):
    """One request: `name` is its id, `status` 0 that it was never answered, and `at` a POSIX time in seconds."""

    scope: HTTPScope
    name: str
    status: int
    seconds: float
    at: float


class Notebook:
    """Notes of requests, kept for `SOON` seconds at the longest. For one event loop at a time."""

    def __init__(self, metrics: Metrics) -> None:
        """Begin with an empty page; whoever asks for the measurements sees what is noted here, too."""
        self._metrics = metrics
        self._held: list[_Answered] = []
        self._due: asyncio.TimerHandle | None = None
        self._most = MOST_HELD
        metrics.ask_first(self.write)

    def note(self, scope: HTTPScope, *, name: str, status: int, seconds: float) -> None:
        """Note that a request was answered just now, after so many seconds."""
        self._held.append(_Answered(scope, name, status, seconds, time.time()))
        if len(self._held) >= self._most:
            self.write()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(SOON, self.write)

    def open(self) -> None:
        """Put things off, also once more after it was closed."""
        self._most = MOST_HELD

    def close(self) -> None:
        """Write down what is noted, and from now on everything at once: the event loop may end at any time."""
        self._most = 1
        self.write()

    def write(self) -> None:
        """Write down what is noted."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        held, self._held = self._held, []
        write_requests(_line(each) for each in held)
        for each in held:
            self._metrics.note(each.scope, status=each.status, seconds=each.seconds)


def _line(answered: _Answered) -> RequestLine:
    return RequestLine(
        method=method_of(answered.scope),
        route=route_of(answered.scope),
        status=answered.status,
        milliseconds=round(answered.seconds * 1000, 1),
        caller=_kind(answered.scope.get("user")),
        request_id=answered.name,
        at=answered.at,
    )


def _kind(caller: Caller | None) -> str:
    if caller is None:
        return "anonymous"
    return "user" if caller.scopes is None else "key"
