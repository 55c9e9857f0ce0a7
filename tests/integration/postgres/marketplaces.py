"""A marketplace over Postgres, by a clock that a test moves, whose providers are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from consulting.adapters.memory import (
    MemoryMailer,
    MemoryMeetingRooms,
    MemoryPaymentGateway,
    MovingClock,
    PlainLetters,
)
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.domain.researchers import Researcher
from tests.integration.instance import PATIENCE
from tests.integration.postgres.gate import BUSY
from tests.unit.application.marketplace import NOON, Marketplace


@contextmanager
def marketplace_over(url: str, *, connections: int) -> Iterator[Marketplace]:
    """Open one whose people wait for each other's locks for as long as it takes."""
    engine = open_engine(url=url, pool_size=connections, patience=BUSY, pool_wait=timedelta(seconds=PATIENCE))
    yield Marketplace(
        transactions=PostgresTransactions(engine),
        clock=MovingClock(NOON),
        ids=TimeOrderedIdentities(),
        gateway=MemoryPaymentGateway(),
        rooms=MemoryMeetingRooms(),
        mailer=MemoryMailer(),
        letters=PlainLetters(),
    )
    engine.dispose()


def joined(market: Marketplace, name: str, *, rate: int = 12_000) -> Researcher:
    """Let somebody join who has three hours on every day."""
    researcher = market.add_researcher(name, rate=rate)
    market.set_hours(researcher, "09:00", "12:00", pattern_ids=lambda _: market.ids.new())
    market.publish(researcher.id)
    return researcher
