"""The Stripe adapter over real sockets against the sandbox, with its faults."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import stripe

from consulting.adapters.stripe import StripeGateway, open_gateway
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.application.ports.provider_books import BookedDispute
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, Intent, IntentStatus
from consulting.domain.refunds import RefundState

SESSION = UUID("0192f0c1-0000-7000-8000-000000000001")
PRICE = Money(5000, "usd")
TIMEOUT = 1.0
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def gateway_at(
    url: str, *, key: str = "sk_test_sandbox", methods: tuple[str, ...] = ("card",), version: str | None = None
) -> StripeGateway:
    return open_gateway(
        secret_key=key,
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=url,
        timeout_seconds=TIMEOUT,
        api_version=version,
        payment_method_types=methods,
    )


@pytest.fixture
def gateway(outside: Any) -> Iterator[StripeGateway]:
    gateway = gateway_at(f"{outside.url}/stripe")
    yield gateway
    gateway.close()


def paid(gateway: StripeGateway, outside: Any, *, method: str = "pm_card_visa", amount: Money = PRICE) -> Intent:
    intent = gateway.create_intent(key=f"{SESSION}:{method}", amount=amount, session_id=SESSION)
    outside.pay(intent.id, intent.client_secret, method)
    shown = gateway.retrieve_intent(intent.id)
    assert shown is not None
    return shown


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


# Failure


def test_a_server_error_is_retried_with_the_same_key(gateway: StripeGateway, outside: Any) -> None:
    outside.fault("stripe", "status", "payment_intents.create", value=500)
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert [each["id"] for each in outside.stripe("payment_intents")["data"]] == [intent.id]


def test_a_lost_answer_is_asked_for_again_and_charges_nothing_twice(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    outside.fault("stripe", "drop_answer", "refunds.create")
    refund = gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE)
    assert refund.state is RefundState.SUCCEEDED
    assert [each["id"] for each in outside.stripe("refunds")["data"]] == [refund.id]


@pytest.mark.parametrize(
    ("fault", "value", "count"), [("status", 500, 3), ("drop_answer", None, 3), ("hang", 2.5, 1)], ids=str
)
def test_a_write_whose_outcome_is_unknown_says_so_and_can_be_repeated(
    gateway: StripeGateway, outside: Any, fault: str, value: float | None, count: int
) -> None:
    intent = paid(gateway, outside)
    outside.fault("stripe", fault, "refunds.create", value=value, count=count)
    began = time.monotonic()
    with pytest.raises(PaymentOutcomeUnknown):
        gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE)
    assert time.monotonic() - began < TIMEOUT + 4
    assert outside.faults_left() == 0
    time.sleep(1.8 if fault == "hang" else 0)
    assert gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE).state is RefundState.SUCCEEDED
    assert len(outside.stripe("refunds")["data"]) == 1


def test_a_hanging_provider_is_given_up_within_seconds_and_not_asked_twice(
    gateway: StripeGateway, outside: Any
) -> None:
    outside.fault("stripe", "hang", "payment_intents.retrieve", value=3, count=2)
    began = time.monotonic()
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        gateway.retrieve_intent("pi_1")
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)
    assert time.monotonic() - began < TIMEOUT + 1
    assert outside.faults_left() == 1


def test_while_the_first_of_two_equal_requests_runs_the_second_has_no_answer_yet(
    gateway: StripeGateway, outside: Any
) -> None:
    outside.fault("stripe", "hang", "payment_intents.create", value=6)
    with pytest.raises(PaymentOutcomeUnknown):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    with pytest.raises(PaymentOutcomeUnknown):  # 409: the first one is still at work
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_read_that_fails_is_unavailable(gateway: StripeGateway, outside: Any, status: int) -> None:
    outside.fault("stripe", "status", "payment_intents.retrieve", value=status, count=3)
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        gateway.retrieve_intent("pi_1")
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)


def test_being_too_fast_is_unavailable_and_nothing_was_done(gateway: StripeGateway, outside: Any) -> None:
    outside.fault("stripe", "status", "payment_intents.create", value=429)
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)
    assert outside.stripe("payment_intents")["data"] == []


def test_a_refused_connection_did_nothing() -> None:
    with (
        closed_port() as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentGatewayUnavailable) as unavailable,
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)


def test_a_refused_connection_after_a_lost_answer_leaves_the_doubt() -> None:
    with (
        one_answerless_server() as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentOutcomeUnknown),
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"id": "pi_1"}', b"\xff"], ids=["html", "list", "partial", "no text"]
)
def test_an_answer_that_makes_no_sense_leaves_a_write_in_doubt(body: bytes) -> None:
    with (
        server_that_says(body) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentOutcomeUnknown),
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    with (
        server_that_says(body) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentGatewayUnavailable),
    ):
        gateway.retrieve_intent("pi_1")


@pytest.mark.parametrize(("version", "sent"), [("2026-01-28.clover", "2026-01-28.clover"), (None, stripe.api_version)])
def test_requests_ask_for_the_version_that_is_set_or_else_for_the_sdks_own(version: str | None, sent: str) -> None:
    heard: list[bytes] = []
    with (
        server_that_says(b"{}", heard=heard) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}", version=version)) as gateway,
        pytest.raises(PaymentGatewayUnavailable),
    ):
        gateway.retrieve_intent("pi_1")

    assert f"stripe-version: {sent}".encode() in heard[0].lower()


def test_wrong_keys_are_misconfigured_and_appear_nowhere(outside: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        closing(gateway_at(f"{outside.url}/stripe", key="sk_test_wrong_and_secret")) as gateway,
        pytest.raises(PaymentGatewayMisconfigured) as refused,
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert "wrong_and_secret" not in f"{refused.value!r} {refused.value.__cause__!r} {caplog.text} {gateway!r}"
    assert "AuthenticationError" in caplog.text


def test_client_secrets_never_reach_the_log(gateway: StripeGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert intent.client_secret is not None
    assert intent.client_secret not in caplog.text
    assert "sk_test_sandbox" not in caplog.text


# Servers that misbehave in ways of their own


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield port


@contextmanager
def one_answerless_server() -> Iterator[int]:
    """Take one request, drop it, and refuse every connection after that."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(5)

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            server.close()
            connection.recv(65_536)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(5)


@contextmanager
def server_that_says(body: bytes, *, heard: list[bytes] | None = None) -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(5)

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            request = connection.recv(65_536)
            if heard is not None:
                heard.append(request)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
            )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(5)
    server.close()
