from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from consulting.adapters.postgres import clock
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.engine import open_engine
from consulting.application.ports.transactions import StorageUnavailable
from tests.integration.instance import PATIENCE, eventually

BUSY = timedelta(seconds=PATIENCE)
"""What a busy machine may take between two readings of a clock; those that are wrong here are so by more."""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=database_url, pool_size=1)
    yield engine
    engine.dispose()


class Machine:
    """A machine whose clock and stopwatch go on when a test wants them to."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC)
        self.wrong_by = timedelta(0)
        self.passed = timedelta(0)

    def wall(self) -> datetime:
        return self.began + self.wrong_by + self.passed

    def stopwatch(self) -> timedelta:
        return self.passed


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clock, "_wall", machine.wall)
    monkeypatch.setattr(clock, "_stopwatch", machine.stopwatch)
    return machine


def about_now(instant: datetime) -> bool:
    return abs(instant - datetime.now(UTC)) < BUSY


def test_the_present_is_in_utc(engine: Engine) -> None:
    assert DatabaseClock(engine).now().tzinfo is UTC


def test_a_machine_whose_clock_is_wrong_follows_the_database(engine: Engine, machine: Machine) -> None:
    machine.wrong_by = timedelta(hours=-3)
    wrong = DatabaseClock(engine)
    assert about_now(wrong.now())
    assert abs(wrong.ahead() - timedelta(hours=3)) < BUSY


def test_a_clock_that_is_set_meanwhile_is_noticed_at_once(engine: Engine, machine: Machine) -> None:
    followed = DatabaseClock(engine)
    followed.now()
    machine.wrong_by = timedelta(minutes=5)
    assert about_now(followed.now())


def test_asking_the_time_asks_the_database_once_a_minute(engine: Engine, machine: Machine) -> None:
    followed = DatabaseClock(engine)
    followed.now()
    first = followed._measured
    for _ in range(100):
        followed.now()
    assert followed._measured is first
    machine.passed = timedelta(seconds=61)
    followed.now()
    eventually(lambda: followed._measured is not first)


def test_while_the_database_is_away_the_last_difference_holds(engine: Engine, machine: Machine) -> None:
    machine.wrong_by = timedelta(hours=1)
    followed = DatabaseClock(engine)
    followed.now()
    followed._engine = open_engine(url="postgresql://consulting@127.0.0.1:1/consulting", pool_size=1)
    machine.wrong_by += timedelta(seconds=20)
    assert abs(followed.now() - datetime.now(UTC)) < BUSY


def test_a_present_that_was_never_learnt_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable):
        DatabaseClock(open_engine(url="postgresql://consulting@127.0.0.1:1/consulting", pool_size=1)).now()


def test_the_time_is_told_even_to_whoever_holds_the_pools_last_connection(engine: Engine) -> None:
    with engine.connect():
        assert about_now(DatabaseClock(engine).now())
