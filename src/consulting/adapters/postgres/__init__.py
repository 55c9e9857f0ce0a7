"""Everything that is kept, in PostgreSQL."""

from __future__ import annotations

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.engine import Patience, open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.postgres.wake_ups import WakeUps

__all__ = [
    "DatabaseClock",
    "Patience",
    "PostgresRetries",
    "PostgresTransactions",
    "TimeOrderedIdentities",
    "WakeUps",
    "open_engine",
]
