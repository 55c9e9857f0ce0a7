"""Synchronous calls in fibers of one event loop, over real connections: who waits for what, and who never does."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
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
from consulting.adapters.postgres.engine import connect, open_engine
from consulting.adapters.postgres.fibers import Fibers, current_fiber
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.ports.transactions import StorageUnavailable
from tests.integration.instance import PATIENCE
from tests.integration.postgres.gate import BUSY, PASS, Gate, asked, end

Main = Callable[[], Awaitable[None]]

PID = Prepared(b"SELECT pg_backend_pid() AS pid", {}, reads=True)
LENGTH = prepare(select(func.octet_length(bindparam("bulk", type_=Text)).label("bytes")))
NUMBERS = count(1)
ECHO = prepare(select(bindparam("said", type_=Text).label("heard")))


@pytest.fixture(params=[asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Callable[[Main], None]:
    def play(main: Main) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(2 * PATIENCE):
                await main()

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(bounded())

    return play


@pytest.fixture
def engine(module_database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=module_database_url, pool_size=2, patience=BUSY, pool_wait=timedelta(seconds=PATIENCE))
    yield engine
    engine.dispose()


@pytest.fixture
def gate(module_database_url: str) -> Iterator[Gate]:
    with closing(Gate(module_database_url)) as gate:
        yield gate


@pytest.fixture
def fibers() -> Iterator[Fibers]:
    fibers = Fibers("test", 4)
    yield fibers
    fibers.close()


def descriptors() -> int:
    gc.collect()  # what nobody has any more is no longer open either
    return len(list(Path("/proc/self/fd").iterdir()))


def test_calls_that_wait_for_the_database_wait_together(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, gate: Gate
) -> None:
    threads = set()

    def call() -> object:
        threads.add(threading.current_thread())
        return asked(engine, PASS, gate=gate.number)

    async def main() -> None:
        calls = [asyncio.ensure_future(fibers(call)) for _ in range(2)]
        await gate.holds_up(2)
        gate.open()
        assert await asyncio.gather(*calls) == [1, 1]
        assert threads == {threading.main_thread()}

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
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, gate: Gate
) -> None:
    who: ContextVar[str] = ContextVar("who")

    def call(name: str) -> list[str]:
        seen = [who.get()]
        who.set(name)
        asked(engine, PASS, gate=gate.number)
        seen.append(who.get())
        seen.append(fibers.aside(who.get))
        return seen

    async def main() -> None:
        who.set("caller")
        calls = [asyncio.ensure_future(fibers(partial(call, name))) for name in ("first", "second")]
        await gate.holds_up(2)
        gate.open()
        first, second = await asyncio.gather(*calls)
        assert (first, second) == (["caller", "first", "first"], ["caller", "second", "second"])
        assert who.get() == "caller"

    play(main)


def test_what_is_done_aside_is_done_in_a_thread_which_may_use_the_same_connection(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, gate: Gate
) -> None:
    def call() -> list[object]:
        link = Link(engine)
        try:
            return [
                link.rows(PID)[0].pid,
                fibers.aside(lambda: (current_fiber(), link.rows(PASS, gate=gate.number), link.rows(PID)[0].pid))[2],
                link.rows(PID)[0].pid,
            ]
        finally:
            link.close()

    async def main() -> None:
        calling = asyncio.ensure_future(fibers(call))
        await gate.holds_up(1)
        gate.open()
        assert len(set(await calling)) == 1
        await fibers(partial(fibers.aside, partial(time.sleep, 0.01)))

    play(main)


def test_who_is_canceled_is_so_when_the_call_is_over(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, gate: Gate
) -> None:
    async def main() -> None:
        done: list[object] = []
        task = asyncio.ensure_future(fibers(lambda: done.append(asked(engine, PASS, gate=gate.number))))
        await gate.holds_up(1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert done == []
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [1]

    play(main)


def test_an_exhausted_pool_holds_up_whoever_needs_it_and_nobody_else(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers
) -> None:
    async def main() -> None:
        taken = [await asyncio.to_thread(engine.raw_connection) for _ in range(2)]
        waiting = asyncio.ensure_future(fibers(partial(asked, engine, PID)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        for each in taken:
            each.close()
        assert await waiting

    play(main)


def test_whoever_gets_no_connection_in_time_is_told_so(
    play: Callable[[Main], None], module_database_url: str, fibers: Fibers
) -> None:
    engine = open_engine(url=module_database_url, pool_size=1, patience=BUSY, pool_wait=timedelta(milliseconds=200))

    async def main() -> None:
        taken = await asyncio.to_thread(engine.raw_connection)
        with pytest.raises(StorageUnavailable):
            await fibers(partial(asked, engine, PID))
        taken.close()

    play(main)
    engine.dispose()


def test_more_calls_than_connections_take_turns(play: Callable[[Main], None], engine: Engine, fibers: Fibers) -> None:
    async def main() -> None:
        answers = await asyncio.gather(*(fibers(partial(asked, engine, ECHO, said=str(n))) for n in range(40)))
        assert answers == [str(n) for n in range(40)]

    play(main)


@pytest.mark.parametrize("what", ["connection", "clock"])
def test_connecting_to_a_server_that_is_silent_holds_up_nobody_else(
    play: Callable[[Main], None], fibers: Fibers, what: str
) -> None:
    """The server hangs up only when the event loop, which goes on, has it do so."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://consulting@127.0.0.1:{silent.getsockname()[1]}/consulting"
        engine = open_engine(url=url, pool_size=2, patience=BUSY)
        call = partial(asked, engine, PID) if what == "connection" else DatabaseClock(engine).now

        async def main() -> None:
            connecting = asyncio.ensure_future(fibers(call))
            caller, _ = await asyncio.to_thread(silent.accept)
            await asyncio.sleep(0.05)
            assert not connecting.done()
            silent.close()
            caller.close()
            with pytest.raises(StorageUnavailable):
                await connecting

        play(main)


