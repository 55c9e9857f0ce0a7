"""Buckets that all processes take from."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from consulting.adapters.contracts import sample
from consulting.adapters.memory.rate_limits import MemoryRateLimits
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.pruning import Pruning
from consulting.adapters.postgres.rate_limits import PostgresRateLimits
from consulting.application.ports.rate_limits import Rate, RateLimits

RATE = Rate(per_minute=60, burst=5)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(url=database_url, pool_size=4)
    yield engine
    engine.dispose()


@pytest.fixture(params=["memory", "postgres"])
def limits(request: pytest.FixtureRequest, engine: Engine) -> RateLimits:
    return MemoryRateLimits() if request.param == "memory" else PostgresRateLimits(engine)


def take(limits: RateLimits, tokens: int = 1, *, seconds: float = 0, who: str = "ada") -> timedelta | None:
    return limits.take(who=who, tokens=tokens, rate=RATE, at=sample.NOW + timedelta(seconds=seconds))


def test_a_bucket_holds_a_burst_and_fills_again_with_time(limits: RateLimits) -> None:
    assert [take(limits) for _ in range(5)] == [None] * 5
    assert take(limits) == timedelta(seconds=1)
    assert take(limits, seconds=0.5) == timedelta(seconds=0.5)
    assert take(limits, seconds=1) is None
    assert take(limits, seconds=1) == timedelta(seconds=1)
    assert [take(limits, seconds=3600) for _ in range(6)] == [None] * 5 + [timedelta(seconds=1)]


def test_several_tokens_are_taken_together_or_not_at_all(limits: RateLimits) -> None:
    assert take(limits, 3) is None
    assert take(limits, 3) == timedelta(seconds=1)
    assert take(limits, 2) is None
    assert take(limits, 5) == timedelta(seconds=5)


def test_everybody_has_a_bucket_of_their_own(limits: RateLimits) -> None:
    take(limits, 5)

    assert take(limits, 5, who="bob") is None


def test_of_many_who_take_at_once_no_more_get_something_than_there_is(limits: RateLimits) -> None:
    with ThreadPoolExecutor(4) as crowd:
        taken = list(crowd.map(lambda _: take(limits), range(40)))

    assert taken.count(None) == 5


def test_full_buckets_are_forgotten(engine: Engine) -> None:
    take(PostgresRateLimits(engine), 5)

    assert Pruning(engine)(at=sample.NOW) == 0
    assert Pruning(engine)(at=sample.after(hours=2)) == 1
