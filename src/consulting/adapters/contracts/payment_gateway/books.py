"""What is promised about the provider's own books: all that was booked is listed, whoever did it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consulting.adapters.contracts.contract import missing
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    SESSION,
    PaymentProvider,
    PaymentsContract,
    opened,
    paid,
)
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.provider_books import ProviderBooks
from consulting.domain.money import Money

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HALF = PRICE.share(percent=50)


class ProviderBooksContract(PaymentsContract):
    """For providers that let us read their books; the fixture `books` gives those that `gateway` writes."""

    @pytest.fixture
    def books(self) -> ProviderBooks:
        """Give the books."""
        missing("books", gives="the ProviderBooks that the gateway writes")

    def test_charges_are_listed_with_their_session_and_unpaid_intents_are_not(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        opened(gateway, key="session-1:2")
        provider.is_declined(opened(gateway, key="session-1:3"))
        (charge,) = books.charges(since=LONG_AGO)
        assert charge.id
        assert (charge.intent_id, charge.received, charge.session_id) == (intent.id, PRICE, SESSION)

    def test_refunds_are_listed_whoever_made_them(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        ours = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        provider.refunds_elsewhere(intent, Money(1, "usd"))
        listed = list(books.refunds(since=LONG_AGO))
        assert {(each.intent_id, each.refund.amount, each.refund.key) for each in listed} == {
            (intent.id, HALF, "r1:1"),
            (intent.id, Money(1, "usd"), None),
        }
        assert ours in [each.refund for each in listed]

    def test_a_long_list_is_read_to_its_end(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        for number in range(103):
            gateway.refund(key=f"r{number}:1", intent_id=intent.id, amount=Money(1, "usd"))
        assert len(list(books.refunds(since=LONG_AGO))) == 103
        assert len(gateway.refunds_of_intent(intent.id)) == 103

    def test_nothing_is_listed_where_nothing_was_booked(self, books: ProviderBooks) -> None:
        lists = (books.charges, books.refunds, books.disputes)
        assert [list(each(since=LONG_AGO)) for each in lists] == [[], [], []]
