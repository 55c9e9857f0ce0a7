"""Taking a slot, and looking at what one has booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session, terms
from consulting.application.passing_time import sweep, sweep_lapsed
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import release
from consulting.domain.errors import (
    EmailRequired,
    FreeSessionLimitReached,
    HoldLimitReached,
    NotYourSession,
    SessionNotFound,
    SlotNotFound,
    SlotUnavailable,
)
from consulting.domain.period import Period
from consulting.domain.refunds import Refund
from consulting.domain.session_states import Status
from consulting.domain.sessions import Client, Session, hold
from consulting.domain.time_slots import obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as it stands at the moment of reading, with its refunds."""

    session: Session
    refunds: tuple[Refund, ...] = ()


@dataclass(frozen=True, slots=True)
class BookSession:
    """Book a time slot.

    - The slot is taken at once; of any number of clients who try, exactly one gets it.
    - Price and cancellation policy are frozen. The client has 15 minutes to pay, at most until the start; then the slot
      is free again by itself.
    - A free researcher's session is confirmed at once.
    - A client can hold a few unpaid sessions at a time, and have some more free ones still to come.
    - Researchers can't book themselves.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities
    hold_for: timedelta
    holds_per_user: int
    free_sessions_per_user: int

    @retry_on_conflict
    def __call__(
        self, *, caller: Caller, time_slot_id: UUID, questions: str | None = None, paper_id: str | None = None
    ) -> SessionView:
        """Give the new session.

        Raises EmailRequired, SlotNotFound, SlotUnavailable, OwnSlot, HoldLimitReached and
        FreeSessionLimitReached.
        """
        client = _client(caller)
        with self.transactions.begin() as tx:
            found = tx.time_slots.lock_for(time_slot_id, user_id=client.user_id)
            if found is None:
                raise SlotNotFound
            now, offer = self.clock.now(), found.offer
            if obstacle(slot=offer.slot, terms=terms(offer), claims=offer.claims, at=now) is not None:
                raise SlotUnavailable
            session, happened = hold(
                id=self.ids.new(),
                client=client,
                researcher=offer.researcher,
                slot=offer.slot,
                hold_for=self.hold_for,
                paper_id=paper_id,
                questions=questions,
                at=now,
            )
            if not session.free and found.live_holds(at=now) >= self.holds_per_user:
                raise HoldLimitReached
            sweep_lapsed(tx, offer.claims, ids=self.ids, at=now)
            self._keep(tx, session, at=now)
            follow_ups.record(tx, session=session, happened=happened, ids=self.ids, at=now)
        return SessionView(session=session)

    def _keep(self, tx: Transaction, session: Session, *, at: datetime) -> None:
        """Add the session; a free one only if its client has fewer than allowed, who could take others' time so."""
        if not session.free:
            tx.sessions.add(session)
        elif tx.sessions.add_free(session, at=at) >= self.free_sessions_per_user:
            raise FreeSessionLimitReached


@dataclass(frozen=True, slots=True)
class ListSessions:
    """List the caller's own sessions, the newest first, as they stand now."""

    transactions: Transactions
    clock: Clock

    def __call__(
        self, *, caller: Caller, status: Status | None, starting: Period | None, after: UUID | None, limit: int
    ) -> Sequence[SessionView]:
        """Give one page, those after the session of this id."""
        now = self.clock.now()
        with self.transactions.reading() as tx:
            sessions = tx.sessions.of_client(
                caller.user_id, status=status, starting=starting, after=after, limit=limit, at=now
            )
            refunds = tx.refunds.of_sessions([session.id for session in sessions]) if sessions else ()
        return [_view(session, refunds, at=now) for session in sessions]


@dataclass(frozen=True, slots=True)
class GetSession:
    """Show a session to its client, its researcher or an admin; to anybody else it doesn't exist."""

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller) -> SessionView:
        """Give the session as it stands now. Raises SessionNotFound."""
        with self.transactions.reading() as tx:
            session = visible_session(tx, id, caller=caller)
            return view(tx, session, at=self.clock.now())


def visible_session(tx: Transaction, id: UUID, *, caller: Caller) -> Session:
    """Give a session that the caller may see; raise SessionNotFound for any other, so that ids can't be probed."""
    session = tx.sessions.get(id)
    if session is None:
        raise SessionNotFound
    if caller.is_client_of(session):
        return session  # the most frequent case needs no second look-up
    researcher = tx.researchers.get(session.researcher_id)
    if researcher is None or not caller.may_see(session, researcher=researcher):
        raise SessionNotFound
    return session


def own_session(tx: Transaction, id: UUID, *, caller: Caller) -> Session:
    """Give the caller's own session as its client.

    Raises NotYourSession for one that they may see in another part, and SessionNotFound for any other.
    """
    session = visible_session(tx, id, caller=caller)
    if not caller.is_client_of(session):
        raise NotYourSession
    return session


def view(tx: Transaction, session: Session, *, at: datetime) -> SessionView:
    """Give the session as it stands at this instant, with its refunds."""
    return _view(session, tx.refunds.of_session(session.id), at=at)


def _view(session: Session, refunds: Sequence[Refund], *, at: datetime) -> SessionView:
    own = tuple(refund for refund in refunds if refund.session_id == session.id)
    return SessionView(session=session.effective(at=at), refunds=own)


def _client(caller: Caller) -> Client:
    if not caller.email:
        raise EmailRequired
    return Client(user_id=caller.user_id, email=caller.email, name=caller.name, timezone=caller.timezone or "UTC")


@dataclass(frozen=True, slots=True)
class SweepSession:
    """Write down what time has done: expire an unpaid hold, complete a session that has ended.

    - Everybody reads the effective state anyway; this makes it last, cancels open intents and frees what the rules
      give at that time.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID) -> Session:
        """Give the session as it stands now. Raises SessionNotFound."""
        with self.transactions.begin() as tx:
            session = lock_session(tx, id, releasing=True).session
            now = self.clock.now()
            swept = sweep(tx, session, ids=self.ids, at=now)
            if session.status is not swept.status and swept.status is Status.CANCELED:
                release(tx, swept, ids=self.ids, at=now)
            return swept
