"""The Stripe adapter over real sockets against the sandbox: intents, refunds and disputes."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulting.adapters.stripe import StripeGateway
from consulting.application.ports.payment_gateway import PaymentGatewayMisconfigured
from consulting.application.ports.provider_books import BookedDispute
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, IntentStatus
from consulting.domain.refunds import RefundState
from tests.integration.adapters.payers import PRICE, SESSION, gateway_at, paid

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_an_intent_is_for_exactly_this_price_this_session_and_cards_only(gateway: StripeGateway, outside: Any) -> None:
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert (intent.amount, intent.received.amount, intent.session_id) == (PRICE, 0, SESSION)
    assert intent.status is IntentStatus.AWAITING_CLIENT
    assert intent.client_secret is not None
    kept = outside.stripe(f"payment_intents/{intent.id}")
    assert (kept["payment_method_types"], kept["receipt_email"]) == (["card"], None)
    assert kept["metadata"] == {"session_id": str(SESSION)}


def test_the_same_key_gives_the_same_intent_and_another_key_another(gateway: StripeGateway) -> None:
    first = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    again = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    other = gateway.create_intent(key="k:2", amount=PRICE, session_id=SESSION)
    assert again.id == first.id != other.id


def test_a_key_used_for_another_price_is_our_own_fault(gateway: StripeGateway) -> None:
    gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    with pytest.raises(PaymentGatewayMisconfigured):
        gateway.create_intent(key="k", amount=Money(6000, "usd"), session_id=SESSION)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("pm_card_visa", IntentStatus.SUCCEEDED),
        ("pm_card_chargeDeclined", IntentStatus.FAILED),
        ("pm_card_threeDSecure2Required", IntentStatus.ACTION_REQUIRED),
    ],
)
def test_what_the_client_did_is_seen_when_asked(
    gateway: StripeGateway, outside: Any, method: str, status: IntentStatus
) -> None:
    shown = paid(gateway, outside, method=method)
    assert shown.status is status
    assert shown.received == (PRICE if status is IntentStatus.SUCCEEDED else Money(0, "usd"))


def test_a_bank_debit_is_processing_until_the_bank_has_spoken(outside: Any) -> None:
    with closing(gateway_at(f"{outside.url}/stripe", methods=("card", "us_bank_account"))) as gateway:
        shown = paid(gateway, outside, method="pm_usBankAccount_processing")
        assert shown.status is IntentStatus.PROCESSING
        outside.tell(f"payment_intents/{shown.id}/settle", succeed=True)
        settled = gateway.retrieve_intent(shown.id)
    assert settled is not None
    assert (settled.status, settled.received) == (IntentStatus.SUCCEEDED, PRICE)


@pytest.mark.parametrize("unknown", ["pi_unknown", "", "../refunds", "pi_1?expand", "pi 1"])
def test_an_intent_that_stripe_does_not_have_is_none(gateway: StripeGateway, unknown: str) -> None:
    assert gateway.retrieve_intent(unknown) is None
    assert gateway.retrieve_refund(unknown) is None


def test_canceling_shows_how_the_intent_stands_then(gateway: StripeGateway, outside: Any) -> None:
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
    assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
    charged = paid(gateway, outside)
    shown = gateway.cancel_intent(charged.id)
    assert (shown.status, shown.received) == (IntentStatus.SUCCEEDED, PRICE)


def test_canceling_an_intent_that_is_not_ours_is_our_own_fault(gateway: StripeGateway) -> None:
    for unknown in ("pi_unknown", "../refunds"):
        with pytest.raises(PaymentGatewayMisconfigured):
            gateway.cancel_intent(unknown)


def test_a_refund_is_given_once_a_key_and_shows_in_the_intent(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    first = gateway.refund(key="r:1", intent_id=intent.id, amount=Money(2000, "usd"))
    assert gateway.refund(key="r:1", intent_id=intent.id, amount=Money(2000, "usd")) == first
    assert first.state is RefundState.SUCCEEDED
    assert gateway.retrieve_refund(first.id) == first
    shown = gateway.retrieve_intent(intent.id)
    assert shown is not None
    assert shown.returned == Money(2000, "usd")


def test_a_refund_beyond_what_is_left_is_refused_for_good(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    gateway.refund(key="r:1", intent_id=intent.id, amount=Money(4000, "usd"))
    assert gateway.refund(key="r:2", intent_id=intent.id, amount=Money(2000, "usd")).state is RefundState.FAILED
    gateway.refund(key="r:3", intent_id=intent.id, amount=Money(1000, "usd"))
    assert gateway.refund(key="r:4", intent_id=intent.id, amount=Money(1, "usd")).state is RefundState.FAILED
    unpaid = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert gateway.refund(key="r:5", intent_id=unpaid.id, amount=PRICE).state is RefundState.FAILED
    shown = gateway.retrieve_intent(intent.id)
    assert shown is not None
    assert shown.returned == PRICE


def test_a_refund_that_was_given_before_stripe_forgot_its_key_is_found(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    given = outside.refund_without_key(payment_intent=intent.id, amount="5000", **{"metadata[key]": "r:1"})
    found = gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE)
    assert (found.id, found.state) == (given, RefundState.SUCCEEDED)
    assert gateway.refund(key="r:2", intent_id=intent.id, amount=PRICE).id == ""


def test_a_refund_of_an_intent_that_is_not_ours_is_our_own_fault(gateway: StripeGateway) -> None:
    with pytest.raises(PaymentGatewayMisconfigured):
        gateway.refund(key="r:1", intent_id="pi_unknown", amount=PRICE)


def test_a_refund_can_be_pending_and_fail_later(gateway: StripeGateway, outside: Any) -> None:
    outside.tell("refunds/next", status="pending")
    intent = paid(gateway, outside)
    refund = gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE)
    assert refund.state is RefundState.PENDING
    outside.tell(f"refunds/{refund.id}/settle", succeed=False)
    later = gateway.retrieve_refund(refund.id)
    assert later is not None
    assert later.state is RefundState.FAILED


def test_a_dispute_is_seen_open_and_then_decided(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    assert intent.dispute is None
    charge = outside.stripe(f"payment_intents/{intent.id}")["latest_charge"]
    dispute = outside.tell(f"charges/{charge}/dispute", amount=PRICE.amount - 1)
    shown = gateway.retrieve_intent(intent.id)
    assert shown is not None
    assert (shown.dispute, shown.taken) == (Dispute.OPEN, None)
    assert gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE).state is RefundState.FAILED
    outside.tell(f"disputes/{dispute['id']}/close", won=False)
    decided = gateway.retrieve_intent(intent.id)
    assert decided is not None
    assert (decided.dispute, decided.taken) == (Dispute.LOST, Money(PRICE.amount - 1, "usd"))


def test_a_dispute_is_in_the_books_with_its_intent(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    charge = outside.stripe("charges", payment_intent=intent.id)["data"][0]["id"]
    dispute = outside.tell(f"charges/{charge}/dispute")
    books = gateway.books()

    assert list(books.disputes(since=LONG_AGO)) == [BookedDispute(intent_id=intent.id, dispute=Dispute.OPEN)]
    outside.tell(f"disputes/{dispute['id']}/close", won=True)
    assert list(books.disputes(since=LONG_AGO)) == [BookedDispute(intent_id=intent.id, dispute=Dispute.WON)]
    assert list(books.disputes(since=datetime.now(UTC) + timedelta(hours=1))) == []
