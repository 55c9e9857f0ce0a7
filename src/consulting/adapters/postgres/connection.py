"""A connection to the server, over which threads wait as the driver does, and fibers by their event loop."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final, cast

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.waiting import Ready, Wait

from consulting.adapters.postgres.fibers import Fiber, current_fiber

_INTERVAL: Final = 0.1
"""How often, in seconds, a waiting thread lets Python see to its signals; the driver's own figure."""


class Connection(psycopg.Connection[Any]):
    """A connection that one thread or fiber has at a time."""

    _line: _Line | None = None

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL, timeout: float | None = None) -> RV:
        """Go through the generator, waiting wherever it wants to. Raises what it raises."""
        fiber = current_fiber()
        if fiber is None:
            return super().wait(gen, interval, timeout)
        line = self._line_to(fiber.loop)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(line.ready(fiber, wanted))
        except StopIteration as end:
            return cast("RV", end.value)

    def _line_to(self, loop: asyncio.AbstractEventLoop) -> _Line:
        line = self._line
        if line is None or line.loop is not loop:
            self._hang_up()
            line = self._line = _Line(self.pgconn.socket, loop=loop)
        return line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.end()

    def close(self) -> None:
        """End it."""
        self._hang_up()
        super().close()


class _Line:
    """A connection's socket as an event loop watches it.

    The loop has a second descriptor of the socket: the driver may close its own one at any time and in any thread,
    whose number then soon means something else. It goes on being watched from one statement to the next, since to
    begin and to end that costs more than the wait itself.
    """

    def __init__(self, socket: int, *, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._descriptor = os.dup(socket)
        self._fiber: Fiber | None = None
        self._watched = self._writing = False

    def ready(self, fiber: Fiber, wanted: Wait) -> Ready:
        """Wait in the fiber until something can be read, or written where that is wanted; say which it is."""
        if not self._watched:
            self.loop.add_reader(self._descriptor, self._readable)
            self._watched = True
        if wanted & Wait.W:
            self.loop.add_writer(self._descriptor, self._switch, Ready.W)
            self._writing = True
        self._fiber = fiber
        return cast("Ready", fiber.wait())

    def _readable(self) -> None:
        if self._fiber is None:  # a thread has the connection now, or the server has ended it
            self._leave()
        else:
            self._switch(Ready.R)

    def _switch(self, state: Ready) -> None:
        if self._writing:
            self.loop.remove_writer(self._descriptor)
            self._writing = False
        fiber, self._fiber = self._fiber, None
        assert fiber is not None
        fiber.switch(state)

    def _leave(self) -> None:
        self._watched = False
        self.loop.remove_reader(self._descriptor)

    def end(self) -> None:
        """Watch no more; from whichever thread."""
        if _running() is self.loop:
            self._end()
            return
        try:
            self.loop.call_soon_threadsafe(self._end)
        except RuntimeError:  # that loop is closed, and watches nothing any more
            os.close(self._descriptor)

    def _end(self) -> None:
        if self._watched:
            self._leave()
        os.close(self._descriptor)


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
