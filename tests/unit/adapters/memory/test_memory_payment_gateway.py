from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.memory import MemoryPaymentGateway, MovingClock, SignedMessage
from consulting.application.ports.provider_books import ProviderBooks
from consulting.contracts import PaymentDisputesContract, PaymentGatewayContract, ProviderBooksContract
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.refunds import RefundState
from tests.unit.adapters.memory.trouble import MemoryLine

PRICE = Money(12_000, "usd")


@dataclass(frozen=True)
class Provider:
    gateway: MemoryPaymentGateway

    def pays(self, intent: Intent) -> None:
        self.gateway.client_pays(intent.id)

    def is_declined(self, intent: Intent) -> None:
        self.gateway.client_fails(intent.id)

    def refunds_elsewhere(self, intent: Intent, amount: Money) -> None:
        self.gateway.refund_made_outside(intent.id, amount=amount)

    def intents_of(self, session_id: UUID) -> Sequence[str]:
        return self.gateway.intents_of(session_id)

    def moved(self, intent: Intent) -> tuple[Money, Money]:
        booked = self.gateway._books.intents[intent.id]
        return booked.received, booked.returned


@dataclass(frozen=True)
class Bank:
    gateway: MemoryPaymentGateway

    def disputes(self, intent: Intent, amount: Money) -> None:
        self.gateway.client_disputes(intent.id, amount=amount)

    def decides(self, intent: Intent, *, for_us: bool) -> None:
        self.gateway.dispute_ends(intent.id, won=for_us)


@dataclass(frozen=True)
class Messages:
    gateway: MemoryPaymentGateway
    clock: MovingClock

    def about(self, intent_id: str) -> SignedMessage:
        return self.gateway.message_about(intent_id)

    def repeated(self, message: SignedMessage) -> SignedMessage:
        self.clock.advance(timedelta(seconds=10))
        return self.gateway.message_again(message)

    def about_refund(self, refund_id: str, *, intent_id: str) -> SignedMessage:
        return self.gateway.message_about(intent_id, kind="refund.succeeded", refund_id=refund_id)

    def outdated(self, intent_id: str) -> SignedMessage:
        message = self.gateway.message_about(intent_id)
        self.clock.advance(timedelta(hours=1))
        return message


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(sample.NOW)


class TestMemoryPaymentGateway(PaymentGatewayContract, ProviderBooksContract, PaymentDisputesContract):
    @pytest.fixture
    def bank(self, gateway: MemoryPaymentGateway) -> Bank:
        return Bank(gateway)

    @pytest.fixture
    def books(self, gateway: MemoryPaymentGateway) -> ProviderBooks:
        return gateway.books()

    @pytest.fixture
    def gateway(self, clock: MovingClock) -> MemoryPaymentGateway:
        return MemoryPaymentGateway(clock=clock)

    @pytest.fixture
    def restarted(self, gateway: MemoryPaymentGateway, clock: MovingClock) -> MemoryPaymentGateway:
        again = type(gateway)(clock=clock)
        again._books = gateway._books
        return again

    @pytest.fixture
    def provider(self, gateway: MemoryPaymentGateway) -> Provider:
        return Provider(gateway)

    @pytest.fixture
    def line(self, gateway: MemoryPaymentGateway) -> MemoryLine:
        return MemoryLine(gateway.line)

    @pytest.fixture
    def messages(self, gateway: MemoryPaymentGateway, clock: MovingClock) -> Messages:
        return Messages(gateway, clock)


@pytest.fixture
def gateway() -> MemoryPaymentGateway:
    return MemoryPaymentGateway()


@pytest.fixture
def intent(gateway: MemoryPaymentGateway) -> Intent:
    return gateway.create_intent(key="1", amount=PRICE, session_id=sample.identity("session", 1))


def shown(gateway: MemoryPaymentGateway, intent: Intent) -> Intent:
    found = gateway.retrieve_intent(intent.id)
    assert found is not None
    return found


