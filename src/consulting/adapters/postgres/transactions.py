"""Transactions in PostgreSQL: READ COMMITTED, with locks where a decision depends on what is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from sqlalchemy import Engine

from consulting.adapters.postgres.admin_acts import PostgresAdminActs
from consulting.adapters.postgres.api_keys import PostgresApiKeys
from consulting.adapters.postgres.availability import PostgresAvailability
from consulting.adapters.postgres.calendar_tokens import PostgresCalendarTokens
from consulting.adapters.postgres.inbox import PostgresInbox
from consulting.adapters.postgres.ledger import PostgresLedger
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.notifications import PostgresNotifications
from consulting.adapters.postgres.outbox import PostgresOutbox
from consulting.adapters.postgres.payments import PostgresPayments
from consulting.adapters.postgres.personal_data import PostgresPersonalData
from consulting.adapters.postgres.refunds import PostgresRefunds
from consulting.adapters.postgres.researchers import PostgresResearchers
from consulting.adapters.postgres.reviews import PostgresReviews
from consulting.adapters.postgres.sessions import PostgresSessions
from consulting.adapters.postgres.time_slots import PostgresTimeSlots

_JOINED: Final[ContextVar[Link | None]] = ContextVar("joined", default=None)


@contextmanager
def joining(link: Link) -> Iterator[None]:
    """Make every transaction that this context begins within the block a part of the one on this connection."""
    token = _JOINED.set(link)
    try:
        yield
    finally:
        _JOINED.reset(token)


class PostgresTransaction:
    """Everything that is kept, as this transaction sees it; of no use once the transaction has ended."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self.researchers = PostgresResearchers(link)
        self.availability = PostgresAvailability(link)
        self.time_slots = PostgresTimeSlots(link)
        self.sessions = PostgresSessions(link)
        self.payments = PostgresPayments(link)
        self.refunds = PostgresRefunds(link)
        self.ledger = PostgresLedger(link)
        self.reviews = PostgresReviews(link)
        self.notifications = PostgresNotifications(link)
        self.calendar_tokens = PostgresCalendarTokens(link)
        self.outbox = PostgresOutbox(link)
        self.inbox = PostgresInbox(link)
        self.admin_acts = PostgresAdminActs(link)
        self.api_keys = PostgresApiKeys(link)
        self.personal_data = PostgresPersonalData(link)


class PostgresTransactions:
    """Where transactions come from; safe to share between threads, each with a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[PostgresTransaction]:
        """Open a transaction: leaving the block commits, an exception undoes everything.

        The connection is taken with the first statement, so a block that never gets there costs nothing. A refusal that
        the block swallowed is raised again when it ends: the database had undone everything by then.
        Raises TransactionConflict, StorageUnavailable, and the domain's own errors where a constraint names one. If the
        connection breaks while the commit is under way, StorageUnavailable leaves open whether it came through.
        Within `joining` it is a part of another transaction: leaving the block keeps what it did for that one's commit.
        """
        outer = _JOINED.get()
        if outer is not None:
            with outer.part():
                yield PostgresTransaction(outer)
            return
        link = Link(self.engine)
        try:
            yield PostgresTransaction(link)
            link.commit()
        finally:
            link.close()
