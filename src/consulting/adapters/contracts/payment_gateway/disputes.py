"""What is promised where cardholders can object to a charge: how the dispute stands, and what the bank took."""

from __future__ import annotations

from typing import Protocol

import pytest

from consulting.adapters.contracts.contract import missing
from consulting.adapters.contracts.payment_gateway.books import LONG_AGO
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    PaymentProvider,
    PaymentsContract,
    paid,
    require_returned,
    shown,
)
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.provider_books import ProviderBooks
from consulting.domain.money import Money, nothing
from consulting.domain.payments import Dispute, Intent
from consulting.domain.refunds import RefundState

PART = Money(PRICE.amount - 1, "usd")


class PaymentBank(Protocol):
    """The cardholder's bank."""

    def disputes(self, intent: Intent, amount: Money) -> None:
        """Object to this much of what the intent received."""

    def decides(self, intent: Intent, *, for_us: bool) -> None:
        """Decide the dispute: for us, or for the cardholder, who then keeps what it was about."""


class PaymentDisputesContract(PaymentsContract):
    """For providers whose charges can be disputed. Fixtures: `gateway`, `provider`, `books` and `bank`."""

    @pytest.fixture
    def books(self) -> ProviderBooks:
        """Give the books."""
        missing("books", gives="the ProviderBooks that the gateway writes")

    @pytest.fixture
    def bank(self) -> PaymentBank:
        """Give the cardholder's bank."""
        missing("bank", gives="a PaymentBank: disputes, decides")

    def test_an_open_dispute_is_shown_and_has_taken_nothing_yet(
        self, gateway: PaymentGateway, provider: PaymentProvider, bank: PaymentBank
    ) -> None:
        intent = paid(gateway, provider)
        assert (intent.dispute, intent.taken) == (None, None)
        bank.disputes(intent, PART)
        seen = shown(gateway, intent)
        assert seen.dispute is Dispute.OPEN, "a dispute is lost: nobody would answer it in time"
        assert (seen.received, seen.taken) == (PRICE, None)

    def test_a_dispute_that_was_won_takes_nothing(
        self, gateway: PaymentGateway, provider: PaymentProvider, bank: PaymentBank
    ) -> None:
        intent = paid(gateway, provider)
        bank.disputes(intent, PART)
        bank.decides(intent, for_us=True)
        seen = shown(gateway, intent)
        assert (seen.dispute, seen.received, seen.taken) == (Dispute.WON, PRICE, None)

    def test_a_dispute_that_was_lost_shows_what_the_bank_took(
        self, gateway: PaymentGateway, provider: PaymentProvider, bank: PaymentBank
    ) -> None:
        intent = paid(gateway, provider)
        bank.disputes(intent, PART)
        bank.decides(intent, for_us=False)
        seen = shown(gateway, intent)
        assert seen.dispute is Dispute.LOST
        assert seen.taken == PART, "the bank took money that is counted as ours"
        assert (seen.received, seen.returned) == (PRICE, nothing(currency="usd"))

    def test_what_the_bank_took_is_not_given_back_once_more(
        self, gateway: PaymentGateway, provider: PaymentProvider, bank: PaymentBank
    ) -> None:
        intent = paid(gateway, provider)
        bank.disputes(intent, PART)
        bank.decides(intent, for_us=False)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=PRICE)
        assert refund.state is RefundState.FAILED, "the provider's refusal for good has to be told as FAILED"
        require_returned(gateway, intent, nothing(currency="usd"))

    def test_a_dispute_is_in_the_books_with_its_intent(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks, bank: PaymentBank
    ) -> None:
        intent = paid(gateway, provider)
        paid(gateway, provider, key="session-1:2")
        bank.disputes(intent, PART)
        (booked,) = books.disputes(since=LONG_AGO)
        assert (booked.intent_id, booked.dispute) == (intent.id, Dispute.OPEN)
        bank.decides(intent, for_us=False)
        (decided,) = books.disputes(since=LONG_AGO)
        assert (decided.intent_id, decided.dispute) == (intent.id, Dispute.LOST)
