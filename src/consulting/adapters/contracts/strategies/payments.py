"""Strategies for payments, what the provider shows of them, refunds and reviews."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consulting.adapters.contracts.strategies.availability import ids, instants
from consulting.adapters.contracts.strategies.money import amounts
from consulting.adapters.contracts.strategies.people import texts
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Dispute, Intent, IntentStatus, Payment, PaymentState, first_attempt
from consulting.domain.refunds import TRIES, Refund, RefundReason, RefundState
from consulting.domain.reviews import LONGEST_COMMENT, Review

CHARGED = frozenset({PaymentState.SUCCEEDED, PaymentState.MISMATCHED})


@st.composite
def payments(
    draw: st.DrawFn,
    *,
    session_id: SearchStrategy[UUID] | None = None,
    price: SearchStrategy[Money] | None = None,
    states: SearchStrategy[PaymentState] | None = None,
) -> Payment:
    """Give attempts to pay in any state; a successful one received the price, a mismatched one something else."""
    at = draw(instants())
    due = draw(amounts(least=1) if price is None else price)
    owner = draw(ids() if session_id is None else session_id)
    attempt = first_attempt(id=draw(ids()), session_id=owner, price=due, at=at)
    state = draw(st.sampled_from(PaymentState) if states is None else states)
    opened = attempt if state is PaymentState.OPEN and draw(st.booleans()) else attempt.opened(intent_id="pi_1", at=at)
    if state not in CHARGED:
        return opened.turned(state, at=at)
    received = due if state is PaymentState.SUCCEEDED else Money(due.amount + 1, due.currency)
    dispute = draw(st.one_of(st.none(), st.sampled_from(Dispute)))
    return opened.charged(received=received, state=state, at=at).disputed(dispute, at=at)


@st.composite
def intents(draw: st.DrawFn, *, payment: Payment) -> Intent:
    """Give what a provider may show of this attempt; most often it is the attempt's own, for exactly its price."""
    status = draw(st.sampled_from(IntentStatus))
    none = nothing(currency=payment.price.currency)
    amount = draw(st.sampled_from((payment.price,) * 4 + (Money(payment.price.amount + 1, payment.price.currency),)))
    received = amount if status is IntentStatus.SUCCEEDED else none
    return Intent(
        id=payment.intent_id or "pi_1",
        status=status,
        amount=amount,
        received=received,
        returned=draw(st.sampled_from((none, none, received))),
        session_id=draw(st.sampled_from((payment.session_id,) * 4 + (None,))),
        dispute=draw(st.sampled_from((None, None, None, Dispute.OPEN, Dispute.WON, Dispute.LOST))),
    )


@st.composite
def refunds(draw: st.DrawFn, *, payment: Payment) -> Refund:
    """Give refunds of the payment, each of no more than it received; ValueError for one that received nothing."""
    if not payment.received:
        raise ValueError("nothing was received, so nothing can be refunded")
    at = payment.created_at + timedelta(minutes=draw(st.integers(0, 60)))
    requested = Refund(
        id=draw(ids()),
        payment_id=payment.id,
        session_id=payment.session_id,
        amount=Money(draw(st.integers(1, payment.received.amount)), payment.received.currency),
        reason=draw(st.sampled_from(RefundReason)),
        state=RefundState.REQUESTED,
        tries=draw(st.integers(1, TRIES)),
        created_at=at,
        updated_at=at,
    )
    state = draw(st.sampled_from(RefundState))
    unsent = state in {RefundState.REQUESTED, RefundState.CLOSED}
    return replace(requested, state=state, provider_id=None if unsent else "re_1")


@cache
def reviews() -> SearchStrategy[Review]:
    """Give reviews."""
    return st.builds(
        Review,
        id=ids(),
        session_id=ids(),
        researcher_id=ids(),
        user_id=st.integers(1, 50).map(lambda number: f"client-{number}"),
        stars=st.integers(1, 5),
        comment=st.one_of(st.none(), texts(), st.just("x" * LONGEST_COMMENT)),
        created_at=instants(),
        updated_at=instants(),
    )
