"""Several processes with several threads each, that do what they are told at the same instant."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from consulting.adapters.memory import MovingClock
from consulting.domain.errors import ConsultingError
from tests.integration.races.premises import Premises, open_market
from tests.unit.application.marketplace import NOON, Marketplace

PROCESSES = 4
THREADS = 8
LEAD = 0.012
"""The seconds between telling the processes and the common instant at which all begin."""

PATIENCE = 120.0
DONE = "done"

Deed = Callable[[Marketplace], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Something to try, `delay` seconds after the common instant, by a clock of its own that shows `at`."""

    deed: Deed
    at: datetime = NOON
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended: `done` with an answer, or by the name of its refusal; anything else is told in full."""

    name: str
    answer: Any = None


def counted(outcomes: Iterable[Outcome]) -> Counter[str]:
    """Count the outcomes by name."""
    return Counter(outcome.name for outcome in outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Orders:
    begin_at: float
    attempts: Sequence[Attempt]


class Crowd:
    """The processes, as the test sees them."""

    def __init__(self, lines: Sequence[Connection]) -> None:
        self._lines = lines

    def race(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        """Let all attempts begin together, spread over the processes; give their outcomes in order."""
        busy = self._lines[: len(attempts)]
        begin_at = time.monotonic() + LEAD
        for place, line in enumerate(busy):
            line.send(_Orders(begin_at=begin_at, attempts=attempts[place :: len(busy)]))
        outcomes: list[Outcome | None] = [None] * len(attempts)
        for place, line in enumerate(busy):
            outcomes[place :: len(busy)] = _answer(line)
        return [outcome for outcome in outcomes if outcome is not None]


@contextmanager
def gathered(premises: Premises) -> Iterator[Crowd]:
    """Start the processes, and end them with the block."""
    forking = get_context("forkserver")  # what all of them need is imported once
    forking.set_forkserver_preload([__name__])
    pairs = [forking.Pipe() for _ in range(PROCESSES)]
    members = [forking.Process(target=_take_part, args=(premises, theirs), daemon=True) for _, theirs in pairs]
    for member in members:
        member.start()
    for _, theirs in pairs:
        theirs.close()
    lines = [ours for ours, _ in pairs]
    try:
        for line in lines:
            _answer(line)
        yield Crowd(lines)
    finally:
        for line in lines:
            line.close()
        for member in members:
            member.join(PATIENCE)
            member.close()


def _answer(line: Connection) -> Any:
    if not line.poll(PATIENCE):
        raise TimeoutError("a process of the race did not answer")
    return line.recv()


def _take_part(premises: Premises, line: Connection) -> None:
    """Run one process: until the test hangs up, take orders and tell how they ended."""
    with open_market(premises, connections=THREADS) as market, ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(_warm_up, [market] * THREADS))
        with suppress(EOFError):
            line.send(None)
            while True:
                orders: _Orders = line.recv()
                futures = [threads.submit(_try, market, each, orders.begin_at) for each in orders.attempts]
                line.send([future.result() for future in futures])


def _warm_up(market: Marketplace) -> None:
    """Hold a connection for a moment, so that the pool opens one for each thread before the first race."""
    with market.transactions.begin() as tx:
        tx.researchers.get(UUID(int=0))
        time.sleep(0.1)


def _try(market: Marketplace, attempt: Attempt, begin_at: float) -> Outcome:
    time.sleep(max(0.0, begin_at + attempt.delay - time.monotonic()))
    try:
        return Outcome(name=DONE, answer=attempt.deed(replace(market, clock=MovingClock(attempt.at))))
    except ConsultingError as refusal:
        return Outcome(name=type(refusal).__name__)
    except Exception as failure:  # noqa: BLE001 -- the test says which outcomes are allowed, and shows any other
        return Outcome(name=repr(failure))
