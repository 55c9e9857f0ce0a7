"""The sockets of connections as an event loop watches them, for the fibers that wait for what comes over them."""

from __future__ import annotations

import asyncio
import os
from contextvars import Context
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import cast

from psycopg.waiting import Ready, Wait

from consulting.adapters.postgres.fibers import Fiber


class Line:
    """A connection's socket as an event loop watches it.

    It is a second descriptor of the socket that is watched: the driver may close its own one at any time and in any
    thread, whose number then soon means something else. It goes on being watched from one statement to the next, since
    to begin and to end that costs more than the wait itself.
    """

    def __init__(self, socket: int, *, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare to watch; from the loop's own thread."""
        self.loop = loop
        self._watch = _Watch.of(loop)
        self._descriptor = os.dup(socket)
        self._watch.lines += 1
        self._fiber: Fiber | None = None
        self._watched = self._writing = False

    def ready(self, fiber: Fiber, wanted: Wait) -> Ready:
        """Wait in the fiber until something can be read, or written where that is wanted; say which it is."""
        if not self._watched:
            self._watch.selector.register(self._descriptor, EVENT_READ, self)
            self._watched = True
        if wanted & Wait.W:
            self._watch.selector.modify(self._descriptor, EVENT_READ | EVENT_WRITE, self)
            self._writing = True
        self._fiber = fiber
        return cast("Ready", fiber.wait())

    def noticed(self, events: int) -> None:
        """Go on with the fiber that waits."""
        fiber, self._fiber = self._fiber, None
        if fiber is None:  # a thread has the connection now, or the server has ended it
            self._leave()
            return
        if self._writing:
            self._watch.selector.modify(self._descriptor, EVENT_READ, self)
            self._writing = False
        fiber.go_on(Ready.R if events & EVENT_READ else Ready.W)

    def _leave(self) -> None:
        if self._watched:
            self._watched = self._writing = False
            self._watch.selector.unregister(self._descriptor)

    def end(self) -> None:
        """Watch no more; from whichever thread."""
        if _running() is self.loop:
            self._end()
            return
        try:
            self.loop.call_soon_threadsafe(self._end)
        except RuntimeError:  # that loop is closed, and watches nothing any more
            self._end()

    def _end(self) -> None:
        self._leave()
        os.close(self._descriptor)
        self._watch.lines -= 1
        if not self._watch.lines:
            self._watch.end()


class _Watch:
    """All lines of one event loop, in a selector of their own, which the loop watches in their place.

    What uvloop watches itself it forgets as soon as it fails: whoever waits for a socket that the server has reset
    would never hear of it. A selector doesn't fail, and reports those that do.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.lines = 0
        self.selector = DefaultSelector()
        Context().run(loop.add_reader, self.selector.fileno(), self._look)  # else it would keep somebody's request

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _Watch:
        watch = _WATCHES.get(loop)
        if watch is None:
            watch = _WATCHES[loop] = cls(loop)
        return watch

    def _look(self) -> None:
        for key, events in self.selector.select(0):
            key.data.noticed(events)

    def end(self) -> None:
        del _WATCHES[self._loop]
        self._loop.remove_reader(self.selector.fileno())
        self.selector.close()


_WATCHES: dict[asyncio.AbstractEventLoop, _Watch] = {}
"""Those that have lines, by their loops."""


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
