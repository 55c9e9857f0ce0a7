"""Synchronous calls in fibers of one event loop, over real connections: who waits for what, and who never does."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
import uvloop
from sqlalchemy import Engine, Text, bindparam, func, select

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.engine import Patience, connect, open_engine
from consulting.adapters.postgres.fibers import Fibers, current_fiber
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.transactions import StorageUnavailable

Main = Callable[[], Awaitable[None]]

SLEEP = Prepared(b"SELECT 1 AS slept FROM pg_sleep(%(seconds)s::float8)", {}, reads=True)
PID = Prepared(b"SELECT pg_backend_pid() AS pid", {}, reads=True)
LENGTH = prepare(select(func.octet_length(bindparam("bulk", type_=Text)).label("bytes")))
NUMBERS = count(1)
ECHO = prepare(select(bindparam("said", type_=Text).label("heard")))


@pytest.fixture(params=[asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Callable[[Main], None]:
    def play(main: Main) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await main()

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(bounded())

    return play


@pytest.fixture
def engine(module_database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=module_database_url, pool_size=2, pool_wait=timedelta(milliseconds=500))
    yield engine
    engine.dispose()


@pytest.fixture
def fibers() -> Iterator[Fibers]:
    fibers = Fibers("test", 4)
    yield fibers
    fibers.close()


def asked(engine: Engine, statement: Prepared, **values: object) -> object:
    link = Link(engine, reading=True)
    try:
        (value,) = link.rows(statement, **values)[0]
    finally:
        link.close()
    return value


@asynccontextmanager
async def lively_loop() -> AsyncIterator[None]:
    """See that the event loop is never held up for long meanwhile."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - began)

    ticking = asyncio.create_task(tick())
    yield
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    assert 0 < longest < 0.35


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_calls_that_wait_for_the_database_wait_together(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        names = set()

        def call() -> object:
            names.add(threading.current_thread())
            return asked(engine, SLEEP, seconds=0.4)

        await asyncio.gather(*(fibers(call) for _ in range(2)))  # now both are connected
        began = time.monotonic()
        async with lively_loop():
            await asyncio.gather(*(fibers(call) for _ in range(2)))
        assert 0.4 <= time.monotonic() - began < 0.75
        assert names == {threading.main_thread()}

    play(main)


def test_results_and_errors_come_back(play: Callable[[Main], None], fibers: Fibers) -> None:
    def exhausted() -> None:
        raise StopIteration

    async def main() -> None:
        assert await fibers(partial(divmod, 7, 2)) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await fibers(partial(divmod, 1, 0))
        with pytest.raises(RuntimeError, match="StopIteration"):
            await fibers(exhausted)

    play(main)


def test_a_call_has_the_callers_context_and_what_it_sets_is_its_own(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    who: ContextVar[str] = ContextVar("who")

    def call(name: str) -> list[str]:
        seen = [who.get()]
        who.set(name)
        asked(engine, SLEEP, seconds=0.05)
        seen.append(who.get())
        seen.append(fibers.aside(who.get))
        return seen

    async def main() -> None:
        who.set("caller")
        first, second = await asyncio.gather(fibers(partial(call, "first")), fibers(partial(call, "second")))
        assert (first, second) == (["caller", "first", "first"], ["caller", "second", "second"])
        assert who.get() == "caller"

    play(main)


def test_what_is_done_aside_is_done_in_a_thread_which_may_use_the_same_connection(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    def call() -> list[object]:
        link = Link(engine)
        try:
            return [
                link.rows(PID)[0].pid,
                fibers.aside(lambda: (current_fiber(), link.rows(SLEEP, seconds=0.3), link.rows(PID)[0].pid))[2],
                link.rows(PID)[0].pid,
            ]
        finally:
            link.close()

    async def main() -> None:
        async with lively_loop():
            assert len(set(await fibers(call))) == 1
        await fibers(partial(fibers.aside, partial(time.sleep, 0.01)))

    play(main)


def test_who_is_canceled_is_so_when_the_call_is_over(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        done: list[object] = []
        task = asyncio.ensure_future(fibers(lambda: done.append(asked(engine, SLEEP, seconds=0.3))))
        await asyncio.sleep(0.1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert done == []
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [1]

    play(main)


def test_an_exhausted_pool_holds_up_whoever_needs_it_and_nobody_else(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        taken = [await asyncio.to_thread(engine.raw_connection) for _ in range(2)]
        async with lively_loop():
            with pytest.raises(StorageUnavailable):
                await fibers(partial(asked, engine, PID))
            waiting = asyncio.ensure_future(fibers(partial(asked, engine, PID)))
            await asyncio.sleep(0.1)
            for each in taken:
                each.close()
            assert await waiting

    play(main)


def test_more_calls_than_connections_take_turns(play: Callable[[Main], None], engine: Engine, fibers: Fibers) -> None:
    async def main() -> None:
        async with lively_loop():
            answers = await asyncio.gather(*(fibers(partial(asked, engine, ECHO, said=str(n))) for n in range(40)))
        assert answers == [str(n) for n in range(40)]

    play(main)


def test_connecting_to_a_server_that_is_silent_holds_up_nobody_else(
    play: Callable[[Main], None], fibers: Fibers
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://consulting@127.0.0.1:{silent.getsockname()[1]}/consulting"
        engine = open_engine(url=url, pool_size=2, patience=Patience(connect=timedelta(seconds=2)))

        async def main() -> None:
            async with lively_loop():
                with pytest.raises(StorageUnavailable):
                    await fibers(partial(asked, engine, PID))
                with pytest.raises(StorageUnavailable):
                    await fibers(DatabaseClock(engine).now)

        play(main)


def test_a_connection_that_the_server_ends_fails_its_call_alone_and_is_replaced(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, module_database_url: str
) -> None:
    def end(pid: object) -> None:
        with closing(connect(url=module_database_url)) as beside:
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    async def main() -> None:
        open_then = []
        for _ in range(4):
            pid = await fibers(partial(asked, engine, PID))
            waiting = asyncio.ensure_future(fibers(partial(asked, engine, SLEEP, seconds=5)))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(end, pid)
            with pytest.raises(StorageUnavailable):
                await waiting
            assert await fibers(partial(asked, engine, PID)) != pid
            await asyncio.to_thread(end, await fibers(partial(asked, engine, PID)))  # while nobody uses it
            assert await fibers(partial(asked, engine, PID))
            open_then.append(descriptors())
        assert open_then[-1] <= open_then[0] + 2, "six connections were ended meanwhile"

    play(main)


def test_a_connection_that_the_server_resets_between_two_statements_leaves_nobody_waiting(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, module_database_url: str
) -> None:
    def end(pid: object) -> None:
        with closing(connect(url=module_database_url)) as beside:
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def call() -> None:
        link = Link(engine)
        try:
            fibers.aside(partial(end, link.rows(PID)[0].pid))
            link.rows(PID)  # nobody is there any more to take it, so the socket is reset
        finally:
            link.close()

    async def main() -> None:
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                await fibers(call)

    play(main)


def test_a_connection_keeps_nothing_of_the_request_that_made_it(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    class Request:
        """What somebody asked for."""

    asked_for: ContextVar[Request] = ContextVar("asked_for")

    async def ask() -> weakref.ref[Request]:
        asked_for.set(request := Request())
        await fibers(partial(asked, engine, PID))
        return weakref.ref(request)

    async def main() -> None:
        request = await asyncio.create_task(ask())
        await asyncio.sleep(0.01)
        gc.collect()
        assert request() is None

    play(main)


def test_a_statement_larger_than_the_socket_takes_at_once_is_sent_whole(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        for size in (10, 30_000_000, 10):
            assert await fibers(partial(asked, engine, LENGTH, bulk="x" * size)) == size

    play(main)


def test_a_thread_and_a_fiber_take_turns_with_a_connection_and_either_may_end_it(
    play: Callable[[Main], None], module_database_url: str, fibers: Fibers
) -> None:
    async def main() -> None:
        before = descriptors()
        for ending in (asyncio.to_thread, fibers):
            driver = await asyncio.to_thread(partial(connect, url=module_database_url))
            for _ in range(3):
                await fibers(partial(driver.execute, "SELECT pg_sleep(0.01)"))
                await asyncio.to_thread(driver.execute, "SELECT pg_sleep(0.01)")
            await ending(driver.close)
            await asyncio.sleep(0.01)
        assert descriptors() == before

    play(main)


def test_another_event_loop_goes_on_with_the_same_connections(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    pids = set()

    async def main() -> None:
        pids.add(await fibers(partial(asked, engine, PID)))

    for _ in range(3):
        play(main)
    assert len(pids) == 1


def test_a_clock_that_was_never_read_is_read_beside_the_event_loop(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        clock = DatabaseClock(engine)
        async with lively_loop():
            first, second = await asyncio.gather(fibers(clock.now), fibers(clock.now))
        assert abs(first - second) < timedelta(seconds=1)

    play(main)


def test_transactions_in_fibers_are_kept_apart(play: Callable[[Main], None], engine: Engine, fibers: Fibers) -> None:
    transactions = PostgresTransactions(engine)
    researchers = [sample.researcher(next(NUMBERS)) for _ in range(2)]

    def add(number: int, *, fail: bool) -> None:
        with transactions.begin() as transaction:
            transaction.researchers.add(researchers[number])
            asked_inside = transaction.researchers.get(researchers[number].id)
            assert asked_inside is not None
            if fail:
                raise LookupError

    async def main() -> None:
        first, second = await asyncio.gather(
            fibers(partial(add, 0, fail=True)), fibers(partial(add, 1, fail=False)), return_exceptions=True
        )
        assert isinstance(first, LookupError)
        assert second is None

    play(main)
    with transactions.reading() as transaction:
        kept = [transaction.researchers.get(each.id) is not None for each in researchers]
    assert kept == [False, True]


def test_outside_of_fibers_a_connection_waits_as_ever(module_database_url: str) -> None:
    with closing(connect(url=module_database_url)) as driver:
        assert driver.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.errors.DivisionByZero):
            driver.execute("SELECT 1 / 0")
