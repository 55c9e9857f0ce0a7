"""Transactions in PostgreSQL: READ COMMITTED, with locks where a decision depends on what is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final

from sqlalchemy import Engine

from consulting.adapters.postgres.admin_acts import PostgresAdminActs
from consulting.adapters.postgres.api_keys import PostgresApiKeys
from consulting.adapters.postgres.availability import PostgresAvailability
from consulting.adapters.postgres.calendar_tokens import PostgresCalendarTokens
from consulting.adapters.postgres.expertise import PostgresExpertise
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
        self._link = link

    @property
    def researchers(self) -> PostgresResearchers:
        """The experts."""
        return PostgresResearchers(self._link)

    @property
    def expertise(self) -> PostgresExpertise:
        """What the experts say they know."""
        return PostgresExpertise(self._link)

    @property
    def availability(self) -> PostgresAvailability:
        """Their patterns, overrides, one-off slots and blocks."""
        return PostgresAvailability(self._link)

    @property
    def time_slots(self) -> PostgresTimeSlots:
        """Their published slots."""
        return PostgresTimeSlots(self._link)

    @property
    def sessions(self) -> PostgresSessions:
        """The booked consultations."""
        return PostgresSessions(self._link)

    @property
    def payments(self) -> PostgresPayments:
        """The attempts to pay them."""
        return PostgresPayments(self._link)

    @property
    def refunds(self) -> PostgresRefunds:
        """The money that goes back."""
        return PostgresRefunds(self._link)

    @property
    def ledger(self) -> PostgresLedger:
        """The movements of money."""
        return PostgresLedger(self._link)

    @property
    def reviews(self) -> PostgresReviews:
        """What clients said."""
        return PostgresReviews(self._link)

    @property
    def notifications(self) -> PostgresNotifications:
        """What was sent to whom."""
        return PostgresNotifications(self._link)

    @property
    def calendar_tokens(self) -> PostgresCalendarTokens:
        """The secrets under which calendar programs read somebody's sessions."""
        return PostgresCalendarTokens(self._link)

    @property
    def outbox(self) -> PostgresOutbox:
        """What must still be done outside."""
        return PostgresOutbox(self._link)

    @property
    def inbox(self) -> PostgresInbox:
        """What providers told us."""
        return PostgresInbox(self._link)

    @property
    def admin_acts(self) -> PostgresAdminActs:
        """What admins did."""
        return PostgresAdminActs(self._link)

    @property
    def api_keys(self) -> PostgresApiKeys:
        """The keys of partners' backends."""
        return PostgresApiKeys(self._link)

    @property
    def personal_data(self) -> PostgresPersonalData:
        """What is kept of people, to be forgotten."""
        return PostgresPersonalData(self._link)


class PostgresTransactions:
    """Where transactions come from; safe to share between threads, each with a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self.engine = engine

    def begin(self) -> AbstractContextManager[PostgresTransaction]:
        """Open a transaction: leaving the block commits, an exception undoes everything.

        The connection is taken with the first statement, so a block that never gets there costs nothing. A refusal that
        the block swallowed is raised again when it ends: the database had undone everything by then.
        Raises TransactionConflict, StorageUnavailable, and the domain's own errors where a constraint names one. If the
        connection breaks while the commit is under way, StorageUnavailable leaves open whether it came through.
        Within `joining` it is a part of another transaction: leaving the block keeps what it did for that one's commit.
        """
        return self._opened(reading=False)

    def reading(self) -> AbstractContextManager[PostgresTransaction]:
        """Open a block that only reads: each of its looks sees what was committed before it.

        Raises StorageUnavailable, and RuntimeError for whatever changes or locks something.
        """
        return self._opened(reading=True)

    @contextmanager
    def _opened(self, *, reading: bool) -> Iterator[PostgresTransaction]:
        outer = _JOINED.get()
        if outer is not None:
            with outer.part():
                yield PostgresTransaction(outer)
            return
        link = Link(self.engine, reading=reading)
        try:
            yield PostgresTransaction(link)
            link.commit()
        finally:
            link.close()
