"""Threads that meet in one storage: what they do at once, and who has to wait for whom. All waits are bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Barrier, Event
from typing import Generic, TypeVar

import pytest

from consulting.application.ports.transactions import StorageUnavailable, Transaction, Transactions

PATIENCE = 120.0
"""The seconds after which a thread that got nowhere is a failure."""

HEAD_START = 0.15
"""The seconds in which somebody who doesn't wait would have got there."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[_T]):
    """How one thread's work ended: with a result, or with what it raised."""

    result: _T | None = None
    raised: Exception | None = None


def at_once(*works: Callable[[], _T]) -> list[Outcome[_T]]:
    """Do all of this at the same moment, each in a thread of its own, and give how each ended, in order."""
    start = Barrier(len(works))

    def run(work: Callable[[], _T]) -> Outcome[_T]:
        start.wait(PATIENCE)
        try:
            return Outcome(result=work())
        except Exception as error:  # noqa: BLE001 -- what it raised is what is asked for
            return Outcome(raised=error)

    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(run, work) for work in works]
        return [future.result(PATIENCE) for future in futures]


@dataclass(slots=True)
class _Meeting:
    first_has_it: Event = field(default_factory=Event)
    second_is_on_its_way: Event = field(default_factory=Event)
    happened: list[str] = field(default_factory=list)


def second_after_first(
    transactions: Transactions,
    *,
    first: Callable[[Transaction], object],
    then: Callable[[Transaction], object],
    second: Callable[[Transaction], _T],
) -> _T:
    """Let one transaction take a lock (`first`), and a second one want it too while the first goes on (`then`).

    Fails unless the second has to wait for the first one's end; gives what the second one saw.
    """
    meeting = _Meeting()

    def take_and_change() -> None:
        with transactions.begin() as tx:
            first(tx)
            meeting.first_has_it.set()
            assert meeting.second_is_on_its_way.wait(PATIENCE), "the second transaction never came"
            time.sleep(HEAD_START)
            then(tx)
            meeting.happened.append("the first ended")

    def come_second() -> _T:
        assert meeting.first_has_it.wait(PATIENCE), "the first transaction never got its lock"
        meeting.second_is_on_its_way.set()
        with transactions.begin() as tx:
            seen = second(tx)
            meeting.happened.append("the second got it")
            return seen

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.submit(take_and_change), threads.submit(come_second)
        one.result(PATIENCE)
        seen = other.result(PATIENCE)
    assert meeting.happened == ["the first ended", "the second got it"], "the second didn't wait for the first"
    return seen


class Regret(Exception):
    """What a transaction raises in order to be undone."""


@contextmanager
def undone(transactions: Transactions) -> Iterator[Transaction]:
    """Open a transaction that raises at its end."""
    with suppress(Regret), transactions.begin() as tx:
        yield tx
        raise Regret


@contextmanager
def refused(what: str) -> Iterator[None]:
    """Fail unless the block raises; what is raised is the adapter's own choice, as only a fault of ours leads here."""
    try:
        yield
    except StorageUnavailable:
        raise
    except Exception:  # noqa: BLE001 -- any error at all is a refusal
        return
    pytest.fail(f"{what} was accepted without a word")
