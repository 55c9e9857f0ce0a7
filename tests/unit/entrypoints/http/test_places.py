from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.refusals import Overloaded


@contextmanager
def pool(*, count: int, wait: float = 2.0, queue: int | None = None) -> Iterator[Places]:
    threads = Places("test", count=count, wait=wait, queue=queue)
    try:
        yield threads
    finally:
        threads.close()


def test_a_call_runs_in_a_thread_of_the_pool_and_its_result_and_errors_come_back() -> None:
    async def main(threads: Places) -> None:
        assert (await threads.run(threading.current_thread)).name.startswith("test")
        with pytest.raises(ZeroDivisionError):
            await threads.run(divmod, 1, 0)

    with pool(count=1) as threads:
        asyncio.run(main(threads))


def test_a_call_sees_the_context_of_whoever_waits_for_it() -> None:
    named: ContextVar[str] = ContextVar("named")

    async def main(threads: Places) -> str:
        named.set("request-1")
        return await threads.run(named.get)

    with pool(count=1) as threads:
        assert asyncio.run(main(threads)) == "request-1"


def test_no_more_calls_run_at_once_than_there_are_threads_and_the_others_wait() -> None:
    running, most, lock, two = 0, 0, threading.Lock(), threading.Barrier(2)

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        two.wait(60)
        with lock:
            running -= 1

    async def main(threads: Places) -> None:
        await asyncio.gather(*(threads.run(call) for _ in range(10)))

    with pool(count=2) as threads:
        asyncio.run(main(threads))

    assert most == 2


def test_who_waits_too_long_is_turned_away_and_the_pool_goes_on_working() -> None:
    go_on = threading.Event()

    async def main(threads: Places) -> None:
        long = asyncio.create_task(threads.run(go_on.wait, 120))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await threads.run(int)
        go_on.set()
        assert await long
        assert await threads.run(int) == 0

    with pool(count=1, wait=0.05) as threads:
        asyncio.run(main(threads))


def test_a_full_queue_turns_away_at_once() -> None:
    go_on = threading.Event()

    async def main(threads: Places) -> float:
        taken = [asyncio.create_task(threads.run(go_on.wait, 120)) for _ in range(2)]
        await asyncio.sleep(0)
        began = time.perf_counter()
        with pytest.raises(Overloaded):
            await threads.run(int)
        turned_away_after = time.perf_counter() - began
        go_on.set()
        await asyncio.gather(*taken)
        return turned_away_after

    with pool(count=1, queue=1, wait=60) as threads:
        assert asyncio.run(main(threads)) < 30


def test_whoever_watches_hears_how_many_are_busy_and_how_many_wait() -> None:
    heard: list[tuple[int, int]] = []

    async def main(threads: Places) -> None:
        await asyncio.gather(*(threads.run(time.sleep, 0.01) for _ in range(3)))

    threads = Places("test", count=1, told=lambda busy, waiting: heard.append((busy, waiting)))
    try:
        asyncio.run(main(threads))
    finally:
        threads.close()

    assert (1, 2) in heard
    assert heard[-1] == (0, 0)
