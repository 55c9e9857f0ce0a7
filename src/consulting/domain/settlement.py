"""Settlement: what the provider says of an intent, made true of the session. The same for every way it is learnt.

Browser confirm, webhook and reconciliation all end here, in any order and any number of times; once a payment has been
taken in, settling it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.domain import events
from consulting.domain.money import Money
from consulting.domain.payments import Intent, IntentStatus, Payment, PaymentState
from consulting.domain.refunds import Refund, RefundReason, left_of, request
from consulting.domain.sessions import Events, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Session and payment afterwards, what happened, and the refund that this makes due, if any.

    `returns` are refunds, new or changed, that follow from what the provider did by itself (see `returns`).
    """

    session: Session
    payment: Payment
    happened: Events = ()
    refund: Refund | None = None
    returns: tuple[Refund, ...] = ()


def settle(
    *,
    session: Session,
    payment: Payment,
    refunds: Sequence[Refund],
    intent: Intent,
    slot_free: bool,
    refund_id: UUID,
    at: datetime,
) -> Settlement:
    """Judge one payment of a session by what the provider shows now.

    `slot_free` says whether a late payment could still have its slot, and `refund_id` names the refund in case one
    becomes due. `refunds` are those of the session so far.
    """
    payment = payment.disputed(intent.dispute or payment.dispute, at=at)
    if payment.received is not None:
        return Settlement(session=session, payment=payment)
    if intent.status is IntentStatus.SUCCEEDED and payment.matches(intent):
        return _paid(session, payment, refunds, slot_free=slot_free, refund_id=refund_id, at=at)
    if not payment.matches(intent):
        return _mismatched(session, payment, refunds, intent, refund_id=refund_id, at=at)
    return _unpaid(session, payment, intent, at=at)


def _paid(
    session: Session, payment: Payment, refunds: Sequence[Refund], *, slot_free: bool, refund_id: UUID, at: datetime
) -> Settlement:
    payment = payment.charged(received=payment.price, state=PaymentState.SUCCEEDED, at=at)
    session, happened = session.pay(at=at, slot_free=slot_free)
    reason = _reason_to_return(happened)
    due = None if reason is None else _everything(payment, refunds, reason=reason, refund_id=refund_id, at=at)
    return Settlement(session=session, payment=payment, happened=happened, refund=due)


def _reason_to_return(happened: Events) -> RefundReason | None:
    for event in happened:
        if isinstance(event, events.PaymentReturned):
            return RefundReason.LATE_PAYMENT
        if isinstance(event, events.ChargedTwice):
            return RefundReason.CHARGED_TWICE
    return None


def _mismatched(
    session: Session, payment: Payment, refunds: Sequence[Refund], intent: Intent, *, refund_id: UUID, at: datetime
) -> Settlement:
    """Flag it, never confirm by it, and give back whatever was captured."""
    captured = intent.status is IntentStatus.SUCCEEDED and bool(intent.received)
    if payment.state is PaymentState.MISMATCHED and not captured:
        return Settlement(session=session, payment=payment)
    session, happened = session.fail_payment(at=at)
    if not captured:
        payment = payment.turned(PaymentState.MISMATCHED, at=at)
        return Settlement(session=session, payment=payment, happened=happened)
    payment = payment.charged(received=intent.received, state=PaymentState.MISMATCHED, at=at)
    due = _everything(payment, refunds, reason=RefundReason.MISMATCH, refund_id=refund_id, at=at)
    return Settlement(session=session, payment=payment, happened=happened, refund=due)


def _unpaid(session: Session, payment: Payment, intent: Intent, *, at: datetime) -> Settlement:
    """Fail the hold by a failed or canceled attempt; one still under way changes nothing."""
    state = _UNPAID.get(intent.status)
    if state is None or state is payment.state or payment.state is PaymentState.CANCELED:
        return Settlement(session=session, payment=payment)
    session, happened = session.fail_payment(at=at)
    return Settlement(session=session, payment=payment.turned(state, at=at), happened=happened)


_UNPAID = {IntentStatus.FAILED: PaymentState.FAILED, IntentStatus.CANCELED: PaymentState.CANCELED}


def _everything(
    payment: Payment, refunds: Sequence[Refund], *, reason: RefundReason, refund_id: UUID, at: datetime
) -> Refund:
    amount: Money = left_of(payment, refunds)
    return request(id=refund_id, payment=payment, refunds=refunds, amount=amount, reason=reason, at=at)
