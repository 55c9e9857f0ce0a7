"""Running the synchronous use cases in a few threads, and saying no in time when those are busy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import Final, ParamSpec, Protocol, TypeVar

from consulting.entrypoints.http.refusals import Overloaded

_P = ParamSpec("_P")
_R = TypeVar("_R")

LONGEST_WAIT: Final = 2.0
QUEUED_PER_THREAD: Final = 100


class Place(Protocol):
    """A thread that somebody has for a while."""

    def __call__(self, call: Callable[[], _R], /) -> Awaitable[_R]:
        """Call in it, with the caller's context."""


class Threads:
    """A small pool of threads with a bounded queue; whoever waits longer than `wait` seconds is turned away.

    Used from one event loop.
    """

    def __init__(
        self,
        name: str,
        *,
        count: int,
        wait: float = LONGEST_WAIT,
        queue: int | None = None,
        told: Callable[[int, int], None] = lambda _busy, _waiting: None,
    ) -> None:
        """Make a pool of `count` threads before which at most `queue` calls wait.

        `told` hears of each change how many threads are busy, and how many calls wait.
        """
        self._name, self._count = name, count
        self.open()
        self._wait = wait
        self._queue = count * QUEUED_PER_THREAD if queue is None else queue
        self._busy = self._waiting = 0
        self._told = told

    def open(self) -> None:
        """Take calls, also once more after it was closed, and from another event loop then."""
        self._executor = ThreadPoolExecutor(max_workers=self._count, thread_name_prefix=self._name)
        self._free = asyncio.Semaphore(self._count)

    async def run(self, call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call in a thread of the pool, with the caller's context. Raises Overloaded, and whatever the call raises."""
        await self._admitted()
        self._change(busy=1)
        try:
            return await self._call(partial(call, *args, **kwargs))
        finally:
            self._free.release()
            self._change(busy=-1)

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[Place]:
        """Have one of the threads for several calls, one after the other. Raises Overloaded."""
        await self._admitted()
        self._change(busy=1)
        try:
            yield self._call
        finally:
            self._free.release()
            self._change(busy=-1)

    async def _call(self, call: Callable[[], _R]) -> _R:
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(copy_context().run, call))

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
        self._executor.shutdown(wait=True, cancel_futures=True)
