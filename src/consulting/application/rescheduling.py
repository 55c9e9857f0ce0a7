"""Moving a session to another time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.booking import SessionView, own_session, view
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import terms
from consulting.application.passing_time import sweep_lapsed
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.records import Offer
from consulting.application.ports.transactions import Transaction, TransactionConflict, Transactions
from consulting.application.publishing import release
from consulting.domain.errors import SlotNotFound, SlotUnavailable
from consulting.domain.sessions import Session
from consulting.domain.time_slots import obstacle


@dataclass(frozen=True, slots=True)
class RescheduleSession:
    """Move one's own confirmed session to another slot of the same researcher and length.

    - Only while canceling would give back the whole price.
    - The other slot must be one of the same length that could be booked now; the old one is free again if the hours
      still give it.
    - Moving it to the slot that it has already changes nothing, so a move can be asked for again.
    - Meeting, calendars and reminders follow.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, time_slot_id: UUID, caller: Caller) -> SessionView:
        """Give the session afterwards.

        Raises SessionNotFound, NotYourSession, SlotNotFound, SessionNotConfirmed, PriceDiffers, RescheduleTooLate and
        SlotUnavailable.
        """
        with self.transactions.begin() as tx:
            seen = own_session(tx, id, caller=caller)
            session, target = _lock(tx, seen, time_slot_id)
            now = self.clock.now()
            moved, happened = session.reschedule(
                time_slot_id=time_slot_id, researcher_id=target.researcher.id, period=target.slot.period, at=now
            )
            if happened:
                self._take(tx, target, leaving=session, at=now)
                tx.sessions.save(moved)
                follow_ups.record(tx, session=moved, happened=happened, ids=self.ids, at=now)
                release(tx, session, ids=self.ids, at=now)
            return view(tx, moved, at=now)

    def _take(self, tx: Transaction, target: Offer, *, leaving: Session, at: datetime) -> None:
        """Judge the other slot as for a new booking; only the session's own claim, which it gives up, doesn't count."""
        claims = tuple(claim for claim in target.claims if claim.session_id != leaving.id)
        if obstacle(slot=target.slot, terms=terms(target), claims=claims, at=at) is not None:
            raise SlotUnavailable
        sweep_lapsed(tx, claims, ids=self.ids, at=at)


def _lock(tx: Transaction, seen: Session, time_slot_id: UUID) -> tuple[Session, Offer]:
    """Lock the calendar, both slots in the order of their ids, and the session."""
    tx.researchers.lock(seen.researcher_id)
    offers = {each: tx.time_slots.lock(each) for each in sorted({seen.time_slot_id, time_slot_id})}
    target = offers[time_slot_id]
    if target is None:
        raise SlotNotFound
    session = tx.sessions.lock(seen.id)
    if session is None or session.time_slot_id != seen.time_slot_id:
        raise TransactionConflict
    return session, target