def test_a_connection_that_the_server_ends_fails_its_call_alone_and_is_replaced(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, gate: Gate, module_database_url: str
) -> None:
    async def main() -> None:
        open_then = []
        for _ in range(4):
            waiting = asyncio.ensure_future(fibers(partial(asked, engine, PASS, gate=gate.number)))
            [pid] = await gate.holds_up(1)
            await asyncio.to_thread(end, module_database_url, pid)
            with pytest.raises(StorageUnavailable):
                await waiting
            assert await fibers(partial(asked, engine, PID)) != pid
            idle = await fibers(partial(asked, engine, PID))
            await asyncio.to_thread(end, module_database_url, idle)  # while nobody uses it
            assert await fibers(partial(asked, engine, PID))
            open_then.append(descriptors())
        assert open_then[-1] <= open_then[0] + 2, "six connections were ended meanwhile"

    play(main)


def test_a_connection_that_the_server_resets_between_two_statements_leaves_nobody_waiting(
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, module_database_url: str
) -> None:
    def call() -> None:
        link = Link(engine)
        try:
            fibers.aside(partial(end, module_database_url, link.rows(PID)[0].pid))
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
        while request() is not None:
            await asyncio.sleep(0.01)
            gc.collect()

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
        while descriptors() > before:  # noqa: ASYNC110 -- nobody tells us
            await asyncio.sleep(0.01)

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
    play: Callable[[Main], None], engine: Engine, fibers: Fibers, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ahead = threading.Event(), DatabaseClock._measure

    def measured_late(clock: DatabaseClock) -> object:
        assert go_on.wait(PATIENCE)
        return ahead(clock)

    monkeypatch.setattr(DatabaseClock, "_measure", measured_late)

    async def main() -> None:
        clock = DatabaseClock(engine)
        reading = [asyncio.ensure_future(fibers(clock.now)) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert not any(each.done() for each in reading)
        go_on.set()
        first, second = await asyncio.gather(*reading)
        assert abs(first - second) < timedelta(seconds=PATIENCE)

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
