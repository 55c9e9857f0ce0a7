"""Transactions over what is kept in memory, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from threading import Lock, get_ident
from typing import Final, TypeVar

from consulting.adapters.memory.admin_acts import MemoryAdminActs
from consulting.adapters.memory.api_keys import MemoryApiKeys
from consulting.adapters.memory.availability import MemoryAvailability
from consulting.adapters.memory.calendar_tokens import MemoryCalendarTokens
from consulting.adapters.memory.expertise import MemoryExpertise
from consulting.adapters.memory.inbox import MemoryInbox
from consulting.adapters.memory.kept import Kept
from consulting.adapters.memory.ledger import MemoryLedger
from consulting.adapters.memory.notifications import MemoryNotifications
from consulting.adapters.memory.outbox import MemoryOutbox
from consulting.adapters.memory.payments import MemoryPayments, MemoryRefunds
from consulting.adapters.memory.personal_data import MemoryPersonalData
from consulting.adapters.memory.researchers import MemoryResearchers
from consulting.adapters.memory.reviews import MemoryReviews
from consulting.adapters.memory.sessions import MemorySessions
from consulting.adapters.memory.time_slots import MemoryTimeSlots
from consulting.application.ports.transactions import StorageUnavailable

_Records = TypeVar("_Records")


class MemoryTransaction:
    """Everything that is kept, as this transaction sees it; of no use once the transaction has ended."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept: Kept | None = kept

    @property
    def researchers(self) -> MemoryResearchers:
        """The experts."""
        return self._open(MemoryResearchers)

    @property
    def expertise(self) -> MemoryExpertise:
        """What the experts say they know."""
        return self._open(MemoryExpertise)

    @property
    def availability(self) -> MemoryAvailability:
        """Their patterns, overrides, one-off slots and blocks."""
        return self._open(MemoryAvailability)

    @property
    def time_slots(self) -> MemoryTimeSlots:
        """Their published slots."""
        return self._open(MemoryTimeSlots)

    @property
    def sessions(self) -> MemorySessions:
        """The booked consultations."""
        return self._open(MemorySessions)

    @property
    def payments(self) -> MemoryPayments:
        """The attempts to pay them."""
        return self._open(MemoryPayments)

    @property
    def refunds(self) -> MemoryRefunds:
        """The money that goes back."""
        return self._open(MemoryRefunds)

    @property
    def ledger(self) -> MemoryLedger:
        """The movements of money."""
        return self._open(MemoryLedger)

    @property
    def reviews(self) -> MemoryReviews:
        """What clients said."""
        return self._open(MemoryReviews)

    @property
    def notifications(self) -> MemoryNotifications:
        """What was sent to whom."""
        return self._open(MemoryNotifications)

    @property
    def calendar_tokens(self) -> MemoryCalendarTokens:
        """The secrets under which calendar programs read somebody's sessions."""
        return self._open(MemoryCalendarTokens)

    @property
    def outbox(self) -> MemoryOutbox:
        """What must still be done outside."""
        return self._open(MemoryOutbox)

    @property
    def inbox(self) -> MemoryInbox:
        """What providers told us."""
        return self._open(MemoryInbox)

    @property
    def admin_acts(self) -> MemoryAdminActs:
        """What admins did."""
        return self._open(MemoryAdminActs)

    @property
    def api_keys(self) -> MemoryApiKeys:
        """The keys of partners' backends."""
        return self._open(MemoryApiKeys)

    @property
    def personal_data(self) -> MemoryPersonalData:
        """What is kept of people, to be forgotten."""
        return self._open(MemoryPersonalData)

    def copy(self) -> Kept:
        """Give a copy of the state that it sees."""
        return self._open(Kept.copy)

    def close(self) -> None:
        """End it."""
        self._kept = None

    def _open(self, records: Callable[[Kept], _Records]) -> _Records:
        if self._kept is None:
            raise RuntimeError("this transaction has ended")
        return records(self._kept)


