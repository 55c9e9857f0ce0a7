"""A marketplace on a real database and the real payment adapter, as each process of a race opens it for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from consulting.adapters.memory import MemoryMailer, MemoryMeetingRooms, MovingClock, PlainLetters
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.stripe import open_gateway
from tests.integration.instance import PATIENCE
from tests.integration.postgres.gate import BUSY
from tests.unit.application.marketplace import NOON, Marketplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where everything is: the database, and the sandbox's Stripe."""

    database_url: str
    stripe_url: str


@contextmanager
def open_market(premises: Premises, *, connections: int) -> Iterator[Marketplace]:
    """Open the use cases over connections of their own; the clock stands at noon until an attempt brings another.

    They have more patience than the product has: here a busy machine is no outage.
    """
    engine = open_engine(
        url=premises.database_url,
        pool_size=connections,
        patience=BUSY,
        pool_wait=timedelta(seconds=PATIENCE),
    )
    gateway = open_gateway(
        secret_key="sk_test_sandbox",
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=premises.stripe_url,
        timeout_seconds=PATIENCE,
    )
    try:
        with closing(gateway):
            yield Marketplace(
                transactions=PostgresTransactions(engine),
                clock=MovingClock(NOON),
                ids=TimeOrderedIdentities(),
                gateway=gateway,
                rooms=MemoryMeetingRooms(),
                mailer=MemoryMailer(),
                letters=PlainLetters(),
            )
    finally:
        engine.dispose()
