"""The one order of locks: calendar, then slots by id, then sessions by id; so that nobody waits in a ring."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application.ports.records import Offer
from consulting.application.ports.transactions import Transaction, TransactionConflict
from consulting.domain.errors import SessionNotFound
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Claim, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSession:
    """A session and its slot, both locked until the transaction ends."""

    session: Session
    offer: Offer

    @property
    def rivals(self) -> tuple[Claim, ...]:
        """The claims of other sessions on the slot's time."""
        return tuple(claim for claim in self.offer.claims if claim.session_id != self.session.id)


def lock_session(tx: Transaction, id: UUID, *, releasing: bool = False) -> LockedSession:
    """Lock a session, its slot before it, and its researcher's calendar before that if the slot may be released.

    Raises SessionNotFound, and TransactionConflict if the session was moved to another slot meanwhile.
    """
    seen = tx.sessions.get(id)
    if seen is None:
        raise SessionNotFound
    if releasing:
        tx.researchers.lock(seen.researcher_id)
    offer = tx.time_slots.lock(seen.time_slot_id)
    session = tx.sessions.lock(id)
    if offer is None or session is None or session.time_slot_id != offer.slot.id:
        raise TransactionConflict
    return LockedSession(session=session, offer=offer)


def terms(offer: Offer) -> Terms:
    """Pick out what of the researcher decides on a slot."""
    researcher = offer.researcher
    return Terms(active=researcher.active, notice=researcher.notice, horizon=researcher.horizon)