class MemoryTransactions:
    """Where transactions come from; safe to share between threads, of which one at a time has its turn.

    So each transaction sees what all before it committed, and nothing of any other. One that waits for its turn longer
    than `patience` gives up. `wake` is called after a commit that left errands or messages to do.
    """

    def __init__(self, *, patience: timedelta = timedelta(seconds=10), wake: Callable[[], object] = bool) -> None:
        """Begin with nothing kept."""
        self._patience = patience
        self._wake = wake
        self._committed = Kept()
        self._turn = Lock()
        self._holder: int | None = None

    @contextmanager
    def begin(self) -> Iterator[MemoryTransaction]:
        """Open a transaction: leaving the block commits, an exception undoes everything.

        Within `joined` of an open transaction it is a part of that one. Raises StorageUnavailable when the turn doesn't
        come in time, and RuntimeError inside a transaction of the same thread.
        """
        outer = _JOINED.get()
        if outer is not None and outer.belongs_to(self):
            with outer.part() as tx:
                yield tx
            return
        opened = self.open(holder=get_ident())
        tx = MemoryTransaction(opened.working)
        try:
            try:
                yield tx
            finally:
                tx.close()
            opened.commit()
        finally:
            opened.close()

    @contextmanager
    def reading(self) -> Iterator[MemoryTransaction]:
        """Open a block that only reads. Raises RuntimeError at its end if it changed something, and as `begin`."""
        with self.begin() as tx:
            before = tx.copy()
            yield tx
            if tx.copy() != before:
                raise RuntimeError("this transaction only reads")

    def open(self, *, holder: int | None = None) -> OpenTransaction:
        """Open a transaction that goes from thread to thread, and whose end is somebody's to say.

        `holder` is the one thread that has it, if there is one. Raises as `begin`.
        """
        if self._holder == get_ident():
            raise RuntimeError("a transaction can't begin inside another one of the same thread")
        if not self._turn.acquire(timeout=self._patience.total_seconds()):
            raise StorageUnavailable
        self._holder = holder
        return OpenTransaction(self, self._committed.copy())

    def end(self, working: Kept | None) -> None:
        """Give the turn back, with what is committed from now on, or nothing new; only for who has the turn."""
        woken = working is not None and _has_more_to_do(working, than=self._committed)
        if working is not None:
            self._committed = working
        self._holder = None
        self._turn.release()
        if woken:
            self._wake()

    def snapshot(self) -> Kept:
        """Give a copy of everything that is committed, for a test to look at."""
        return self._committed.copy()


class OpenTransaction:
    """A transaction that has its turn, until it is committed or closed."""

    def __init__(self, transactions: MemoryTransactions, working: Kept) -> None:
        """Work on this state, a copy of what is committed."""
        self.working = working
        self._transactions: MemoryTransactions | None = transactions

    def belongs_to(self, transactions: MemoryTransactions) -> bool:
        """Tell whether it is one of these transactions and still open."""
        return self._transactions is transactions

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Make every transaction that this context begins within the block a part of this one."""
        token = _JOINED.set(self)
        try:
            yield
        finally:
            _JOINED.reset(token)

    @contextmanager
    def part(self) -> Iterator[MemoryTransaction]:
        """Work in it; an exception undoes what the block did, and that alone."""
        before = self.working.copy()
        tx = MemoryTransaction(self.working)
        try:
            yield tx
        except BaseException:
            self.working = before
            raise
        finally:
            tx.close()

    def commit(self) -> None:
        """Make it last, and end it."""
        self._end(self.working)

    def close(self) -> None:
        """Undo everything, unless it has ended."""
        self._end(None)

    def _end(self, working: Kept | None) -> None:
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            transactions.end(working)


_JOINED: Final[ContextVar[OpenTransaction | None]] = ContextVar("joined", default=None)


def _has_more_to_do(kept: Kept, *, than: Kept) -> bool:
    return len(kept.errands) > len(than.errands) or len(kept.messages) > len(than.messages)
