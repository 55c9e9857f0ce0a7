"""Canceling a session, and what that gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.booking import SessionView, own_session, view
from consulting.application.bookkeeping import keep_refund, standing
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import release
from consulting.domain import events
from consulting.domain.availability import Block
from consulting.domain.cancellation import CanceledBy
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund, RefundReason, request, still_due
from consulting.domain.sessions import Events, Session

CALLED_OFF = "A session in this time was canceled."
"""The reason of the block that a cancellation leaves, where its slot isn't reopened."""


@dataclass(frozen=True, slots=True)
class CancelSession:
    """Cancel one's own session.

    - A hold is given up; a confirmed session can be canceled until it starts.
    - What is given back follows the policy that was frozen when the session was booked.
    - The slot is free again if the researcher's hours still give it. Canceling again gives the same answer.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, caller: Caller, note: str | None = None) -> SessionView:
        """Give the session afterwards. Raises SessionNotFound, NotYourSession, SessionStarted and SessionCompleted."""
        with self.transactions.begin() as tx:
            own_session(tx, id, caller=caller)
            session = cancel(tx, id, by=CanceledBy.CLIENT, note=note, clock=self.clock, ids=self.ids)
            return view(tx, session, at=self.clock.now())


def cancel(tx: Transaction, id: UUID, *, by: CanceledBy, note: str | None, clock: Clock, ids: Identities) -> Session:
    """Cancel a session whoever it is, with its refund and its follow-ups; the same session again if it was canceled."""
    session, at = call_off(tx, id, by=by, note=note, clock=clock, ids=ids)
    if at is not None:
        release(tx, session, ids=ids, at=at)
    return session


def cancel_on_the_researchers_side(
    tx: Transaction, id: UUID, *, by: CanceledBy, note: str | None, reopen_slot: bool, clock: Clock, ids: Identities
) -> Session:
    """Cancel for the researcher or an admin: everything is given back.

    Its time is blocked from then on, so that no publication brings it back, unless the slot is to be reopened: then it
    is offered again if the rules give it.
    """
    session, at = call_off(tx, id, by=by, note=note, clock=clock, ids=ids)
    if at is not None:
        if not reopen_slot:
            tx.availability.save_block(
                Block(id=ids.new(), researcher_id=session.researcher_id, period=session.period, reason=CALLED_OFF)
            )
        release(tx, session, ids=ids, at=at)
    return session


def call_off(
    tx: Transaction, id: UUID, *, by: CanceledBy, note: str | None, clock: Clock, ids: Identities
) -> tuple[Session, datetime | None]:
    """Cancel as `cancel` does, and leave its time to be published by the caller.

    Gives when it was canceled, too: None if it had been before.
    """
    before = lock_session(tx, id, releasing=True).session
    now = clock.now()
    session, happened = before.cancel(by=by, note=note, at=now)
    if not happened:
        return session, None
    payments = tx.payments.of_session(id)
    refund = _refund_due(tx, payments, happened, ids=ids, at=now)
    tx.sessions.save(session)
    follow_ups.record(tx, session=session, happened=happened, payments=payments, refund=refund, ids=ids, at=now)
    return session, now


def _refund_due(
    tx: Transaction, payments: Sequence[Payment], happened: Events, *, ids: Identities, at: datetime
) -> Refund | None:
    """Decide on the refund of the payment that confirmed the session: what is due, at most what is left of it."""
    due = next((event.refund for event in happened if isinstance(event, events.Canceled)), None)
    paid, refunds = standing(tx, payments)
    amount = still_due(due, payment=paid, refunds=refunds) if due and paid else None
    if not amount or paid is None:
        return None
    refund = request(id=ids.new(), payment=paid, refunds=refunds, amount=amount, reason=RefundReason.CANCELED, at=at)
    keep_refund(tx, refund, before=None, at=at)
    return refund


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationQuote:
    """What canceling now would give back, of what was paid."""

    session: Session
    refund: Money
    percent: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QuoteCancellation:
    """Say what canceling one's own session at this moment would give back."""

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller) -> CancellationQuote:
        """Give the quote. Raises SessionNotFound and NotYourSession."""
        with self.transactions.begin() as tx:
            session = own_session(tx, id, caller=caller)
            now = self.clock.now()
            due = session.refund_if_canceled(by=CanceledBy.CLIENT, at=now)
            refund = _still_due(tx, session, due) if due else due
        percent = session.policy.percent(start=session.period.start, at=now) if due else 0
        return CancellationQuote(session=session.effective(at=now), refund=refund, percent=percent, at=now)


def _still_due(tx: Transaction, session: Session, due: Money) -> Money:
    """Give what of it would be sent: part of the payment that stands may have gone back already."""
    paid, refunds = standing(tx, tx.payments.of_session(session.id))
    return still_due(due, payment=paid, refunds=refunds) if paid else nothing(currency=due.currency)
