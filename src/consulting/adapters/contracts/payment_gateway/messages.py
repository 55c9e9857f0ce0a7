"""What is promised about the provider's messages: only signed, recent ones are read, and repeats look the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    PaymentMessages,
    PaymentProvider,
    PaymentsContract,
    SignedMessage,
    opened,
    paid,
)
from consulting.application.ports.payment_gateway import PaymentGateway, WebhookSignatureInvalid

NO_MESSAGE = (b"", b"{}", b"null", b"\xff\xfe", b'{"id": 1}', b"[" * 5000)


class MessagesContract(PaymentsContract):
    """A message is a hint where to look, if it is signed."""

    def test_a_signed_message_is_read(self, gateway: PaymentGateway, messages: PaymentMessages) -> None:
        intent = opened(gateway)
        message = messages.about(intent.id)
        event = gateway.read_event(body=message.body, headers=message.headers)
        assert event.intent_id == intent.id
        assert event.source
        assert event.kind
        assert event.external_id

    def test_a_repeated_message_is_read_the_same(self, gateway: PaymentGateway, messages: PaymentMessages) -> None:
        message = messages.about(opened(gateway).id)
        first = gateway.read_event(body=message.body, headers=message.headers)
        assert gateway.read_event(body=message.body, headers=message.headers) == first, "it would be counted twice"

    def test_a_message_that_is_delivered_again_has_the_same_id(
        self, gateway: PaymentGateway, messages: PaymentMessages
    ) -> None:
        message = messages.about(opened(gateway).id)
        first = gateway.read_event(body=message.body, headers=message.headers)
        repeated = messages.repeated(message)
        again = gateway.read_event(body=repeated.body, headers=repeated.headers)
        same = (again.source, again.external_id) == (first.source, first.external_id)
        assert same, "a repeated event would be counted twice: its id has to be the provider's own, not the delivery's"

    def test_a_message_about_a_refund_names_it(
        self, gateway: PaymentGateway, provider: PaymentProvider, messages: PaymentMessages
    ) -> None:
        intent = paid(gateway, provider)
        refund = gateway.refund(key="r1:1", intent_id=intent.id, amount=PRICE)
        message = messages.about_refund(refund.id, intent_id=intent.id)
        event = gateway.read_event(body=message.body, headers=message.headers)
        assert event.refund_id == refund.id, "what becomes of a refund would not be heard of"
        assert event.intent_id in {None, intent.id}

    def test_two_messages_have_two_ids_from_one_source(
        self, gateway: PaymentGateway, messages: PaymentMessages
    ) -> None:
        intent = opened(gateway)
        sent = [messages.about(intent.id) for _ in range(2)]
        first, second = (gateway.read_event(body=each.body, headers=each.headers) for each in sent)
        assert first.source == second.source
        assert first.external_id != second.external_id, "the second message would be taken for a repeat, and lost"

    def test_a_message_about_an_intent_that_is_not_ours_is_read(
        self, gateway: PaymentGateway, messages: PaymentMessages
    ) -> None:
        message = messages.about("pi_somebody_elses")
        assert gateway.read_event(body=message.body, headers=message.headers).intent_id == "pi_somebody_elses"

    def test_a_changed_message_is_refused(self, gateway: PaymentGateway, messages: PaymentMessages) -> None:
        message = messages.about(opened(gateway).id)
        _require_refused(gateway, message, body=message.body + b" ")
        _require_refused(gateway, message, body=message.body.replace(b"e", b"E", 1))

    @pytest.mark.parametrize("body", NO_MESSAGE)
    def test_a_body_that_was_not_signed_is_refused(
        self, gateway: PaymentGateway, messages: PaymentMessages, body: bytes
    ) -> None:
        _require_refused(gateway, messages.about(opened(gateway).id), body=body)

    def test_a_message_without_any_header_is_refused(self, gateway: PaymentGateway, messages: PaymentMessages) -> None:
        message = messages.about(opened(gateway).id)
        with _refusal():
            gateway.read_event(body=message.body, headers={})

    @pytest.mark.parametrize("value", ["", "nonsense", "t=,v1=", "ünï", "0" * 5000])
    def test_headers_that_say_something_else_are_refused(
        self, gateway: PaymentGateway, messages: PaymentMessages, value: str
    ) -> None:
        message = messages.about(opened(gateway).id)
        with _refusal():
            gateway.read_event(body=message.body, headers=dict.fromkeys(message.headers, value))

    def test_the_signature_of_another_message_is_refused(
        self, gateway: PaymentGateway, messages: PaymentMessages
    ) -> None:
        intent = opened(gateway)
        message, other = messages.about(intent.id), messages.about(intent.id)
        _require_refused(gateway, other, body=message.body)

    def test_an_outdated_message_is_refused(self, gateway: PaymentGateway, messages: PaymentMessages) -> None:
        message = messages.outdated(opened(gateway).id)
        _require_refused(gateway, message, body=message.body)


def _require_refused(gateway: PaymentGateway, message: SignedMessage, *, body: bytes) -> None:
    with _refusal():
        gateway.read_event(body=body, headers=message.headers)


@contextmanager
def _refusal() -> Iterator[None]:
    """Fail unless the block refuses the message."""
    try:
        yield
    except WebhookSignatureInvalid:
        return
    pytest.fail("a message that the provider didn't sign, or not just now, was read: WebhookSignatureInvalid is due")
