"""A researcher's own bookings: what clients booked with them, and what they may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.availability import own_profile
from consulting.application.booking import SessionView, view
from consulting.application.callers import Caller
from consulting.application.cancellation import cancel_on_the_researchers_side
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.records import BookingFilter, Place
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.cancellation import CanceledBy
from consulting.domain.errors import SessionNotFound
from consulting.domain.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A session as its researcher sees it, with what they noted for themselves."""

    view: SessionView
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class ListBookings:
    """List the sessions that were booked with the caller, as they stand now.

    - Upcoming ones (not over yet) come by start, the earliest first; past ones and all together the latest first.
    """

    transactions: Transactions
    clock: Clock

    def __call__(
        self, *, caller: Caller, wanted: BookingFilter, after: Place | None, limit: int
    ) -> Sequence[SessionView]:
        """Give one page, those after this place. Raises NotAResearcher."""
        with self.transactions.begin() as tx:
            now = self.clock.now()
            researcher = own_profile(tx, caller)
            sessions = tx.sessions.booked(researcher.id, wanted=wanted, after=after, limit=limit, at=now)
            refunds = tx.refunds.of_sessions([each.id for each in sessions]) if sessions else ()
        return [
            SessionView(
                session=each.effective(at=now),
                refunds=tuple(refund for refund in refunds if refund.session_id == each.id),
            )
            for each in sessions
        ]


@dataclass(frozen=True, slots=True)
class GetBooking:
    """Show one session that was booked with the caller: the client, their questions, and the caller's own notes.

    - Another researcher's session doesn't exist here, and an admin's rights don't count.
    """

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller) -> Booking:
        """Give it. Raises NotAResearcher and SessionNotFound."""
        with self.transactions.begin() as tx:
            session = own_booking(tx, id, caller=caller)
            return Booking(view=view(tx, session, at=self.clock.now()), notes=tx.sessions.notes(id))


@dataclass(frozen=True, slots=True)
class CancelBooking:
    """Cancel a session that was booked with the caller, until its end.

    - The client gets back everything, whatever the policy says, and is told with the reason.
    - The time is blocked from then on, unless `reopen_slot`: then the slot is offered again if the hours still give it.
    - Canceling again gives the same answer.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, caller: Caller, note: str | None = None, reopen_slot: bool = False) -> Booking:
        """Give the session afterwards. Raises NotAResearcher, SessionNotFound and SessionCompleted."""
        with self.transactions.begin() as tx:
            own_booking(tx, id, caller=caller)
            session = cancel_on_the_researchers_side(
                tx,
                id,
                by=CanceledBy.RESEARCHER,
                note=note,
                reopen_slot=reopen_slot,
                clock=self.clock,
                ids=self.ids,
            )
            return Booking(view=view(tx, session, at=self.clock.now()), notes=tx.sessions.notes(id))


@dataclass(frozen=True, slots=True)
class NoteNoShow:
    """Note, from the start on, that the client of a session didn't come.

    - It counts as completed, the money stays, and it can't be reviewed. Noting it again gives the same answer.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, caller: Caller) -> Booking:
        """Give the session. Raises NotAResearcher, SessionNotFound, SessionNotConfirmed and NotStartedYet."""
        with self.transactions.begin() as tx:
            own_booking(tx, id, caller=caller)
            before = lock_session(tx, id).session
            now = self.clock.now()
            session, happened = before.note_no_show(at=now)
            if happened:
                tx.sessions.save(session)
                payments = tx.payments.of_session(id)
                follow_ups.record(tx, session=session, happened=happened, payments=payments, ids=self.ids, at=now)
            return Booking(view=view(tx, session, at=now), notes=tx.sessions.notes(id))


@dataclass(frozen=True, slots=True)
class WriteNotes:
    """Note something about a session for oneself: nobody else ever sees it, neither the client nor any mail."""

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller, notes: str | None) -> Booking:
        """Keep the notes, None for none at all. Raises NotAResearcher and SessionNotFound."""
        with self.transactions.begin() as tx:
            session = own_booking(tx, id, caller=caller)
            tx.sessions.keep_notes(id, notes)
            return Booking(view=view(tx, session, at=self.clock.now()), notes=notes)


def own_booking(tx: Transaction, id: UUID, *, caller: Caller) -> Session:
    """Give a session that was booked with the caller.

    Raises NotAResearcher, and SessionNotFound for anybody else's, so that ids can't be probed.
    """
    researcher = own_profile(tx, caller)
    session = tx.sessions.get(id)
    if session is None or session.researcher_id != researcher.id:
        raise SessionNotFound
    return session
