"""What is promised about intents: one for each key, charged once, shown as it stands."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    SESSION,
    PaymentProvider,
    PaymentsContract,
    above_the_smallest,
    currencies_of,
    opened,
    paid,
    require_one_intent,
    shown,
)
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.payment_gateway import (
    PaymentDeclined,
    PaymentGateway,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
)
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import HIGHEST_HOURLY_RATE, Money, nothing
from consulting.domain.payments import IntentStatus

NO_INTENT = ("pi_nothing", "", " ", "../refunds", "pi_1?expand=x", "pi_1#x", "ünï", "x" * 2000, "a\r\nb")


class ChargesContract(PaymentsContract):
    """Intents are opened, paid, declined and canceled."""

    def test_the_browsers_key_is_given(self, gateway: PaymentGateway) -> None:
        assert gateway.publishable_key, "a browser can't pay without a key"

    def test_the_smallest_charge_is_an_amount_in_its_currency(self, gateway: PaymentGateway) -> None:
        for currency in self.currencies:
            smallest = gateway.smallest_charge(currency=currency)
            assert smallest.currency == currency
            assert smallest.amount > 0

    @pytest.mark.parametrize("currency", ["zzz", "", "USD"])
    def test_what_is_no_currency_has_no_smallest_charge(self, gateway: PaymentGateway, currency: str) -> None:
        with pytest.raises(ValidationFailed) as refusal:
            gateway.smallest_charge(currency=currency)
        assert [problem.field for problem in refusal.value.problems] == ["currency"]

    def test_a_new_intent_awaits_the_client(self, gateway: PaymentGateway) -> None:
        intent = opened(gateway)
        assert intent.id
        assert intent.client_secret
        assert intent.status is IntentStatus.AWAITING_CLIENT
        assert (intent.amount, intent.received, intent.returned) == (
            PRICE,
            nothing(currency="usd"),
            nothing(currency="usd"),
        )
        assert (intent.session_id, intent.dispute) == (SESSION, None)

    def test_an_intent_is_shown_as_it_was_opened(self, gateway: PaymentGateway) -> None:
        intent = opened(gateway)
        assert shown(gateway, intent) == intent

    def test_amounts_are_minor_units_in_every_currency(self, gateway: PaymentGateway) -> None:
        for currency in currencies_of(gateway, self.currencies):
            amount = above_the_smallest(gateway, currency)
            assert shown(gateway, opened(gateway, key=currency, amount=amount)).amount == amount

    def test_the_provider_charges_what_was_agreed_in_every_currency(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        for currency in currencies_of(gateway, self.currencies):
            intent = opened(gateway, key=currency, amount=above_the_smallest(gateway, currency))
            provider.pays(intent)
            charged, _ = provider.moved(intent)
            assert charged == intent.amount, "another amount was charged than agreed: count the currency's decimals"

    def test_the_smallest_charge_can_be_charged_and_less_cannot(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        smallest = gateway.smallest_charge(currency="usd")
        intent = opened(gateway, amount=smallest)
        provider.pays(intent)
        assert shown(gateway, intent).received == smallest
        with pytest.raises((PaymentGatewayMisconfigured, PaymentDeclined)):
            opened(gateway, key="less", amount=Money(smallest.amount - 1, "usd"))

    def test_eight_hours_at_the_highest_rate_can_be_charged(self, gateway: PaymentGateway) -> None:
        amount = Money(HIGHEST_HOURLY_RATE * 8, "usd")
        assert opened(gateway, amount=amount).amount == amount

    def test_the_same_key_opens_one_intent(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        first, again = opened(gateway), opened(gateway)
        assert again.id == first.id, "a repeated key opened another intent: the client can be charged twice"
        assert again.client_secret == first.client_secret, "the browser can't go on with the secret that it has"
        require_one_intent(provider, first.id)

    def test_another_process_opens_no_other_intent_with_the_same_key(
        self, gateway: PaymentGateway, restarted: PaymentGateway, provider: PaymentProvider
    ) -> None:
        assert restarted is not gateway, "the fixture `restarted` has to build the adapter anew"
        intent = opened(gateway)
        assert opened(restarted).id == intent.id, "keys are kept in the process: the client can be charged twice"
        require_one_intent(provider, intent.id)

    def test_the_same_key_opens_no_other_intent_after_payment(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = paid(gateway, provider)
        assert opened(gateway).id == intent.id, "a repeated key opened another intent for what is paid already"
        require_one_intent(provider, intent.id)

    def test_the_same_key_for_something_else_is_refused(self, gateway: PaymentGateway) -> None:
        intent = opened(gateway)
        with pytest.raises(PaymentGatewayMisconfigured):
            opened(gateway, amount=Money(PRICE.amount + 1, "usd"))
        assert shown(gateway, intent).amount == PRICE

    def test_another_key_opens_another_intent(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        ids = {opened(gateway, key=f"session-1:{attempt}").id for attempt in (1, 2)}
        assert len(ids) == 2, "another key is another attempt: it was answered with the first one's intent"
        assert set(provider.intents_of(SESSION)) == ids

    def test_the_same_key_at_once_opens_one_intent(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        outcomes = at_once(*[partial(opened, gateway)] * 4)
        refused = [outcome.raised for outcome in outcomes if outcome.raised is not None]
        assert all(isinstance(error, PaymentGatewayUnavailable) for error in refused), refused
        require_one_intent(provider, opened(gateway).id)

    def test_other_keys_at_once_open_an_intent_each(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        keys = [f"session-1:{attempt}" for attempt in range(4)]
        outcomes = at_once(*(partial(opened, gateway, key=key) for key in keys))
        assert [outcome.raised for outcome in outcomes] == [None] * 4, "threads were in each other's way"
        assert len(set(provider.intents_of(SESSION))) == 4, "attempts that are made at once got mixed up"

    def test_intents_of_two_sessions_are_told_apart(self, gateway: PaymentGateway) -> None:
        other = sample.identity("session", 2)
        intent = gateway.create_intent(key="session-2:1", amount=PRICE, session_id=other)
        opened(gateway)
        assert shown(gateway, intent).session_id == other

    @pytest.mark.parametrize("name", NO_INTENT)
    def test_an_unknown_intent_is_none(self, gateway: PaymentGateway, name: str) -> None:
        assert gateway.retrieve_intent(name) is None, "an intent that nobody opened was found"

    def test_a_paid_intent_shows_what_was_received(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        assert intent.status is IntentStatus.SUCCEEDED, "a charge is lost: the client paid, and it isn't shown"
        assert (intent.amount, intent.received, intent.returned) == (PRICE, PRICE, nothing(currency="usd"))

    def test_a_declined_intent_has_failed_and_can_still_be_paid(
        self, gateway: PaymentGateway, provider: PaymentProvider
    ) -> None:
        intent = opened(gateway)
        provider.is_declined(intent)
        declined = shown(gateway, intent)
        assert (declined.status, declined.received) == (IntentStatus.FAILED, nothing(currency="usd"))
        provider.pays(intent)
        assert shown(gateway, intent).status is IntentStatus.SUCCEEDED

    def test_a_canceled_intent_can_no_longer_be_paid(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = opened(gateway)
        assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
        with suppress(Exception):
            provider.pays(intent)
        seen = shown(gateway, intent)
        received = (seen.status, seen.received)
        assert received == (IntentStatus.CANCELED, nothing(currency="usd")), "a canceled intent was charged"

    def test_a_declined_intent_can_be_canceled(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = opened(gateway)
        provider.is_declined(intent)
        assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED

    def test_canceling_again_changes_nothing(self, gateway: PaymentGateway) -> None:
        intent = opened(gateway)
        gateway.cancel_intent(intent.id)
        assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED

    def test_canceling_a_paid_intent_leaves_it_paid(self, gateway: PaymentGateway, provider: PaymentProvider) -> None:
        intent = paid(gateway, provider)
        answer = gateway.cancel_intent(intent.id)
        assert (answer.status, answer.received) == (IntentStatus.SUCCEEDED, PRICE)
        assert shown(gateway, intent) == intent

    @pytest.mark.parametrize("name", ["pi_nothing", "../refunds", "ünï"])
    def test_an_unknown_intent_cannot_be_canceled(self, gateway: PaymentGateway, name: str) -> None:
        with pytest.raises(PaymentGatewayMisconfigured):
            gateway.cancel_intent(name)
