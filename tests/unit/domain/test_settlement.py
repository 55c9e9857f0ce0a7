"""Settlement: whatever the provider shows, in whatever order, ends in one right state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain import events
from consulting.domain.cancellation import CancellationReason
from consulting.domain.errors import RefundExceedsPayment
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Dispute, Intent, IntentStatus, Payment, PaymentState, first_attempt, next_attempt
from consulting.domain.refunds import Refund, RefundReason, RefundState, left_of, request, total
from consulting.domain.session_states import SC, SF, SP, STATES, XC, XP, XR, State
from consulting.domain.settlement import Settlement, settle
from tests.unit.domain.test_sessions import NOW, PRICE, session_in

PAYMENT = replace(
    first_attempt(id=UUID(int=50), session_id=UUID(int=1), price=PRICE, at=NOW - timedelta(minutes=4)), intent_id="pi_1"
)


def intent(status: IntentStatus, **changes: object) -> Intent:
    shown = Intent(
        id="pi_1",
        status=status,
        amount=PRICE,
        received=PRICE if status is IntentStatus.SUCCEEDED else nothing(currency="usd"),
        returned=nothing(currency="usd"),
        session_id=UUID(int=1),
    )
    return replace(shown, **changes)  # type: ignore[arg-type]


def settled(
    state: State, shown: Intent, *, payment: Payment = PAYMENT, slot_free: bool = True, refunds: tuple[Refund, ...] = ()
) -> Settlement:
    return settle(
        session=session_in(state),
        payment=payment,
        refunds=refunds,
        intent=shown,
        slot_free=slot_free,
        refund_id=UUID(int=60),
        at=NOW,
    )


@pytest.mark.parametrize(
    ("status", "state", "payment_state"),
    [
        (IntentStatus.SUCCEEDED, SC, PaymentState.SUCCEEDED),
        (IntentStatus.FAILED, SF, PaymentState.FAILED),
        (IntentStatus.CANCELED, SF, PaymentState.CANCELED),
        (IntentStatus.PROCESSING, SP, PaymentState.OPEN),
        (IntentStatus.ACTION_REQUIRED, SP, PaymentState.OPEN),
        (IntentStatus.AWAITING_CLIENT, SP, PaymentState.OPEN),
    ],
)
def test_a_living_hold_follows_its_payment(status: IntentStatus, state: State, payment_state: PaymentState) -> None:
    result = settled(SP, intent(status))

    assert (state, payment_state, None) == (result.session.state, result.payment.state, result.refund)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("slot_free", [True, False])
def test_settling_again_changes_nothing(state: State, slot_free: bool) -> None:
    first = settled(state, intent(IntentStatus.SUCCEEDED), slot_free=slot_free)

    again = settle(
        session=first.session,
        payment=first.payment,
        refunds=(first.refund,) if first.refund else (),
        intent=intent(IntentStatus.SUCCEEDED),
        slot_free=slot_free,
        refund_id=UUID(int=61),
        at=NOW,
    )

    assert (first.session, first.payment, (), None) == (again.session, again.payment, again.happened, again.refund)


@pytest.mark.parametrize(
    ("state", "slot_free", "after", "refund"),
    [
        (XP, True, SC, None),
        (XP, False, XR, RefundReason.LATE_PAYMENT),
        (SC, True, SC, RefundReason.CHARGED_TWICE),
        (XC, True, XC, RefundReason.CHARGED_TWICE),
        (XR, True, XR, RefundReason.CHARGED_TWICE),
    ],
)
def test_money_that_buys_nothing_goes_back_in_full(
    state: State, slot_free: bool, after: State, refund: RefundReason | None
) -> None:
    result = settled(state, intent(IntentStatus.SUCCEEDED), slot_free=slot_free)

    assert after == result.session.state
    assert (refund, PRICE if refund else None) == (
        (result.refund.reason, result.refund.amount) if result.refund else (None, None)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": PRICE - Money(1, "usd")},
        {"amount": Money(PRICE.amount, "eur"), "received": Money(PRICE.amount, "eur")},
        {"received": PRICE - Money(1, "usd")},
        {"session_id": UUID(int=99)},
        {"session_id": None},
    ],
)
def test_a_payment_that_differs_never_confirms_and_goes_back(changes: dict[str, object]) -> None:
    shown = intent(IntentStatus.SUCCEEDED, **changes)

    result = settled(SP, shown)

    assert (result.session.state, result.payment.state) == (SF, PaymentState.MISMATCHED)
    assert result.refund is not None
    assert (shown.received, RefundReason.MISMATCH) == (result.refund.amount, result.refund.reason)


def test_a_differing_payment_that_was_not_captured_gives_nothing_back_and_is_caught_when_it_is() -> None:
    cheap = {"amount": Money(1, "usd")}
    flagged = settled(SP, intent(IntentStatus.AWAITING_CLIENT, **cheap))
    captured = settled(SP, intent(IntentStatus.SUCCEEDED, received=Money(1, "usd"), **cheap), payment=flagged.payment)

    assert (flagged.payment.state, flagged.refund) == (PaymentState.MISMATCHED, None)
    assert captured.refund is not None
    assert Money(1, "usd") == captured.refund.amount


def test_a_late_failure_is_only_recorded() -> None:
    result = settled(SC, intent(IntentStatus.FAILED))

    assert (result.session.state, result.happened) == (SC, ())


def test_an_open_dispute_is_seen_on_a_settled_payment() -> None:
    paid = settled(SP, intent(IntentStatus.SUCCEEDED)).payment

    result = settled(SC, intent(IntentStatus.SUCCEEDED, dispute=Dispute.OPEN), payment=paid)

    assert (result.payment.dispute, result.session.state) == (Dispute.OPEN, SC)


def test_a_payment_after_the_clients_cancellation_is_returned() -> None:
    canceled = session_in(XP, reason=CancellationReason.BY_CLIENT)
    result = settle(
        session=canceled,
        payment=PAYMENT,
        refunds=(),
        intent=intent(IntentStatus.SUCCEEDED),
        slot_free=True,
        refund_id=UUID(int=60),
        at=NOW,
    )

    assert result.session.state == XR
    assert (events.PaymentReturned(late=False),) == result.happened
    assert result.refund is not None


def test_one_attempt_at_a_time() -> None:
    with pytest.raises(ValueError, match="one attempt at a time"):
        next_attempt(PAYMENT, id=UUID(int=51), at=NOW)

    second = next_attempt(PAYMENT.turned(PaymentState.CANCELED, at=NOW), id=UUID(int=51), at=NOW)
    assert (2, None, f"{UUID(int=1)}:2") == (second.attempt, second.intent_id, second.key)


@given(
    amounts=st.lists(st.tuples(st.integers(0, 15_000), st.sampled_from(RefundState)), max_size=8),
)
def test_refunds_never_exceed_the_payment(amounts: list[tuple[int, RefundState]]) -> None:
    paid = PAYMENT.charged(received=PRICE, state=PaymentState.SUCCEEDED, at=NOW)
    refunds: list[Refund] = []
    for number, (amount, became) in enumerate(amounts):
        try:
            refund = request(
                id=UUID(int=100 + number),
                payment=paid,
                refunds=refunds,
                amount=Money(amount, "usd"),
                reason=RefundReason.GOODWILL,
                at=NOW,
            )
        except RefundExceedsPayment:
            assert not amount or Money(amount, "usd") > left_of(paid, refunds)
            continue
        refunds.append(refund.became(became, provider_id="re_1", at=NOW))

    assert total(refunds, currency="usd") <= PRICE


def test_a_failed_refund_is_tried_once_more_under_a_new_key() -> None:
    paid = PAYMENT.charged(received=PRICE, state=PaymentState.SUCCEEDED, at=NOW)
    first = request(
        id=UUID(int=60), payment=paid, refunds=(), amount=PRICE, reason=RefundReason.CANCELED, at=NOW
    ).became(RefundState.FAILED, provider_id="re_1", at=NOW)

    second = first.again(at=NOW)

    assert second is not None
    assert (second.state, second.provider_id) == (RefundState.REQUESTED, None)
    assert second.key != first.key
    assert second.became(RefundState.FAILED, provider_id="re_2", at=NOW).again(at=NOW) is None
