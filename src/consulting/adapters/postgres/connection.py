"""A connection to the server, over which threads wait as the driver does, and fibers by their event loop."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import psycopg
from psycopg.abc import RV, PQGen

from consulting.adapters.postgres.fibers import current_fiber
from consulting.adapters.postgres.lines import Line

_INTERVAL: Final = 0.1
"""How often, in seconds, a waiting thread lets Python see to its signals; the driver's own figure."""


class Connection(psycopg.Connection[Any]):
    """A connection that one thread or fiber has at a time."""

    _line: Line | None = None

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

    def _line_to(self, loop: asyncio.AbstractEventLoop) -> Line:
        line = self._line
        if line is None or line.loop is not loop:
            self._hang_up()
            line = self._line = Line(self.pgconn.socket, loop=loop)
        return line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.end()

    def close(self) -> None:
        """End it."""
        self._hang_up()
        super().close()
