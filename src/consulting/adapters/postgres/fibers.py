"""Synchronous calls that give way to each other while they wait for the database.

A fiber is a greenlet on an event loop. What runs in it is plain synchronous code; where that waits for the server, the
loop goes on, with its tasks and with other fibers, until the server has answered. So a process answers many requests at
once and hands none of them over to a thread, which costs more than a short statement does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

_R = TypeVar("_R")


class Fiber(greenlet):
    """One synchronous call on an event loop."""

    def __init__(self, call: Callable[[], Any], *, executor: Executor) -> None:
        """Prepare it, with the caller's context; `switch` begins it, and returns when it waits for the first time."""
        super().__init__()
        self.gr_context = copy_context()
        self.loop = asyncio.get_running_loop()
        self.over: asyncio.Future[Any] = self.loop.create_future()
        self._call, self._executor = call, executor
        self._home = getcurrent()

    def run(self) -> None:
        """Call, and tell whoever waits how it ended."""
        try:
            result = self._call()
        except StopIteration as error:
            self._fail(RuntimeError(f"a call raised {error!r}, which no awaiting can"))
        except BaseException as error:  # noqa: BLE001 -- it is raised where the call is waited for
            self._fail(error)
        else:
            if not self.over.done():
                self.over.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.over.done():
            self.over.set_exception(error)

    def wait(self) -> Any:
        """Give way until something of the event loop switches back; give what that hands over."""
        return self._home.switch()

    def aside(self, call: Callable[[], _R]) -> _R:
        """Have a thread call it, with this fiber's context, and wait for it."""
        done = self.loop.run_in_executor(self._executor, copy_context().run, call)
        done.add_done_callback(self.switch)
        self.wait()
        return done.result()

    async def ended(self) -> None:
        """Wait until it is over, even where whoever waits is canceled once more."""
        while not self.dead:
            self.over = self.loop.create_future()
            try:
                await self.over
            except BaseException:  # noqa: BLE001, S112 -- nobody wants to know any more how it ended
                continue


class Fibers:
    """Calls in fibers of the event loop that asks for them."""

    def __init__(self, name: str, count: int) -> None:
        """Prepare to be asked for so many calls at once; the threads are for what is done aside."""
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    async def __call__(self, call: Callable[[], _R], /) -> _R:
        """Call in a fiber, with the caller's context.

        Whoever is canceled meanwhile is so when the call is over: nothing goes on behind their back.
        """
        fiber = Fiber(call, executor=self._executor)
        fiber.switch()
        try:
            result: _R = await fiber.over
        except asyncio.CancelledError:
            await fiber.ended()
            raise
        return result

    def aside(self, call: Callable[[], _R], /) -> _R:
        """Call in a thread, while this fiber waits."""
        return aside(call)

    def close(self) -> None:
        """Let what is done aside end, and take no more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def current_fiber() -> Fiber | None:
    """Give the fiber that this runs in, if it runs in one."""
    current = getcurrent()
    return current if isinstance(current, Fiber) else None


def aside(call: Callable[[], _R]) -> _R:
    """Call what reckons for long, or waits for something else than the database: from a fiber, in a thread."""
    fiber = current_fiber()
    return call() if fiber is None else fiber.aside(call)
