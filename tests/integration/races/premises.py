"""A marketplace on a real database and the real payment adapter, as each process of a race opens it for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from consulting.adapters.memory import MemoryMailer, MemoryMeetingRooms, MovingClock, PlainLetters
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.stripe import open_gateway
from tests.unit.application.marketplace import NOON, Marketplace

STRIPE_SECONDS = 30.0
"""More patience than the product has: here a busy machine is no outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where everything is: the database, and the sandbox's Stripe."""

    database_url: str
    stripe_url: str


@contextmanager
def open_market(premises: Premises, *, connections: int) -> Iterator[Marketplace]:
    """Open the use cases over connections of their own; the clock stands at noon until an attempt brings another."""
    engine = open_engine(url=premises.database_url, pool_size=connections)
    gateway = open_gateway(
        secret_key="sk_test_sandbox",
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=premises.stripe_url,
        timeout_seconds=STRIPE_SECONDS,
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
