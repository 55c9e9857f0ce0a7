"""Synchronous calls that give way to each other while they wait for the database.

A fiber is one such call on an event loop. What runs in it is plain synchronous code; where that waits for the server,
the loop goes on, with its tasks and with other fibers, until the server has answered. So a process answers many
requests at once and hands none of them over to a thread, which costs more than a short statement does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

_R = TypeVar("_R")


class Fiber:
    """One synchronous call on an event loop."""

    def __init__(self, call: Callable[[], Any], *, executor: Executor) -> None:
        """Prepare it, with the caller's context."""
        self.loop = asyncio.get_running_loop()
        self.home = getcurrent()
        self.over: asyncio.Future[Any] = self.loop.create_future()
        self._call, self._executor = call, executor
        self._context = copy_context()
        self._carrier: _Carrier | None = None

    def begin(self, carrier: _Carrier) -> None:
        """Call, in the carrier, until it waits for the first time or is over."""
        self._carrier, carrier.fiber = carrier, self
        carrier.switch()

    def run(self) -> None:
        """Call, and tell whoever waits how it ended."""
        try:
            result = self._context.run(self._call)
        except StopIteration as error:
            self._fail(RuntimeError(f"a call raised {error!r}, which no awaiting can"))
        except BaseException as error:  # noqa: BLE001 -- it is raised where the call is waited for
            self._fail(error)
        else:
            if not self.over.done():
                self.over.set_result(result)
        finally:
            self._carrier = None

    def _fail(self, error: BaseException) -> None:
        if not self.over.done():
            self.over.set_exception(error)

    def wait(self) -> Any:
        """Give way until something of the event loop has it go on; give what that hands over."""
        return self.home.switch()

    def go_on(self, told: Any) -> None:
        """Go on with the call where it waits, from its event loop."""
        if self._carrier is not None:
            self._carrier.switch(told)

    def aside(self, call: Callable[[], _R]) -> _R:
        """Have a thread call it, with this fiber's context, and wait for it."""
        done = self.loop.run_in_executor(self._executor, copy_context().run, call)
        done.add_done_callback(self.go_on)
        self.wait()
        return done.result()

    async def ended(self) -> None:
        """Wait until it is over, even where whoever waits is canceled once more."""
        while self._carrier is not None:
            self.over = self.loop.create_future()
            try:
                await self.over
            except BaseException:  # noqa: BLE001, S112 -- nobody wants to know any more how it ended
                continue


class _Carrier(greenlet):
    """What fibers run in, one after the other: to make its stack takes as long as all its switching."""

    def __init__(self, idle: list[_Carrier]) -> None:
        super().__init__()
        self._idle = idle
        self.fiber: Fiber | None = None

    def run(self) -> None:
        while self.fiber is not None:
            home = self.fiber.home
            self.fiber.run()
            self.fiber = None
            self._idle.append(self)
            home.switch()


class _Idle(threading.local):
    """The carriers of a thread that have nothing to do."""

    def __init__(self) -> None:
        self.carriers: list[_Carrier] = []


class Fibers:
    """Calls in fibers of the event loop that asks for them."""

    def __init__(self, name: str, count: int) -> None:
        """Prepare to be asked for so many calls at once; the threads are for what is done aside."""
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)
        self._idle = _Idle()

    async def __call__(self, call: Callable[[], _R], /) -> _R:
        """Call in a fiber, with the caller's context.

        Whoever is canceled meanwhile is so when the call is over: nothing goes on behind their back.
        """
        idle = self._idle.carriers
        fiber = Fiber(call, executor=self._executor)
        fiber.begin(idle.pop() if idle else _Carrier(idle))
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
        while self._idle.carriers:
            self._idle.carriers.pop().switch()  # for nothing: so it ends


def current_fiber() -> Fiber | None:
    """Give the fiber that this runs in, if it runs in one."""
    current = getcurrent()
    return current.fiber if isinstance(current, _Carrier) else None


def aside(call: Callable[[], _R]) -> _R:
    """Call what reckons for long, or waits for something else than the database: from a fiber, in a thread."""
    fiber = current_fiber()
    return call() if fiber is None else fiber.aside(call)
