"""Running the synchronous use cases, a few at once, and saying no in time when those take long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Final, ParamSpec, Protocol, TypeVar

from consulting.entrypoints.http.refusals import Overloaded

_P = ParamSpec("_P")
_R = TypeVar("_R")

LONGEST_WAIT: Final = 2.0
QUEUED_PER_PLACE: Final = 100


class Place(Protocol):
    """A place that somebody has for a while."""

    def __call__(self, call: Callable[[], _R], /) -> Awaitable[_R]:
        """Call in it, with the caller's context."""


class Calls(Place, Protocol):
    """How synchronous calls are made without holding the event loop up."""

    def aside(self, call: Callable[[], _R], /) -> _R:
        """Call, from within such a call, what reckons for long or waits for something else than the database."""

    def close(self) -> None:
        """Let running calls end, and take no more."""


class Threads:
    """Calls in threads of their own."""

    def __init__(self, name: str, count: int) -> None:
        """Prepare so many threads."""
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    def __call__(self, call: Callable[[], _R], /) -> Awaitable[_R]:
        """Call in a thread, with the caller's context."""
        return asyncio.get_running_loop().run_in_executor(self._executor, partial(copy_context().run, call))

    def aside(self, call: Callable[[], _R], /) -> _R:
        """Call: a thread holds up nobody."""
        return call()

    def close(self) -> None:
        """Let running calls end, and take no more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class Places:
    """A few places with a bounded queue before them; whoever waits longer than `wait` seconds is turned away.

    Used from one event loop.
    """

    def __init__(
        self,
        name: str,
        *,
        count: int,
        calls: Callable[[str, int], Calls] = Threads,
        wait: float = LONGEST_WAIT,
        queue: int | None = None,
        told: Callable[[int, int], None] = lambda _busy, _waiting: None,
    ) -> None:
        """Make `count` places before which at most `queue` calls wait.

        `told` hears of each change how many places are taken, and how many calls wait.
        """
        self._prepared = partial(calls, name, count)
        self._count = count
        self.open()
        self._wait = wait
        self._queue = count * QUEUED_PER_PLACE if queue is None else queue
        self._busy = self._waiting = 0
        self._told = told

    def open(self) -> None:
        """Take calls, also once more after it was closed, and from another event loop then."""
        self._calls = self._prepared()
        self._free = asyncio.Semaphore(self._count)

    async def run(self, call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call in one of the places, with the caller's context. Raises Overloaded, and whatever the call raises."""
        place = await self.take()
        try:
            return await place(partial(call, *args, **kwargs))
        finally:
            self.give_back()

    async def take(self) -> Place:
        """Have one of the places for several calls, one after the other, until it is given back. Raises Overloaded."""
        await self._admitted()
        self._change(busy=1)
        return self._calls

    def give_back(self) -> None:
        """Let somebody else have a place that was taken."""
        self._free.release()
        self._change(busy=-1)

    def aside(self, call: Callable[[], _R]) -> _R:
        """Call, from within a place, what reckons for long or waits for something else than the database."""
        return self._calls.aside(call)

    async def _admitted(self) -> None:
        if self._free.locked():
            await self._queued()
        else:
            await self._free.acquire()

    async def _queued(self) -> None:
        if self._waiting >= self._queue:
            raise Overloaded
        self._change(waiting=1)
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._change(waiting=-1)

    def _change(self, *, busy: int = 0, waiting: int = 0) -> None:
        self._busy += busy
        self._waiting += waiting
        self._told(self._busy, self._waiting)

    def close(self) -> None:
        """Let running calls end, and take no more."""
        self._calls.close()
