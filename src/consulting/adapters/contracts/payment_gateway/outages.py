"""What is promised when the payment provider can't be reached, doesn't answer, or doesn't know us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from consulting.adapters.contracts.outside import Line, error_of, in_time, told
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    SESSION,
    PaymentProvider,
    PaymentsContract,
    opened,
    paid,
    require_one_intent,
    require_returned,
)
from consulting.application.ports.payment_gateway import (
    PaymentGateway,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.money import Money
from consulting.domain.payments import Intent, IntentStatus

HALF = PRICE.share(percent=50)


def _calls(gateway: PaymentGateway, intent: Intent, *, key: str) -> Iterator[tuple[str, Callable[[], object]]]:
    made = gateway.refund(key=f"{key}:before", intent_id=intent.id, amount=Money(1, "usd"))
    yield "create_intent", partial(opened, gateway, key=key)
    yield "retrieve_intent", partial(gateway.retrieve_intent, intent.id)
    yield "refund", partial(gateway.refund, key=key, intent_id=intent.id, amount=HALF)
    yield "retrieve_refund", partial(gateway.retrieve_refund, made.id)
    yield "refunds_of_intent", partial(gateway.refunds_of_intent, intent.id)
    yield "cancel_intent", partial(gateway.cancel_intent, intent.id)


class OutagesContract(PaymentsContract):
    """Every call ends in seconds, and says whether something may have been done."""

    def test_an_unreachable_provider_is_told_as_unavailable(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        intent = paid(gateway, provider)
        for name, call in _calls(gateway, intent, key="down:1"):
            with line.unreachable(), in_time():
                error = error_of(call)
            assert isinstance(error, PaymentGatewayUnavailable), told(name, error, due="PaymentGatewayUnavailable")

    def test_a_silent_provider_is_given_up_within_seconds(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        intent = paid(gateway, provider)
        for name, call in _calls(gateway, intent, key="silent:1"):
            with line.silent(), in_time():
                error = error_of(call)
            assert isinstance(error, PaymentGatewayUnavailable), told(name, error, due="PaymentGatewayUnavailable")

    def test_refused_credentials_are_told_as_such(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        intent = paid(gateway, provider)
        for name, call in _calls(gateway, intent, key="unknown:1"):
            with line.credentials_refused():
                error = error_of(call)
            assert isinstance(error, PaymentGatewayMisconfigured), told(name, error, due="PaymentGatewayMisconfigured")

    def test_the_adapter_goes_on_after_an_outage(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        with line.unreachable():
            error_of(partial(opened, gateway))
        assert paid(gateway, provider).received == PRICE

    def test_nothing_was_done_where_the_outcome_is_not_called_unknown(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        with line.unreachable():
            error = error_of(partial(opened, gateway))
        if not isinstance(error, PaymentOutcomeUnknown):
            left = list(provider.intents_of(SESSION))
            assert left == [], "something was done, so PaymentOutcomeUnknown is due"

    def test_a_lost_answer_to_opening_is_called_unknown_and_repeating_opens_one_intent(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        with line.answer_lost():
            error = error_of(partial(opened, gateway))
        _require_doubt(error)
        intent = opened(gateway)
        require_one_intent(provider, intent.id)

    def test_a_lost_answer_to_a_refund_is_called_unknown_and_repeating_gives_back_once(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        intent = paid(gateway, provider)
        with line.answer_lost():
            error = error_of(partial(gateway.refund, key="r1:1", intent_id=intent.id, amount=HALF))
        _require_doubt(error)
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        require_returned(gateway, intent, HALF)

    def test_a_lost_answer_to_canceling_can_be_repeated(self, gateway: PaymentGateway, line: Line) -> None:
        intent = opened(gateway)
        with line.answer_lost():
            error = error_of(partial(gateway.cancel_intent, intent.id))
        _require_doubt(error)
        assert gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED

    def test_a_write_that_met_silence_is_repeated_with_one_effect(
        self, gateway: PaymentGateway, provider: PaymentProvider, line: Line
    ) -> None:
        intent = paid(gateway, provider)
        with line.silent():
            error = error_of(partial(gateway.refund, key="r1:1", intent_id=intent.id, amount=HALF))
        _require_doubt(error)
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        require_returned(gateway, intent, HALF)


def _require_doubt(error: Exception | None) -> None:
    """Let an adapter repeat the call by itself; if it gives up, it must not say that nothing was done."""
    if error is not None and not isinstance(error, PaymentOutcomeUnknown):
        pytest.fail(f"the call may have been carried out, so PaymentOutcomeUnknown is due, not {error!r}")