def test_a_payment_can_ask_for_action_and_be_processed_before_it_succeeds(
    gateway: MemoryPaymentGateway, intent: Intent
) -> None:
    gateway.needs_action(intent.id)
    assert shown(gateway, intent).status is IntentStatus.ACTION_REQUIRED
    gateway.starts_processing(intent.id)
    assert gateway.cancel_intent(intent.id).status is IntentStatus.PROCESSING
    gateway.client_pays(intent.id)
    assert shown(gateway, intent).received == PRICE


def test_another_amount_than_agreed_can_arrive(gateway: MemoryPaymentGateway, intent: Intent) -> None:
    gateway.client_pays(intent.id, amount=Money(1, "usd"))
    assert (shown(gateway, intent).amount, shown(gateway, intent).received) == (PRICE, Money(1, "usd"))


@pytest.mark.parametrize("end", ["pays", "cancels"])
def test_what_has_ended_cannot_be_paid_again(gateway: MemoryPaymentGateway, intent: Intent, end: str) -> None:
    if end == "pays":
        gateway.client_pays(intent.id)
    else:
        gateway.cancel_intent(intent.id)
    with pytest.raises(ValueError, match="for good"):
        gateway.client_pays(intent.id)


def test_a_repeated_key_is_answered_with_the_intent_as_it_first_was(
    gateway: MemoryPaymentGateway, intent: Intent
) -> None:
    gateway.client_pays(intent.id)
    again = gateway.create_intent(key="1", amount=PRICE, session_id=sample.identity("session", 1))
    assert again.status is IntentStatus.AWAITING_CLIENT


def test_a_pending_refund_succeeds_or_fails_later(gateway: MemoryPaymentGateway, intent: Intent) -> None:
    gateway.client_pays(intent.id)
    gateway.refunds_become = RefundState.PENDING
    refund = gateway.refund(key="r", intent_id=intent.id, amount=PRICE)
    assert (refund.state, shown(gateway, intent).returned) == (RefundState.PENDING, PRICE)
    gateway.refund_succeeds(refund.id)
    seen = gateway.retrieve_refund(refund.id)
    assert seen is not None
    assert seen.state is RefundState.SUCCEEDED
    gateway.refund_fails(refund.id)
    assert shown(gateway, intent).returned == Money(0, "usd")
    assert gateway.refund(key="r2", intent_id=intent.id, amount=PRICE).state is RefundState.PENDING


def test_no_refund_is_given_while_the_charge_is_disputed(gateway: MemoryPaymentGateway, intent: Intent) -> None:
    gateway.client_pays(intent.id)
    gateway.client_disputes(intent.id)
    assert shown(gateway, intent).dispute is Dispute.OPEN
    assert gateway.refund(key="r1", intent_id=intent.id, amount=PRICE).state is RefundState.FAILED
    gateway.dispute_ends(intent.id, won=True)
    assert gateway.refund(key="r2", intent_id=intent.id, amount=PRICE).state is RefundState.SUCCEEDED


def test_a_refund_made_in_the_dashboard_counts_as_returned(gateway: MemoryPaymentGateway, intent: Intent) -> None:
    gateway.client_pays(intent.id)
    gateway.refund_made_outside(intent.id, amount=PRICE)
    assert shown(gateway, intent).returned == PRICE


def test_what_happens_is_told_in_signed_messages(gateway: MemoryPaymentGateway, intent: Intent) -> None:
    gateway.client_fails(intent.id)
    gateway.client_pays(intent.id)
    refund_id = gateway.refund_made_outside(intent.id, amount=PRICE)
    events = [gateway.read_event(body=each.body, headers=each.headers) for each in gateway.messages]
    assert [event.kind for event in events] == ["payment.failed", "payment.succeeded", "refund.succeeded"]
    assert [event.refund_id for event in events] == [None, None, refund_id]
