"""What is promised about refunds: each key gives back once, and never more than was paid."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from consulting.adapters.contracts.payment_gateway.charges import NO_INTENT
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    PaymentProvider,
    PaymentsContract,
    above_the_smallest,
    currencies_of,
    opened,
    paid,
    require_returned,
    shown,
)
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.payment_gateway import (
    PaymentGateway,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
)
from consulting.domain.money import Money, nothing
from consulting.domain.refunds import RefundState

ON_ITS_WAY = frozenset({RefundState.PENDING, RefundState.SUCCEEDED})
HALF = PRICE.share(percent=50)
NO_REFUND = ("re_nothing", "", "../refunds", "re_1?expand=x", "ünï", "x" * 2000, "a\r\nb")


class MoneyBackContract(PaymentsContract):
    """Refunds are asked for, repeated, and refused for good."""

    def test_a_part_can_be_given_back(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=Money(1, "usd"))
        assert refund.id
        assert refund.state in ON_ITS_WAY
        assert shown(gateway, intent).received == PRICE
        require_returned(gateway, intent, Money(1, "usd"))

    def test_what_is_given_back_stands_in_the_providers_books_in_every_currency(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        for currency in currencies_of(gateway, self.currencies):
            intent = opened(gateway, key=currency, amount=above_the_smallest(gateway, currency))
            provider.pays(intent)
            part = Money(1_230, currency)
            gateway.refund(key=f"r-{currency}:1", intent_id=intent.id, amount=part)
            _, returned = provider.moved(intent)
            assert returned >= part, "a refund is lost: less went back than was asked for"
            assert returned <= part, "more went back than was asked for: count the currency's decimals"

    def test_everything_can_be_given_back_in_parts(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        first = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        second = gateway.refund(key="r2:1", intent_id=intent.id, amount=HALF)
        assert first.id != second.id, "another key is another refund: it was answered with the first one"
        require_returned(gateway, intent, PRICE)

    def test_the_same_key_gives_back_once(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        first = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        again = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        assert again.id == first.id, "a repeated key made another refund: the money goes back twice"
        require_returned(gateway, intent, HALF)

    def test_another_process_gives_nothing_more_back_with_the_same_key(
        self, gateway: PaymentGateway, restarted: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = paid(gateway, provider)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        again = restarted.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        assert again.id == refund.id, "keys are kept in the process: the money goes back twice"
        require_returned(restarted, intent, HALF)

    def test_the_same_key_at_once_gives_back_once(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        give_back = partial(gateway.refund, key="r1:1", intent_id=intent.id, amount=HALF)
        refused = [outcome.raised for outcome in at_once(*[give_back] * 4) if outcome.raised is not None]
        assert all(isinstance(error, PaymentGatewayUnavailable) for error in refused), refused
        assert give_back().state in ON_ITS_WAY
        require_returned(gateway, intent, HALF)

    def test_the_same_key_for_another_amount_gives_back_nothing_more(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = paid(gateway, provider)
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        with suppress(PaymentGatewayMisconfigured):
            assert gateway.refund(key="r1:1", intent_id=intent.id, amount=Money(1, "usd")).amount == HALF
        require_returned(gateway, intent, HALF)

    def test_more_than_was_paid_is_refused_for_good(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=Money(PRICE.amount + 1, "usd"))
        assert refund.state is RefundState.FAILED, "the provider's refusal for good has to be told as FAILED"
        require_returned(gateway, intent, nothing(currency="usd"))

    def test_more_than_is_left_is_refused_for_good(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        refund = gateway.refund(key="r2:1", intent_id=intent.id, amount=PRICE)
        assert refund.state is RefundState.FAILED, "the provider's refusal for good has to be told as FAILED"
        require_returned(gateway, intent, HALF)

    def test_different_refunds_at_once_never_give_back_more_than_was_paid(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = paid(gateway, provider)
        at_once(*(partial(gateway.refund, key=f"r{n}:1", intent_id=intent.id, amount=PRICE) for n in range(4)))
        require_returned(gateway, intent, PRICE)

    def test_an_intent_that_was_never_paid_gives_nothing_back(self, gateway: PaymentGateway) -> None:
        intent = opened(gateway)
        assert gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF).state is RefundState.FAILED

    def test_an_unknown_intent_gives_nothing_back(self, gateway: PaymentGateway) -> None:
        with suppress(PaymentGatewayMisconfigured):
            refund = gateway.refund(key="r1:1", intent_id="pi_nothing", amount=HALF)
            assert refund.state is RefundState.FAILED

    def test_a_refund_is_shown_as_it_stands(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        seen = gateway.retrieve_refund(refund.id)
        assert seen is not None, "a refund is lost: the provider doesn't know the refund that it answered with"
        assert seen.id == refund.id
        assert seen.state in ON_ITS_WAY
        assert (seen.amount, seen.key) == (HALF, "r1:1")

    def test_every_refund_of_an_intent_is_listed_with_amount_and_key(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent, other = paid(gateway, provider), paid(gateway, provider, key="session-1:2")
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        gateway.refund(key="r2:1", intent_id=intent.id, amount=Money(1, "usd"))
        gateway.refund(key="r3:1", intent_id=other.id, amount=PRICE)
        listed = gateway.refunds_of_intent(intent.id)
        assert {(each.key, each.amount) for each in listed} == {("r1:1", HALF), ("r2:1", Money(1, "usd"))}
        assert all(gateway.retrieve_refund(each.id) == each for each in listed)

    def test_a_refund_made_elsewhere_is_listed_without_a_key(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = paid(gateway, provider)
        provider.refunds_elsewhere(intent, HALF)
        (listed,) = gateway.refunds_of_intent(intent.id)
        assert (listed.key, listed.amount) == (None, HALF)
        assert listed.state in ON_ITS_WAY
        require_returned(gateway, intent, HALF)

    @pytest.mark.parametrize("name", NO_INTENT)
    def test_an_unknown_intent_has_no_refunds(self, gateway: PaymentGateway, name: str) -> None:
        assert list(gateway.refunds_of_intent(name)) == []

    @pytest.mark.parametrize("name", NO_REFUND)
    def test_an_unknown_refund_is_none(self, gateway: PaymentGateway, name: str) -> None:
        assert gateway.retrieve_refund(name) is None
