"""What carries calls on an event loop: as many greenlets as there are calls at once, each thread's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from greenlet import getcurrent, greenlet

from consulting.adapters.postgres.fibers import Fibers


@pytest.fixture
def fibers() -> Iterator[Fibers]:
    fibers = Fibers("test", 2)
    yield fibers
    fibers.close()


def test_one_call_after_the_other_is_carried_by_the_same_greenlet_and_two_at_once_by_two(fibers: Fibers) -> None:
    asyncio.run(_compare(fibers))


async def _compare(fibers: Fibers) -> None:
    one_by_one = {await _carrier(fibers) for _ in range(5)}
    by_twos = {each for _ in range(3) for each in await asyncio.gather(_carrier(fibers), _carrier(fibers))}
    assert (len(one_by_one), len(by_twos)) == (1, 2)
    assert one_by_one < by_twos


def test_a_loop_of_another_thread_has_greenlets_of_its_own(fibers: Fibers) -> None:
    async def main() -> None:
        here = await _carrier(fibers)
        there = await asyncio.to_thread(lambda: asyncio.run(_carrier(fibers)))
        assert here is await _carrier(fibers)
        assert there is not here

    asyncio.run(main())


def test_those_that_carry_nothing_end_when_no_more_calls_are_taken(fibers: Fibers) -> None:
    carrier = asyncio.run(_carrier(fibers))
    assert not carrier.dead
    fibers.close()
    assert carrier.dead


async def _carrier(fibers: Fibers) -> greenlet:
    def call() -> greenlet:
        fibers.aside(int)  # so it waits once
        return getcurrent()

    return await fibers(call)
